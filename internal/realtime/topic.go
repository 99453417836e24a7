package realtime

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/chat"
)

// topic is a channel somebody is subscribed to: it hears a session's events and hands those of
// its stream to the taps that have had all before; the others read the log until they have.
type topic struct {
	server  *Server
	channel string
	stream  chat.Stream
	session chat.SessionRef
	stop    func() // ends watching; set before the topic is shared

	mu     sync.Mutex // guards what follows, and the fields of its taps that say so
	taps   []*tap
	top    int64 // the log goes at least this far in the stream
	given  int64 // how far any connection is known to have been given the stream
	marked int64 // how far the storage was told so
	closed bool
}

func newTopic(s *Server, channel string, stream chat.Stream, session *chat.Session) *topic {
	t := &topic{server: s, channel: channel, stream: stream, session: session.Ref(), top: streamTop(session, stream)}
	if stream == chat.StreamWidget {
		t.given, t.marked = session.WidgetGiven, session.WidgetGiven
	}
	return t
}

// watch begins to hear events. What came after known, where the session was found, and before
// the feed's first event is looked up.
func (t *topic) watch(ctx context.Context, known int64) error {
	head, stop, err := t.server.Feed.Watch(ctx, t.session, t.deliver)
	if err != nil {
		return err
	}
	t.stop = stop
	if head.Sequence <= known {
		return nil
	}
	if _, err := t.look(ctx); err != nil {
		stop()
		return err
	}
	return nil
}

// close ends hearing events, and marks how far they were given if connections are left.
func (t *topic) close() {
	t.stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.mark()
}

// deliver takes the next event of the session from the feed. It does not block.
func (t *topic) deliver(e *chat.Event) {
	no := e.No(t.stream)
	if no == 0 && (!e.Ephemeral() || !e.Payload.In(t.stream)) {
		return
	}
	data, err := encode(e, t.stream, t.server.Links)
	if err != nil {
		t.server.Log.Error("event cannot be published", "session", t.session.Key, "sequence", e.Sequence, "error", err)
		return // its taps catch up with the next event, fail there too, and are told to reconnect
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.top = max(t.top, no)
	handed := false
	for _, tap := range slices.Backward(t.taps) { // backwards, for a write may remove the tap
		if tap.state != tapLive {
			continue
		}
		switch {
		case no == 0, no == tap.position+1:
			handed = t.write(tap, data, no) || handed
		case no > tap.position+1:
			t.fallBehind(tap)
		}
	}
	if handed && t.server.Metrics.Lag != nil {
		t.server.Metrics.Lag.Observe(t.server.Now().Sub(e.At).Seconds())
	}
}

// write queues a publication for a connection; no is 0 for an ephemeral one. The topic is locked.
func (t *topic) write(tap *tap, data []byte, no int64) bool {
	publication := &centrifuge.Publication{Offset: uint64(no), Data: data}
	if err := tap.conn.client.WritePublication(t.channel, publication, t.server.position(no)); err != nil {
		t.remove(tap) // not subscribed any more
		return false
	}
	tap.conn.queued.Add(1)
	if no > 0 {
		tap.position = no
		t.given = max(t.given, no)
	}
	return true
}

// attach begins to serve a tap. A tap that is held waits for release.
func (t *topic) attach(tap *tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || tap.state == tapClosed {
		return
	}
	t.taps = append(t.taps, tap)
	t.given = max(t.given, tap.position)
	if tap.hold > 0 {
		tap.scheduleRelease()
		return
	}
	t.serve(tap)
}

// release ends holding a tap.
func (t *topic) release(tap *tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tap.state == tapHeld {
		t.serve(tap)
	}
}

// serve makes a tap live, or has it catch up first. The topic is locked.
func (t *topic) serve(tap *tap) {
	if tap.position >= t.top {
		tap.state = tapLive
		return
	}
	t.fallBehind(tap)
}

// fallBehind has a tap read the log. The topic is locked.
func (t *topic) fallBehind(tap *tap) {
	tap.state = tapBehind
	t.server.spawn(func() { tap.catchUp() })
}

// detach ends serving a tap: after it nothing is written for it.
func (t *topic) detach(tap *tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(tap)
}

// remove is detach with the topic locked. When the last tap leaves, what was given is marked.
func (t *topic) remove(tap *tap) {
	tap.close()
	i := slices.Index(t.taps, tap)
	if i < 0 {
		return
	}
	t.taps = slices.Delete(t.taps, i, i+1)
	if len(t.taps) == 0 {
		t.mark()
	}
}

// clients lists the connections that have a tap.
func (t *topic) clients() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := make([]string, len(t.taps))
	for i, tap := range t.taps {
		ids[i] = tap.conn.client.ID()
	}
	return ids
}

