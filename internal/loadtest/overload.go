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

	// RecoverySeconds is how long after the last message of the overload was sent the first second
	// began in which the 99th percentile of acknowledgements and deliveries was under twice its
	// normal; -1 for never.
	RecoverySeconds float64 `json:"recoverySeconds"`
	NormalP99       float64 `json:"normalP99"` // of both, ms
}

// How long the overload lasts and the recovery is watched, unless the options say otherwise.
const (
	overloadFor = 10 * time.Second
	recovery    = 8 * time.Second
)

// overload finds the maximum, measures the normal state at half of it, sends a multiple of it for a
// while and watches how the server comes back, without waiting in between.
func (g *generator) overload(ctx context.Context, r *Report) (*Overload, error) {
	o := g.options
	warm := g.load(ctx, 0, o.WarmUp, nil)
	maximum, err := g.stage(ctx, 0, o.Duration, nil)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, warm, maximum.rec)
	rate := maximum.load().AcceptedPerSecond

	calm := newTimeline(o.Duration)
	normal, err := g.stage(ctx, rate/2, o.Duration, calm)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, normal.rec)

	flood, err := g.stage(ctx, o.Overload*rate, cmp.Or(o.OverloadFor, overloadFor), nil)
	if err != nil {
		return nil, err
	}
	watch := cmp.Or(o.Recovery, recovery)
	back := newTimeline(watch)
	after, err := g.stage(ctx, rate/2, watch, back)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, flood.rec, after.rec)

	p99 := calm.quantile(0.99)
	over := &Overload{
		Maximum: *maximum.load(), Normal: *normal.load(), Over: *flood.load(), After: *after.load(),
		NormalP99: milliseconds(p99), RecoverySeconds: -1,
	}
	if at, ok := back.calm(2 * p99); ok {
		over.RecoverySeconds = after.rec.start.Add(at).Sub(flood.rec.end).Seconds()
	}
	return over, nil
}
