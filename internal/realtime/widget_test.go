package realtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/realtime"
)

func TestGreetingBeforeFirstConnect(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("given by REST")
	session.say("greeting")
	session.WidgetGiven = 1
	c := serve(t, log).dial()
	sub := c.connect("", id).Connect.Subs["widget:"+id]
	if sub.Offset != 1 || sub.Recovered || len(sub.Publications) != 0 {
		t.Errorf("got %+v, want to begin at 1 without recovery", sub)
	}
	c.bodies("greeting")
	c.silent()
}

func TestGivenIsMarkedWhenTheLastLeaves(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	s := serve(t, log)
	c, d := s.dial(), s.dial()
	c.connect("", id)
	d.connect("", id)
	session.say("one")
	session.say("two")
	c.bodies("one", "two")
	d.bodies("one", "two")
	_ = c.conn.Close()
	_ = d.conn.Close()
	log.awaitMark(t)
	if got := session.given(); got != 2 {
		t.Errorf("marked %d, want 2", got)
	}
	e := s.dial()
	e.connect("", id)
	session.say("three")
	e.bodies("three")
	if len(log.marked) != 0 {
		t.Error("marked more than once")
	}
}

func TestGivenIsMarkedWhileConnectionsStay(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, func(p *realtime.Params) { p.Limits.MarkInterval = time.Millisecond }).dial()
	c.connect("", id)
	session.say("one")
	c.bodies("one")
	log.awaitMark(t)
	if got := session.given(); got != 1 {
		t.Errorf("marked %d, want 1", got)
	}
}

func TestShutdownMarksAndTellsToReconnect(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	s := serve(t, log)
	c := s.dial()
	c.connect("", id)
	session.say("one")
	c.bodies("one")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 2 {
		if err := s.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if code := c.disconnected(); code != 3001 {
		t.Errorf("close code %d, want 3001, with which clients reconnect", code)
	}
	if got := session.given(); got != 1 {
		t.Errorf("marked %d, want 1", got)
	}
	if n := session.watched(); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
}

func TestCloseWithoutRun(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	server, err := realtime.New(realtime.Params{Service: log, Feed: log, Events: log, LogID: testLogID})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestReconnectGetsExactlyWhatItMissed(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log).dial()
	c.connect("", id)
	session.say("seen")
	c.bodies("seen")
	_ = c.conn.Close()
	for i := range 1000 {
		if i%2 == 0 {
			session.lost(botSays("missed"))
		} else {
			session.add(botSays("missed"))
		}
		session.add(clientSays("mine"))
	}
	d := serve(t, log).dial() // as after a restart
	sub := d.connect(position("widget:"+id, 1, testLogID), id).Connect.Subs["widget:"+id]
	if !sub.Recovered || sub.Offset != 1 {
		t.Fatalf("got %+v, want recovered at 1", sub)
	}
	session.say("meanwhile")
	d.offsets(2, 1002)
	d.silent()
}

func position(channel string, offset int, epoch string) string {
	return fmt.Sprintf(`{%q:{"recover":true,"offset":%d,"epoch":%q}}`, channel, offset, epoch)
}

func TestPositionsThatDoNotRecover(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	for range 30 {
		session.say("old")
	}
	s := serve(t, log, func(p *realtime.Params) { p.Limits.Recover = 20 })
	for name, test := range map[string]struct {
		offset    int
		epoch     string
		recovered bool
	}{
		"within the cap":       {10, testLogID, true},
		"beyond the cap":       {9, testLogID, false},
		"at the top":           {30, testLogID, true},
		"ahead of the log":     {31, testLogID, false},
		"of another log":       {30, "another", false},
		"of no log":            {30, "", false},
		"absurdly far":         {1 << 62, testLogID, false},
		"of another log, cap":  {9, "another", false},
		"another log at start": {0, "another", false},
	} {
		c := s.dial()
		sub := c.connect(position("widget:"+id, test.offset, test.epoch), id).Connect.Subs["widget:"+id]
		if sub.Recovered != test.recovered || sub.Epoch != testLogID {
			t.Errorf("%s: got %+v", name, sub)
		}
		if !test.recovered && sub.Offset != 30 {
			t.Errorf("%s: begins at %d, want the top", name, sub.Offset)
		}
		if test.recovered {
			c.offsets(uint64(test.offset)+1, 30)
		}
		c.silent()
	}
}

func TestClientMessageCostsTheWidgetNoNumber(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log).dial()
	c.connect("", id)
	session.add(clientSays("mine"))
	session.say("one")
	session.add(clientSays("mine"))
	session.add(clientSays("mine"))
	session.say("two")
	c.bodies("one", "two")
	c.silent()
}

func TestLostEventsAreReadFromTheLog(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log).dial()
	c.connect("", id)
	session.say("one")
	session.lost(botSays("two"))
	session.lost(botSays("three"))
	session.say("four")
	c.bodies("one", "two", "three", "four")
	c.silent()
}

func TestTypingKeepsItsPlace(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log).dial()
	c.connect("", id)
	c.silent()
	for range 50 {
		session.add(&chat.Typing{By: chat.AuthorBot})
		session.add(&chat.Typing{By: chat.AuthorClient})
		session.say("said")
	}
	for want := uint64(1); want <= 50; want++ {
		if p := c.publication(); p.Event != "showTypingIndicator" || p.Offset != 0 || strings.Contains(p.Raw, "sequence") {
			t.Fatalf("got %s, want typing", p.Raw)
		}
		c.offsets(want, want)
	}
	c.silent()
}

func TestEchoGivesTheWholeSession(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.add(clientSays("before the greeting"))
	session.say("greeting")
	c := serve(t, log).dial()
	c.send(`{"id":1,"connect":{"data":{"application":"widget","settings":{"echo":true,"sessions":["` + id + `"]}}}}`)
	if subs := c.reply().Connect.Subs; len(subs) != 2 {
		t.Fatalf("subs %v", subs)
	}
	session.add(clientSays("mine"))
	got := map[string][]string{}
	for range 3 {
		p := c.publication()
		got[p.Channel] = append(got[p.Channel], p.Body)
	}
	want := map[string][]string{"widget:" + id: {"greeting"}, "session:" + id: {"greeting", "mine"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	c.silent()
}

func TestListenerGoesLiveAfterTheHold(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("greeting")
	c := serve(t, log, func(p *realtime.Params) { p.Limits.Hold = time.Millisecond }).dial()
	c.connect("", id)
	session.say("two")
	c.bodies("greeting", "two")
	session.say("three")
	c.bodies("three")
	c.silent()
}

func TestManySessions(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	var ids []string
	for range 100 {
		ids = append(ids, newSessionID(t))
		log.open(ids[len(ids)-1]).say("greeting")
	}
	c := serve(t, log).dial()
	if n := len(c.connect("", append(ids, ids...)...).Connect.Subs); n != 100 {
		t.Fatalf("%d subs", n)
	}
	seen := map[string]bool{}
	for range 100 {
		seen[c.publication().Channel] = true
	}
	if len(seen) != 100 {
		t.Errorf("heard of %d sessions", len(seen))
	}
	c.silent()
}
