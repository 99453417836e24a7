package relay_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/test/servers"
)

// database is the log that two nodes share, in memory: what a feed reads of it.
type database struct {
	chat.Reader
	mu       sync.Mutex
	sessions map[int64][]chat.Event
	owners   map[int64]chat.ClientRef // of sessions that are some client's
	owed     map[int64]bool           // a bot owes a reaction
	changed  []chat.Change
}

func newDatabase() *database {
	return &database{sessions: map[int64][]chat.Event{}, owners: map[int64]chat.ClientRef{}, owed: map[int64]bool{}}
}

// commit adds a message to a session and returns its ring.
func (d *database) commit(ref chat.SessionRef) chat.Ring {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := said(ref, int64(len(d.sessions[ref.Key])+1), "hello")
	r.Settled = r.Sequence
	d.sessions[ref.Key] = append(d.sessions[ref.Key], r.Events...)
	d.changed = append(d.changed, chat.Change{SessionKey: ref.Key, Sequence: r.Sequence, Client: d.owners[ref.Key]})
	return r
}

func (d *database) owe(session int64, owed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owed[session] = owed
}

func (d *database) FindSessionByKey(_ context.Context, key int64) (*chat.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &chat.Session{Key: key, Status: chat.StatusOpen, Sequence: int64(len(d.sessions[key]))}
	if d.owed[key] {
		s.Owner.Kind, s.Pending, s.Lease.Node = chat.OwnerBot, s.Sequence, "a"
	}
	return s, nil
}

// begin commits the start of a session of a client and returns its ring.
func (d *database) begin(ref chat.SessionRef, client chat.ClientRef) chat.Ring {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := chat.Ring{Session: ref, Client: client, Sequence: 1, Settled: 1}
	r.Events = []chat.Event{{ID: "start", Session: ref, Sequence: 1, Payload: &chat.SessionStarted{}}}
	d.owners[ref.Key], d.sessions[ref.Key] = client, r.Events
	d.changed = append(d.changed, chat.Change{SessionKey: ref.Key, Sequence: 1, Client: client})
	return r
}

func (d *database) ListClientSessions(_ context.Context, _, client int64, _ int) ([]chat.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var newest int64
	for key, of := range d.owners {
		if of.Client == client {
			newest = max(newest, key)
		}
	}
	if newest == 0 {
		return nil, nil
	}
	return []chat.Session{{Key: newest}}, nil
}

func (d *database) ListEvents(_ context.Context, ref chat.SessionRef, after int64, limit int) ([]chat.Event, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.sessions[ref.Key]
	return slices.Clone(all[min(len(all), int(after)):min(len(all), int(after)+limit)]), nil
}

func (d *database) ListChanged(_ context.Context, after int64) ([]chat.Change, int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if after < 0 {
		return nil, int64(len(d.changed)), nil
	}
	return slices.Clone(d.changed[after:]), int64(len(d.changed)), nil
}

// member is a node with a feed.
type member struct {
	*node
	feed *feed.Feed
	db   *database
}

// join starts a node over a database. disturb stands between its relay and its feed.
func join(t *testing.T, db *database, url, name string, heal time.Duration, disturb func(chat.Ring, func(chat.Ring))) *member {
	t.Helper()
	m := &member{db: db}
	m.node = start(t, url, name, func(p *relay.Params) {
		p.Deliver = func(r chat.Ring) {
			if disturb != nil {
				disturb(r, m.feed.Ring)
			} else {
				m.feed.Ring(r)
			}
		}
		p.Resync = func(session int64) { m.feed.Resync(session) }
		p.RingClient = func(c chat.ClientRef) { m.feed.RingClient(c) }
	})
	m.feed = feed.New(db, feed.Options{Log: slog.New(slog.DiscardHandler), HealInterval: heal, Remote: m.Relay, Node: name})
	t.Cleanup(m.feed.Close)
	return m
}

// write commits on this node.
func (m *member) write(ref chat.SessionRef) {
	r := m.db.commit(ref)
	m.feed.Ring(r)
	m.Publish(r)
}

