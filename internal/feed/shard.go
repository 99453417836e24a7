package feed

import (
	"maps"
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
	waiting []*watch // with waiters, each once, in the order in which they are looked at
	wake    *sync.Cond
	closed  bool

	remote Remote // nil: there are no other nodes
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
	waiters   []*waiter
	waiting   bool // in shard.waiting

	loading    sync.Mutex // held while the session is subscribed to, and its row is read first
	loaded     atomic.Bool
	subscribed bool // guarded by loading, for the last who leaves by shard.mu

	deliver  sync.Mutex // guards what follows; held while watchers are told
	last     int64      // last sequence delivered
	watchers []*watcher
}

func newShard(remote Remote) *shard {
	s := &shard{watches: make(map[int64]*watch), remote: remote}
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

// leave ends a use of a watch. The last one unsubscribes with the shard locked, so that who
// enters next subscribes after that.
func (s *shard) leave(w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.users--
	if w.users > 0 {
		return
	}
	delete(s.watches, w.ref.Key)
	if w.subscribed {
		s.remote.Unsubscribe(w.ref.Key)
	}
}

// watched reports whether somebody waits for something of a session.
func (s *shard) watched(key int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watches[key] != nil
}

// all returns the watches there are.
func (s *shard) all() []*watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.watches))
}

// stands takes what the session's row says. The shard is locked.
func (s *shard) stands(w *watch, session *chat.Session) {
	w.settle(session.Settled())
	w.head = max(w.head, session.Sequence)
	s.schedule(w)
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

// awaited returns at most limit watches on which somebody waits for a bot, the longest not
// looked at first.
func (s *shard) awaited(limit int) []*watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*watch
	for n := len(s.waiting); n > 0 && len(found) < limit; n-- {
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		w.waiting = len(w.waiters) > 0
		if w.waiting {
			found = append(found, w)
			s.waiting = append(s.waiting, w)
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

// pause tells those who want to know that this is all for now. w.deliver is held.
func (w *watch) pause() {
	for _, x := range w.watchers {
		if x.pause != nil && !x.stopped.Load() {
			x.pause()
		}
	}
}
