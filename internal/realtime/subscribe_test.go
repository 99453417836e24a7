package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/realtime"
)

// subscribe subscribes to a channel, with the fields of a position added.
func (c *client) subscribe(channel, position string) frame {
	c.t.Helper()
	c.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q%s}}`, channel, position))
	return c.reply()
}

func TestSubscriberGetsEachOnce(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("greeting")
	c := serve(t, log, held).dial()
	c.connect("", id)
	session.say("between connect and subscribe")
	if f := c.subscribe("widget:"+id, ""); f.Error != nil || !f.Subscribe.Recoverable {
		t.Fatalf("got %+v, want success", f)
	}
	session.say("after")
	c.bodies("greeting", "between connect and subscribe", "after")
	c.silent()
}

// A subscriber that comes back sends two positions: centrifuge-js keeps the one of the connect
// reply beside the subscription's own.
func TestSubscriberReconnects(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	for range 10 {
		session.say("old")
	}
	c := serve(t, log, held).dial()
	if sub := c.connect(position("widget:"+id, 2, testLogID), id).Connect.Subs["widget:"+id]; !sub.Recovered {
		t.Fatalf("got %+v", sub)
	}
	session.say("new")
	f := c.subscribe("widget:"+id, `,"recover":true,"offset":7,"epoch":"`+testLogID+`"`)
	if f.Error != nil || !f.Subscribe.Recovered || f.Subscribe.Offset != 7 {
		t.Fatalf("got %+v", f)
	}
	c.offsets(8, 11)
	c.silent()
}

// A client that names a position twice, and recovers neither, is told so twice, at one place: what
// came after the first answer follows the second.
func TestSubscribeWithUnrecoverablePosition(t *testing.T) {
	t.Parallel()
	for name, position := range map[string]string{
		"of another log":      `,"recover":true,"offset":0,"epoch":"another"`,
		"of no log":           `,"recover":true,"offset":3`,
		"too old":             `,"recover":true,"offset":0,"epoch":"` + testLogID + `"`,
		"beyond the top":      `,"recover":true,"offset":99,"epoch":"` + testLogID + `"`,
		"of the grant itself": `,"recover":true,"offset":0,"epoch":"grant"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := newTestLog()
			id := newSessionID(t)
			session := log.open(id)
			for range 10 {
				session.say("old")
			}
			c := serve(t, log, held, func(p *realtime.Params) { p.Limits.Recover = 5 }).dial()
			if sub := c.connect(`{"widget:`+id+`":{`+position[1:]+`}}`, id).Connect.Subs["widget:"+id]; sub.Recovered || sub.Offset != 10 {
				t.Fatalf("got %+v, want the top and no recovery", sub)
			}
			session.say("between connect and subscribe")
			f := c.subscribe("widget:"+id, position)
			if f.Error != nil || f.Subscribe.Recovered || f.Subscribe.Offset != 10 || f.Subscribe.Epoch != testLogID {
				t.Fatalf("got %+v, want the position of the connect reply and no recovery", f)
			}
			session.say("after")
			c.bodies("between connect and subscribe", "after")
			c.silent()
		})
	}
}

// Where no channel is taken over, a position that cannot be recovered is answered with the top:
// no client begins at a place of its choice by naming the epoch of grants.
func TestSubscribeToUngrantedWithUnrecoverablePosition(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("old")
	c := serve(t, log).dial()
	c.connect("")
	for _, epoch := range []string{"another", "", "grant"} {
		f := c.subscribe("widget:"+id, `,"recover":true,"offset":0,"epoch":"`+epoch+`"`)
		if f.Error != nil || f.Subscribe.Recovered || f.Subscribe.Offset != 1 {
			t.Fatalf("epoch %q: got %+v, want the top and no recovery", epoch, f)
		}
		c.send(`{"id":3,"unsubscribe":{"channel":"widget:` + id + `"}}`)
		c.next()
	}
	c.subscribe("widget:"+id, `,"recover":true,"offset":1,"epoch":"another"`)
	session.say("new")
	c.bodies("new")
	c.silent()
}

// Where the connect reply told nobody to reload, the subscribe does, at the top.
func TestSubscribeWithPositionOfAnotherLog(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("old")
	s := serve(t, log, held)
	for _, subs := range []string{"", position("widget:"+id, 0, testLogID)} {
		c := s.dial()
		c.connect(subs, id)
		f := c.subscribe("widget:"+id, `,"recover":true,"offset":0,"epoch":"another"`)
		if f.Error != nil || f.Subscribe.Recovered || f.Subscribe.Offset != uint64(session.WidgetNo) {
			t.Fatalf("got %+v, want the top and no recovery", f)
		}
		session.say("new")
		c.bodies("new")
		c.silent()
	}
}

