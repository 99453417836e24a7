package chat

import (
	"sync"
	"time"
)

const (
	// maxRemembered bounds the sessions whose last turn is remembered, at a few KiB each.
	maxRemembered = 8192
	// rememberFor bounds how long a change of a chat's or a client's settings goes unnoticed.
	rememberFor = 15 * time.Second
)

// memory remembers what the last turn of a session was loaded with and what it left, so that
// the next one need not read it. It cannot mislead: a turn's commit is refused unless owner,
// cursor and the client's state are what the turn began with.
type memory struct {
	mu    sync.Mutex
	turns map[int64]remembered // by session key
}

// remembered is the world after a turn.
type remembered struct {
	turn   Turn // State is what the turn left
	cursor int64
}

func newMemory() *memory { return &memory{turns: make(map[int64]remembered)} }

// recall fills a turn from the one before it in the session.
func (m *memory) recall(t *Turn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.turns[t.Session.Key]
	if !ok || r.cursor != t.Session.Cursor || r.turn.Session.Term != t.Session.Term || t.Now.Sub(r.turn.Now) > rememberFor {
		return false
	}
	t.Chat, t.Details, t.Client, t.State = r.turn.Chat, r.turn.Details, r.turn.Client, r.turn.State
	return true
}

// keep remembers a turn that was committed with a result.
func (m *memory) keep(t *Turn, r *TurnResult) {
	kept := remembered{turn: *t, cursor: t.Cause.Sequence}
	if r.SessionState != nil {
		kept.turn.State.Session = r.SessionState
	}
	if r.ClientState != nil {
		kept.turn.State.Client = r.ClientState
		kept.turn.State.ClientVersion++
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.turns) >= maxRemembered {
		for key := range m.turns { // any: a turn that is missed is read again
			delete(m.turns, key)
			break
		}
	}
	m.turns[t.Session.Key] = kept
}

func (m *memory) forget(session int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.turns, session)
}
