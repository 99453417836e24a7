package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/prometheus/client_golang/prometheus"
)

// Defaults of Options.
const (
	DefaultTimeout = 10 * time.Second
	DefaultPerBot  = 64
	DefaultSweep   = time.Second

	sweepBatch   = 1000
	maxHands     = 256              // sessions begun or committed at a time
	maxConflicts = 5                // one after another, then the sweep finds the session again
	maxParked    = 10_000           // sessions that wait for one bot; beyond, the sweep finds them again
	storeTimeout = 10 * time.Second // of everything a turn asks of storage, retries included
	retryFirst   = 20 * time.Millisecond
)

// Metrics are counted where they are set.
type Metrics struct {
	Turns   *prometheus.CounterVec // by outcome: done, failed, timeout, panic, gave_up, conflict, not_committed
	Seconds prometheus.Observer    // from the start of a turn to its commit
}

// Options are what a Runner works with; Service, Queue, Bots and Log are required.
type Options struct {
	Service *chat.Service
	Queue   *Queue
	Bots    Finder
	Log     *slog.Logger
	Timeout time.Duration // of one turn; the service's TurnLease must be more than twice that
	PerBot  int           // turns of one bot at a time, so that a slow one delays only its own clients
	Sweep   time.Duration // how often due turns are looked for that no ring told of
	Metrics Metrics
}

// Runner takes the turns of all bots.
type Runner struct {
	Options
	cancel  context.CancelFunc
	closing <-chan struct{} // closed by Close: no turn is taken up after
	running sync.WaitGroup
	hands   chan struct{}
	swept   int64 // key up to which the last sweep went; of dispatch alone
	blind   bool  // the last sweep failed; of dispatch alone

	mu    sync.Mutex       // guards what follows
	busy  map[int64]bool   // sessions being worked on; true when rung meanwhile
	desks map[string]*desk // by bot
}

// desk is where one bot works.
type desk struct {
	active int
	parked []chat.SessionRef // wait until one of the active is done
}

// NewRunner returns a runner that works until Close.
func NewRunner(o Options) *Runner {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.PerBot == 0 {
		o.PerBot = DefaultPerBot
	}
	if o.Sweep == 0 {
		o.Sweep = DefaultSweep
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runner{
		Options: o,
		cancel:  cancel,
		closing: ctx.Done(),
		hands:   make(chan struct{}, maxHands),
		busy:    make(map[int64]bool),
		desks:   make(map[string]*desk),
	}
	r.running.Go(func() { r.dispatch(ctx) })
	return r
}

// Close takes up no more turns, lets those that run finish, and returns when they have or
// when ctx ends. It is safe twice.
func (r *Runner) Close(ctx context.Context) error {
	r.cancel()
	done := make(chan struct{})
	go func() { r.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bot: turns are still running: %w", ctx.Err())
	}
}

// closed reports whether no more turns are to be taken up.
func (r *Runner) closed() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
	}
}

// dispatch takes up the sessions that rang, and every Sweep those that are due all the same:
// after a crash, a lost ring, a full queue, another node's death. It goes on until ctx ends.
func (r *Runner) dispatch(ctx context.Context) {
	tick := time.NewTicker(r.Sweep)
	defer tick.Stop()
	r.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.Queue.wake:
		case <-tick.C:
			r.sweep(ctx)
		}
		for _, d := range r.Queue.take() {
			if !r.takeUp(d) {
				return
			}
		}
	}
}

// sweep queues the next sweepBatch due turns after those of the sweep before, so that many
// that cannot be taken up now hide no others.
func (r *Runner) sweep(ctx context.Context) {
	refs, err := r.Service.ListDueTurns(ctx, r.swept, sweepBatch)
	if err != nil {
		if ctx.Err() == nil && !r.blind {
			r.Log.Error("bot: cannot list due turns", "error", err)
			r.blind = true
		}
		return
	}
	if r.blind {
		r.Log.Info("bot: due turns can be listed again")
		r.blind = false
	}
	r.swept = 0
	if len(refs) == sweepBatch {
		r.swept = refs[sweepBatch-1].Key
	}
	for _, ref := range refs {
		r.Queue.add(due{session: ref})
	}
}