// By the time its client subscribes, a grant may be too far back to begin there.
func TestSubscribeAfterATooOldGrant(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, held, func(p *realtime.Params) { p.Limits.Recover = 5 }).dial()
	c.connect(position("widget:"+id, 0, "another"), id)
	for range 10 {
		session.say("old")
	}
	f := c.subscribe("widget:"+id, `,"recover":true,"offset":0,"epoch":"another"`)
	if f.Error != nil || f.Subscribe.Recovered || f.Subscribe.Offset != 10 {
		t.Fatalf("got %+v, want the top and no recovery", f)
	}
	c.silent()
}

// A subscribe that fails while it takes a channel over may be sent again.
func TestSubscribeWhoseTakeOverFails(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, held).dial()
	c.connect(position("widget:"+id, 0, "another"), id)
	log.fail(chat.Errorf(chat.CodeUnavailable, "the disk is full"))
	position := `,"recover":true,"offset":7,"epoch":"` + testLogID + `"` // beyond the top: has to be looked up
	if f := c.subscribe("widget:"+id, position); f.Error == nil || f.Error.Code != 100 {
		t.Fatalf("got %+v, want error 100, with which clients try again", f)
	}
	log.fail(nil)
	if f := c.subscribe("widget:"+id, position); f.Error != nil || f.Subscribe.Recovered {
		t.Fatalf("got %+v, want no recovery", f)
	}
	session.say("new")
	c.bodies("new")
	c.silent()
}

// What the package comment says of a client that does both.
func TestClientThatListensLongThenSubscribes(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log).dial()
	c.connect("", id)
	session.say("one")
	c.bodies("one")
	c.subscribe("widget:"+id, "")
	session.say("two")
	c.bodies("one", "two")
	c.silent()
}

func TestSubscribeAgainAfterUnsubscribe(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, held).dial()
	c.connect("", id)
	c.subscribe("widget:"+id, "")
	session.say("one")
	c.bodies("one")
	c.send(`{"id":3,"unsubscribe":{"channel":"widget:` + id + `"}}`)
	if got := c.next(); got != `{"id":3,"unsubscribe":{}}` {
		t.Fatal(got)
	}
	session.say("two")
	c.silent()
	f := c.subscribe("widget:"+id, `,"recover":true,"offset":1,"epoch":"`+testLogID+`"`)
	if f.Error != nil {
		t.Fatalf("got %+v", f)
	}
	c.bodies("two")
	c.silent()
}

// The only connection of a channel takes it over and comes back to it: the channel is watched
// once all the while.
func TestOneWatchOfAChannel(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, held).dial()
	c.connect("", id)
	for no := range 3 {
		c.subscribe("widget:"+id, fmt.Sprintf(`,"recover":true,"offset":%d,"epoch":%q`, no, testLogID))
		session.say("said")
		c.bodies("said")
		if n := session.watched(); n != 1 {
			t.Fatalf("watched %d times after %d subscribes", n, no+1)
		}
		c.send(`{"id":3,"unsubscribe":{"channel":"widget:` + id + `"}}`)
		c.next()
	}
}

func TestSubscribeToLaterSession(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	c := serve(t, log).dial()
	c.connect("")
	id := newSessionID(t)
	session := log.open(id)
	session.say("greeting")
	if f := c.subscribe("widget:"+id, ""); f.Error != nil {
		t.Fatalf("got %+v", f)
	}
	c.bodies("greeting")
	c.silent()
}

func TestSubscribeRefused(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	c := serve(t, log).dial()
	c.connect("")
	for _, channel := range []string{
		"widget:" + newSessionID(t), "session:" + newSessionID(t), "notifications:1", "widget:", "widget:x", id, "WIDGET:" + id,
		"widget:urn:uuid:" + id, "widget:{" + id + "}",
	} {
		if f := c.subscribe(channel, ""); f.Error == nil || f.Error.Code != 103 {
			t.Errorf("%s: got %+v, want error 103", channel, f)
		}
	}
	for _, command := range []string{
		`{"id":4,"publish":{"channel":"widget:` + id + `","data":{}}}`,
		`{"id":4,"history":{"channel":"widget:` + id + `","limit":10}}`,
	} {
		c.send(command)
		if f := c.reply(); f.Error == nil || f.Error.Code != 108 {
			t.Errorf("%s: got %+v, want error 108", command, f)
		}
	}
}

