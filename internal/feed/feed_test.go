package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// eventLog is a log in memory: the part of storage that a feed reads.
type eventLog struct {
	chat.Reader
	mu       sync.Mutex
	sessions map[int64][]chat.Event
	owners   map[int64]chat.ClientRef // of sessions that are some client's
	cursors  map[int64]int64          // settled; absent: everything is
	changed  []chat.Change
	lease    string // who has the lease of what is not settled
	broken   error  // of reading sessions and events
	unlisted error  // of listing what changed
	reads    int
	lists    int // of what changed
	finds    int // of sessions
}

func newLog() *eventLog {
	return &eventLog{sessions: map[int64][]chat.Event{}, owners: map[int64]chat.ClientRef{}, cursors: map[int64]int64{}}
}

var ref = chat.SessionRef{Key: 1, ID: "one"}

// add commits n events and returns the ring of each.
func (l *eventLog) add(ref chat.SessionRef, n int) []chat.Ring {
	l.mu.Lock()
	defer l.mu.Unlock()
	var rings []chat.Ring
	for range n {
		seq := int64(len(l.sessions[ref.Key]) + 1)
		e := chat.Event{Session: ref, Sequence: seq, Payload: &chat.Message{AuthorType: chat.AuthorBot, Body: fmt.Sprint(seq)}}
		l.sessions[ref.Key] = append(l.sessions[ref.Key], e)
		l.changed = append(l.changed, chat.Change{SessionKey: ref.Key, Sequence: seq, Client: l.owners[ref.Key]})
		rings = append(rings, chat.Ring{Session: ref, Sequence: seq, Settled: seq, Events: []chat.Event{e}})
	}
	return rings
}

func (l *eventLog) FindSessionByKey(_ context.Context, key int64) (*chat.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finds++
	if l.broken != nil {
		return nil, l.broken
	}
	s := &chat.Session{Key: key, Status: chat.StatusOpen, Sequence: int64(len(l.sessions[key]))}
	if cursor, ok := l.cursors[key]; ok {
		s.Owner.Kind, s.Cursor, s.Pending = chat.OwnerBot, cursor, s.Sequence
		s.Lease.Node = l.lease
	}
	return s, nil
}

func (l *eventLog) ListEvents(_ context.Context, ref chat.SessionRef, after int64, limit int) ([]chat.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if l.broken != nil {
		return nil, l.broken
	}
	all := l.sessions[ref.Key]
	if int(after) >= len(all) {
		return nil, nil
	}
	return slices.Clone(all[after:min(len(all), int(after)+limit)]), nil
}

func (l *eventLog) ListChanged(_ context.Context, after int64) ([]chat.Change, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lists++
	if l.unlisted != nil {
		return nil, 0, l.unlisted
	}
	if after < 0 {
		return nil, int64(len(l.changed)), nil
	}
	return slices.Clone(l.changed[after:]), int64(len(l.changed)), nil
}

func (l *eventLog) breakWith(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = err
}

// breakAll has nothing be read at all.
func (l *eventLog) breakAll(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken, l.unlisted = err, err
}

func (l *eventLog) setLease(node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lease = node
}

// listed is how often what changed was, found how often a session was.
func (l *eventLog) listed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lists
}

func (l *eventLog) found() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.finds
}

// setCursor has a bot owe a reaction to what comes after the cursor; settle has it owe none.
func (l *eventLog) setCursor(session, cursor int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cursors[session] = cursor
}

func (l *eventLog) settle(session int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.cursors, session)
}

// sink collects what a watcher is told.
type sink struct {
	mu  sync.Mutex
	got []int64 // sequences; 0 for ephemeral
	ch  chan struct{}
}

func newSink() *sink { return &sink{ch: make(chan struct{}, 1<<16)} }

func (s *sink) take(e *chat.Event) {
	s.mu.Lock()
	s.got = append(s.got, e.Sequence)
	s.mu.Unlock()
	s.ch <- struct{}{}
}

func (s *sink) await(t *testing.T, n int) []int64 {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for range n {
		select {
		case <-s.ch:
		case <-deadline:
			t.Fatalf("got %v, expected %d events", s.list(), n)
		}
	}
	return s.list()
}

func (s *sink) list() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func upTo(from, to int64) []int64 {
	var list []int64
	for i := from; i <= to; i++ {
		list = append(list, i)
	}
	return list
}

