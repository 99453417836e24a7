package realtime

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/centrifugal/protocol"
	"golang.org/x/time/rate"
)

// conn is what we know of a connection beside the library.
type conn struct {
	client *centrifuge.Client // set when connected, before anything is written
	origin string             // of the page, "" when the client is no browser
	echo   bool               // session channels were asked for
	hold   time.Duration      // of channels granted by us

	changing sync.Mutex    // held by the command that changes which channels there are; taken before mu
	catching sync.Mutex    // held by the tap that catches up
	queued   atomic.Int64  // publications given to the library
	taken    atomic.Int64  // publications the library gave to the transport
	progress chan struct{} // told of taken
	done     chan struct{} // closed with the connection

	mu      sync.Mutex // guards what follows
	limiter *rate.Limiter
	granted map[string]grant // by the connect reply, until connected
	taps    map[string]*tap  // by channel
	closed  bool
	changer *protocol.Command // holds changing; nil when joinSession or nobody does
}

// grant is what a connect reply says of a channel.
type grant struct {
	position int64
	anew     bool // the client named a position that cannot be recovered
}

func newConn(origin string, echo bool, hold time.Duration) *conn {
	return &conn{
		origin:   origin,
		echo:     echo,
		hold:     hold,
		progress: make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
}

type connKey struct{}

// connOf finds the connection of a client that has been let in.
func connOf(client *centrifuge.Client) *conn {
	c, _ := client.Context().Value(connKey{}).(*conn)
	return c
}

func withConn(ctx context.Context, c *conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// allow counts a command against the connection's rate.
func (c *conn) allow(l Limits) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limiter == nil {
		c.limiter = rate.NewLimiter(l.Commands, l.CommandsBurst)
	}
	return c.limiter.Allow()
}

// beginChange waits for a command's turn to change channels.
func (c *conn) beginChange(cmd *protocol.Command) {
	c.changing.Lock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changer = cmd
}

// endChange ends a command's turn, if it had one.
func (c *conn) endChange(cmd *protocol.Command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changer == cmd {
		c.changer = nil
		c.changing.Unlock()
	}
}

// attach begins to serve a channel from a position on; the channel's former tap ends.
func (c *conn) attach(t *topic, p *tap) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	former := c.taps[t.channel]
	if c.taps == nil {
		c.taps = make(map[string]*tap)
	}
	c.taps[t.channel] = p
	c.mu.Unlock()
	if former != nil {
		former.topic.detach(former)
	}
	t.attach(p)
}

// detach ends serving a channel.
func (c *conn) detach(channel string) {
	c.mu.Lock()
	p := c.taps[channel]
	delete(c.taps, channel)
	c.mu.Unlock()
	if p != nil {
		p.topic.detach(p)
	}
}

// takeOver ends serving a channel that we granted, for the client subscribes to it by itself,
// and returns the tap that served it. It does so once; else it returns nil.
func (c *conn) takeOver(channel string) *tap {
	c.mu.Lock()
	p := c.taps[channel]
	if p == nil || !p.server {
		c.mu.Unlock()
		return nil
	}
	delete(c.taps, channel)
	c.mu.Unlock()
	p.topic.detach(p)
	return p
}

// close ends serving everything.
func (c *conn) close() {
	c.mu.Lock()
	taps := c.taps
	c.taps, c.closed = nil, true
	c.mu.Unlock()
	close(c.done)
	for _, p := range taps {
		p.topic.detach(p)
	}
}

// took notes that the transport is about to write a publication.
func (c *conn) took() {
	c.taken.Add(1)
	select {
	case c.progress <- struct{}{}:
	default:
	}
}

// drained waits until the transport has taken every publication queued so far. A connection
// that does not within patience is told to reconnect.
func (c *conn) drained(patience time.Duration) bool {
	target := c.queued.Load()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for c.taken.Load() < target {
		select {
		case <-c.progress:
		case <-c.done:
			return false
		case <-timer.C:
			c.client.Disconnect(centrifuge.DisconnectSlow)
			return false
		}
	}
	return true
}
