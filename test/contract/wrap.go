package contract

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// load returns the document, or ends the test.
func load(t testing.TB) *Document {
	t.Helper()
	d, err := Ours()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Transport is a client's transport that fails the test when an exchange is not as documented. What
// is not JSON or text is handed on as it comes, and only its header is looked at.
func Transport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	return &transport{t: t, d: load(t), next: next}
}

type transport struct {
	t    testing.TB
	d    *Document
	next http.RoundTripper
}

func (c *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := &tap{}
	asked := r.Clone(r.Context())
	if r.Body != nil && r.Body != http.NoBody {
		sent.ReadCloser, asked.Body = r.Body, sent
		if again := r.GetBody; again != nil {
			asked.GetBody = func() (io.ReadCloser, error) {
				body, err := again()
				sent.restart()
				return struct {
					io.Reader
					io.Closer
				}{io.TeeReader(body, sent), body}, err
			}
		}
	}
	res, err := c.next.RoundTrip(asked)
	if err != nil || res.StatusCode == http.StatusSwitchingProtocols || !c.d.knows(r) {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), ended{err}))
	if err == nil {
		c.report(Exchange{Request: r, Sent: sent.bytes(), Cut: sent.cut(), Status: res.StatusCode, Header: res.Header, Body: body})
	}
	return res, nil
}

// CloseIdleConnections is asked for by http.Client.
func (c *transport) CloseIdleConnections() {
	if next, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func (c *transport) report(x Exchange) {
	c.t.Helper()
	if err := c.d.Check(x); err != nil {
		c.t.Errorf("contract: %v", err)
	}
}

// Handler is a handler around another one that fails the test when an exchange is not as documented.
func Handler(t testing.TB, next http.Handler) http.Handler {
	c := &transport{t: t, d: load(t)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.d.knows(r) {
			next.ServeHTTP(w, r)
			return
		}
		sent := &tap{ReadCloser: r.Body}
		asked := r.Clone(r.Context())
		if r.Body != nil {
			r.Body = sent
		}
		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		c.report(Exchange{Request: asked, Sent: sent.bytes(), Cut: sent.cut(), Status: answer.status, Header: w.Header().Clone(), Body: answer.body.Bytes()})
	})
}

// Proxy passes on what programs send to the server at a URL, sockets too, and fails the test when an
// exchange is not as documented. It returns the URL to send to; it ends with the test.
func Proxy(t testing.TB, server string) string {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		Transport:     Transport(t, http.DefaultTransport),
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // as the server has done
	})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// ended is a reader that has only an error; of none it is at its end.
type ended struct{ err error }

func (e ended) Read([]byte) (int, error) {
	if e.err == nil {
		return 0, io.EOF
	}
	return 0, e.err
}

// maxSeen is how much of a request is kept, in bytes: files are larger, and many.
const maxSeen = 64 << 10

// tap keeps what is read of a body. The transport may still read while the answer is looked at.
type tap struct {
	io.ReadCloser

	mu   sync.Mutex // guards what follows
	seen []byte     // at most maxSeen
	more bool       // there was
}

func (b *tap) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.Write(p[:n])
	return n, err
}

// Write keeps what somebody else has read.
func (b *tap) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := p[:min(len(p), maxSeen-len(b.seen))]
	b.seen, b.more = append(b.seen, kept...), b.more || len(kept) < len(p)
	return len(p), nil
}

func (b *tap) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen, b.more = nil, false
}

func (b *tap) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.seen)
}

func (b *tap) cut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.more
}

// recorder keeps what a handler answers.
type recorder struct {
	http.ResponseWriter
	begun  bool
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	if !r.begun && status >= 200 {
		r.begun, r.status = true, status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.begun = true
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
