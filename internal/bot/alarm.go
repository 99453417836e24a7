package bot

import (
	"sync"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// Alarm hears of commits that changed when a timer is due next, and wakes Timers if it sleeps longer
// than that.
type Alarm struct {
	mu    sync.Mutex // guards until
	until time.Time  // when Timers wakes by itself; zero while it is awake
	wake  chan struct{}
}

// NewAlarm returns an alarm that nobody sleeps by yet.
func NewAlarm() *Alarm { return &Alarm{wake: make(chan struct{}, 1)} }

// Ring takes note of when to look for due timers. It never blocks.
func (a *Alarm) Ring(r chat.Ring) {
	if r.TimerAt.IsZero() {
		return
	}
	a.mu.Lock()
	early := a.until.IsZero() || r.TimerAt.Before(a.until)
	a.mu.Unlock()
	if !early {
		return
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *Alarm) set(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = until
}
