package socketio

import (
	"context"
	"sync"
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/socketio/wire"
)

const (
	// catchUpBatch is how many events are read from the log at a time.
	catchUpBatch = 100
	// catchUpPart is the share of a connection's queue that catching up fills before it waits for
	// the connection to take it.
	catchUpPart = 4
	// catchUpPatience is how long a connection may take nothing while it catches up.
	catchUpPatience = 30 * time.Second
)

// reasonError is the library's for a connection that broke.
const reasonError = "transport error"

// conn is a client that is connected to a session: its place in the widget stream.
//
// One goroutine at a time sends: catchUp until the connection has everything, then the feed's.
type conn struct {
	server  *Server
	client  *socket.Socket
	engine  engine.Socket
	session chat.SessionRef
	link    *wire.Link
	done    chan struct{} // closed with the connection

	mu       sync.Mutex // guards what follows
	stop     func()     // ends watching; nil before
	live     bool       // has everything; takes the next event from the feed
	position int64      // number of the last event sent
	top      int64      // the log goes at least this far in the stream
	marked   int64      // how far the storage was told that the client has the stream
	ended    bool
	commands [][]any // events of the client that wait to be done, maxCommands at most
	working  bool    // they are being done
}

// joined serves a client that was let in: its connect is answered.
func (s *Server) joined(client *socket.Socket) {
	open := client.Conn()
	a := arrivalOf(open)
	if a == nil || a.session == nil {
		return // admit refuses it
	}
	defer a.gate.Open()
	c := &conn{
		server:  s,
		client:  client,
		engine:  open,
		session: a.session.Ref(),
		link:    wire.NewLink(open, s.Now),
		done:    make(chan struct{}),
	}
	if !s.add(c) {
		wire.Cut(open)
		return
	}
	_ = client.On("disconnect", func(args ...any) { c.end(args[0]) })
	_ = open.Once("close", func(args ...any) { c.end(args[0]) })
	client.OnAny(func(args ...any) { c.take(args) })
	if open.ReadyState() != "open" { // since before the listeners
		c.end(reasonError)
		return
	}
	s.spawn(c.start)
}

// start begins to hear events, and gives the connection what is missing.
func (c *conn) start() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	_, stop, err := c.server.Feed.Watch(ctx, c.session, c.deliver)
	if err != nil {
		c.giveUp(err)
		return
	}
	c.mu.Lock()
	c.stop = stop
	ended := c.ended
	c.mu.Unlock()
	if ended {
		stop()
		return
	}
	given := c.server.given(c.session)
	session, err := c.server.Service.FindSession(ctx, c.session.ID)
	if err != nil {
		c.giveUp(err)
		return
	}
	c.mu.Lock()
	c.position = max(given, session.WidgetGiven)
	c.marked = session.WidgetGiven
	c.top = max(c.top, session.WidgetNo)
	c.mu.Unlock()
	c.catchUp()
}

// deliver takes the next event of the session from the feed. It does not block.
func (c *conn) deliver(e *chat.Event) {
	no := e.WidgetNo
	if no == 0 && !heard(e) {
		return
	}
	if !c.next(no) {
		return
	}
	if c.send(e) && c.server.Metrics.Lag != nil {
		c.server.Metrics.Lag.Observe(c.server.Now().Sub(e.At).Seconds())
	}
}

// next takes a place in the stream for an event, 0 for an ephemeral one. It reports whether the
// event is the next to send.
func (c *conn) next(no int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.top = max(c.top, no)
	switch {
	case c.ended || !c.live:
		return false
	case no == 0:
		return true
	case no == c.position+1:
		c.position = no
		return true
	case no > c.position:
		c.live = false
		c.server.spawn(c.catchUp)
	}
	return false
}

// send queues an event, and closes a connection that has too much waiting.
func (c *conn) send(e *chat.Event) bool {
	frame, err := encode(e, c.server.Links)
	if err != nil {
		c.giveUp(err)
		return false
	}
	if c.link.Send(frame, e.WidgetNo) > c.server.Limits.QueueBytes {
		c.tooSlow()
	}
	return true
}

// catchUp sends what the log has after the position, then makes the connection live.
func (c *conn) catchUp() {
	for {
		after, behind := c.progress()
		if !behind {
			return
		}
		events, err := c.read(after)
		if err != nil || len(events) == 0 {
			c.giveUp(err)
			return
		}
		for i := range events {
			if !c.hand(&events[i]) {
				return
			}
		}
	}
}

// progress makes the connection live when it has everything, and says from where to read otherwise.
func (c *conn) progress() (position int64, behind bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return 0, false
	}
	c.live = c.position >= c.top
	return c.position, !c.live
}

func (c *conn) read(after int64) ([]chat.Event, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return c.server.Events.ListStream(ctx, c.session, chat.StreamWidget, after, catchUpBatch, false)
}

// hand sends an event from the log when the connection has room. It reports whether to go on.
func (c *conn) hand(e *chat.Event) bool {
	if !c.room() {
		return false
	}
	c.mu.Lock()
	next := !c.ended && e.WidgetNo == c.position+1
	if next {
		c.position = e.WidgetNo
	}
	c.mu.Unlock()
	if !next {
		wire.Cut(c.engine) // the log has a gap, or the connection has ended
		return false
	}
	return c.send(e)
}

// room waits until little waits for the connection.
func (c *conn) room() bool {
	if c.link.Waiting() <= c.server.Limits.QueueBytes/catchUpPart {
		return true
	}
	timer := time.NewTimer(catchUpPatience)
	defer timer.Stop()
	for c.link.Waiting() > c.server.Limits.QueueBytes/catchUpPart {
		select {
		case <-c.link.Progress():
			timer.Reset(catchUpPatience)
		case <-c.done:
			return false
		case <-timer.C:
			c.tooSlow()
			return false
		}
	}
	return true
}

// tooSlow closes the connection of a slow reader.
func (c *conn) tooSlow() {
	if c.finish() && c.server.Metrics.SlowReaders != nil {
		c.server.Metrics.SlowReaders.Inc()
	}
	wire.Cut(c.engine)
}

// giveUp has the client come back later: the log could not be read, or does not hold what it should.
func (c *conn) giveUp(err error) {
	select {
	case <-c.done:
		return
	default:
	}
	if chat.CodeOf(err) != chat.CodeUnavailable || err == nil { // said once, by those who find storage away
		c.server.Log.Error("Socket.IO connection cannot be served", "session", c.session.Key, "error", err)
	}
	wire.Cut(c.engine)
}

// end is told that the connection has ended, and why.
func (c *conn) end(reason any) {
	if c.server.handler.Left(c.engine, reason) {
		c.link.Alive(0)
	} // else the server ended it, or it broke: no sign of life
	c.finish()
	if c.engine.ReadyState() != "open" && c.client.Connected() {
		c.client.Disconnect(false) // it ended while it was let in, and the library has not noticed
	}
}

// finish ends serving the connection, and marks what its client has. It reports whether it was
// served until now.
func (c *conn) finish() bool {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return false
	}
	c.ended, c.live = true, false
	stop := c.stop
	c.mu.Unlock()
	close(c.done)
	if stop != nil {
		stop()
	}
	c.link.End()
	c.mark()
	c.server.remove(c)
	return true
}

// mark has it written down how far the client has the stream.
func (c *conn) mark() {
	no := c.link.Confirmed()
	c.mu.Lock()
	defer c.mu.Unlock()
	if no > c.marked {
		c.marked = no
		c.server.marker.Add(c.session, no)
	}
}