func open(t *testing.T, l *eventLog, heal time.Duration) *feed.Feed {
	f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler), HealInterval: heal})
	t.Cleanup(f.Close)
	return f
}

func TestRingsOfEveryKindOfTroubleAreHandedOnOnceInOrder(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func([]chat.Ring) []chat.Ring{
		"as they come": func(r []chat.Ring) []chat.Ring { return r },
		"swapped":      func(r []chat.Ring) []chat.Ring { r[3], r[4] = r[4], r[3]; return r },
		"reversed":     func(r []chat.Ring) []chat.Ring { slices.Reverse(r); return r },
		"doubled":      func(r []chat.Ring) []chat.Ring { return append(slices.Clone(r), r...) },
		"one lost":     func(r []chat.Ring) []chat.Ring { return slices.Delete(r, 4, 5) },
		"all but last": func(r []chat.Ring) []chat.Ring { return r[len(r)-1:] },
		"without payload": func(r []chat.Ring) []chat.Ring {
			for i := range r {
				r[i].Events = nil
			}
			return r
		},
		"shuffled": func(r []chat.Ring) []chat.Ring {
			rand.Shuffle(len(r), func(i, j int) { r[i], r[j] = r[j], r[i] })
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog()
			l.add(ref, 2) // before the watch: not its business
			f := open(t, l, time.Hour)
			s := newSink()
			head, stop, err := f.Watch(t.Context(), ref, s.take)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			if head.Sequence != 2 {
				t.Fatalf("head %d, expected 2", head.Sequence)
			}
			for _, r := range disturb(l.add(ref, 10)) {
				f.Ring(r)
			}
			if got := s.await(t, 10); !slices.Equal(got, upTo(3, 12)) {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestALostLastRingHealsWithinTheInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler)})
		defer f.Close()
		s := newSink()
		_, stop, err := f.Watch(t.Context(), ref, s.take)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		synctest.Wait()
		l.add(ref, 3) // nobody rings
		start := time.Now()
		got := s.await(t, 3)
		if took := time.Since(start); !slices.Equal(got, upTo(1, 3)) || took > feed.DefaultHealInterval {
			t.Fatalf("got %v after %v", got, took)
		}
	})
}

func TestWhoWaitsForABotThatSaysNothingIsHealedToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.add(ref, 1)
		l.cursors[ref.Key] = 0
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler)})
		defer f.Close()
		waiting := make(chan error, 1)
		go func() { waiting <- f.AwaitSettled(context.Background(), ref, 1) }()
		synctest.Wait()
		l.mu.Lock()
		delete(l.cursors, ref.Key) // the bot has reacted without a word; the ring is lost
		l.mu.Unlock()
		start := time.Now()
		if err := <-waiting; err != nil || time.Since(start) > feed.DefaultHealInterval {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
	})
}

func TestALogThatCannotBeReadHealsLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler)})
		defer f.Close()
		s := newSink()
		_, stop, err := f.Watch(t.Context(), ref, s.take)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		synctest.Wait()
		l.breakWith(errors.New("away"))
		for _, r := range l.add(ref, 3)[1:] {
			f.Ring(r)
		}
		<-time.After(3 * feed.DefaultHealInterval) // of the bubble's clock: it goes on trying
		synctest.Wait()
		if got := s.list(); len(got) != 0 {
			t.Fatalf("got %v past a gap that could not be read", got)
		}
		l.breakWith(nil)
		if got := s.await(t, 3); !slices.Equal(got, upTo(1, 3)) {
			t.Fatalf("got %v", got)
		}
	})
}

func TestWatchersThatComeWhileEventsPassMissNothing(t *testing.T) {
	t.Parallel()
	l := newLog()
	f := open(t, l, 10*time.Millisecond)
	const total, watchers = 2000, 20
	var writing sync.WaitGroup
	writing.Go(func() {
		for range total {
			f.Ring(l.add(ref, 1)[0])
		}
	})
	sinks := make([]*sink, watchers)
	heads := make([]int64, watchers)
	for i := range sinks {
		sinks[i] = newSink()
		head, stop, err := f.Watch(t.Context(), ref, sinks[i].take)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		heads[i] = head.Sequence
	}
	writing.Wait()
	for i, s := range sinks {
		if got := s.await(t, total-int(heads[i])); !slices.Equal(got, upTo(heads[i]+1, total)) {
			t.Fatalf("watcher %d from %d got %d events, not each once in order", i, heads[i], len(got))
		}
	}
}

