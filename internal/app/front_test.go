package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func testFront(h http.HandlerFunc) (*front, *bytes.Buffer) {
	var log bytes.Buffer
	mux := http.NewServeMux()
	mux.Handle("/", h)
	return &front{mux: mux, gate: newGate(1), posts: newGate(1), log: slog.New(slog.NewTextHandler(&log, nil)), metrics: newMetrics()}, &log
}

func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	f, log := testFront(func(http.ResponseWriter, *http.Request) { panic("secret cause") })
	for range 2 { // the place in the gate is given back
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
		if w.Code != http.StatusInternalServerError || w.Body.String() != `{"error":"Internal error"}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if n := strings.Count(log.String(), "request panicked"); n != 2 {
		t.Errorf("logged %d times, want once for each:\n%s", n, log)
	}
}

// TestChatAPIHasErrorsOfItsOwn: whoever answers, the form is that of the path's protocol (Chat API, 7).
func TestChatAPIHasErrorsOfItsOwn(t *testing.T) {
	t.Parallel()
	inside, hang := make(chan struct{}), make(chan struct{})
	f, _ := testFront(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			panic("secret cause")
		}
		close(inside)
		<-hang
	})
	f.mux.Handle("/chatapi", unknown(f.mux))
	check := func(method, path string, status int, exception string) {
		t.Helper()
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		var body struct {
			Timestamp, Error, Exception, Message, Path string
			Status                                     int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != status || body.Status != status || body.Exception != exception ||
			body.Error != http.StatusText(status) || body.Path != path || body.Message == "" || len(body.Timestamp) != len("2022-09-28T12:32:13.262") {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	paths := []string{"/chatapi/t", "/chatadapter/chatapi/t", "/chatapi/t/client/c/history", "/chatapi/"}
	for _, path := range paths {
		check("PUT", path, http.StatusInternalServerError, "internal")
	}
	check("GET", "/chatapi", http.StatusNotFound, "not_found")
	var running sync.WaitGroup
	running.Go(func() { f.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/chatapi/t", nil)) })
	<-inside
	for _, path := range paths {
		check("POST", path, http.StatusServiceUnavailable, "unavailable")
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("GET", "/chatapis", nil))
	if w.Body.String() != `{"error":"Service is unavailable"}` {
		t.Errorf("%s", w.Body)
	}
	close(hang)
	running.Wait()
}

func TestPanicInTheAnswerCutsItOff(t *testing.T) {
	t.Parallel()
	f, log := testFront(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("half"))
		panic("cause")
	})
	defer func() {
		if p, _ := recover().(error); !errors.Is(p, http.ErrAbortHandler) {
			t.Errorf("panic %v", p)
		}
		if strings.Count(log.String(), "request panicked") != 1 {
			t.Errorf("log: %s", log)
		}
	}()
	f.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
}

// TestPostsHaveAGateOfTheirOwn: commands beside streams keep out no requests, nor the reverse, on
// whichever of their paths; and there are not too many of them.
func TestPostsHaveAGateOfTheirOwn(t *testing.T) {
	t.Parallel()
	const ordinary = "/api/v1/x"
	for path := range posts {
		for held, free := range map[string]string{path: ordinary, ordinary: path} {
			inside, hang := make(chan struct{}, 3), make(chan struct{})
			f, _ := testFront(func(http.ResponseWriter, *http.Request) {
				inside <- struct{}{}
				<-hang
			})
			ask := func(path string) int {
				w := httptest.NewRecorder()
				f.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader("{}")))
				return w.Code
			}
			var running sync.WaitGroup
			for _, path := range []string{held, free} {
				running.Go(func() {
					if got := ask(path); got != http.StatusOK {
						t.Errorf("%s: %d while %s is held", path, got, held)
						inside <- struct{}{}
					}
				})
				<-inside
			}
			for _, path := range []string{ordinary, path, "/emulation"} {
				if got := ask(path); got != http.StatusServiceUnavailable {
					t.Errorf("%s: %d beyond the limit", path, got)
				}
			}
			close(hang)
			running.Wait()
		}
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var broken error
	h := &health{store: func(context.Context) error { return broken }}
	mux := http.NewServeMux()
	h.register(mux)
	status := func(path string) int {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code
	}
	if got := status("/readyz"); got != http.StatusOK {
		t.Errorf("ready: %d", got)
	}
	broken = errors.New("disk")
	if got := status("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("storage does not answer: %d", got)
	}
	broken = nil
	h.stopping.Store(true)
	if got := status("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("stopping: %d", got)
	}
	if got := status("/healthz"); got != http.StatusOK {
		t.Errorf("healthy while stopping: %d", got)
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	g := newGate(1)
	if !g.enter() || g.enter() {
		t.Error("the limit does not hold")
	}
	empty := g.close()
	select {
	case <-empty:
		t.Error("empty while one is inside")
	default:
	}
	g.leave()
	<-empty
	if g.enter() {
		t.Error("let in after close")
	}
	<-g.close()
}

func TestOnLoopback(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1": true, "127.8.0.1": true, "::1": true, "::ffff:127.0.0.1": true,
		"0.0.0.0": false, "::": false, "192.168.0.1": false, "10.0.0.1": false, "fe80::1": false,
	} {
		if got := onLoopback(&net.TCPAddr{IP: net.ParseIP(address), Port: 1}); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if onLoopback(&net.TCPAddr{Port: 1}) {
		t.Error("no address counts as loopback")
	}
}

// TestTransfersTakeNoPlaces: slow uploads and downloads keep out no requests, nor the reverse, and
// their bodies are not waited for.
func TestTransfersTakeNoPlaces(t *testing.T) {
	t.Parallel()
	var bodies []string
	f, _ := testFront(func(_ http.ResponseWriter, r *http.Request) {
		part := make([]byte, 4)
		n, _ := r.Body.Read(part)
		bodies = append(bodies, string(part[:n]))
	})
	if !f.gate.enter() {
		t.Fatal("the gate is closed")
	}
	for _, target := range []string{"GET /files/x?e=1", "POST /api/v1/sessions/x/files", "POST /api/chats/v1/sessions/x/files"} {
		method, path, _ := strings.Cut(target, " ")
		body, in := net.Pipe() // of which no more comes
		go func() { _, _ = in.Write([]byte("part")) }()
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, body)
		r.ContentLength = 100
		f.ServeHTTP(w, r)
		if w.Code != http.StatusOK || bodies[len(bodies)-1] != "part" {
			t.Errorf("%s: %d %q", target, w.Code, bodies)
		}
		body.Close()
		in.Close()
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/sessions/x/messages", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("a full gate: %d", w.Code)
	}
}
