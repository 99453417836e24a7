package files

import (
	"io"
	"net/http"
	"time"
)

// Bounds of one transfer. The server's own deadlines are for requests and answers of a few
// kilobytes; a file may take longer, as long as it moves.
const (
	stall   = 30 * time.Second // without a byte
	longest = time.Hour
	slowest = 2048 // bytes a second on average, below which it is cut
)

// pace gives a transfer time according to how far it has come.
type pace struct {
	control *http.ResponseController
	start   time.Time
	end     time.Time // when it is over, whatever has moved
	set     time.Time // when a deadline was set last
	moved   int64     // bytes
}

func newPace(w http.ResponseWriter) *pace {
	now := time.Now()
	return &pace{control: http.NewResponseController(w), start: now, end: now.Add(longest)}
}

// deadline is until when the next bytes must have moved. ok is false when it need not be set anew
// yet.
func (p *pace) deadline() (at time.Time, ok bool) {
	now := time.Now()
	if now.Sub(p.set) < time.Second {
		return time.Time{}, false
	}
	p.set = now
	at = now.Add(stall)
	for _, bound := range []time.Time{p.end, p.start.Add(stall + time.Duration(p.moved/slowest)*time.Second)} {
		if bound.Before(at) {
			at = bound
		}
	}
	return at, true
}

// Arriving has a request's body arrive as slowly as it may. It replaces the deadlines of the server
// for this request; a body that stalls, or crawls, ends with an error.
func Arriving(w http.ResponseWriter, body io.ReadCloser) io.ReadCloser {
	a := &arriving{ReadCloser: body, pace: newPace(w)}
	a.extend()
	return a
}

type arriving struct {
	io.ReadCloser
	*pace
}

func (a *arriving) Read(p []byte) (int, error) {
	a.extend()
	n, err := a.ReadCloser.Read(p)
	a.moved += int64(n)
	return n, err
}

// endWithin has the rest arrive soon or not at all, however fast it moves.
func (a *arriving) endWithin(d time.Duration) {
	a.end = time.Now().Add(d)
	a.set = time.Time{}
	a.extend()
}

func (a *arriving) extend() {
	if at, ok := a.deadline(); ok {
		_ = a.control.SetReadDeadline(at)                            // what cannot have one is no connection
		_ = a.control.SetWriteDeadline(at.Add(storeTimeout + stall)) // the answer comes after all is stored
	}
}

// leaving is an answer that its reader may take slowly.
type leaving struct {
	http.ResponseWriter
	*pace
	cut func() error // not nil once it is to end early
}

func (l *leaving) Write(p []byte) (int, error) {
	if err := l.cut(); err != nil {
		return 0, err
	}
	if at, ok := l.deadline(); ok {
		_ = l.control.SetWriteDeadline(at)
	}
	n, err := l.ResponseWriter.Write(p)
	l.moved += int64(n)
	return n, err
}
