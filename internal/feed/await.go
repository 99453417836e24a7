package feed

import (
	"context"
	"slices"

	"github.com/govorun/govorun/internal/chat"
)

// maxBrought is how many events are kept for one who waits for a bot's reaction: nearly every reaction is
// shorter. Of a longer one nothing is kept.
const maxBrought = 16

// waiter is one who waits for a bot's reaction to an event.
type waiter struct {
	sequence int64
	done     chan struct{}
	events   []chat.Event // what came right after that event; guarded by shard.mu until done is closed
	gap      bool         // something is missing there; guarded likewise
}

// Expectation waits for a bot's reaction to an event. It is to be left.
type Expectation struct {
	feed   *Feed
	watch  *watch
	waiter *waiter
	away   bool // another node works on the session
}

// Expect begins to wait for the reaction to an event. session is as it was committed with the event. Called
// after that commit and before it is rung, nothing has happened yet that the expectation could miss.
func (f *Feed) Expect(session *chat.Session, sequence int64) *Expectation {
	e := f.expect(session.Ref(), sequence)
	e.away = f.elsewhere(session)
	return e
}

func (f *Feed) expect(ref chat.SessionRef, sequence int64) *Expectation {
	s := f.shard(ref.Key)
	w := s.enter(ref)
	return &Expectation{feed: f, watch: w, waiter: s.await(w, sequence)}
}

// Leave ends the waiting.
func (e *Expectation) Leave() {
	s := e.feed.shard(e.watch.ref.Key)
	s.giveUp(e.watch, e.waiter)
	s.leave(e.watch)
}

// Wait returns when no reaction to an event up to that one is outstanding, or with ctx's error. events come
// right after it, as far as they came along as they were committed: what is not among them is in the log.
// They must not be changed.
func (e *Expectation) Wait(ctx context.Context) (events []chat.Event, err error) {
	if e.away {
		settled, err := e.look(ctx)
		if settled || err != nil {
			return nil, err
		}
	}
	select {
	case <-e.waiter.done:
		return e.waiter.events, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.feed.closing:
		return nil, chat.Errorf(chat.CodeUnavailable, "shutting down")
	}
}

// look reads where the session stands, and has its rings come from other nodes if one of them works on it.
func (e *Expectation) look(ctx context.Context) (settled bool, err error) {
	f, w := e.feed, e.watch
	session, err := f.store.FindSessionByKey(ctx, w.ref.Key)
	if err == nil && session.Settled() < e.waiter.sequence && f.elsewhere(session) {
		w.loading.Lock()
		f.subscribe(ctx, w)
		w.loading.Unlock()
		session, err = f.store.FindSessionByKey(ctx, w.ref.Key)
	}
	return err == nil && session.Settled() >= e.waiter.sequence, err
}

// AwaitSettled returns when no reaction of a bot to an event up to sequence is outstanding,
// or with ctx's error.
//
// The reaction nearly always comes from this node, which then holds the lease of the turn: no
// other is asked. When this node loses the lease meanwhile, heal finds what becomes of it.
func (f *Feed) AwaitSettled(ctx context.Context, ref chat.SessionRef, sequence int64) error {
	e := f.expect(ref, sequence)
	defer e.Leave()
	e.away = true // or it has happened already
	_, err := e.Wait(ctx)
	return err
}

// elsewhere reports whether a session's turn is not this node's.
func (f *Feed) elsewhere(session *chat.Session) bool {
	return f.options.Remote != nil && session.Lease.Node != f.options.Node
}

func (s *shard) await(w *watch, sequence int64) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &waiter{sequence: sequence, done: make(chan struct{})}
	if w.settled >= sequence {
		close(x.done)
		return x
	}
	w.waiters = append(w.waiters, x)
	if !w.waiting {
		w.waiting = true
		s.waiting = append(s.waiting, w)
	}
	return x
}

// giveUp forgets who waited.
func (s *shard) giveUp(w *watch, x *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.waiters = slices.DeleteFunc(w.waiters, func(y *waiter) bool { return x == y })
}

// settle wakes those who waited for a reaction. The shard is locked.
func (w *watch) settle(sequence int64) {
	if sequence <= w.settled {
		return
	}
	w.settled = sequence
	w.waiters = slices.DeleteFunc(w.waiters, func(x *waiter) bool {
		if x.sequence > sequence {
			return false
		}
		close(x.done)
		return true
	})
}

// bring gives those who wait for a reaction what a ring has brought. The shard is locked.
func (w *watch) bring(events []chat.Event) {
	for _, x := range w.waiters {
		for i := range events {
			x.take(&events[i])
		}
	}
}

// take keeps an event if it is the next one.
func (x *waiter) take(e *chat.Event) {
	next := x.sequence + int64(len(x.events)) + 1
	switch {
	case x.gap || e.Ephemeral() || e.Sequence < next:
	case e.Sequence > next || len(x.events) == maxBrought:
		x.gap, x.events = true, nil
	default:
		x.events = append(x.events, *e)
	}
}
