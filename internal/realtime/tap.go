package realtime

import (
	"context"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/chat"
)

type tapState int

const (
	tapHeld   tapState = iota // waits for the client to subscribe, see the package comment
	tapBehind                 // reads the log
	tapLive                   // has everything; takes the next event from the feed
	tapClosed
)

const (
	// catchUpBatch is how many events are read from the log at a time.
	catchUpBatch = 100
	// catchUpPart is the share of a connection's queue that catching up fills before it waits
	// for the connection to take it.
	catchUpPart = 4
	// catchUpPatience is how long a connection may take for that. Beyond it, it is told to
	// reconnect as a slow reader.
	catchUpPatience = 30 * time.Second
)

// tap is a connection's subscription to a topic: its place in the stream.
type tap struct {
	topic  *topic
	conn   *conn
	start  int64         // position at which the subscription began
	hold   time.Duration // how long to wait before the first publication; 0 for a client's own subscribe
	server bool          // granted by us; the client may still subscribe by itself
	anew   bool          // the grant told the client that it has not recovered: it begins anew

	// Guarded by topic.mu.
	position int64 // number of the last event given
	state    tapState
	timer    *time.Timer // ends the hold
}

// scheduleRelease ends the hold in due time. The topic is locked.
func (p *tap) scheduleRelease() {
	p.timer = time.AfterFunc(p.hold, func() { p.topic.release(p) })
}

// close ends the tap. The topic is locked.
func (p *tap) close() {
	p.state = tapClosed
	if p.timer != nil {
		p.timer.Stop()
	}
}

// catchUp gives the connection what the log has after its position, then makes the tap live.
// One tap of a connection catches up at a time.
func (p *tap) catchUp() {
	p.conn.catching.Lock()
	defer p.conn.catching.Unlock()
	for {
		after, behind := p.progress()
		if !behind {
			return
		}
		events, err := p.read(after)
		if err != nil || len(events) == 0 {
			p.giveUp(err)
			return
		}
		if !p.hand(events) {
			return
		}
	}
}

// progress makes the tap live when it has everything, and says from where to read otherwise.
func (p *tap) progress() (position int64, behind bool) {
	p.topic.mu.Lock()
	defer p.topic.mu.Unlock()
	if p.state != tapBehind {
		return 0, false
	}
	if p.position >= p.topic.top {
		p.state = tapLive
		return p.position, false
	}
	return p.position, true
}

func (p *tap) read(after int64) ([]chat.Event, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	t := p.topic
	return t.server.Events.ListStream(ctx, t.session, t.stream, after, catchUpBatch, false)
}

// giveUp has the client come back later: the log could not be read, or it does not hold what
// the feed told of.
func (p *tap) giveUp(err error) {
	select {
	case <-p.conn.done:
		return
	default:
	}
	p.topic.server.Log.Error("catching up failed", "session", p.topic.session.Key, "error", err)
	p.conn.client.Disconnect(centrifuge.DisconnectInsufficientState)
}

// hand queues events in order, waiting whenever the connection has enough to take. It reports
// whether to go on.
func (p *tap) hand(events []chat.Event) bool {
	t := p.topic
	room := t.server.Limits.QueueBytes / catchUpPart
	size := 0
	for i := range events {
		e := &events[i]
		data, err := encode(e, t.stream, t.server.Links)
		if err != nil {
			p.giveUp(err)
			return false
		}
		if size > 0 && size+len(data) > room {
			if !p.conn.drained(catchUpPatience) {
				return false
			}
			size = 0
		}
		size += len(data)
		if !p.queue(data, e.No(t.stream)) {
			return false
		}
	}
	return p.conn.drained(catchUpPatience)
}

// queue queues one event. It reports whether to go on.
func (p *tap) queue(data []byte, no int64) bool {
	p.topic.mu.Lock()
	defer p.topic.mu.Unlock()
	if p.state != tapBehind {
		return false
	}
	if no != p.position+1 {
		p.conn.client.Disconnect(centrifuge.DisconnectInsufficientState)
		return false
	}
	return p.topic.write(p, data, no)
}