// takeUp starts work on a session unless it is under way. It waits while all hands are full,
// and returns false when the runner is closed.
func (r *Runner) takeUp(d due) bool {
	key := d.session.Key
	r.mu.Lock()
	_, busy := r.busy[key]
	r.busy[key] = busy
	r.mu.Unlock()
	if busy {
		return true
	}
	select {
	case r.hands <- struct{}{}:
	case <-r.closing:
		return false
	}
	r.running.Go(func() { r.serve(d, "") })
	return true
}

// serve takes a session's turns one after another until none is due. It comes with a hand,
// and with a place at a bot's desk if one is named.
func (r *Runner) serve(d due, place string) {
	defer func() { <-r.hands }()
	for {
		parked := r.takeTurns(d, place)
		if parked || !r.rungMeanwhile(d.session) {
			return
		}
		d.turn, place = nil, ""
	}
}

// rungMeanwhile ends the work on a session, unless it was rung since.
func (r *Runner) rungMeanwhile(ref chat.SessionRef) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[ref.Key] && !r.closed() {
		r.busy[ref.Key] = false
		return true
	}
	delete(r.busy, ref.Key)
	return false
}

// takeTurns works until nothing is due. It reports whether the session has been parked: then
// it comes back by itself when its bot has a place.
func (r *Runner) takeTurns(d due, place string) (parked bool) {
	defer func() { r.leave(place) }()
	ref := d.session
	sit := func(bot string) bool {
		if bot == place {
			return true
		}
		r.leave(place)
		place = ""
		if parked = !r.enter(bot, ref); !parked {
			place = bot
		}
		return !parked
	}
	for conflicts := 0; conflicts < maxConflicts && !r.closed(); {
		t, err := r.begin(d, sit)
		d.turn = nil // of use once
		if err != nil {
			r.Log.Log(context.Background(), severity(err), "bot: cannot begin a turn", "session", ref.Key, "error", err)
			return false
		}
		if t == nil || !sit(t.Session.Owner.ID) { // the owner may have changed while the turn was claimed
			return parked
		}
		more, err := r.take(t)
		switch {
		case chat.CodeOf(err) == chat.CodeConflict:
			conflicts++
		case err != nil:
			r.Log.Log(context.Background(), severity(err), "bot: cannot commit a turn", "session", ref.Key, "turn", t.Cause.Sequence, "error", err)
			return false
		case !more:
			return false
		default:
			conflicts = 0
		}
	}
	return false
}

// severity of what one session's turn failed of: that storage is away is logged once, by others.
func severity(err error) slog.Level {
	if chat.CodeOf(err) == chat.CodeUnavailable {
		return slog.LevelDebug
	}
	return slog.LevelError
}

// enter takes a place at a bot's desk. When there is none, the session is parked and
// enter reports false.
func (r *Runner) enter(bot string, ref chat.SessionRef) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.desks[bot]
	if d == nil {
		d = &desk{}
		r.desks[bot] = d
	}
	if d.active < r.PerBot {
		d.active++
		return true
	}
	if len(d.parked) < maxParked {
		d.parked = append(d.parked, ref)
	} else {
		delete(r.busy, ref.Key)
	}
	return false
}

// leave gives a place at a bot's desk to a parked session, or back.
func (r *Runner) leave(bot string) {
	if bot == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.desks[bot]
	if len(d.parked) == 0 || r.closed() {
		if d.active--; d.active == 0 {
			delete(r.desks, bot)
		}
		return
	}
	ref := d.parked[0]
	d.parked = d.parked[1:]
	r.running.Go(func() {
		r.hands <- struct{}{}
		r.serve(due{session: ref}, bot)
	})
}

func (r *Runner) begin(d due, sit func(bot string) bool) (*chat.Turn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	return r.Service.BeginTurn(ctx, d.session, d.turn, sit)
}
