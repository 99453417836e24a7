//go:build interop

package interop

import (
	"io"
	"net"
	"sync"
	"testing"
)

// line is a network between clients and a server that can be cut. Everything before and after
// a cut goes through unchanged.
type line struct {
	listener net.Listener
	target   string // host:port
	running  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	down  bool
	conns map[net.Conn]struct{}
}

// newLine makes a line to a server. It ends with the test.
func newLine(t *testing.T, s *server) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: listener, target: s.address, conns: make(map[net.Conn]struct{})}
	l.running.Go(l.accept)
	t.Cleanup(func() {
		listener.Close()
		l.lower()
		l.running.Wait()
	})
	return l
}

func (l *line) url() string { return "http://" + l.listener.Addr().String() }

// cut ends all connections; new ones are let through.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

// lower ends all connections, and new ones at once, until raise.
func (l *line) lower() {
	l.mu.Lock()
	l.down = true
	l.mu.Unlock()
	l.cut()
}

func (l *line) raise() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

func (l *line) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		far, err := net.Dial("tcp", l.target)
		if err != nil || !l.add(near, far) {
			near.Close()
			if far != nil {
				far.Close()
			}
			continue
		}
		l.running.Go(func() { l.carry(near, far) })
		l.running.Go(func() { l.carry(far, near) })
	}
}

func (l *line) add(near, far net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return false
	}
	l.conns[near], l.conns[far] = struct{}{}, struct{}{}
	return true
}

// carry copies until one side ends, then ends both.
func (l *line) carry(from, to net.Conn) {
	io.Copy(to, from) // its error is the end
	from.Close()
	to.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, from)
}
