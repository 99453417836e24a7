// Package feed knows who waits for what. After a commit it is told that a session changed
// (Ring); it hands the session's events, in order and exactly once, to those who watch it.
// What a ring carries along is used when it is the next event, otherwise the log is read: a
// ring that is lost, late, doubled or swapped changes nothing. It never waits for a reader.
//
//	commit ── Ring ──▶ shard ──▶ watch (last delivered sequence) ──▶ fn of each watcher
//	             ▲       │            │ gap?
//	  other nodes'       └ once a second: what changed lately ──▶ read the log
//
// It is not a queue: nothing is kept here that the log does not hold. With several nodes, a
// session is subscribed to at the Remote before it is looked at first, so that nothing falls
// in between.
package feed

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	shardCount = 8
	// maxPending is how many events of one session wait for the shard's goroutine. When it is
	// full, the rest is dropped and read from the log again.
	maxPending = 256
	// readBatch is how many events are read from the log at a time.
	readBatch = 500
	// readTimeout bounds one reading of the log.
	readTimeout = 5 * time.Second
	// maxHealed bounds the sessions of a shard that are looked up for those who wait, at a
	// time; the others have their turn next.
	maxHealed = 32
	// resyncDelay is how long a Resync waits for others: they come in bunches.
	resyncDelay = 50 * time.Millisecond
	// Positions before the first in the log: nobody watches yet, or the log could not be read
	// since then.
	atPresent, unknown = int64(-1), int64(-2)
	// DefaultHealInterval is how often sessions that changed lately are looked at again.
	DefaultHealInterval = time.Second
)

// Metrics are counted where they are set.
type Metrics struct {
	Gaps prometheus.Counter // readings of the log because a ring was lost, swapped or dropped
}

// Options are what a Feed works with; only Log is required.
type Options struct {
	Log          *slog.Logger
	HealInterval time.Duration // 0: DefaultHealInterval
	Metrics      Metrics
	Remote       Remote // nil: there are no other nodes
	Node         string // this node, as in leases; with Remote
}

// Remote brings the rings of other nodes; *relay.Relay is one. For a session, calls of
// Subscribe and Unsubscribe alternate, and so do those of SubscribeClient and UnsubscribeClient
// for a client.
type Remote interface {
	// Subscribe asks for the rings of a session, to be given to Ring. It returns when none
	// can be missed any more, or soon; when that was too early, it has Resync called later.
	Subscribe(ctx context.Context, session int64)
	// Unsubscribe ends what Subscribe began. It must not block, nor call the feed.
	Unsubscribe(session int64)
	// SubscribeClient asks to be told, by RingClient, of sessions of a client that begin on other
	// nodes. When it returned too early, it has RingClient called later.
	SubscribeClient(ctx context.Context, client chat.ClientRef)
	// UnsubscribeClient ends what SubscribeClient began, as Unsubscribe does.
	UnsubscribeClient(client chat.ClientRef)
}

// Feed hands events to those who wait for them.
type Feed struct {
	store   chat.Reader
	options Options
	shards  [shardCount]*shard
	clients *clients
	outage  outage
	resync  chan struct{} // has one when heal is to run at once
	cancel  context.CancelFunc
	running sync.WaitGroup
	closing <-chan struct{} // closed by Close
}

// New returns a feed that runs until Close.
func New(store chat.Reader, o Options) *Feed {
	if o.HealInterval == 0 {
		o.HealInterval = DefaultHealInterval
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &Feed{
		store:   store,
		options: o,
		outage:  outage{log: o.Log},
		resync:  make(chan struct{}, 1),
		cancel:  cancel,
		closing: ctx.Done(),
	}
	for i := range f.shards {
		f.shards[i] = newShard(o.Remote)
		f.running.Go(func() { f.work(ctx, f.shards[i]) })
	}
	f.clients = newClients()
	for range followers {
		f.running.Go(func() { f.followClients(ctx) })
	}
	f.running.Go(func() { f.heal(ctx) })
	return f
}

// Close stops handing out events and waits for what is under way. It is safe twice.
func (f *Feed) Close() {
	f.cancel()
	for _, s := range f.shards {
		s.close()
	}
	f.clients.close()
	f.running.Wait()
}

// Ring tells that a session changed, here or on another node. It never blocks.
func (f *Feed) Ring(r chat.Ring) {
	if r.Starts() {
		f.RingClient(r.Client)
	}
	s := f.shard(r.Session.Key)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watches[r.Session.Key]
	if w == nil {
		return
	}
	w.bring(r.Events)
	w.settle(r.Settled)
	w.head = max(w.head, r.Sequence)
	if len(w.pending)+len(r.Events) <= maxPending {
		w.pending = append(w.pending, r.Events...)
	}
	s.schedule(w)
}

// Resync tells that rings of a session may have been lost: the log is looked at soon, and not
// only after HealInterval. It never blocks.
func (f *Feed) Resync(session int64) {
	if !f.shard(session).watched(session) {
		return
	}
	select {
	case f.resync <- struct{}{}:
	default: // it will be looked at with others
	}
}

// Watch has fn told of every event of a session after head.Sequence, exactly once and in
// order, with ephemeral events in between. fn must not block. stop ends that; a call that is
// under way may still finish.
func (f *Feed) Watch(ctx context.Context, ref chat.SessionRef, fn func(*chat.Event)) (head chat.Head, stop func(), err error) {
	s := f.shard(ref.Key)
	w := s.enter(ref)
	if err := f.load(ctx, s, w); err != nil {
		s.leave(w)
		return chat.Head{}, nil, err
	}
	head, stop = f.begin(s, w, &watcher{fn: fn})
	return head, stop, nil
}

// begin has a watch, which is loaded, tell a watcher of what comes from now on.
func (f *Feed) begin(s *shard, w *watch, watcher *watcher) (head chat.Head, stop func()) {
	w.deliver.Lock()
	watcher.after = w.last
	w.forgetStopped()
	w.watchers = append(w.watchers, watcher)
	w.deliver.Unlock()

	s.mu.Lock()
	settled := w.settled
	s.mu.Unlock()
	stop = sync.OnceFunc(func() {
		watcher.stopped.Store(true)
		s.leave(w)
	})
	return chat.Head{Session: w.ref, Sequence: watcher.after, Settled: settled}, stop
}

// subscribe has the rings of other nodes come for a watch, if they do not. w.loading is held.
func (f *Feed) subscribe(ctx context.Context, w *watch) {
	if f.options.Remote != nil && !w.subscribed {
		w.subscribed = true
		f.options.Remote.Subscribe(ctx, w.ref.Key)
	}
}

// load reads where the session stands, once for all who enter a watch together.
func (f *Feed) load(ctx context.Context, s *shard, w *watch) error {
	w.loading.Lock()
	defer w.loading.Unlock()
	if w.loaded.Load() {
		return nil
	}
	f.subscribe(ctx, w)
	session, err := f.store.FindSessionByKey(ctx, w.ref.Key)
	if err != nil {
		return err
	}
	w.deliver.Lock()
	w.last = session.Sequence
	w.deliver.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	w.loaded.Store(true)
	s.stands(w, session)
	return nil
}

// heal looks every HealInterval at what has changed lately, so that a lost ring costs that
// time and no more; and sooner when it is known that rings were lost.
func (f *Feed) heal(ctx context.Context) {
	tick := time.NewTicker(f.options.HealInterval)
	defer tick.Stop()
	position := atPresent
	for {
		position = f.look(ctx, position)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			continue
		case <-f.resync:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(resyncDelay, f.options.HealInterval)):
		}
	}
}