// watch returns what comes of a session.
func (m *member) watch(t *testing.T, ref chat.SessionRef) <-chan int64 {
	t.Helper()
	got := make(chan int64, 1<<16)
	_, stop, err := m.feed.Watch(t.Context(), ref, func(e *chat.Event) { got <- e.Sequence })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return got
}

func expect(t *testing.T, got <-chan int64, from, to int64) {
	t.Helper()
	for want := from; want <= to; want++ {
		select {
		case sequence := <-got:
			if sequence != want {
				t.Fatalf("got %d, expected %d", sequence, want)
			}
		case <-time.After(patience):
			t.Fatalf("no %d", want)
		}
	}
}

func TestAWatcherHearsWhatAnotherNodeCommits(t *testing.T) {
	t.Parallel()
	db, url := newDatabase(), servers.NewRedis(t).URL()
	// The feeds do not heal: all that comes comes by rings.
	a, b := join(t, db, url, "a", time.Hour, nil), join(t, db, url, "b", time.Hour, nil)
	a.awaitUp(t, 1)
	b.awaitUp(t, 1)
	got := b.watch(t, ref)
	fastest := time.Hour
	for i := range int64(100) {
		began := time.Now()
		a.write(ref)
		expect(t, got, i+1, i+1)
		fastest = min(fastest, time.Since(began))
	}
	if fastest > 10*time.Millisecond {
		t.Errorf("the fastest event took %v", fastest)
	}
}

func TestTwoNodesCommitToOneSessionAtOnce(t *testing.T) {
	t.Parallel()
	db, url := newDatabase(), servers.NewRedis(t).URL()
	a, b := join(t, db, url, "a", time.Hour, nil), join(t, db, url, "b", time.Hour, nil)
	a.awaitUp(t, 1)
	b.awaitUp(t, 1)
	const each = 500
	gotA, gotB := a.watch(t, ref), b.watch(t, ref)
	var writing sync.WaitGroup
	for _, m := range []*member{a, b, a, b} {
		writing.Go(func() {
			for range each {
				m.write(ref)
			}
		})
	}
	writing.Wait()
	expect(t, gotA, 1, 4*each)
	expect(t, gotB, 1, 4*each)
}

func TestRingsOfOtherNodesInEveryKindOfTrouble(t *testing.T) {
	t.Parallel()
	type hand = func(chat.Ring)
	for name, disturb := range map[string]func() func(chat.Ring, hand){
		"every other is lost": func() func(chat.Ring, hand) {
			n := 0
			return func(r chat.Ring, on hand) {
				if n++; n%2 == 0 {
					on(r)
				}
			}
		},
		"swapped": func() func(chat.Ring, hand) {
			var held *chat.Ring
			return func(r chat.Ring, on hand) {
				if held == nil {
					held = &r
					return
				}
				on(r)
				on(*held)
				held = nil
			}
		},
		"doubled": func() func(chat.Ring, hand) { return func(r chat.Ring, on hand) { on(r); on(r) } },
		"all are lost": func() func(chat.Ring, hand) {
			return func(chat.Ring, hand) {}
		},
		"without events": func() func(chat.Ring, hand) {
			return func(r chat.Ring, on hand) { r.Events = nil; on(r) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, url := newDatabase(), servers.NewRedis(t).URL()
			a := join(t, db, url, "a", time.Hour, nil)
			b := join(t, db, url, "b", 50*time.Millisecond, disturb())
			a.awaitUp(t, 1)
			b.awaitUp(t, 1)
			got := b.watch(t, ref)
			for range 200 {
				a.write(ref)
			}
			expect(t, got, 1, 200)
		})
	}
}

