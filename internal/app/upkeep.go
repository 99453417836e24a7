package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	expireEvery = time.Second
	forgetEvery = 10 * time.Minute
	freeEvery   = 2 * time.Second
	tuneEvery   = 250 * time.Millisecond
	usesEvery   = 5 * time.Second
)

// upkeep does what nobody asks for: it closes sessions whose client stays silent, forgets old
// idempotency keys and frees leases of dead nodes, all of it on the eldest node; it notes when API
// keys were used here; and it looks after the heap.
type upkeep struct {
	service *chat.Service
	log     *slog.Logger
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// chore is work that is done again and again.
type chore struct {
	every time.Duration
	name  string
	work  func(context.Context) error
}

func startUpkeep(s *chat.Service, n *node, log *slog.Logger, more ...chore) *upkeep {
	u, ctx := newUpkeep(log)
	u.service = s
	u.every(ctx, expireEvery, "close expired sessions", n.asEldest(u.closeExpired))
	u.every(ctx, forgetEvery, "forget idempotency keys", n.asEldest(s.ForgetKeys))
	u.every(ctx, freeEvery, "free leases of dead nodes", n.asEldest(func(ctx context.Context) error { return n.freeOrphans(ctx, s) }))
	u.every(ctx, usesEvery, "keep when API keys were used", s.KeepKeyUses)
	for _, c := range more {
		u.every(ctx, c.every, c.name, c.work)
	}
	u.every(ctx, tuneEvery, "tune the heap", (&heap{percent: 100}).tune)
	return u
}

// newUpkeep has nothing to do yet. The context ends with it.
func newUpkeep(log *slog.Logger) (*upkeep, context.Context) {
	ctx, cancel := context.WithCancel(context.Background())
	return &upkeep{log: log, cancel: cancel}, ctx
}

// close ends the work and waits for it. It is safe twice.
func (u *upkeep) close() {
	u.cancel()
	u.running.Wait()
}

func (u *upkeep) every(ctx context.Context, interval time.Duration, name string, work func(context.Context) error) {
	u.running.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for failing := false; ; {
			err := work(ctx)
			switch {
			case ctx.Err() != nil:
			case err != nil && !failing: // said once, until it is over
				u.log.ErrorContext(ctx, "upkeep failed", "work", name, "error", err)
			case err == nil && failing:
				u.log.InfoContext(ctx, "upkeep goes on", "work", name)
			}
			failing = err != nil
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// closeExpired works until there is nothing left to close.
func (u *upkeep) closeExpired(ctx context.Context) error {
	for ctx.Err() == nil {
		_, full, err := u.service.CloseExpired(ctx)
		if err != nil || !full {
			return err
		}
	}
	return nil
}
