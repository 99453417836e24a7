package wire

import (
	"net/http"
	"sync"
	"time"
)

// answer keeps what the library writes, from whatever goroutine, until the request has ended.
type answer struct {
	header http.Header // the library's

	mu     sync.Mutex // guards what follows
	status int        // 0 until there is an answer
	body   []byte
}

func newAnswer() *answer { return &answer{header: make(http.Header)} }

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.body = append(a.body, b...)
	return len(b), nil
}

// answered reports whether the library has answered a poll.
func (a *answer) answered() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status == http.StatusOK
}

// send ends the request. What has not been answered is answered with text.
func (a *answer) send(w http.ResponseWriter, text string, timeout time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == 0 {
		a.status, a.body = http.StatusOK, []byte(text)
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.Header().Set("Cache-Control", "no-store")
	} else {
		for name, values := range a.header {
			w.Header()[name] = values
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout)) // not every writer has one
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone
}
