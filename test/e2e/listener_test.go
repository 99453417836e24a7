//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const (
	reconnectEvery = 20 * time.Millisecond
	// silence is how long a socket may be silent: the server pings every 25 s (TWIN, section 3).
	silence = 40 * time.Second
)

// Centrifugo's client protocol v2 in JSON, as far as it is used here.
type (
	wireReply struct {
		ID    uint32
		Error *struct {
			Code    int
			Message string
		}
		Connect   *struct{ Subs map[string]wireSub }
		Subscribe *wireSub
		Push      *struct {
			Channel     string
			Pub         *wirePub
			Unsubscribe *struct{ Code int }
		}
	}
	wireSub struct {
		Recoverable, Positioned, Recovered bool
		Epoch                              string
		Offset                             int64
		Publications                       []wirePub
	}
	wirePub struct {
		Offset int64
		Data   struct {
			Event    string
			ID       string
			Sequence int64
			Data     struct{ ID, AuthorType, Body string }
		}
	}
)

// heard is one numbered publication.
type heard struct {
	offset   int64
	id       string
	sequence int64
	event    string
	body     string
}

// place is where a listener is in a channel.
type place struct {
	epoch  string
	start  int64 // offset at which it began
	offset int64 // of the last publication
}

// listener holds one socket, comes back when it breaks, recovers, and keeps everything it has
// heard. What the protocol forbids is a fault.
type listener struct {
	url        string
	sessions   []string
	echo       bool // the channels of everything, own messages too, are wanted
	subscribes bool // it subscribes to the channels as well, and listens to those subscriptions
	reload     bool // a position that cannot be recovered is expected: it begins anew
	dial       func(ctx context.Context, network, addr string) (net.Conn, error)
	reading    *pauser // nil: it always reads

	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex // guards what follows
	places   map[string]*place
	heard    map[string][]heard // by channel
	faults   []string
	own      map[string]bool // channels it has subscribed to in this connection
	early    int             // publications before the reply to such a subscription
	connects int
	reloads  int
	codes    []int         // with which connections were closed
	changed  chan struct{} // closed and made anew at every change
}

// listen starts a listener; the test ends it.
func listen(t *testing.T, l *listener) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l.stop, l.done = cancel, make(chan struct{})
	l.places, l.heard, l.changed = map[string]*place{}, map[string][]heard{}, make(chan struct{})
	go l.run(ctx)
	t.Cleanup(l.close)
	return l
}

// listening starts a listener and waits until it is connected.
func listening(t *testing.T, l *listener) *listener {
	t.Helper()
	listen(t, l)
	l.await(t, startWithin, "connected", func() bool { return len(l.places) > 0 })
	return l
}

// close ends the listener; what it has heard stays.
func (l *listener) close() {
	l.stop()
	<-l.done
}

func (l *listener) run(ctx context.Context) {
	defer close(l.done)
	for ctx.Err() == nil {
		err := l.connection(ctx)
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			l.update(func() { l.codes = append(l.codes, closed.Code) })
		}
		pause(ctx, reconnectEvery)
	}
}

