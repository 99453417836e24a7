package feed

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/govorun/govorun/internal/chat"
)

// followers is how many goroutines look for sessions that have begun.
const followers = 4

// News is that a session of a client, its newest, goes up to an event.
type News struct {
	Session  chat.SessionRef
	Sequence int64 // of that event; 0 for a session without any
	// Events end with that one. They came along as they were committed, none is parted from others of
	// its commit; what is not among them is to be read from the log. They must not be changed.
	Events []chat.Event
}

// clients are the clients that somebody waits for. That a client has a new session is rare: what
// happens in one comes by its watch, as to everybody who watches it.
type clients struct {
	mu      sync.Mutex // guards what follows, and the fields of its watches that say so
	watches map[chat.ClientRef]*clientWatch
	ready   []*clientWatch // may have a new session, each once
	later   []*clientWatch // whose sessions could not be read
	wake    *sync.Cond
	closed  bool
}

// clientWatch is what is known of one client that somebody waits for.
type clientWatch struct {
	ref chat.ClientRef

	// Guarded by clients.mu.
	users     int
	scheduled bool
	newest    int64  // session that is watched; 0 for none
	stop      func() // ends that; nil for none

	following  sync.Mutex // held while the newest session is looked for
	loaded     bool       // guarded by following
	subscribed bool       // guarded by following, for the last who leaves by clients.mu

	telling  sync.Mutex // guards what follows; held while watchers are told
	head     News       // how far watchers were told, without events
	watchers []*clientWatcher
}

// clientWatcher is one who waits for a client. Who stops does so without the watch's lock: many are told
// of the same news, and stop while others are told.
type clientWatcher struct {
	fn      func(News)
	stopped atomic.Bool
}

func newClients() *clients {
	c := &clients{watches: make(map[chat.ClientRef]*clientWatch)}
	c.wake = sync.NewCond(&c.mu)
	return c
}

// WatchClient has fn told of what happens in the sessions of a client in a chat, also in those that
// begin later and on other nodes. fn is told of the newest session only, and of every event at least
// once: who has been told of one with a gap before it, or of a new session, reads the log. fn must not
// block, nor call the feed. stop ends that; a call that is under way may still finish. head is where
// the client stands, its session is zero when there is none.
func (f *Feed) WatchClient(ctx context.Context, ref chat.ClientRef, fn func(News)) (head News, stop func(), err error) {
	w := f.clients.enter(ref)
	if err := f.loadClient(ctx, w); err != nil {
		f.leaveClient(w)
		return News{}, nil, err
	}
	watcher := &clientWatcher{fn: fn}
	w.telling.Lock()
	defer w.telling.Unlock()
	if len(w.watchers) >= cap(w.watchers) { // before it grows
		w.forgetStopped()
	}
	w.watchers = append(w.watchers, watcher)
	return w.head, func() {
		if !watcher.stopped.Swap(true) {
			f.leaveClient(w)
		}
	}, nil
}

// RingClient tells that a client may have a session that this node does not know of. It never blocks.
func (f *Feed) RingClient(ref chat.ClientRef) {
	c := f.clients
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.watches[ref]; w != nil {
		c.schedule(w)
	}
}

// loadClient finds the newest session of a client, once for all who wait for it.
func (f *Feed) loadClient(ctx context.Context, w *clientWatch) error {
	w.following.Lock()
	defer w.following.Unlock()
	if w.loaded {
		return nil
	}
	if f.options.Remote != nil && !w.subscribed {
		w.subscribed = true
		f.options.Remote.SubscribeClient(ctx, w.ref)
	}
	if err := f.follow(ctx, w); err != nil {
		return err
	}
	w.loaded = true
	return nil
}

// followClients goes on with the newest sessions of clients, until the feed is closed.
func (f *Feed) followClients(ctx context.Context) {
	for {
		w, ok := f.clients.next()
		if !ok {
			return
		}
		if err := f.followOne(ctx, w); err != nil {
			f.cannotRead("sessions of a client", err)
			f.clients.putOff(w)
		}
	}
}

func (f *Feed) followOne(ctx context.Context, w *clientWatch) error {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	w.following.Lock()
	defer w.following.Unlock()
	return f.follow(reading, w)
}

