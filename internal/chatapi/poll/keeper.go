package poll

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// keptTogether is how many cursors are written in one transaction.
	keptTogether = 200
	// maxUnkept is how many cursors wait to be written. Beyond it new ones are dropped: those polls are
	// given again what they were given already.
	maxUnkept = 200_000
	// maxArrived is how many messages wait to be marked as delivered. Beyond it new ones stay SENT until
	// they are given again or their client says that it has them.
	maxArrived = 20_000
	// keepTimeout bounds one writing, keepPause comes after one that failed.
	keepTimeout = 5 * time.Second
	keepPause   = time.Second
)

// cursorKey is whose a cursor is.
type cursorKey struct {
	client chat.ClientRef
	cid    string
}

func (k cursorKey) compare(o cursorKey) int {
	return cmp.Or(cmp.Compare(k.client.Chat, o.client.Chat), cmp.Compare(k.client.Client, o.client.Client), cmp.Compare(k.cid, o.cid))
}

// keeper writes cursors and deliveries down, behind the answers. A cursor that is lost in a crash has its
// messages given again, and so delivered again.
type keeper struct {
	service Service
	log     *slog.Logger

	mu      sync.Mutex // guards what follows
	pending map[cursorKey]chat.Position
	writing map[cursorKey]chat.Position
	marks   []chat.Event // messages that have arrived
	failing bool         // to write cursors
	marking bool         // marking fails

	wake    chan struct{} // has one when something is pending
	closing chan struct{}
	closed  chan struct{}
	once    sync.Once
}

func newKeeper(s Service, log *slog.Logger) *keeper {
	k := &keeper{
		service: s, log: log, pending: make(map[cursorKey]chat.Position),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), closed: make(chan struct{}),
	}
	go k.work()
	return k
}

// add has a cursor written soon. It never blocks.
func (k *keeper) add(key cursorKey, to chat.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(key, to)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// arrived has messages marked as delivered soon. It never blocks.
func (k *keeper) arrived(messages []chat.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.marks = append(k.marks, messages[:min(len(messages), max(0, maxArrived-len(k.marks)))]...)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// put notes a cursor, never back. k.mu is held.
func (k *keeper) put(key cursorKey, to chat.Position) {
	old, ok := k.pending[key]
	if ok && old.Compare(to) >= 0 || !ok && len(k.pending) >= maxUnkept {
		return
	}
	k.pending[key] = to
}

// find returns a cursor that is not in the storage yet.
func (k *keeper) find(key cursorKey) (to chat.Position, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	to, ok = k.pending[key]
	if w, is := k.writing[key]; is && (!ok || w.Compare(to) > 0) {
		return w, true
	}
	return to, ok
}

// work writes until the keeper is closed and nothing is left, or cannot be written then.
func (k *keeper) work() {
	defer close(k.closed)
	for last := false; ; {
		marked := k.mark() // first: once its cursor is kept nobody is given it again
		wrote := k.write() && marked
		switch {
		case wrote && k.left() > 0:
			continue
		case last:
			return
		case !wrote:
			select {
			case <-time.After(keepPause):
			case <-k.closing:
				last = true
			}
			continue
		}
		select {
		case <-k.wake:
		case <-k.closing:
			last = true
		}
	}
}

func (k *keeper) left() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.pending) + len(k.marks)
}

// mark marks some messages as delivered. It reports false when it could not. What the domain refuses is
// not tried again: it would keep the others from being written.
func (k *keeper) mark() bool {
	k.mu.Lock()
	batch := k.marks[:min(len(k.marks), keptTogether)]
	k.mu.Unlock()
	if len(batch) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTimeout)
	defer cancel()
	err := k.service.MarkDelivered(ctx, batch)
	refused := chat.CodeOf(err) == chat.CodeNotFound
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil || refused {
		k.marks = slices.Clone(k.marks[len(batch):])
	}
	failed := err != nil && !refused
	if err != nil && !k.marking {
		k.log.Warn("what long polls have delivered cannot be marked", "error", err)
	}
	k.marking = failed
	return !failed
}

// write writes some cursors. It reports false when it could not.
func (k *keeper) write() bool {
	batch := k.take()
	if len(batch) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTimeout)
	defer cancel()
	err := k.service.AdvancePollCursors(ctx, batch)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writing = nil
	if err != nil {
		for _, c := range batch {
			k.put(cursorKey{c.Client, c.CID}, c.Position)
		}
		if !k.failing {
			k.log.Warn("cursors of long polls cannot be kept, they are tried again", "error", err)
		}
	}
	k.failing = err != nil
	return err == nil
}

// take moves some of what is pending to what is written, in the order of the keys.
func (k *keeper) take() (batch []chat.PollCursor) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writing = make(map[cursorKey]chat.Position)
	for key, to := range k.pending {
		if len(batch) == keptTogether {
			break
		}
		delete(k.pending, key)
		k.writing[key] = to
		batch = append(batch, chat.PollCursor{Client: key.client, CID: key.cid, Position: to})
	}
	slices.SortFunc(batch, func(a, b chat.PollCursor) int {
		return cursorKey{a.Client, a.CID}.compare(cursorKey{b.Client, b.CID})
	})
	return batch
}

// close writes what is left and waits for that, or for ctx.
func (k *keeper) close(ctx context.Context) error {
	k.once.Do(func() { close(k.closing) })
	select {
	case <-k.closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