// connection is one connection from its dial to its end.
func (l *listener) connection(ctx context.Context) error {
	dialer := &websocket.Dialer{HandshakeTimeout: 10 * time.Second, NetDialContext: l.dial}
	conn, _, err := dialer.DialContext(ctx, "ws"+l.url[len("http"):]+"/centrifugo/connection/websocket", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := l.write(conn, l.connectCommand()); err != nil {
		return err
	}
	for {
		if l.reading != nil {
			l.reading.wait(ctx)
		}
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		for line := range bytes.SplitSeq(frame, []byte("\n")) {
			if err := l.handle(conn, line); err != nil {
				return err
			}
		}
	}
}

func (l *listener) write(conn *websocket.Conn, command any) error {
	if err := conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	return conn.WriteJSON(command)
}

// connectCommand names the sessions, and where the listener was.
func (l *listener) connectCommand() object {
	subs := object{}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.subscribes {
		for channel, p := range l.places {
			subs[channel] = object{"recover": true, "epoch": p.epoch, "offset": p.offset}
		}
	}
	return object{"id": 1, "connect": object{
		"name": "js", "subs": subs,
		"data": object{"application": "widget", "settings": object{"sessions": l.sessions, "echo": l.echo}},
	}}
}

// channels of the listener's sessions, in a fixed order: their index and 10 make the id of
// the command that subscribes to each.
func (l *listener) channels() []string {
	var names []string
	for _, id := range l.sessions {
		names = append(names, "widget:"+id)
		if l.echo {
			names = append(names, "session:"+id)
		}
	}
	return names
}

func (l *listener) handle(conn *websocket.Conn, line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	var r wireReply
	if err := json.Unmarshal(line, &r); err != nil {
		return l.fault("frame: %v: %.200s", err, line)
	}
	switch {
	case string(line) == "{}":
		return l.write(conn, object{})
	case r.Error != nil:
		return l.fault("command %d was answered %d %s", r.ID, r.Error.Code, r.Error.Message)
	case r.Connect != nil:
		return l.connected(conn, r.Connect.Subs)
	case r.Subscribe != nil:
		l.begin(l.channels()[r.ID-10], r.Subscribe)
	case r.Push != nil && r.Push.Unsubscribe != nil:
		return l.fault("unsubscribed from %s with %d", r.Push.Channel, r.Push.Unsubscribe.Code)
	case r.Push != nil && r.Push.Pub != nil:
		l.publication(r.Push.Channel, r.Push.Pub)
	}
	return nil
}

func (l *listener) connected(conn *websocket.Conn, subs map[string]wireSub) error {
	l.update(func() { l.connects, l.own = l.connects+1, map[string]bool{} })
	for i, channel := range l.channels() {
		sub, ok := subs[channel]
		if !ok {
			return l.fault("the connect reply does not name %s", channel)
		}
		if !l.subscribes {
			l.begin(channel, &sub)
			continue
		}
		request := object{"channel": channel}
		l.mu.Lock()
		if p := l.places[channel]; p != nil {
			request["recover"], request["epoch"], request["offset"] = true, p.epoch, p.offset
		}
		l.mu.Unlock()
		if err := l.write(conn, object{"id": 10 + i, "subscribe": request}); err != nil {
			return err
		}
	}
	return nil
}

// begin takes the state of a subscription, and what it recovers at once.
func (l *listener) begin(channel string, sub *wireSub) {
	l.update(func() {
		p := l.places[channel]
		l.own[channel] = true
		switch {
		case !sub.Recoverable || !sub.Positioned || sub.Epoch == "":
			l.faultLocked("%s is not recoverable: %+v", channel, sub)
		case p == nil:
			l.places[channel] = &place{epoch: sub.Epoch, start: sub.Offset, offset: sub.Offset}
			return
		case !sub.Recovered:
			if !l.reload {
				l.faultLocked("%s was not recovered from %d: %+v", channel, p.offset, sub)
			}
			l.reloads++
			l.heard[channel] = nil
			l.places[channel] = &place{epoch: sub.Epoch, start: sub.Offset, offset: sub.Offset}
			return
		case sub.Epoch != p.epoch:
			l.faultLocked("%s was recovered in another epoch", channel)
		}
		for i := range sub.Publications {
			l.publicationLocked(channel, &sub.Publications[i])
		}
		if p := l.places[channel]; p != nil && p.offset != sub.Offset {
			l.faultLocked("%s begins at %d, the client is at %d", channel, sub.Offset, p.offset)
		}
	})
}

func (l *listener) publication(channel string, pub *wirePub) {
	l.update(func() { l.publicationLocked(channel, pub) })
}

func (l *listener) publicationLocked(channel string, pub *wirePub) {
	p := l.places[channel]
	switch {
	case pub.Offset == 0: // ephemeral
		return
	case l.subscribes && !l.own[channel]: // it listens to its own subscription, which begins later
		l.early++
		return
	case p == nil:
		l.faultLocked("%s: publication %d before the connect reply", channel, pub.Offset)
		return
	case pub.Offset != p.offset+1:
		l.faultLocked("%s: publication %d follows %d", channel, pub.Offset, p.offset)
	}
	p.offset = pub.Offset
	d := &pub.Data
	l.heard[channel] = append(l.heard[channel], heard{pub.Offset, d.ID, d.Sequence, d.Event, d.Data.Body})
}

// update changes what is guarded and tells those who wait.
func (l *listener) update(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *listener) fault(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	l.update(func() { l.faultLocked("%v", err) })
	return err
}

func (l *listener) faultLocked(format string, args ...any) {
	if len(l.faults) < 20 {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}

// await waits until something is so; so is called with the listener locked.
func (l *listener) await(t *testing.T, within time.Duration, what string, so func() bool) {
	t.Helper()
	timeout := time.After(within)
	for {
		l.mu.Lock()
		ok, changed := so(), l.changed
		state := fmt.Sprintf("places %v, faults %q, codes %v", l.offsets(), l.faults, l.codes)
		l.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("listener of %v not within %s: %s; %s", l.sessions, within, what, state)
		}
	}
}

func (l *listener) offsets() map[string]int64 {
	offsets := map[string]int64{}
	for channel, p := range l.places {
		offsets[channel] = p.offset
	}
	return offsets
}

// awaitOffset waits until the listener has a channel's publication of that number.
func (l *listener) awaitOffset(t *testing.T, within time.Duration, channel string, offset int64) {
	t.Helper()
	l.await(t, within, fmt.Sprintf("%s at %d", channel, offset), func() bool {
		return l.places[channel] != nil && l.places[channel].offset >= offset
	})
}

// earlyOnes is how many publications came before the reply to a subscribe.
func (l *listener) earlyOnes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.early
}

// closedWith are the codes its connections were closed with.
func (l *listener) closedWith() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.codes)
}

// connections is how often it has been connected.
func (l *listener) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connects
}

// pauser has a listener stop reading.
type pauser struct {
	mu   sync.Mutex
	open chan struct{} // closed while reading goes on
}

func newPauser() *pauser {
	p := &pauser{open: make(chan struct{})}
	close(p.open)
	return p
}

func (p *pauser) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
}

func (p *pauser) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.open)
}

func (p *pauser) wait(ctx context.Context) {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
	}
}
