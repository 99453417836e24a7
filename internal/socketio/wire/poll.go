package wire

import (
	"context"
	"sync"
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
)

// pollers are the polls of a connection: one, unless the client makes a mistake.
//
// The library forgets a poll when the context of its request is done. It must not be told so while
// it takes the poll, only from then on; it says that it has one by "ready".
type pollers struct {
	conn      engine.Socket
	transport transports.Transport // the first
	drained   chan struct{}        // told when the library is through with an answer

	mu      sync.Mutex                   // guards what follows
	waiting map[*context.CancelFunc]bool // whether the library has it
	held    *hijacker                    // the WebSocket, if there is one
	gone    bool                         // the client has left a poll
	over    bool                         // what comes is for nothing: the connection has ended, or goes on over a WebSocket
}

// upgrading notes the WebSocket of the connection.
func (p *pollers) upgrading(held *hijacker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
}

func (p *pollers) left() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held != nil && p.held.held != nil && p.held.held.left.Load()
}

// drainTimeout is how long an answer waits at most; of a handshake the end may go unseen.
const drainTimeout = 20 * time.Millisecond

func (p *pollers) drain() {
	select {
	case p.drained <- struct{}{}:
	default:
	}
}

// awaitDrain returns when the library is through with an answer. The client must not have it before:
// the library forgets the poll once more after its answer, and then that would be the next one.
func (p *pollers) awaitDrain() {
	timer := time.NewTimer(drainTimeout)
	defer timer.Stop()
	select {
	case <-p.drained:
	case <-timer.C:
	}
}

func (p *pollers) enter(poll *context.CancelFunc) {
	select {
	case <-p.drained: // of an answer before
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[poll] = false
}

func (p *pollers) leave(poll *context.CancelFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, poll)
}

// arrived is told that the library has taken a poll, on the poll's goroutine.
func (p *pollers) arrived() {
	p.mu.Lock()
	for poll := range p.waiting {
		p.waiting[poll] = true
	}
	ended := p.gone || p.over || p.conn.ReadyState() != "open"
	p.mu.Unlock()
	if ended {
		p.end()
	}
}

// abandon ends the connection: its client has left a poll.
func (p *pollers) abandon() {
	p.mu.Lock()
	p.gone = true
	p.mu.Unlock()
	p.end()
}

// finish is told that no poll is answered any more.
func (p *pollers) finish() {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.end()
}

// end ends the polls that the library has, and the connection if it is still theirs.
func (p *pollers) end() {
	p.mu.Lock()
	for poll, taken := range p.waiting {
		if taken {
			(*poll)()
		}
	}
	over := p.over
	p.mu.Unlock()
	if !over {
		Cut(p.conn)
	}
}
