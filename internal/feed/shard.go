package feed

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/govorun/govorun/internal/chat"
)

// shard holds the watches of a part of the sessions; one goroutine delivers for them.
type shard struct {
	mu      sync.Mutex // guards what follows, and the fields of its watches that say so
	watches map[int64]*watch
	ready   []*watch // to be delivered for, each once
	later   []*watch // whose log could not be read
	wake    *sync.Cond
	closed  bool
}

// watch is what is known of one watched session.
type watch struct {
	ref chat.SessionRef

	// Guarded by shard.mu.
	users     int
	scheduled bool
	pending   []chat.Event // not delivered yet
	head      int64        // the session goes at least this far
	settled   int64
	waiters   []waiter

	loading sync.Mutex // held while the session's row is read first
	loaded  atomic.Bool

	deliver  sync.Mutex // guards what follows; held while watchers are told
	last     int64      // last sequence delivered
	watchers []*watcher
}

type waiter struct {
	sequence int64
	done     chan struct{}
}

func newShard() *shard {
	s := &shard{watches: make(map[int64]*watch)}
	s.wake = sync.NewCond(&s.mu)
	return s
}

// enter finds or makes the watch of a session and keeps it until leave.
func (s *shard) enter(ref chat.SessionRef) *watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watches[ref.Key]
	if w == nil {
		w = &watch{ref: ref}
		s.watches[ref.Key] = w
	}
	w.users++
	return w
}

func (s *shard) leave(w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.users--
	if w.users == 0 {
		delete(s.watches, w.ref.Key)
	}
}

func (s *shard) await(w *watch, sequence int64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := make(chan struct{})
	if w.settled >= sequence {
		close(done)
		return done
	}
	// Who gave up waiting is forgotten when the watch is; there are few in a session.
	w.waiters = append(w.waiters, waiter{sequence, done})
	return done
}

// settle wakes those who waited for a reaction. The shard is locked.
func (w *watch) settle(sequence int64) {
	if sequence <= w.settled {
		return
	}
	w.settled = sequence
	w.waiters = slices.DeleteFunc(w.waiters, func(x waiter) bool {
		if x.sequence > sequence {
			return false
		}
		close(x.done)
		return true
	})
}

// change has a watch read the log when no ring has told of a change.
func (s *shard) change(c chat.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.watches[c.SessionKey]; w != nil && c.Sequence > w.head {
		w.head = c.Sequence
		s.schedule(w)
	}
}

// putOff has a watch tried again by retry.
func (s *shard) putOff(w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later = append(s.later, w)
}

// retry schedules what has been put off.
func (s *shard) retry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.later {
		s.schedule(w)
	}
	s.later = nil
}

// awaited returns at most limit watches on which somebody waits for a bot.
func (s *shard) awaited(limit int) []*watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*watch
	for _, w := range s.watches {
		if len(w.waiters) > 0 && len(found) < limit {
			found = append(found, w)
		}
	}
	return found
}

// schedule has the shard's goroutine look at a watch. The shard is locked.
func (s *shard) schedule(w *watch) {
	if w.scheduled || !w.loaded.Load() {
		return
	}
	w.scheduled = true
	s.ready = append(s.ready, w)
	s.wake.Signal()
}

// next waits for a watch to deliver for and takes what is pending there.
func (s *shard) next() (w *watch, events []chat.Event, head int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.ready) == 0 && !s.closed {
		s.wake.Wait()
	}
	if s.closed {
		return nil, nil, 0, false
	}
	w = s.ready[0]
	s.ready[0] = nil
	s.ready = s.ready[1:]
	w.scheduled = false
	events, w.pending = w.pending, nil
	return w, events, w.head, true
}

func (s *shard) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wake.Broadcast()
}

// forgetStopped drops those who watch no more. w.deliver is held.
func (w *watch) forgetStopped() {
	w.watchers = slices.DeleteFunc(w.watchers, func(x *watcher) bool { return x.stopped.Load() })
}

// tell gives an event to all who watch. w.deliver is held.
func (w *watch) tell(e *chat.Event) {
	for _, x := range w.watchers {
		if !x.stopped.Load() && (e.Ephemeral() || e.Sequence > x.after) {
			x.fn(e)
		}
	}
	if !e.Ephemeral() {
		w.last = e.Sequence
	}
}