// mark has it written down how far the widget stream was given. The topic is locked.
func (t *topic) mark() {
	if t.stream == chat.StreamWidget && t.given > t.marked {
		t.marked = t.given
		t.server.marker.Add(t.session, t.given)
	}
}

// begin is the position at which a client without one starts: what others have been given, but
// no further back than half of what may be recovered, so that what happens meanwhile does not
// make the position too old.
func (t *topic) begin(ctx context.Context) (int64, error) {
	given, err := t.firstNeeded(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(given, t.top-int64(t.server.Limits.Recover/2)), err
}

// firstNeeded is how far others have been given the stream. While somebody is subscribed that
// is known; else the storage knows what other nodes and REST answers gave.
func (t *topic) firstNeeded(ctx context.Context) (int64, error) {
	t.mu.Lock()
	given, watched := t.given, len(t.taps) > 0
	t.mu.Unlock()
	if watched {
		return given, nil
	}
	session, err := t.look(ctx)
	if err != nil {
		return 0, err
	}
	switch {
	case t.stream == chat.StreamWidget:
		return max(given, session.WidgetGiven), nil
	case given > 0:
		return given, nil
	default:
		return t.sessionStart(ctx, session)
	}
}

// look finds the session as it is now, and notes how far the log goes.
func (t *topic) look(ctx context.Context) (*chat.Session, error) {
	session, err := t.server.Service.FindSession(ctx, t.session.ID)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.top = max(t.top, streamTop(session, t.stream))
	return session, nil
}

// sessionStart is where the session stream begins for its first connection: before the first
// event of the widget stream that nobody was given, if there is one.
func (t *topic) sessionStart(ctx context.Context, session *chat.Session) (int64, error) {
	if session.WidgetGiven >= session.WidgetNo {
		return session.SessionNo, nil
	}
	events, err := t.server.Events.ListStream(ctx, t.session, chat.StreamWidget, session.WidgetGiven, 1, false)
	if err != nil {
		return 0, err
	}
	if len(events) == 0 {
		return session.SessionNo, nil
	}
	return events[0].SessionNo - 1, nil
}

// resume is the position from which a client that was at since can be given everything: since
// itself, or the top when that cannot be. Since a grant everything can be given as well.
func (t *topic) resume(ctx context.Context, since centrifuge.StreamPosition) (int64, error) {
	if since.Offset > math.MaxInt64 {
		since.Offset = math.MaxInt64 // as far beyond the top as any
	}
	top, err := t.reach(ctx, int64(since.Offset))
	if err != nil {
		return 0, err
	}
	missed := top - int64(since.Offset)
	ours := since.Epoch == t.server.LogID || since.Epoch == grantEpoch
	if !ours || missed < 0 || missed > int64(t.server.Limits.Recover) {
		return top, nil
	}
	return int64(since.Offset), nil
}

// reach is the stream's top. A position beyond what the feed has told is looked up: another
// node may have given it.
func (t *topic) reach(ctx context.Context, no int64) (int64, error) {
	if top := t.known(); no <= top {
		return top, nil
	}
	_, err := t.look(ctx)
	return t.known(), err
}

// known is how far the log is known to go in the stream.
func (t *topic) known() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.top
}
