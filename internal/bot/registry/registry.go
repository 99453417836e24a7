// Package registry finds the bots whose turns are due: those that come with the server, remote ones,
// and those in the scenario language that administrators have deployed. It loads the active version of
// the latter, keeps what it has loaded while that is in use, and goes over to another version when one
// is activated, here or on another node. It does not know what a bot is made of.
//
//	FindBot ──▶ found: records, known for a while
//	   │           ▲
//	   │           └── watch: every TTL, of all that are on the shelf
//	   ▼
//	 shelf: by bot, what answers now ◀── load: one at a time for a bot, few at a time in all
//
// A turn never waits for a version to load while there is an older one: that answers until the newer one
// is ready, or for good when that cannot be loaded. Only the first turn of a bot waits.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
)

// Defaults of Options.
const (
	DefaultTTL         = 2 * time.Second
	DefaultMaxLoaded   = 200
	DefaultLoadTimeout = time.Minute

	maxFound     = 1000 // records that are kept; one more empties them
	maxLoads     = 2    // bots that are loaded at a time: it takes processors, which turns need, too
	watchTimeout = 5 * time.Second
)

// Store is what a registry asks of storage; chat.Store is one.
type Store interface {
	FindBot(ctx context.Context, id string) (*chat.BotRecord, error)
	ListBots(ctx context.Context) ([]chat.BotRecord, error)
}

// Options are what a registry works with; Store, Remote, Load and Log are required.
type Options struct {
	BuiltIn bot.Bots // that come with the server; closed with the registry
	Store   Store
	Remote  func(*chat.BotRecord) bot.Bot
	// Load makes a version of a bot ready to answer. A bot that is an io.Closer is closed after its last
	// turn. An error that is chat.CodeUnavailable passes; any other one is what the version is like.
	Load func(ctx context.Context, id string, version int64) (bot.Bot, error)
	Log  *slog.Logger

	TTL         time.Duration // how long a change of a bot may go unnoticed
	MaxLoaded   int           // versions that are kept loaded while they have nothing to do
	LoadTimeout time.Duration // of one version
	Now         func() time.Time
	InHand      prometheus.Gauge // turns that bots work on; nil: not counted
}

// Registry is a bot.Finder.
type Registry struct {
	Options
	closing chan struct{}
	running sync.WaitGroup
	loads   chan struct{} // who loads has put one in

	mu     sync.Mutex // guards what follows
	closed bool
	asked  int64 // looks at the store so far: of two, what the later one has seen counts
	used   int64 // turns so far, by which the bot is found that was used the longest ago
	found  map[string]found
	shelf  map[string]*slot
}

// found is what a record said a while ago.
type found struct {
	record *chat.BotRecord // nil: there was none
	remote bot.Bot         // of a remote bot
	at     time.Time
	look   int64 // which look at the store it was
}

