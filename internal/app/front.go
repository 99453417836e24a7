package app

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/files"
	"github.com/govorun/govorun/internal/twin"
)

// streams are the paths whose answers last as long as the client listens. They are neither
// counted by the gate nor given a write deadline here: realtime and socketio bound them themselves.
var streams = []string{"/centrifugo/", "/socket.io", "/operator/socket.io"}

func isStream(path string) bool {
	return slices.ContainsFunc(streams, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// probes are asked by machines that must get an answer also when the server is full.
var probes = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// posts are the paths for the commands of clients beside their streams (realtime.Server.Register).
// One may wait for another node, so they have a gate of their own and keep nobody else out.
var posts = map[string]bool{"/emulation": true, "/centrifugo/emulation": true, "/centrifugo/connection/emulation": true}

// front stands before the routes: it refuses what is too much, catches panics and counts.
type front struct {
	mux     *http.ServeMux
	gate    *gate
	posts   *gate
	limits  *auth.Limits // of posts; other routes ask for themselves
	proxies auth.Proxies
	log     *slog.Logger
	metrics *metrics
	closing atomic.Bool
}

// close refuses new requests, has answers end their connections, and returns a channel that is closed
// when no request is worked on.
func (f *front) close() <-chan struct{} {
	f.closing.Store(true)
	return f.gate.close()
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isStream(r.URL.Path) && !posts[r.URL.Path] {
		f.serveStream(w, r)
		return
	}
	rec := &recorder{ResponseWriter: w, request: r, last: &f.closing}
	start := time.Now()
	defer func() {
		f.recovered(rec, r, recover())
		f.metrics.request(r.Pattern, rec.status, time.Since(start))
	}()
	if leave, ok := f.admit(rec, r); ok {
		defer leave()
		f.mux.ServeHTTP(rec, r)
	}
}

// admit lets a request in, or answers why not.
func (f *front) admit(w http.ResponseWriter, r *http.Request) (leave func(), ok bool) {
	gate := f.gate
	switch {
	case probes[r.URL.Path], transfers(r):
		return func() {}, true
	case posts[r.URL.Path]:
		gate = f.posts
		auth.AllowOrigin(w.Header(), nil, r.Header.Get("Origin")) // a page can read why it is refused, too
		if err := f.limits.Address(f.proxies.ClientAddr(r)); err != nil {
			refuseOften(w, err)
			return nil, false
		}
	}
	receive(r)
	if !gate.enter() {
		f.metrics.overloaded.Inc()
		refuse(w, r)
		return nil, false
	}
	f.metrics.inFlight.Inc()
	return func() {
		f.metrics.inFlight.Dec()
		gate.leave()
	}, true
}

// transfers are slow by nature: files bounds them itself, and neither waits for their bodies before
// their routes nor gives them places of other requests.
func transfers(r *http.Request) bool { return files.IsLink(r.URL.Path) || twin.IsUpload(r) }

// maxReceived is how much of a body is waited for before a request takes its place, in bytes.
const maxReceived = 1 << 20

// receive waits for the body of a request, so that one whose client is slow to send it holds
// up no others. What is announced larger is left to its route. An error comes to whoever reads
// the body.
func receive(r *http.Request) {
	if r.ContentLength == 0 || r.ContentLength > maxReceived {
		return
	}
	var body bytes.Buffer
	_, err := body.ReadFrom(io.LimitReader(r.Body, maxReceived))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&body, rest), r.Body}
}

// failing is a reader that has only an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// serveStream hands the connection on as it is: sockets take it over, streams flush it.
func (f *front) serveStream(w http.ResponseWriter, r *http.Request) {
	if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
		f.log.ErrorContext(r.Context(), "stream has no write deadline to lift", "error", err)
	}
	defer func() {
		if p := recover(); p != nil {
			f.logPanic(r, p)
			panic(http.ErrAbortHandler)
		}
	}()
	f.mux.ServeHTTP(w, r)
}

// recovered answers for a handler that panicked.
func (f *front) recovered(rec *recorder, r *http.Request, p any) {
	if p == nil {
		return
	}
	f.logPanic(r, p)
	if rec.status != 0 { // the answer has begun: cutting it off is the only way to say that it is wrong
		panic(http.ErrAbortHandler)
	}
	fail(rec, r, http.StatusInternalServerError, chat.CodeInternal, "Internal error")
}

func (f *front) logPanic(r *http.Request, p any) {
	if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		f.log.ErrorContext(r.Context(), "request panicked", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
	}
}

func refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	fail(w, r, http.StatusServiceUnavailable, chat.CodeUnavailable, "Service is unavailable")
}

// fail answers a request that comes to no route, in the words of the protocol that its path is of.
func fail(w http.ResponseWriter, r *http.Request, status int, code chat.Code, message string) {
	if chatapi.Serves(r.URL.Path) {
		chatapi.WriteError(w, r, time.Now(), status, code, message)
		return
	}
	writeJSON(w, status, errorBody{message})
}

// refuseOften answers who asks too often.
func refuseOften(w http.ResponseWriter, err error) {
	wait := time.Second
	if known, ok := errors.AsType[*chat.Error](err); ok {
		wait = max(wait, known.RetryAfter)
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	writeJSON(w, http.StatusTooManyRequests, errorBody{"Too many requests"})
}

// unknown answers for what no route takes: a path that is there for other methods says for which.
func unknown(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for _, method := range [...]string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut} {
			other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
			if _, pattern := mux.Handler(other); pattern != "" && pattern != r.Pattern {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			fail(w, r, http.StatusNotFound, chat.CodeNotFound, "Entity not found")
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		writeJSON(w, http.StatusMethodNotAllowed, errorBody{"Method not allowed"})
	})
}

// recorder keeps the status of an answer, and says in JSON what the mux would say in plain text: that
// a path has other methods.
type recorder struct {
	http.ResponseWriter
	request  *http.Request
	last     *atomic.Bool // the connection is to end with this answer
	status   int          // 0 until the answer begins
	replaced bool         // the body has been written already
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
		if r.last.Load() {
			r.Header().Set("Connection", "close")
		}
		if status == http.StatusMethodNotAllowed && r.request.Pattern == "" { // no route's own answer
			r.replaced = true
			writeJSON(r.ResponseWriter, status, errorBody{"Method not allowed"})
			return
		}
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.replaced {
		return len(b), nil
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
