package wire

import (
	"io"
	"sync"
	"time"

	"github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

const (
	// flight is how long what is written may be on its way to a client that gives a sign of life.
	flight = time.Second
	// grain is how exactly the time of writing is kept.
	grain = 250 * time.Millisecond
)

// Link sends frames over a connection and knows how far they got. A frame carries a mark, growing
// within a connection, or 0.
//
//	Send ──▶ queued ──▶ flushed to the transport ──▶ written ──▶ confirmed by a sign of life
//
// Neither protocol says what a client has received. A client that comes to fetch more, or says that it
// leaves, has what was written before; one that answers a ping has what was written before the ping;
// one that sends another packet is taken to have what was written a second before that. The end of a connection alone says nothing: who ends it may be the server, or a
// proxy.
type Link struct {
	conn     engine.Socket
	now      func() time.Time
	progress chan struct{} // told when something was written

	mu        sync.Mutex // guards what follows
	queued    []*sent
	flushed   [][]*sent // by the batch in which the transport has them
	waiting   int       // bytes of both
	written   []checkpoint
	given     int64 // mark of the last frame that the transport has got
	pinged    int64 // the same, before the last ping of Engine.IO 4
	confirmed int64
	ended     bool
}

// sent is a frame that is not written yet.
type sent struct {
	data types.BufferInterface // as the library has it
	size int
	mark int64
}

// checkpoint says what was written up to a time.
type checkpoint struct {
	from, to time.Time
	mark     int64
}

// NewLink returns a link over a connection that is open.
func NewLink(conn engine.Socket, now func() time.Time) *Link {
	l := &Link{conn: conn, now: now, progress: make(chan struct{}, 1)}
	_ = conn.On("flush", func(args ...any) { l.flush(args[0].([]*packet.Packet)) })
	_ = conn.On("packet", func(args ...any) { l.heard(args[0].(*packet.Packet)) })
	_ = conn.On("upgrade", func(args ...any) {
		l.drainAll() // the former transport has nothing any more
		l.follow(args[0].(transports.Transport))
	})
	_ = conn.On(polls, func(...any) {
		if conn.Transport().Name() == transports.POLLING {
			l.Alive(0) // the client is back for more
		}
	})
	l.follow(conn.Transport())
	return l
}

func (l *Link) follow(t transports.Transport) {
	_ = t.On("drain", func(...any) { l.drain() })
}

// Send queues a frame and returns how many bytes wait now. It does not block. One goroutine at a
// time may call it.
func (l *Link) Send(frame string, mark int64) (waiting int) {
	s := &sent{data: types.NewStringBufferString(frame), size: len(frame), mark: mark}
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return 0
	}
	l.queued = append(l.queued, s)
	l.waiting += s.size
	waiting = l.waiting
	l.mu.Unlock()
	l.conn.Write(s.data, nil, nil)
	return waiting
}

// Waiting is how many bytes are not written yet.
func (l *Link) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

// Progress is told when something was written.
func (l *Link) Progress() <-chan struct{} { return l.progress }

// flush notes which frames the transport has got. Others' packets are among them.
func (l *Link) flush(packets []*packet.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var batch []*sent
	for _, p := range packets {
		if len(l.queued) > 0 && p.Data == io.Reader(l.queued[0].data) {
			batch = append(batch, l.queued[0])
			l.given = max(l.given, l.queued[0].mark)
			l.queued = l.queued[1:]
		}
		if p.Type == packet.PING {
			l.pinged = l.given
		}
	}
	l.flushed = append(l.flushed, batch)
}

// drain notes that the transport has written a batch.
func (l *Link) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.flushed) > 0 { // else it was a packet of the engine's own
		l.write(l.flushed[0])
		l.flushed = l.flushed[1:]
	}
}

func (l *Link) drainAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, batch := range l.flushed {
		l.write(batch)
	}
	l.flushed = nil
}

// write notes that frames were written. The link is locked.
func (l *Link) write(batch []*sent) {
	var mark int64
	for _, s := range batch {
		l.waiting -= s.size
		mark = max(mark, s.mark)
	}
	if mark > 0 && !l.ended {
		now := l.now()
		if n := len(l.written); n > 0 && now.Sub(l.written[n-1].from) < grain {
			l.written[n-1].to, l.written[n-1].mark = now, mark
		} else {
			l.written = append(l.written, checkpoint{from: now, to: now, mark: mark})
		}
	}
	select {
	case l.progress <- struct{}{}:
	default:
	}
}

// heard takes a client's packet for a sign of life.
func (l *Link) heard(p *packet.Packet) {
	switch {
	case leaves(p):
		l.Alive(0) // now, for the library may see the end of the connection first
	case p.Type == packet.PONG:
		l.answered()
	default:
		l.Alive(flight)
	}
}

// answered takes it that the client has what it was sent before the last ping: it has read that.
func (l *Link) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.confirmed = max(l.confirmed, l.pinged)
	for len(l.written) > 0 && l.written[0].mark <= l.confirmed {
		l.written = l.written[1:]
	}
}

// leaves reports whether a packet closes the connection, or ends the one to the namespace.
func leaves(p *packet.Packet) bool {
	if p.Type == packet.CLOSE {
		return true
	}
	data, ok := p.Data.(types.BufferInterface)
	return ok && p.Type == packet.MESSAGE && data.Len() == 1 && data.Bytes()[0] == '1'
}

// Alive takes it that the client has what was written longer ago than this.
func (l *Link) Alive(ago time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.written) == 0 {
		return
	}
	until := l.now().Add(-ago)
	for len(l.written) > 0 && !l.written[0].to.After(until) {
		l.confirmed = max(l.confirmed, l.written[0].mark)
		l.written = l.written[1:]
	}
	if len(l.written) == 0 {
		l.written = nil
	}
}

// Confirmed is the mark up to which the client is taken to have everything.
func (l *Link) Confirmed() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.confirmed
}

// End notes that nothing is written any more.
func (l *Link) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.queued, l.flushed, l.waiting = true, nil, nil, 0
}
