package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
)

// edition names what a bot is made of. A bot that is made anew under an old id is another one.
type edition struct {
	version int64
	made    time.Time
}

func editionOf(b *chat.BotRecord) edition { return edition{b.Version, b.CreatedAt} }

// slot is the place of a bot on the shelf.
type slot struct {
	wanted  edition
	look    int64   // which look at the store has said so
	now     *loaded // what answers; nil while nothing was loaded
	loading *load   // that is under way; nil: none
	broken  edition // that cannot be loaded
	err     error   // why
	used    int64   // when, as Registry.used
	waiting int     // turns that wait for it to be loaded
}

// loaded is a version that answers. It is closed when it has been replaced and its last turn is over.
type loaded struct {
	bot      bot.Bot
	id       string
	edition  edition
	turns    int
	replaced bool
}

// load is one attempt.
type load struct {
	edition edition
	cancel  context.CancelFunc
	done    chan struct{} // closed when it is over
	err     error         // for who waits, after done
}

var errClosed = errors.New("the bots are closed")

// deployed is a bot of which a version was deployed.
func (r *Registry) deployed(b *chat.BotRecord) bot.Bot {
	return bot.Func(func(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
		l, err := r.take(ctx, b)
		if err != nil {
			return nil, err
		}
		defer r.release(l)
		return l.bot.React(ctx, t)
	})
}

