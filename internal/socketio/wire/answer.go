package wire

import (
	"net/http"
	"sync"
	"time"
)

// answer takes what the library writes, from whatever goroutine, until the request has ended.
type answer struct {
	to      http.ResponseWriter
	timeout time.Duration
	header  http.Header // the library's

	mu    sync.Mutex // guards what follows, and to
	begun bool
	ended bool
}

func newAnswer(w http.ResponseWriter, timeout time.Duration) *answer {
	return &answer{to: w, timeout: timeout, header: make(http.Header)}
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin(status, a.header)
}

// begin begins the answer once. It is locked.
func (a *answer) begin(status int, header http.Header) {
	if a.begun || a.ended {
		return
	}
	a.begun = true
	for name, values := range header {
		a.to.Header()[name] = values
	}
	_ = http.NewResponseController(a.to).SetWriteDeadline(time.Now().Add(a.timeout)) // not every writer has one
	a.to.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		return 0, http.ErrHandlerTimeout
	}
	a.begin(http.StatusOK, a.header)
	return a.to.Write(b)
}

// end ends the request. What has not been answered yet is answered with text.
func (a *answer) end(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		a.begin(http.StatusOK, http.Header{"Content-Type": {"text/plain; charset=UTF-8"}, "Cache-Control": {"no-store"}})
		_, _ = a.to.Write([]byte(text)) // the client may be gone
	}
	a.ended = true
}
