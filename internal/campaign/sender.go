// Package campaign has campaigns sent when they are due. What sending is, who gets it and how often is
// the domain's; here is who looks, and when.
package campaign

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// DefaultSweep is how long a Sender sleeps at most: what other nodes start, and what a node that is
	// gone would have sent, waits no longer.
	DefaultSweep = time.Second

	storeTimeout = 15 * time.Second
	// pause is how long to wait when all that is due is being sent by others.
	pause = 50 * time.Millisecond
	// maxFailures is how often sending may fail for another reason than that storage is away, until
	// the recipient who is next is given up: one must not keep the others from getting it.
	maxFailures = 5
)

// Service is what a Sender asks of the domain; *chat.Service is one.
type Service interface {
	NextCampaign(ctx context.Context) (time.Time, error)
	SendCampaign(ctx context.Context) (chat.CampaignStep, error)
	SkipRecipient(ctx context.Context, reason string) error
}

// Bell wakes a Sender. It may be rung before there is one.
type Bell struct{ wake chan struct{} }

// NewBell returns a bell.
func NewBell() *Bell { return &Bell{wake: make(chan struct{}, 1)} }

// Ring has the sender look for what is due. It never blocks.
func (b *Bell) Ring() {
	select {
	case b.wake <- struct{}{}:
	default: // it will look
	}
}

// Options are what a Sender works with; Sweep and Count may be left out.
type Options struct {
	Service Service
	Bell    *Bell
	Log     *slog.Logger
	Now     func() time.Time
	Sweep   time.Duration           // see DefaultSweep
	Count   func(chat.CampaignStep) // told of what was sent
}

// Sender sends campaigns, one batch after the other. There is one on every node.
type Sender struct {
	Options
	cancel  context.CancelFunc
	running sync.WaitGroup

	// Of run alone.
	blind    bool // the last look, or what was to be sent, failed
	failures int  // in a row, while storage was there
}

// Start returns a sender that sends until Close.
func Start(o Options) *Sender {
	if o.Sweep == 0 {
		o.Sweep = DefaultSweep
	}
	if o.Count == nil {
		o.Count = func(chat.CampaignStep) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{Options: o, cancel: cancel}
	s.running.Go(func() { s.run(ctx) })
	return s
}

// Close sends no more and returns when the batch under way is over, or when ctx ends. It is safe twice.
func (s *Sender) Close(ctx context.Context) error {
	s.cancel()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("campaign: a batch is still being sent: %w", ctx.Err())
	}
}

func (s *Sender) run(ctx context.Context) {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Bell.wake:
		case <-sleep.C:
		}
		sleep.Reset(s.sendDue(ctx))
	}
}

// sendDue sends what is due and returns how long to wait then.
func (s *Sender) sendDue(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		next, err := s.next(ctx)
		if err != nil {
			s.note(ctx, err)
			return s.Sweep
		}
		wait := next.Sub(s.Now())
		switch {
		case next.IsZero(), wait > s.Sweep:
			s.note(ctx, nil)
			return s.Sweep
		case wait > 0:
			s.note(ctx, nil)
			return wait
		}
		step, err := s.send()
		if s.note(ctx, err); err != nil {
			return s.Sweep
		}
		if step.Idle {
			return pause
		}
		s.Count(step)
	}
	return s.Sweep
}

// note logs that nothing can be sent, once, until it is over.
func (s *Sender) note(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !s.blind:
		s.Log.Error("campaign: cannot send", "error", err)
		s.blind = true
	case err == nil && s.blind:
		s.Log.Info("campaign: it can be sent again")
		s.blind = false
	}
}

func (s *Sender) next(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return s.Service.NextCampaign(ctx)
}

func (s *Sender) send() (chat.CampaignStep, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	step, err := s.Service.SendCampaign(ctx)
	if err == nil || chat.CodeOf(err) == chat.CodeUnavailable {
		s.failures = 0
		return step, err
	}
	if s.failures++; s.failures < maxFailures {
		return step, err
	}
	s.failures = 0
	s.Log.Error("campaign: a recipient was given up", "error", err)
	return chat.CampaignStep{Tried: 1, Failed: 1}, s.Service.SkipRecipient(ctx, "it could not be sent: see the server's log")
}
