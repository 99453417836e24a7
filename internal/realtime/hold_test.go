package realtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/realtime"
)

// A connection that leaves while its channels are held was given nothing.
func TestHeldIsNotGiven(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("greeting")
	s := serve(t, log, held)
	c := s.dial()
	c.connect("", id)
	c.silent()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if got := session.given(); got != 0 {
		t.Errorf("marked %d, want nothing", got)
	}
}

// Two connections of a session: the second begins where the first is.
func TestSecondConnectionBeginsAtTheFirst(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	s := serve(t, log)
	c := s.dial()
	c.connect("", id)
	session.say("one")
	c.bodies("one")
	d := s.dial()
	if sub := d.connect("", id).Connect.Subs["widget:"+id]; sub.Offset != 1 {
		t.Errorf("begins at %d, want 1", sub.Offset)
	}
	session.say("two")
	c.bodies("two")
	d.bodies("two")
	c.silent()
	d.silent()
}

// A WebSocket whose handshake took long is held longer.
func TestHoldGrowsWithTheRoundTrip(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("greeting")
	begun := time.Now()
	clock := begun
	c := serve(t, log, func(p *realtime.Params) {
		p.Limits.Hold = time.Nanosecond
		p.Now = func() time.Time { // the second look is 100 ms later
			clock = clock.Add(100 * time.Millisecond)
			return clock
		}
	}).dial()
	c.connect("", id)
	c.bodies("greeting")
	if took := time.Since(begun); took < 200*time.Millisecond {
		t.Errorf("went live after %v, want two round trips of 100 ms", took)
	}
}
