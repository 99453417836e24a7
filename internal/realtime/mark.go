package realtime

import (
	"context"
	"log/slog"
	"sync"

	"github.com/govorun/govorun/internal/chat"
)

// markers is how many marks are written at once; the storage groups their commits.
const markers = 8

// marker writes down how far sessions' widget streams have been given to connections. Nobody
// waits for it: a mark that is lost in a crash makes a later first connect repeat events.
type marker struct {
	service Service
	log     *slog.Logger

	mu      sync.Mutex
	pending map[chat.SessionRef]int64 // one mark a session, the furthest
	workers int
	working sync.WaitGroup
}

func newMarker(service Service, log *slog.Logger) *marker {
	return &marker{service: service, log: log, pending: make(map[chat.SessionRef]int64)}
}

// add has a mark written soon. It never blocks.
func (m *marker) add(ref chat.SessionRef, no int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pending[ref] = max(m.pending[ref], no)
	if m.workers < markers {
		m.workers++
		m.working.Go(m.work)
	}
}

func (m *marker) work() {
	for {
		ref, no, ok := m.take()
		if !ok {
			return
		}
		m.write(ref, no)
	}
}

// take hands a mark to a worker; without one the worker is to end.
func (m *marker) take() (chat.SessionRef, int64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, no := range m.pending {
		delete(m.pending, ref)
		return ref, no, true
	}
	m.workers--
	return chat.SessionRef{}, 0, false
}

func (m *marker) write(ref chat.SessionRef, no int64) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if err := m.service.MarkGiven(ctx, ref, no); err != nil {
		level := slog.LevelWarn
		if chat.CodeOf(err) == chat.CodeUnavailable { // said once, by those who find storage away
			level = slog.LevelDebug
		}
		m.log.Log(ctx, level, "mark of a given stream lost", "session", ref.Key, "error", err)
	}
}

// drain waits until everything is written. After it nothing may be added.
func (m *marker) drain(ctx context.Context) error { return wait(ctx, &m.working) }
