package sqlstore

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"sync/atomic"
)

// checkpointer moves the write-ahead log into the database, from a connection of its own:
// most of it beside the writer, the rest between two groups, so that the next group writes
// the log from its start again and it does not grow without bound.
type checkpointer struct {
	gate sync.Mutex // held by the writer in a group

	mu      sync.Mutex // guards conn: one checkpoint at a time
	conn    *conn
	limit   int64
	pending atomic.Int64 // bytes written since the last checkpoint, roughly
	wake    chan struct{}
	done    chan struct{}
	log     *slog.Logger
}

// memberBytes is what one transaction adds to the log beside its payloads: the pages of a
// row and of its index.
const memberBytes = 10 << 10

func startCheckpointer(ctx context.Context, o Options, db *sql.DB) (*checkpointer, error) {
	c, err := openConn(ctx, db)
	if err != nil {
		return nil, err
	}
	k := &checkpointer{conn: c, limit: o.walLimit, wake: make(chan struct{}, 1), done: make(chan struct{}), log: o.Log}
	go k.run()
	return k, nil
}

// note is told of every group that was committed. When the checkpointer cannot follow, the
// writer does its work.
func (k *checkpointer) note(written int) {
	pending := k.pending.Add(int64(written))
	if pending < k.limit {
		return
	}
	if pending >= 4*k.limit {
		k.checkpoint()
		return
	}
	select {
	case k.wake <- struct{}{}:
	default: // it is at work already
	}
}

// stop is called when the writer has ended.
func (k *checkpointer) stop() error {
	close(k.wake)
	<-k.done
	return k.conn.close()
}

func (k *checkpointer) run() {
	defer close(k.done)
	for range k.wake {
		if k.pending.Load() >= k.limit {
			k.checkpoint()
		}
	}
}

// checkpoint moves the bulk while the writer goes on, then what has come meanwhile. A reader
// that is in the way is waited for no longer than the connection's busy time-out; a backup
// reads for long, so the next try is some writing away, and the log grows until it ends.
func (k *checkpointer) checkpoint() {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.move("PRAGMA wal_checkpoint(PASSIVE)")
	if !ok {
		k.pending.Store(0)
		return
	}
	k.gate.Lock()
	busy, _ := k.move("PRAGMA wal_checkpoint(RESTART)")
	k.gate.Unlock()
	if busy {
		k.pending.Store(k.limit / 2)
		return
	}
	k.pending.Store(0)
}

func (k *checkpointer) move(pragma string) (busy, ok bool) {
	var frames, moved int64
	row := k.conn.QueryRowContext(context.Background(), pragma)
	if err := row.Scan(&busy, &frames, &moved); err != nil {
		k.log.Warn("checkpoint failed", "error", err)
		return false, false
	}
	return busy, true
}