// look looks once at what has changed in the log after position, and returns how far it got.
func (f *Feed) look(ctx context.Context, position int64) int64 {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	changes, next, err := f.store.ListChanged(reading, position)
	if err != nil {
		f.cannotRead("what changed", err)
		if position < 0 {
			return unknown
		}
		return position
	}
	for _, c := range changes {
		f.shard(c.SessionKey).change(c)
		f.clients.change(c)
	}
	f.clients.retry()
	if position < 0 {
		f.clients.lookAtAll() // a session that began until now is in no list
	}
	for _, s := range f.shards {
		s.retry()
		watches := s.awaited(maxHealed) // that a bot has nothing to say is no event
		if position == unknown {
			watches = s.all() // what changed until now is in no list
		}
		if !f.lookAt(reading, s, watches) && position == unknown {
			next = unknown
		}
	}
	f.outage.round()
	return next
}

// lookAt reads where sessions stand. It reports whether it could.
func (f *Feed) lookAt(ctx context.Context, s *shard, watches []*watch) bool {
	read := true
	for _, w := range watches {
		session, err := f.store.FindSessionByKey(ctx, w.ref.Key)
		switch {
		case err == nil:
			s.mu.Lock()
			s.stands(w, session)
			s.mu.Unlock()
		case chat.CodeOf(err) != chat.CodeNotFound:
			f.cannotRead("a session", err)
			read = false
		}
	}
	return read
}

// cannotRead notes an outage, unless the feed is closed, when it is none.
func (f *Feed) cannotRead(what string, err error) {
	select {
	case <-f.closing:
	default:
		f.outage.fail(what, err)
	}
}

// work is a shard's goroutine.
func (f *Feed) work(ctx context.Context, s *shard) {
	for {
		w, events, head, ok := s.next()
		if !ok {
			return
		}
		if !f.handOn(ctx, w, events, head) {
			s.putOff(w)
		}
	}
}

// handOn gives a session's new events to its watchers, reading the log where they do not
// join on, or where the session's head is further than they go. It reports whether it got
// that far.
func (f *Feed) handOn(ctx context.Context, w *watch, events []chat.Event, head int64) bool {
	w.deliver.Lock()
	defer w.deliver.Unlock()
	defer w.pause()
	for i := range events {
		e := &events[i]
		switch {
		case e.Ephemeral():
			if !overtaken(e, events[i+1:]) {
				w.tell(e)
			}
		case e.Sequence == w.last+1:
			w.tell(e)
		case e.Sequence > w.last+1:
			f.readLog(ctx, w, e.Sequence)
		}
	}
	if head > w.last {
		f.readLog(ctx, w, head)
	}
	return head <= w.last
}

// overtaken: typing is dropped once its message is there.
func overtaken(e *chat.Event, later []chat.Event) bool {
	typing, ok := e.Payload.(*chat.Typing)
	if !ok {
		return false
	}
	for i := range later {
		if m := later[i].Message(); m != nil && m.AuthorType == typing.By {
			return true
		}
	}
	return false
}

// readLog hands on what the log holds up to head, as far as it can be read now.
func (f *Feed) readLog(ctx context.Context, w *watch, head int64) {
	if f.options.Metrics.Gaps != nil {
		f.options.Metrics.Gaps.Inc()
	}
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for w.last < head {
		events, err := f.store.ListEvents(reading, w.ref, w.last, readBatch)
		if err != nil {
			f.cannotRead("events", err)
			return
		}
		if len(events) == 0 {
			return
		}
		for i := range events {
			w.tell(&events[i])
		}
		w.pause()
	}
}

func (f *Feed) shard(key int64) *shard { return f.shards[uint64(key)%shardCount] }

// watcher is one who watches a session.
type watcher struct {
	fn      func(*chat.Event)
	pause   func() // nil, or told when fn was told of all there is for now
	after   int64  // it is told of what comes after this
	stopped atomic.Bool
}
