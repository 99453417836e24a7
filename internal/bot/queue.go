package bot

import (
	"sync"

	"github.com/govorun/govorun/internal/chat"
)

// maxQueued bounds the sessions that wait to be taken up. When it is full the ring is
// dropped: the runner's sweep finds the session in the store.
const maxQueued = 100_000

// Queue holds sessions whose bot owes a reaction, each once, until a Runner takes them up.
type Queue struct {
	mu     sync.Mutex // guards refs and queued
	refs   []chat.SessionRef
	queued map[int64]struct{}
	wake   chan struct{} // holds one token when refs is not empty
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	return &Queue{queued: make(map[int64]struct{}), wake: make(chan struct{}, 1)}
}

// Ring queues a session if its turn is due here. It never blocks.
func (q *Queue) Ring(r chat.Ring) {
	if r.TurnDue {
		q.add(r.Session)
	}
}

func (q *Queue) add(ref chat.SessionRef) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.queued[ref.Key]; ok || len(q.refs) >= maxQueued {
		return
	}
	q.queued[ref.Key] = struct{}{}
	q.refs = append(q.refs, ref)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes everything that is queued.
func (q *Queue) take() []chat.SessionRef {
	q.mu.Lock()
	defer q.mu.Unlock()
	refs := q.refs
	q.refs = nil
	clear(q.queued)
	return refs
}
