package loadtest

import (
	"context"
	"time"
)

// pacer fixes the arrival times of an open loop in advance: message i is due at start + i/rate,
// whatever became of those before it. Whoever launches a message measures from when it was due,
// so the time it waited because the server was slow counts (no coordinated omission).
type pacer struct {
	rate  float64 // messages per second
	count int     // of all messages
	now   func() time.Time
	wait  func(time.Duration)
}

// lateGrace is how long after the last arrival was due messages may still be launched.
const lateGrace = 100 * time.Millisecond

// run launches the messages in order, each when it is due or, if launch has blocked, at once. It
// returns how many it launched: fewer than count when launch blocked until after the end, or
// when ctx ended.
func (p *pacer) run(ctx context.Context, launch func(due time.Time)) int {
	start := p.now()
	end := p.due(start, p.count).Add(lateGrace)
	for i := range p.count {
		due := p.due(start, i)
		for {
			now := p.now()
			if ctx.Err() != nil || now.After(end) {
				return i
			}
			if !now.Before(due) {
				break
			}
			p.wait(due.Sub(now))
		}
		launch(due)
	}
	return p.count
}

func (p *pacer) due(start time.Time, i int) time.Time {
	return start.Add(time.Duration(float64(i) / p.rate * float64(time.Second)))
}
