package wire

import (
	"sync"
	"time"

	"github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// gateTimeout is how long a packet waits for its client's connect to be done.
const gateTimeout = time.Second

// Gate keeps a client's packets waiting until the library has noted that the client is connected: it
// tells the client so before, and closes the connection of one that is faster.
type Gate struct {
	once sync.Once
	open chan struct{}
}

// NewGate returns the gate of a new connection.
func NewGate(conn engine.Socket) *Gate {
	g := &Gate{open: make(chan struct{})}
	gone := make(chan struct{})
	_ = conn.Once("close", func(...any) { close(gone) })
	_ = conn.On("packet", func(args ...any) { g.pass(args[0].(*packet.Packet), gone) }) // before it is taken
	return g
}

// Open lets everything pass from now on.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

func (g *Gate) pass(p *packet.Packet, gone <-chan struct{}) {
	select {
	case <-g.open:
		return
	default:
	}
	data, ok := p.Data.(types.BufferInterface)
	if !ok || p.Type != packet.MESSAGE || data.Len() == 0 || data.Bytes()[0] == '0' { // a connect
		return
	}
	timer := time.NewTimer(gateTimeout)
	defer timer.Stop()
	select {
	case <-g.open:
	case <-gone:
	case <-timer.C: // it is not let in
	}
}

// Cut closes a connection at once, also one that the library is closing when its client polls next,
// which it then does not answer.
func Cut(conn engine.Socket) {
	conn.Close(true)
	if closer, ok := conn.(interface{ OnClose(string, ...error) }); ok && conn.ReadyState() != "closed" {
		closer.OnClose("forced close")
	}
}
