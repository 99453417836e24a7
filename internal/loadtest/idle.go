package loadtest

import (
	"context"
	"fmt"
	"time"
)

// Idle is what connections cost that do nothing.
type Idle struct {
	Connections        int     `json:"connections"`
	BytesPerConnection float64 `json:"bytesPerConnection"` // 0 without a pid
	MemoryBefore       int64   `json:"memoryBefore"`       // of the server, bytes
	MemoryAfter        int64   `json:"memoryAfter"`
	ConnectSeconds     float64 `json:"connectSeconds"` // to connect all
}

// How long the server's memory is left to settle: until it moves less than a percent in a second so often
// in a row, at most the longest.
const (
	settleStep    = time.Second
	settleSteps   = 3
	settleLongest = 10 * time.Second
)

// holdIdle opens connections that hold one session each, as a widget does, and leaves them open.
// The memory of the server is compared with that before the sessions were started.
func (g *generator) holdIdle(ctx context.Context, n int) (*Idle, error) {
	idle := &Idle{Connections: n}
	var err error
	if idle.MemoryBefore, err = g.settledMemory(ctx); err != nil {
		return nil, err
	}
	sessions, err := g.startSessions(ctx, n)
	if err != nil {
		return nil, err
	}
	g.closeIdle() // they would count as connections held
	var sockets []*socket
	if g.options.SocketIO {
		sockets = g.overSocketIO(sessions)
	} else {
		for i := range sessions {
			sockets = append(sockets, g.newSocket(g.node(i+1), centrifugoPath, newCentrifugo(sessions[i:i+1], false)))
		}
	}
	begin := time.Now()
	if g.idle, err = openSockets(ctx, sockets); err != nil {
		return nil, fmt.Errorf("hold idle connections (%d of %d): %w", len(g.idle), n, err)
	}
	idle.ConnectSeconds = time.Since(begin).Seconds()
	if idle.MemoryAfter, err = g.settledMemory(ctx); err != nil {
		return nil, err
	}
	if dropped := g.dropped.Load(); dropped > 0 {
		return nil, fmt.Errorf("hold idle connections: %d broke", dropped)
	}
	idle.BytesPerConnection = float64(idle.MemoryAfter-idle.MemoryBefore) / float64(n)
	return idle, nil
}

// settledMemory waits until the servers' memory stays, and returns it; 0 without a pid.
func (g *generator) settledMemory(ctx context.Context) (int64, error) {
	if len(g.options.PIDs) == 0 {
		return 0, nil
	}
	last, err := g.memory()
	still := 0
	for begin := time.Now(); err == nil && time.Since(begin) < settleLongest; {
		if !pause(ctx, settleStep) {
			return 0, ctx.Err()
		}
		var now int64
		now, err = g.memory()
		moved := now - last
		last = now
		if still++; max(moved, -moved)*100 >= now {
			still = 0
		} else if still == settleSteps {
			break
		}
	}
	return last, err
}
