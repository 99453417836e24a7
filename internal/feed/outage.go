package feed

import (
	"log/slog"
	"sync"
)

// outage is a time in which the log cannot be read. It is logged when it begins and when it
// ends, however many wait for it.
type outage struct {
	log *slog.Logger

	mu     sync.Mutex // guards what follows
	on     bool
	failed bool // since the last round
}

// fail notes that something could not be read.
func (o *outage) fail(what string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = true
	if !o.on {
		o.on = true
		o.log.Error("feed: the log cannot be read, events wait", "what", what, "error", err)
	}
}

// round is called again and again: a round without a failure ends an outage.
func (o *outage) round() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.on && !o.failed {
		o.on = false
		o.log.Info("feed: the log can be read again")
	}
	o.failed = false
}