func TestJoinSession(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	known, later := newSessionID(t), newSessionID(t)
	session := log.open(known)
	c := serve(t, log, held).dial()
	c.connect("", known)
	join := func(id string) string {
		c.send(`{"id":5,"rpc":{"method":"joinSession","data":{"id":"` + id + `"}}}`)
		return c.next()
	}
	const success = `{"id":5,"rpc":{"data":{"success":true}}}`
	if got := join(known); got != success {
		t.Errorf("known session: %s", got)
	}
	if got := parse(t, join(newSessionID(t))); got.Error == nil || got.Error.Code != 404 {
		t.Errorf("unknown session: %+v", got)
	}
	other := log.open(later)
	other.say("greeting")
	if push := parse(t, join(later)).Push; push == nil || push.Subscribe == nil || push.Channel != "widget:"+later {
		t.Fatal("no subscribe push")
	}
	if got := c.next(); got != success {
		t.Errorf("later session: %s", got)
	}
	// Joined, then subscribed to: still each once.
	if f := c.subscribe("widget:"+later, ""); f.Error != nil {
		t.Fatalf("got %+v", f)
	}
	other.say("two")
	c.bodies("greeting", "two")
	session.say("held")
	c.silent()
}

func TestJoinedSessionIsHeard(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	c := serve(t, log).dial()
	c.connect("")
	id := newSessionID(t)
	session := log.open(id)
	session.say("given by REST")
	session.say("greeting")
	session.WidgetGiven = 1
	c.send(`{"id":5,"rpc":{"method":"joinSession","data":{"id":"` + id + `"}}}`)
	want := []string{"greeting", "two"}
	for text := ""; !strings.Contains(text, `"id":5`); { // on a busy machine the hold may end before the reply
		if text = c.next(); strings.Contains(text, `"pub":`) {
			want = want[1:]
		}
	}
	session.say("two")
	c.bodies(want...)
	c.silent()
}

func TestTypingOfClient(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	c := serve(t, log).dial()
	c.connect("")
	c.send(`{"id":3,"rpc":{"method":"typing","data":{"sessionId":"` + id + `","body":"При"}}}`)
	c.next()
	c.send(`{"id":3,"rpc":{"method":"typing","data":{"id":"` + id + `"}}}`)
	if got := c.next(); got != `{"id":3,"rpc":{"data":{"success":true}}}` {
		t.Error(got)
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if got, want := fmt.Sprint(log.typed), fmt.Sprint([]string{id + " При", id + " "}); got != want {
		t.Errorf("typed %s, want %s", got, want)
	}
}

func TestFailingDomainIsTemporary(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.failing = chat.Errorf(chat.CodeUnavailable, "the disk is full")
	c := serve(t, log).dial()
	if f := c.connect("", newSessionID(t)); f.Error == nil || f.Error.Code != 100 {
		t.Errorf("got %+v, want error 100, with which clients try again", f)
	}
}

// What a client is told nothing of is logged, unless it is that the client itself has left.
func TestUnknownFailuresAreLogged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err    error
		logged bool
	}{
		"unknown":     {errors.New("disk on fire"), true},
		"too slow":    {fmt.Errorf("read: %w", context.DeadlineExceeded), true},
		"left":        {fmt.Errorf("read: %w", context.Canceled), false},
		"unavailable": {&chat.Error{Code: chat.CodeUnavailable, Err: context.Canceled}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := newTestLog()
			log.failing = test.err
			errs := newErrorLog()
			c := serve(t, log, func(p *realtime.Params) { p.Log = slog.New(errs) }).dial()
			if f := c.connect("", newSessionID(t)); f.Error == nil || f.Error.Code != 100 {
				t.Errorf("got %+v, want error 100", f)
			}
			if logged := len(errs.records) > 0; logged != test.logged {
				t.Errorf("logged %t, want %t", logged, test.logged)
			}
		})
	}
}

// errorLog keeps what is logged as an error.
type errorLog struct {
	slog.Handler
	records chan slog.Record
}

func newErrorLog() *errorLog {
	return &errorLog{slog.DiscardHandler, make(chan slog.Record, 100)}
}

func (l *errorLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (l *errorLog) Handle(_ context.Context, r slog.Record) error {
	l.records <- r
	return nil
}
