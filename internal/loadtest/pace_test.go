package loadtest

import (
	"context"
	"slices"
	"testing"
	"time"
)

// fakeClock goes on only when somebody waits or works.
type fakeClock struct{ at time.Time }

func (c *fakeClock) pacer(rate float64, count int) pacer {
	return pacer{rate: rate, count: count, now: func() time.Time { return c.at }, wait: c.pass}
}

func (c *fakeClock) pass(d time.Duration) { c.at = c.at.Add(d) }

func TestPacerKeepsTheTimesFixedInAdvance(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{at: time.Unix(1000, 0)}
	start := clock.at
	p := clock.pacer(100, 10) // one each 10 ms
	var due, late []time.Duration
	launched := p.run(context.Background(), func(at time.Time) {
		due = append(due, at.Sub(start)/time.Millisecond)
		late = append(late, clock.at.Sub(at)/time.Millisecond)
		if len(due) == 3 {
			clock.pass(35 * time.Millisecond) // the server hangs
		}
	})
	if want := []time.Duration{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}; launched != 10 || !slices.Equal(due, want) {
		t.Errorf("due at %v, want %v", due, want)
	}
	if want := []time.Duration{0, 0, 0, 25, 15, 5, 0, 0, 0, 0}; !slices.Equal(late, want) {
		t.Errorf("launched late by %v, want %v: those that had to wait must not be forgiven", late, want)
	}
}

func TestPacerEnds(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{at: time.Unix(1000, 0)}
	p := clock.pacer(100, 10)
	if n := p.run(context.Background(), func(time.Time) { clock.pass(time.Minute) }); n != 1 {
		t.Errorf("%d launched, though the first took until after the end", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if n := p.run(ctx, func(time.Time) { cancel() }); n != 1 {
		t.Errorf("%d launched, though the context had ended", n)
	}
}
