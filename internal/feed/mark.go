package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// markers is how many marks are written at once; the storage groups their commits.
const markers = 8

// markTimeout bounds the writing of one mark.
const markTimeout = 5 * time.Second

// MarkService writes marks; *chat.Service is one.
type MarkService interface {
	MarkGiven(ctx context.Context, session chat.SessionRef, widgetNo int64) error
}

// Marker writes down how far sessions' widget streams have been given to connections. Nobody
// waits for it: a mark that is lost in a crash makes a later first connect repeat events.
type Marker struct {
	service MarkService
	log     *slog.Logger

	mu      sync.Mutex
	pending map[chat.SessionRef]int64 // one mark a session, the furthest
	writing map[chat.SessionRef]int64 // what the workers have
	workers int
	working sync.WaitGroup
}

// NewMarker returns a marker that has nothing to write.
func NewMarker(service MarkService, log *slog.Logger) *Marker {
	return &Marker{service: service, log: log, pending: make(map[chat.SessionRef]int64), writing: make(map[chat.SessionRef]int64)}
}

// Add has a mark written soon. It never blocks.
func (m *Marker) Add(ref chat.SessionRef, no int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pending[ref] = max(m.pending[ref], no)
	if m.workers < markers {
		m.workers++
		m.working.Go(m.work)
	}
}

// Given is the furthest mark of a session that is not in the storage yet; 0 when there is none.
func (m *Marker) Given(ref chat.SessionRef) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(m.pending[ref], m.writing[ref])
}

func (m *Marker) work() {
	for {
		ref, no, ok := m.take()
		if !ok {
			return
		}
		m.write(ref, no)
		m.wrote(ref, no)
	}
}

func (m *Marker) wrote(ref chat.SessionRef, no int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writing[ref] <= no { // else another worker has a further one
		delete(m.writing, ref)
	}
}

// take hands a mark to a worker; without one the worker is to end.
func (m *Marker) take() (chat.SessionRef, int64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, no := range m.pending {
		delete(m.pending, ref)
		m.writing[ref] = max(m.writing[ref], no)
		return ref, no, true
	}
	m.workers--
	return chat.SessionRef{}, 0, false
}

func (m *Marker) write(ref chat.SessionRef, no int64) {
	ctx, cancel := context.WithTimeout(context.Background(), markTimeout)
	defer cancel()
	if err := m.service.MarkGiven(ctx, ref, no); err != nil {
		level := slog.LevelWarn
		if chat.CodeOf(err) == chat.CodeUnavailable { // said once, by those who find storage away
			level = slog.LevelDebug
		}
		m.log.Log(ctx, level, "mark of a given stream lost", "session", ref.Key, "error", err)
	}
}

// Drain waits until everything is written, or for ctx. After it nothing may be added.
func (m *Marker) Drain(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		m.working.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