// New returns a registry that works until Close.
func New(o Options) *Registry {
	if o.TTL == 0 {
		o.TTL = DefaultTTL
	}
	if o.MaxLoaded == 0 {
		o.MaxLoaded = DefaultMaxLoaded
	}
	if o.LoadTimeout == 0 {
		o.LoadTimeout = DefaultLoadTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Registry{
		Options: o,
		closing: make(chan struct{}),
		loads:   make(chan struct{}, maxLoads),
		found:   make(map[string]found),
		shelf:   make(map[string]*slot),
	}
	r.running.Go(r.watch)
	return r
}

// Close closes all bots; no turn may be under way. It is safe twice.
func (r *Registry) Close() error {
	r.mu.Lock()
	first := !r.closed
	if r.closed = true; first {
		close(r.closing)
	}
	var idle []*loaded
	for id := range r.shelf {
		idle = append(idle, r.drop(id)...)
	}
	r.mu.Unlock()
	r.running.Wait()
	r.closeAll(idle)
	var errs []error
	for id, b := range r.BuiltIn {
		if c, ok := b.(io.Closer); ok && first {
			if err := c.Close(); err != nil {
				errs = append(errs, fmt.Errorf("close bot %s: %w", id, err))
			}
		}
	}
	return errors.Join(errs...)
}

// FindBot implements bot.Finder. A bot that was deleted, and one of which nothing was deployed, are no
// bots.
func (r *Registry) FindBot(ctx context.Context, id string) (bot.Bot, error) {
	if b, ok := r.BuiltIn[id]; ok {
		return r.counted(b), nil
	}
	f, ok := r.known(id)
	if !ok {
		var err error
		if f, err = r.look(ctx, id); err != nil {
			return nil, err
		}
	}
	switch {
	case f.record == nil:
		return nil, nil
	case f.remote != nil:
		return r.counted(f.remote), nil
	case f.record.Kind == chat.BotScenario && f.record.Version > 0:
		return r.counted(r.deployed(f.record)), nil
	default:
		return nil, nil
	}
}

// Refresh has a bot that was changed here go over to its active version before it returns, unless ctx
// ends before. A version that cannot be loaded is logged, and the one before goes on.
func (r *Registry) Refresh(ctx context.Context, id string) {
	f, err := r.look(ctx, id)
	if err != nil || f.record == nil || f.record.Kind != chat.BotScenario || f.record.Version == 0 {
		return // the next look at the store finds it
	}
	for {
		r.mu.Lock()
		l := r.want(f.record, f.look)
		r.mu.Unlock()
		if l == nil {
			return
		}
		select {
		case <-l.done:
			if l.err != nil && l.edition == editionOf(f.record) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// known is what was found not long ago.
func (r *Registry) known(id string) (found, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.found[id]
	return f, ok && r.Now().Sub(f.at) < r.TTL
}

// look asks the store.
func (r *Registry) look(ctx context.Context, id string) (found, error) {
	f := r.begin()
	record, err := r.Store.FindBot(ctx, id)
	if err != nil && chat.CodeOf(err) != chat.CodeNotFound {
		return found{}, err
	}
	if err == nil {
		f.record = record
		if record.Kind == chat.BotRemote {
			f.remote = r.Remote(record)
		}
	}
	r.mu.Lock()
	idle := r.see(id, f)
	r.mu.Unlock()
	r.closeAll(idle)
	return f, nil
}

// begin counts a look at the store.
func (r *Registry) begin() found {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	return found{at: r.Now(), look: r.asked}
}

// see takes note of what a look has found, unless a later one was quicker. It returns what is to be
// closed. r.mu is held.
func (r *Registry) see(id string, f found) []*loaded {
	if old, ok := r.found[id]; ok && old.look > f.look {
		return nil
	}
	if len(r.found) >= maxFound {
		clear(r.found)
	}
	r.found[id] = f
	if s := r.shelf[id]; s == nil || s.look > f.look {
		return nil
	}
	if f.record == nil || f.record.Kind != chat.BotScenario || f.record.Version == 0 {
		return r.drop(id)
	}
	r.want(f.record, f.look)
	return nil
}

// watch looks at the bots that are on the shelf, so that those who have nothing to do go over to
// another version, too, before a turn comes.
func (r *Registry) watch() {
	tick := time.NewTicker(r.TTL)
	defer tick.Stop()
	for {
		select {
		case <-r.closing:
			return
		case <-tick.C:
			r.lookAtShelf()
		}
	}
}

func (r *Registry) lookAtShelf() {
	r.mu.Lock()
	empty := len(r.shelf) == 0
	r.mu.Unlock()
	if empty {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	f := r.begin()
	all, err := r.Store.ListBots(ctx)
	if err != nil {
		return // others tell that storage is away; what is loaded goes on
	}
	records := make(map[string]*chat.BotRecord, len(all))
	for i := range all {
		records[all[i].ID] = &all[i]
	}
	r.mu.Lock()
	var idle []*loaded
	for id := range r.shelf {
		f.record = records[id]
		if f.record != nil && f.record.Kind == chat.BotRemote { // another one has its id now
			delete(r.found, id)
			idle = append(idle, r.drop(id)...)
			continue
		}
		idle = append(idle, r.see(id, f)...)
	}
	r.mu.Unlock()
	r.closeAll(idle)
}

// counted counts the turns that a bot works on.
func (r *Registry) counted(b bot.Bot) bot.Bot {
	if r.InHand == nil {
		return b
	}
	return bot.Func(func(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
		r.InHand.Inc()
		defer r.InHand.Dec()
		return b.React(ctx, t)
	})
}
