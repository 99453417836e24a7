package outbox

import (
	"sync"

	"github.com/govorun/govorun/internal/chat"
)

// maxRung bounds the receivers that wait to be looked at. One more is left to the sweep.
const maxRung = 10_000

// Bell hears of commits that wrote deliveries, and keeps who is to get them until an Outbox looks.
type Bell struct {
	mu   sync.Mutex // guards rung
	rung map[string]struct{}
	wake chan struct{} // holds one token when rung is not empty
}

// NewBell returns a bell that has not rung.
func NewBell() *Bell {
	return &Bell{rung: map[string]struct{}{}, wake: make(chan struct{}, 1)}
}

// Ring takes note of who is to get something. It never blocks.
func (b *Bell) Ring(r chat.Ring) {
	if len(r.Receivers) == 0 {
		return
	}
	b.mu.Lock()
	for _, receiver := range r.Receivers {
		if len(b.rung) < maxRung {
			b.rung[receiver] = struct{}{}
		}
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns who is to get something, once.
func (b *Bell) take() map[string]struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	rung := b.rung
	b.rung = map[string]struct{}{}
	return rung
}