// take borrows the version that answers now, and waits when there is none yet. b is how the bot was
// when it was found, in case that it was put away meanwhile.
func (r *Registry) take(ctx context.Context, b *chat.BotRecord) (*loaded, error) {
	for {
		now, s, under, err := r.tryTake(b)
		if now != nil || err != nil {
			return now, err
		}
		select {
		case <-under.done:
			err = under.err
		case <-ctx.Done():
			err = fmt.Errorf("wait for a bot to be loaded: %w", ctx.Err())
		}
		r.mu.Lock()
		s.waiting--
		r.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

// tryTake borrows what answers now, or returns what is to be waited for, at which slot.
func (r *Registry) tryTake(b *chat.BotRecord) (*loaded, *slot, *load, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	under := r.want(b, 0)
	s := r.shelf[b.ID]
	switch {
	case s == nil:
		return nil, nil, nil, errClosed
	case s.now != nil:
		r.used++
		s.used = r.used
		s.now.turns++
		return s.now, s, nil, nil
	case under == nil:
		return nil, s, nil, s.err
	default:
		s.waiting++
		return nil, s, under, nil
	}
}

// release gives back what take has lent.
func (r *Registry) release(l *loaded) {
	var idle []*loaded
	r.mu.Lock()
	if l.turns--; l.replaced && l.turns == 0 {
		idle = append(idle, l)
	}
	idle = append(idle, r.evict()...)
	r.mu.Unlock()
	r.closeAll(idle)
}

// want puts a bot on the shelf unless it is there, and has it go over to what its record says if that
// comes of a later look at the store. It returns the load that is under way, nil when there is nothing
// to load. r.mu is held.
func (r *Registry) want(b *chat.BotRecord, look int64) *load {
	if r.closed {
		return nil
	}
	s := r.shelf[b.ID]
	if s == nil {
		s = &slot{wanted: editionOf(b), look: look}
		r.shelf[b.ID] = s
	}
	if look > s.look {
		s.wanted, s.look = editionOf(b), look
	}
	r.start(b.ID, s)
	return s.loading
}

// start begins to load what is wanted, unless that is there, cannot be had, or something is being
// loaded: then what is wanted is looked at again afterwards. r.mu is held.
func (r *Registry) start(id string, s *slot) {
	if s.loading != nil || s.broken == s.wanted || (s.now != nil && s.now.edition == s.wanted) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.LoadTimeout)
	l := &load{edition: s.wanted, cancel: cancel, done: make(chan struct{})}
	s.loading = l
	r.running.Go(func() {
		defer cancel()
		b, err := r.load(ctx, id, l.edition.version)
		r.finish(id, s, l, b, err)
	})
}

// load loads a version, one of few at a time. It tries again while storage is away.
func (r *Registry) load(ctx context.Context, id string, version int64) (bot.Bot, error) {
	select {
	case r.loads <- struct{}{}:
		defer func() { <-r.loads }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		b, err := r.tryLoad(ctx, id, version)
		if err == nil || chat.CodeOf(err) != chat.CodeUnavailable {
			return b, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// tryLoad: a version that panics is one that cannot be loaded, and harms no other bot.
func (r *Registry) tryLoad(ctx context.Context, id string, version int64) (b bot.Bot, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("bot: loading panicked", "bot", id, "version", version, "panic", p, "stack", string(debug.Stack()))
			b, err = nil, fmt.Errorf("loading panicked: %v", p)
		}
	}()
	return r.Load(ctx, id, version)
}

// finish puts what was loaded in its place, and goes on when something else is wanted by now.
func (r *Registry) finish(id string, s *slot, l *load, b bot.Bot, err error) {
	var idle []*loaded
	r.mu.Lock()
	s.loading, l.err = nil, err
	here := r.shelf[id] == s && !r.closed
	switch {
	case err == nil && here:
		idle = r.replace(s, &loaded{bot: b, id: id, edition: l.edition})
		idle = append(idle, r.evict()...)
	case err == nil:
		idle = []*loaded{{bot: b, id: id, edition: l.edition}}
		l.err = errClosed
	case here:
		r.fail(id, s, l, err)
	}
	if here {
		r.start(id, s)
	}
	r.mu.Unlock()
	close(l.done)
	r.closeAll(idle)
}

// fail remembers that a version cannot be loaded, unless it may be another time. r.mu is held.
func (r *Registry) fail(id string, s *slot, l *load, err error) {
	passes := chat.CodeOf(err) == chat.CodeUnavailable || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	l.err = fmt.Errorf("version %d of the bot cannot be loaded: %w", l.edition.version, err)
	if !passes {
		s.broken, s.err = l.edition, l.err
	}
	goesOn := int64(0)
	if s.now != nil {
		goesOn = s.now.edition.version
	}
	r.Log.Error("bot: a version cannot be loaded", slog.String("bot", id), slog.Int64("version", l.edition.version),
		slog.Int64("answers", goesOn), slog.Any("error", err))
}

// replace has another version answer. It returns what has no turn any more. r.mu is held.
func (r *Registry) replace(s *slot, by *loaded) []*loaded {
	old := s.now
	r.used++
	s.now, s.used = by, r.used
	return retire(old)
}

func retire(l *loaded) []*loaded {
	if l == nil {
		return nil
	}
	l.replaced = true
	if l.turns > 0 {
		return nil // its last turn closes it
	}
	return []*loaded{l}
}

// drop takes a bot off the shelf. It returns what has no turn any more. r.mu is held.
func (r *Registry) drop(id string) []*loaded {
	s := r.shelf[id]
	delete(r.shelf, id)
	if s.loading != nil {
		s.loading.cancel()
	}
	return retire(s.now)
}

// evict takes bots off the shelf while there are too many, those first that were used the longest ago,
// but none that has a turn. r.mu is held.
func (r *Registry) evict() (idle []*loaded) {
	for len(r.shelf) > r.MaxLoaded {
		oldest := ""
		for id, s := range r.shelf {
			if s.idle() && (oldest == "" || s.used < r.shelf[oldest].used) {
				oldest = id
			}
		}
		if oldest == "" {
			return idle
		}
		idle = append(idle, r.drop(oldest)...)
	}
	return idle
}

// idle reports whether nobody needs the slot now.
func (s *slot) idle() bool {
	return s.loading == nil && s.waiting == 0 && (s.now == nil || s.now.turns == 0)
}

// closeAll closes what answers no more.
func (r *Registry) closeAll(idle []*loaded) {
	for _, l := range idle {
		c, ok := l.bot.(io.Closer)
		if !ok {
			continue
		}
		if err := c.Close(); err != nil {
			r.Log.Error("bot: a version was not closed", "bot", l.id, "version", l.edition.version, "error", err)
		}
	}
}
