package relay_test

import (
	"testing"
	"time"

	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/test/servers"
)

// listen collects what is said to a node.
func (n *node) listen(name string) <-chan string {
	said := make(chan string, 1000)
	n.Control().Listen(name, func(data []byte) { said <- string(data) })
	return said
}

// expectSaid waits until something is said.
func expectSaid(t *testing.T, said <-chan string, want string) {
	t.Helper()
	select {
	case got := <-said:
		if got != want {
			t.Fatalf("got %q, expected %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("%q was not heard", want)
	}
}

// expectAtLast is expectSaid where something else may be said before.
func expectAtLast(t *testing.T, said <-chan string, want string) {
	t.Helper()
	for end := time.After(patience); ; {
		select {
		case got := <-said:
			if got == want {
				return
			}
		case <-end:
			t.Fatalf("%q was not heard", want)
		}
	}
}

// tell says something to a node as soon as it can be.
func (n *node) tell(t *testing.T, to, what string) {
	t.Helper()
	eventually(t, "the node listens", func() bool { return n.Control().Tell(to, []byte(what)) == nil })
}

func TestNodesTalk(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	stranger := startUp(t, url, "c", func(p *relay.Params) { p.LogID = "ffffffff-0000-4000-8000-000000000001" })
	toA, toB, toStranger := a.listen("one"), b.listen("two"), stranger.listen("three")
	a.tell(t, "two", "to you")
	expectSaid(t, toB, "to you")
	b.tell(t, "one", "and you\x00\xff")
	expectSaid(t, toA, "and you\x00\xff")
	b.tell(t, "", "to all")
	expectSaid(t, toA, "to all")
	expectSaid(t, toB, "to all") // itself as well
	if err := a.Control().Tell("nobody", []byte("anybody?")); err == nil {
		t.Error("no error, and nobody was there")
	}
	stranger.tell(t, "", "to the others")
	expectSaid(t, toStranger, "to the others")
	if len(toA)+len(toB) > 0 {
		t.Error("two installations have talked to each other")
	}
}

// TestTheLastWordIsSaidAgain: who was not there when a node told of itself hears it when the
// connection is there.
func TestTheLastWordIsSaidAgain(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	a, b := startUp(t, redis.URL(), "a"), startUp(t, redis.URL(), "b")
	toA, toB := a.listen("one"), b.listen("two")
	b.tell(t, "", "I am two")
	expectAtLast(t, toA, "I am two")
	inRounds(t, func(kept bounds) {
		if err := redis.Kill(); err != nil {
			t.Fatal(err)
		}
		a.awaitUp(t, 0)
		b.awaitUp(t, 0)
		began := time.Now()
		if err := a.Control().Tell("two", []byte("lost")); err == nil {
			t.Error("no error while Redis is away")
		}
		if err := b.Control().Tell("", []byte("I am two, later")); err == nil {
			t.Error("no error while Redis is away")
		}
		kept.add("telling", time.Since(began), blocked)
		if err := redis.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		expectAtLast(t, toB, "I am two, later")
		a.tell(t, "two", "found again")
		expectAtLast(t, toB, "found again")
	})
}

func TestTellingWaitsNoLongerThanASecond(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	a := startUp(t, redis.URL(), "a")
	a.listen("one")
	a.tell(t, "one", "it works")
	inRounds(t, func(kept bounds) {
		if err := redis.Pause(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := a.Control().Tell("one", []byte("does it?")); err == nil {
			t.Error("no error")
		}
		kept.add("telling", time.Since(began), noticed)
		if err := redis.Resume(); err != nil {
			t.Fatal(err)
		}
		a.tell(t, "one", "again")
	})
}

// TestAnAnswerThatWaitsHoldsUpNoOther: who answers what is said to it waits for Redis.
func TestAnAnswerThatWaitsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	said, hang := make(chan string, 1), make(chan struct{})
	t.Cleanup(func() { close(hang) })
	b.Control().Listen("two", func(data []byte) {
		if string(data) == "wait" {
			<-hang
			return
		}
		said <- string(data)
	})
	a.listen("one")
	for range 32 {
		a.tell(t, "two", "wait")
	}
	a.tell(t, "two", "me too")
	expectSaid(t, said, "me too")
}

// TestWhoDoesNotListenHoldsUpNobody: rings come though the listener hangs.
func TestWhoDoesNotListenHoldsUpNobody(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	hang := make(chan struct{})
	b.Control().Listen("two", func([]byte) { <-hang })
	t.Cleanup(func() { close(hang) })
	a.listen("one")
	b.Subscribe(t.Context(), ref.Key)
	for range 1000 { // more than is queued
		a.tell(t, "two", "hello?")
	}
	a.Publish(said(ref, 2, "a ring"))
	if got := b.ring(t); got.Sequence != 2 {
		t.Errorf("got %+v", got)
	}
	client := connect(t, url)
	publish(t, client, ref.Key, "garbage")
	publish(t, client, ref.Key, "garbage")
	eventually(t, "what cannot be read is counted", func() bool { return value(t, b.metrics.Unreadable) == 2 })
	for _, line := range []string{"other nodes say more than is heard", "rings are dropped"} { // neither hides the other
		if n := b.log.count(line); n != 1 {
			t.Errorf("%d lines %q:\n%s", n, line, b.log)
		}
	}
}
