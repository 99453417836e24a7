package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// DefaultTimerSweep is how long Timers sleeps at most: what a node that is gone would have fired
	// waits no longer.
	DefaultTimerSweep = 2 * time.Second

	timerBatch = 100
	timerHands = 16
	// timerPause is how long to wait when all that is due is being claimed by others.
	timerPause = 50 * time.Millisecond
)

// TimerMetrics are counted where they are set.
type TimerMetrics struct {
	Fired *prometheus.CounterVec // by outcome: fired, held, dropped, gone, failed
	Lag   prometheus.Observer    // seconds from when a timer was due until it fired
}

// TimersOptions are what Timers works with; Service, Alarm and Log are required.
type TimersOptions struct {
	Service *chat.Service
	Alarm   *Alarm
	Log     *slog.Logger
	Sweep   time.Duration // see DefaultTimerSweep
	Metrics TimerMetrics
}

// Timers fires the timers of bots when they are due. It sleeps until the next one is, so that those
// that wait cost nothing.
type Timers struct {
	TimersOptions
	cancel  context.CancelFunc
	running sync.WaitGroup
	blind   bool // the last look failed; of run alone
}

// NewTimers returns timers that are fired until Close.
func NewTimers(o TimersOptions) *Timers {
	if o.Sweep == 0 {
		o.Sweep = DefaultTimerSweep
	}
	if o.Metrics.Fired != nil {
		for _, outcome := range []chat.TimerOutcome{chat.TimerDone, chat.TimerHeld, chat.TimerDropped, chat.TimerGone, timerFailed} {
			o.Metrics.Fired.WithLabelValues(string(outcome)) // shown before the first timer
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Timers{TimersOptions: o, cancel: cancel}
	t.running.Go(func() { t.run(ctx) })
	return t
}

// timerFailed is counted when storage would not fire a timer: it is tried again.
const timerFailed chat.TimerOutcome = "failed"

// Close fires no more timers and returns when those under way have been, or when ctx ends. It is
// safe twice.
func (t *Timers) Close(ctx context.Context) error {
	t.cancel()
	done := make(chan struct{})
	go func() { t.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bot: timers are still being fired: %w", ctx.Err())
	}
}

func (t *Timers) run(ctx context.Context) {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.Alarm.wake:
		case <-sleep.C:
		}
		t.Alarm.set(time.Time{}) // what is committed from here on rings
		next := t.fireDue(ctx)
		t.Alarm.set(next)
		sleep.Reset(next.Sub(t.Service.Now()))
	}
}

// fireDue fires what is due and returns when to look again.
func (t *Timers) fireDue(ctx context.Context) time.Time {
	for ctx.Err() == nil {
		next, err := t.next(ctx)
		now := t.Service.Now()
		latest := now.Add(t.Sweep)
		switch {
		case t.failed(ctx, err), next.IsZero(), next.After(latest):
			return latest
		case next.After(now):
			return next
		}
		timers, err := t.claim()
		if t.failed(ctx, err) {
			return latest
		}
		if len(timers) == 0 {
			return now.Add(timerPause)
		}
		t.fireAll(timers)
	}
	return t.Service.Now()
}

// failed logs that storage is away, once, until it is over.
func (t *Timers) failed(ctx context.Context, err error) bool {
	switch {
	case ctx.Err() != nil:
	case err != nil && !t.blind:
		t.Log.Error("bot: cannot look for due timers", "error", err)
		t.blind = true
	case err == nil && t.blind:
		t.Log.Info("bot: due timers can be looked for again")
		t.blind = false
	}
	return err != nil
}

func (t *Timers) next(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return t.Service.NextTimer(ctx)
}

func (t *Timers) claim() ([]chat.Timer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	return t.Service.ClaimTimers(ctx, timerBatch)
}

// fireAll fires timers, many at a time, so that their commits are grouped.
func (t *Timers) fireAll(timers []chat.Timer) {
	var firing sync.WaitGroup
	hands := make(chan struct{}, timerHands)
	for i := range timers {
		hands <- struct{}{}
		firing.Go(func() {
			defer func() { <-hands }()
			t.fire(&timers[i])
		})
	}
	firing.Wait()
}

// fire fires one timer. One that cannot be is due again when the claim is over.
func (t *Timers) fire(timer *chat.Timer) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	outcome, err := t.Service.FireTimer(ctx, timer)
	if err != nil {
		outcome = timerFailed
		t.Log.Log(ctx, severity(err), "bot: cannot fire a timer", "timer", timer.ID, "session", timer.SessionKey, "error", err)
	}
	if t.Metrics.Fired != nil {
		t.Metrics.Fired.WithLabelValues(string(outcome)).Inc()
	}
	if t.Metrics.Lag != nil && outcome == chat.TimerDone {
		t.Metrics.Lag.Observe(max(0, t.Service.Now().Sub(timer.At).Seconds()))
	}
}