// watchBlocked watches the session and blocks at the first event, which closes blocked, until
// release.
func watchBlocked(t *testing.T, f *feed.Feed) (s *sink, blocked <-chan struct{}, release func()) {
	t.Helper()
	s = newSink()
	first, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	_, stop, err := f.Watch(t.Context(), ref, func(e *chat.Event) {
		once.Do(func() { close(first); <-released })
		s.take(e)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s, first, func() { close(released) }
}

func TestAFloodBeyondTheQueueIsReadFromTheLog(t *testing.T) {
	t.Parallel()
	l := newLog()
	f := open(t, l, time.Hour)
	s, blocked, release := watchBlocked(t, f)
	f.Ring(l.add(ref, 1)[0])
	<-blocked
	for _, r := range l.add(ref, 5000) {
		f.Ring(r)
	}
	release()
	if got := s.await(t, 5001); !slices.Equal(got, upTo(1, 5001)) {
		t.Fatalf("got %d events, not each once in order", len(got))
	}
}

func TestTypingGoesThroughTheSameQueueAndIsDroppedOnceItsMessageIsThere(t *testing.T) {
	t.Parallel()
	l := newLog()
	f := open(t, l, time.Hour)
	s, blocked, release := watchBlocked(t, f)
	typing := func(by chat.AuthorType) chat.Ring {
		return chat.Ring{Session: ref, Events: []chat.Event{{Session: ref, Payload: &chat.Typing{By: by}}}}
	}
	rings := l.add(ref, 2)
	f.Ring(rings[0])
	<-blocked
	f.Ring(typing(chat.AuthorBot))      // its message follows
	f.Ring(typing(chat.AuthorOperator)) // no message of an operator follows
	f.Ring(rings[1])
	f.Ring(typing(chat.AuthorBot)) // the next one
	release()
	if got := s.await(t, 4); !slices.Equal(got, []int64{1, 0, 2, 0}) {
		t.Fatalf("got %v", got)
	}
}

func TestAStoppedWatcherIsToldNothingMore(t *testing.T) {
	t.Parallel()
	l := newLog()
	f := open(t, l, time.Hour)
	kept, gone := newSink(), newSink()
	_, stop, err := f.Watch(t.Context(), ref, gone.take)
	if err != nil {
		t.Fatal(err)
	}
	_, stopKept, err := f.Watch(t.Context(), ref, kept.take)
	if err != nil {
		t.Fatal(err)
	}
	defer stopKept()
	stop()
	stop()
	f.Ring(l.add(ref, 1)[0])
	kept.await(t, 1)
	if got := gone.list(); len(got) != 0 {
		t.Fatalf("got %v after stop", got)
	}
}

func TestAwaitSettled(t *testing.T) {
	t.Parallel()
	l := newLog()
	f := open(t, l, time.Hour)
	l.add(ref, 4)
	if err := f.AwaitSettled(t.Context(), ref, 4); err != nil {
		t.Fatalf("settled already: %v", err)
	}
	l.mu.Lock()
	l.cursors[ref.Key] = 2
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { waiting <- f.AwaitSettled(ctx, ref, 4) }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Fatalf("expected to be cancelled, got %v", err)
	}
	go func() { waiting <- f.AwaitSettled(t.Context(), ref, 4) }()
	for done := false; !done; {
		// The waiter may not be there yet: a ring is never too early for a later one.
		f.Ring(chat.Ring{Session: ref, Sequence: 4, Settled: 4})
		select {
		case err := <-waiting:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
	}
}

func TestCloseEndsWaiting(t *testing.T) {
	t.Parallel()
	l := newLog()
	l.add(ref, 1)
	l.cursors[ref.Key] = 0
	f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler)})
	waiting := make(chan error)
	go func() { waiting <- f.AwaitSettled(context.Background(), ref, 1) }()
	f.Close()
	f.Close()
	if err := <-waiting; chat.CodeOf(err) != chat.CodeUnavailable {
		t.Fatalf("got %v", err)
	}
}
