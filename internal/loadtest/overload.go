package loadtest

import (
	"cmp"
	"context"
	"time"
)

// Overload is how the server took more than it can.
type Overload struct {
	Maximum Load `json:"maximum"` // closed loop
	Normal  Load `json:"normal"`  // open loop at half the maximum
	Over    Load `json:"over"`    // open loop at a multiple of the maximum
	After   Load `json:"after"`   // open loop at half the maximum, right after

	// RecoverySeconds is how long after the overload the first second began in which the 99th
	// percentile of acknowledgements and deliveries was under twice its normal; -1 for never.
	RecoverySeconds float64 `json:"recoverySeconds"`
	NormalP99       float64 `json:"normalP99"` // of both, ms
}

// How long the overload lasts and the recovery is watched, unless the options say otherwise.
const (
	overloadFor = 10 * time.Second
	recovery    = 8 * time.Second
)

// overload finds the maximum, measures the normal state at half of it, sends a multiple of it for a
// while and watches how the server comes back. Nothing waits in between.
func (g *generator) overload(ctx context.Context, r *Report) (*Overload, error) {
	o := g.options
	over := &Overload{RecoverySeconds: -1}
	step := func(into *Load, rate float64, d time.Duration, tl *timeline) (*recorder, error) {
		before, err := g.usage()
		if err != nil {
			return nil, err
		}
		rec := g.load(ctx, rate, d, tl)
		after, err := g.usage()
		if err != nil {
			return nil, err
		}
		*into = *rec.report(rate, before, after)
		return rec, ctx.Err()
	}
	warm := g.load(ctx, 0, o.WarmUp, nil)
	first, err := step(&over.Maximum, 0, o.Duration, nil)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, warm)
	g.drain(ctx, r, first)
	maximum := over.Maximum.AcceptedPerSecond

	calm := newTimeline(o.Duration)
	normal, err := step(&over.Normal, maximum/2, o.Duration, calm)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, normal)
	limit := 2 * calm.quantile(0.99)
	over.NormalP99 = milliseconds(limit / 2)

	flood, err := step(&over.Over, o.Overload*maximum, cmp.Or(o.OverloadFor, overloadFor), nil)
	if err != nil {
		return nil, err
	}
	watch := cmp.Or(o.Recovery, recovery)
	back := newTimeline(watch)
	rest, err := step(&over.After, maximum/2, watch, back)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, flood)
	g.drain(ctx, r, rest)
	if at, ok := back.calm(limit); ok {
		over.RecoverySeconds = (rest.start.Add(at).Sub(flood.end)).Seconds()
	}
	return over, nil
}