// follow has a client's newest session watched. w.following is held.
func (f *Feed) follow(ctx context.Context, w *clientWatch) error {
	sessions, err := f.store.ListClientSessions(ctx, w.ref.Chat, w.ref.Client, 1)
	if err != nil || len(sessions) == 0 || !f.clients.needs(w, sessions[0].Key) {
		return err
	}
	told := &collector{watch: w, session: sessions[0].Ref()}
	s := f.shard(told.session.Key)
	session := s.enter(told.session)
	if err := f.load(ctx, s, session); err != nil {
		s.leave(session)
		return err
	}
	head, stop := f.begin(s, session, &watcher{fn: told.add, pause: told.tell})
	if old := f.clients.keep(w, told.session.Key, stop); old != nil {
		old()
	}
	w.tell(News{Session: told.session, Sequence: head.Sequence})
	return nil
}

// leaveClient ends a use of a watch. The last one unsubscribes with the clients locked, so that who
// enters next subscribes after that.
func (f *Feed) leaveClient(w *clientWatch) {
	c := f.clients
	c.mu.Lock()
	w.users--
	if w.users > 0 {
		c.mu.Unlock()
		return
	}
	delete(c.watches, w.ref)
	if w.subscribed {
		f.options.Remote.UnsubscribeClient(w.ref)
	}
	stop := w.stop
	w.stop = nil
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// collector brings what a session's watch tells together by commits.
type collector struct {
	watch   *clientWatch
	session chat.SessionRef
	events  []chat.Event
}

func (c *collector) add(e *chat.Event) {
	if !e.Ephemeral() {
		c.events = append(c.events, *e)
	}
}

func (c *collector) tell() {
	if len(c.events) == 0 {
		return
	}
	events := c.events
	c.events = nil
	c.watch.tell(News{Session: c.session, Sequence: events[len(events)-1].Sequence, Events: events})
}

// tell gives news to all who wait for the client, unless they are of a session that is not its newest.
func (w *clientWatch) tell(n News) {
	w.telling.Lock()
	defer w.telling.Unlock()
	if n.Session.Key < w.head.Session.Key {
		return // who has not read that session to its end reads the log
	}
	if n.Session.Key > w.head.Session.Key || n.Sequence > w.head.Sequence {
		w.head = News{Session: n.Session, Sequence: n.Sequence}
	}
	for _, x := range w.watchers {
		if !x.stopped.Load() {
			x.fn(n)
		}
	}
}

// forgetStopped drops those who wait no more. w.telling is held.
func (w *clientWatch) forgetStopped() {
	w.watchers = slices.DeleteFunc(w.watchers, func(x *clientWatcher) bool { return x.stopped.Load() })
}

// enter finds or makes the watch of a client and keeps it until leaveClient.
func (c *clients) enter(ref chat.ClientRef) *clientWatch {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.watches[ref]
	if w == nil {
		w = &clientWatch{ref: ref}
		c.watches[ref] = w
	}
	w.users++
	return w
}

// needs reports whether a session is newer than the one that is watched.
func (c *clients) needs(w *clientWatch, session int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return w.users > 0 && session > w.newest
}

// keep notes which session is watched, and returns what is to be stopped: the watch of the one
// before, or this one when nobody waits for the client any more.
func (c *clients) keep(w *clientWatch, session int64, stop func()) (old func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.users == 0 {
		return stop
	}
	old, w.newest, w.stop = w.stop, session, stop
	return old
}

// change has a client's sessions looked for when no ring has told of a new one.
func (c *clients) change(x chat.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.watches[x.Client]; w != nil && x.SessionKey > w.newest {
		c.schedule(w)
	}
}

// lookAtAll has the sessions of all clients looked for.
func (c *clients) lookAtAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watches {
		c.schedule(w)
	}
}

// putOff has a watch tried again by retry.
func (c *clients) putOff(w *clientWatch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.later = append(c.later, w)
}

// retry schedules what has been put off.
func (c *clients) retry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.later {
		c.schedule(w)
	}
	c.later = nil
}

// schedule has a follower look at a watch. The clients are locked.
func (c *clients) schedule(w *clientWatch) {
	if w.scheduled || w.users == 0 {
		return
	}
	w.scheduled = true
	c.ready = append(c.ready, w)
	c.wake.Signal()
}

// next waits for a watch to look at.
func (c *clients) next() (w *clientWatch, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.ready) == 0 && !c.closed {
		c.wake.Wait()
	}
	if c.closed {
		return nil, false
	}
	w = c.ready[0]
	c.ready[0] = nil
	c.ready = c.ready[1:]
	w.scheduled = false
	return w, true
}

func (c *clients) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.wake.Broadcast()
}
