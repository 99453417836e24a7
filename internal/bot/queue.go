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
	mu     sync.Mutex // guards due and queued
	due    []due
	queued map[int64]struct{}
	wake   chan struct{} // holds one token when due is not empty
}

// due is a session that waits, with its turn if the ring brought it.
type due struct {
	session chat.SessionRef
	turn    *chat.DueTurn
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	return &Queue{queued: make(map[int64]struct{}), wake: make(chan struct{}, 1)}
}

// Ring queues a session if its turn is due here. It never blocks.
func (q *Queue) Ring(r chat.Ring) {
	if r.TurnDue {
		q.add(due{r.Session, r.Due})
	}
}

func (q *Queue) add(d due) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.queued[d.session.Key]; ok || len(q.due) >= maxQueued {
		return
	}
	q.queued[d.session.Key] = struct{}{}
	q.due = append(q.due, d)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes everything that is queued.
func (q *Queue) take() []due {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.due
	q.due = nil
	clear(q.queued)
	return all
}