func TestWithoutRedisEventsComeFromTheLog(t *testing.T) {
	t.Parallel()
	db, redis := newDatabase(), servers.NewRedis(t)
	a, b := join(t, db, redis.URL(), "a", 0, nil), join(t, db, redis.URL(), "b", 0, nil)
	got := b.watch(t, ref)
	written := int64(0)
	write := func() {
		for range 10 {
			a.write(ref)
		}
		expect(t, got, written+1, written+10)
		written += 10
	}
	inRounds(t, func(kept bounds) {
		a.awaitUp(t, 1)
		b.awaitUp(t, 1)
		if err := redis.Kill(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		write()
		kept.add("delivery", time.Since(began), feed.DefaultHealInterval+500*time.Millisecond)
		if err := redis.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.awaitUp(t, 1)
		b.awaitUp(t, 1)
		write()
	})
}

// TestWritingWhileRedisComesAndGoes: nothing lost, nothing twice, nothing out of order.
func TestWritingWhileRedisComesAndGoes(t *testing.T) {
	t.Parallel()
	db, redis := newDatabase(), servers.NewRedis(t)
	a := join(t, db, redis.URL(), "a", 100*time.Millisecond, nil)
	b := join(t, db, redis.URL(), "b", 100*time.Millisecond, nil)
	got := b.watch(t, ref)
	var stop atomic.Bool
	var writing sync.WaitGroup
	var written int64
	writing.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for !stop.Load() {
			a.write(ref)
			written++
			<-tick.C
		}
	})
	for _, disturb := range []func() error{redis.Kill, redis.Stop, redis.Pause, redis.Kill} {
		a.awaitUp(t, 1)
		b.awaitUp(t, 1)
		if err := disturb(); err != nil {
			t.Fatal(err)
		}
		a.awaitUp(t, 0)
		b.awaitUp(t, 0)
		if err := redis.Resume(); err != nil { // it was only paused, or is gone
			if err := redis.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	a.awaitUp(t, 1)
	stop.Store(true)
	writing.Wait()
	expect(t, got, 1, written)
}

// TestWhoWaitsHearsThatABotOfAnotherNodeHasReacted, though there is nothing to read.
func TestWhoWaitsHearsThatABotOfAnotherNodeHasReacted(t *testing.T) {
	t.Parallel()
	db, url := newDatabase(), servers.NewRedis(t).URL()
	a, b := join(t, db, url, "a", time.Hour, nil), join(t, db, url, "b", time.Hour, nil)
	a.awaitUp(t, 1)
	b.awaitUp(t, 1)
	for key := range int64(50) {
		r := chat.SessionRef{Key: key, ID: "x"}
		db.commit(r)
		db.owe(key, true)
		waiting := make(chan error, 1)
		go func() { waiting <- b.feed.AwaitSettled(t.Context(), r, 1) }()
		if key%2 == 0 { // else it may react before anybody waits
			eventually(t, "b has subscribed", func() bool { return len(channels(t, url)) > 0 })
		}
		db.owe(key, false)
		a.Publish(chat.Ring{Session: r, Sequence: 1, Settled: 1})
		select {
		case err := <-waiting:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatal(errors.New("it waits still"))
		}
	}
}

// TestWhoWaitsForAClientHearsOfASessionThatBeginsElsewhere: with Redis at once, without it from the log.
func TestWhoWaitsForAClientHearsOfASessionThatBeginsElsewhere(t *testing.T) {
	t.Parallel()
	client := chat.ClientRef{Chat: 3, Client: 9}
	for name, heal := range map[string]time.Duration{"with Redis": time.Hour, "without": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "redis://127.0.0.1:1"
			if heal == time.Hour {
				url = servers.NewRedis(t).URL()
			}
			db := newDatabase()
			a, b := join(t, db, url, "a", heal, nil), join(t, db, url, "b", heal, nil)
			if heal == time.Hour {
				a.awaitUp(t, 1)
				b.awaitUp(t, 1)
			}
			heard := make(chan feed.News, 100)
			_, stop, err := b.feed.WatchClient(t.Context(), client, func(n feed.News) { heard <- n })
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			at := chat.Position{}
			for _, ref := range []chat.SessionRef{{Key: 11, ID: "eleven"}, {Key: 12, ID: "twelve"}} {
				r := db.begin(ref, client)
				a.feed.Ring(r)
				a.Publish(r)
				a.write(ref)
				for at.Session != ref.Key || at.Sequence < 2 {
					select {
					case n := <-heard:
						at = chat.Position{Session: n.Session.Key, Sequence: n.Sequence}
					case <-time.After(patience):
						t.Fatalf("session %d: heard up to %v", ref.Key, at)
					}
				}
			}
		})
	}
}
