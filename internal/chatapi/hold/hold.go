// Package hold keeps HTTP requests that wait for long, at a few kilobytes each. A handler that blocks
// costs its stack, the server's, two buffers and the request; so a connection is taken from the server
// while its request waits, and given back when its client asks for more.
//
//	handler ── Hold ──▶ one small goroutine reads one byte ──┬─ the client has gone: free
//	                      ▲                                  ├─ Ready, or the time is over: answer
//	         Wait.Notify ─┘ ends the reading                 └─ a byte: of the next request
//	                                                               │
//	http.Server ◀── Accept ◀── the connection, with that byte ◀────┘
//
// What cannot be taken (HTTP/2, a request with a body) waits in its handler. What is waited for is not
// its business.
package hold

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Wait is what a request waits for.
type Wait interface {
	// Notify has ready called whenever Answer may have something to say, soon if it has already.
	// ready does not block.
	Notify(ready func())
	// Answer returns the answer, or false when it is to be waited for longer, which with final it is not.
	// It bounds its time itself.
	Answer(ctx context.Context, final bool) (Answer, bool)
	// Done is called once, after which nothing else is. written says that the answer was given to the
	// client, as far as can be known.
	Done(written bool)
}

// Answer is what is answered, in JSON. It must not be changed any more.
type Answer struct {
	Status int
	Body   []byte
}

// Params is what a Lot works with. All is required.
type Params struct {
	Max          int           // connections at most, those included that have been answered and may ask for more
	WriteTimeout time.Duration // for the writing of an answer
	IdleTimeout  time.Duration // until a client asks for more
	Log          *slog.Logger
}

// Lot holds requests. It is a net.Listener too: an http.Server that serves it answers what clients ask
// for next on connections that were held.
type Lot struct {
	params  Params
	back    chan net.Conn
	closing chan struct{}  // closed by Close: who waits is answered
	stopped chan struct{}  // closed by the listener's Close: nothing is taken back any more
	running sync.WaitGroup // of those in held

	mu      sync.Mutex // guards what follows
	held    map[*held]struct{}
	blocked int // requests that wait in their handlers
	closed  bool

	stop sync.Once
}

// New returns a lot that is to be closed.
func New(p Params) *Lot {
	return &Lot{
		params: p, back: make(chan net.Conn), closing: make(chan struct{}), stopped: make(chan struct{}),
		held: make(map[*held]struct{}),
	}
}

// ErrFull says that no more requests can be held.
var ErrFull = errors.New("hold: too many requests wait")

// Waiting is how many connections are held.
func (l *Lot) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held) + l.blocked
}

// Full reports whether no more requests can be held.
func (l *Lot) Full() bool { return l.Waiting() >= l.params.Max }

// Hold answers a request when there is an answer to what it waits for, at the latest after limit, or at
// once when the lot is closed. The handler is to return after it, and must not have written anything;
// the headers that it has set are those of the answer. After ErrFull nothing is answered and Done was
// not called.
func (l *Lot) Hold(w http.ResponseWriter, r *http.Request, limit time.Duration, wait Wait) error {
	h := &held{lot: l, wait: wait, until: time.Now().Add(limit)}
	if r.ContentLength != 0 || r.ProtoMajor != 1 || l.isClosed() {
		return l.block(w, r, h)
	}
	if !l.enter(h) {
		return ErrFull
	}
	h.head = headOf(w.Header())
	h.keep = keepsAlive(r)
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		l.leave(h)
		return l.block(w, r, h)
	}
	if n := buffered.Reader.Buffered(); n > 0 { // of the next request
		early, _ := buffered.Peek(n) // they are there
		h.early = append(h.early, early...)
	}
	if again, ok := conn.(*resumed); ok { // it was held before
		conn = again.Conn
		h.early = append(h.early, again.early...)
	}
	h.mu.Lock()
	h.conn = conn
	h.mu.Unlock()
	wait.Notify(h.ready)
	go h.run()
	return nil
}

func (l *Lot) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// enter counts a connection. It reports false when there are too many.
func (l *Lot) enter(h *held) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.held)+l.blocked >= l.params.Max {
		return false
	}
	l.held[h] = struct{}{}
	l.running.Add(1)
	if l.closed {
		h.woken, h.over = true, true
	}
	return true
}

func (l *Lot) leave(h *held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, h)
	l.running.Done()
}

// block waits in the handler.
func (l *Lot) block(w http.ResponseWriter, r *http.Request, h *held) error {
	l.mu.Lock()
	if len(l.held)+l.blocked >= l.params.Max {
		l.mu.Unlock()
		return ErrFull
	}
	l.blocked++
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.blocked--
	}()
	written := false
	defer func() { h.wait.Done(written) }()

	ready := make(chan struct{}, 1)
	h.wait.Notify(func() { signal(ready) })
	timer := time.NewTimer(time.Until(h.until))
	defer timer.Stop()
	for final := false; ; {
		select {
		case <-ready:
		case <-timer.C:
			final = true
		case <-l.closing:
			final = true
		case <-r.Context().Done():
			return nil
		}
		if answer, ok := h.wait.Answer(r.Context(), final); ok {
			written = l.writeIn(w, r, answer)
			return nil
		}
	}
}

// writeIn answers in a handler.
func (l *Lot) writeIn(w http.ResponseWriter, r *http.Request, a Answer) bool {
	c := http.NewResponseController(w)
	_ = c.SetWriteDeadline(time.Now().Add(l.params.WriteTimeout)) // a writer without deadlines is a test's
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(a.Status)
	if _, err := w.Write(a.Body); err != nil {
		return false
	}
	if err := c.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	return r.Context().Err() == nil
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// WriteNow answers a request whose answer is there already, as Hold would.
func (l *Lot) WriteNow(w http.ResponseWriter, r *http.Request, a Answer, wait Wait) {
	wait.Done(l.writeIn(w, r, a))
}

// Finish answers all who wait, and those who come later at once, and waits until they are answered;
// when ctx ends first, they are cut off. It is safe twice.
func (l *Lot) Finish(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	for h := range l.held {
		h.end()
	}
	l.mu.Unlock()
	done := make(chan struct{})
	go func() {
		l.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		l.cutOff()
		<-done
	}
	return nil
}

// cutOff closes what is held.
func (l *Lot) cutOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for h := range l.held {
		h.mu.Lock()
		if h.conn != nil {
			_ = h.conn.Close() // its goroutine finds out
		}
		h.mu.Unlock()
	}
}
