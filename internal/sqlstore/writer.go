package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// writer is the one goroutine that writes. Its fields up to the queue belong to it alone.
type writer struct {
	options  Options
	db       *sql.DB
	conn     *conn // nil after an error, until it is opened again
	sessions *sessionCache
	version  int64 // data_version of the connection: changes when another process writes
	eventKey int64 // last one given
	full     bool  // the disk was full at the last commit
	dead     bool  // a commit failed

	queue      chan *member
	done       chan struct{}
	checkpoint *checkpointer
	log        *slog.Logger

	mu     sync.RWMutex // guards closed, and sending on queue against its closing
	closed bool
}

// member is one transaction of a group.
type member struct {
	gone  func() error // why its caller has gone; asked until the function starts
	fn    func(chat.Tx) error
	state atomic.Int32
	done  chan struct{} // closed when err is final

	err      error
	hooks    []func()
	answered bool
}

// The states of a member: who moves it out of queued decides.
const (
	memberQueued int32 = iota
	memberStarted
	memberLeft // its caller has gone; it will not run
)

func startWriter(ctx context.Context, o Options, db *sql.DB, c *conn, checkpoint *sql.DB) (*writer, error) {
	last, err := c.queries.LastEventKey(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		options: o, db: db, conn: c, sessions: newSessionCache(), eventKey: last, log: o.Log,
		queue: make(chan *member, o.QueueSize), done: make(chan struct{}),
	}
	if w.checkpoint, err = startCheckpointer(ctx, o, checkpoint); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// Update implements chat.Store.
func (w *writer) Update(ctx context.Context, fn func(chat.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return left(err)
	}
	m := &member{gone: ctx.Err, fn: fn, done: make(chan struct{})}
	if err := w.enqueue(m); err != nil {
		return err
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		if m.state.CompareAndSwap(memberQueued, memberLeft) {
			return left(ctx.Err())
		}
		<-m.done
	}
	return m.err
}

// enqueue never waits: a full queue means that the writer cannot follow.
func (w *writer) enqueue(m *member) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed()
	}
	select {
	case w.queue <- m:
		return nil
	default:
		return unavailable("overloaded", nil)
	}
}

// stop lets the queue run empty.
func (w *writer) stop() error {
	w.mu.Lock()
	w.closed = true
	close(w.queue)
	w.mu.Unlock()
	<-w.done
	err := w.checkpoint.stop()
	if w.conn != nil {
		err = errors.Join(err, w.conn.close())
	}
	return err
}

func (w *writer) run() {
	group := make([]*member, 0, w.options.MaxGroup)
	ended := false
	defer func() {
		if ended {
			close(w.done)
			return
		}
		// A function has ended its goroutine, as a test's FailNow does; that must not hang others.
		w.abort()
		for _, m := range group {
			m.finish(errors.New("a transaction has ended the writer's goroutine"))
		}
		go w.run()
	}()
	for m := range w.queue {
		group = w.collect(append(group[:0], m))
		if err := w.transact(group); err != nil {
			w.retry(group, err)
		}
		clear(group)
	}
	ended = true
}

// collect takes what is queued, without waiting for more.
func (w *writer) collect(group []*member) []*member {
	for len(group) < cap(group) {
		select {
		case m, ok := <-w.queue:
			if !ok {
				return group
			}
			group = append(group, m)
		default:
			return group
		}
	}
	return group
}

// retry runs the members of an aborted group one by one, so that only who caused it fails.
func (w *writer) retry(group []*member, cause error) {
	if len(group) == 1 {
		group[0].finish(cause)
		return
	}
	w.log.Warn("commit group aborted, running its members one by one", "members", len(group), "error", cause)
	for i := range group {
		if err := w.transact(group[i : i+1]); err != nil {
			group[i].finish(err)
		}
	}
}

// transact runs a group in one transaction and answers its members. With an error nothing
// was stored and nobody was answered.
func (w *writer) transact(group []*member) error {
	written, err := w.attempt(group)
	if err != nil {
		return err
	}
	w.checkpoint.note(written + len(group)*memberBytes)
	for _, m := range group {
		runHooks(w.log, m.hooks)
	}
	for _, m := range group {
		m.finish(m.err)
	}
	return nil
}

// attempt leaves in every member what became of it.
func (w *writer) attempt(group []*member) (written int, err error) {
	w.checkpoint.gate.Lock()
	defer w.checkpoint.gate.Unlock()
	if err := w.begin(); err != nil {
		failAll(group, err)
		return 0, nil
	}
	ran := 0
	for _, m := range group {
		if !m.start() {
			continue
		}
		n, err := w.runMember(m)
		if err != nil {
			w.abort()
			return 0, err
		}
		written += n
		ran++
	}
	if err := w.commit(ran); err != nil {
		failAll(group, err)
		return 0, nil
	}
	return written, nil
}

// begin opens a transaction, and the connection if it was given up.
func (w *writer) begin() error {
	if w.dead {
		return unavailable("storage has failed", nil)
	}
	if w.conn == nil {
		c, err := openConn(context.Background(), w.db)
		if err != nil {
			w.log.Error("storage cannot be opened", "error", err)
			return unavailable("storage is not available", err)
		}
		w.conn = c
	}
	if err := w.beginOn(w.conn); err != nil {
		w.log.Error("transaction cannot begin", "error", err)
		w.abort()
		return unavailable("storage is not available", err)
	}
	return nil
}

func (w *writer) beginOn(c *conn) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	var version int64
	if err := c.QueryRowContext(context.Background(), "PRAGMA data_version").Scan(&version); err != nil {
		return err
	}
	if version != w.version {
		w.sessions.clear()
		w.version = version
	}
	if w.options.onBegin != nil {
		w.options.onBegin(c)
	}
	return nil
}

// abort rolls back and gives the connection up: after an error of the engine its state is
// not known.
func (w *writer) abort() {
	w.sessions.clear()
	if w.conn == nil {
		return
	}
	if err := w.conn.exec("ROLLBACK"); err != nil {
		w.log.Debug("rollback", "error", err) // the engine may have done it itself
	}
	if err := w.conn.close(); err != nil {
		w.log.Warn("connection of the writer does not close", "error", err)
	}
	w.conn = nil
}

// runMember runs one member inside its own savepoint. An error means that the group must
// be aborted.
func (w *writer) runMember(m *member) (written int, err error) {
	t := &tx{
		q: w.conn.queries, sessions: w.sessions,
		nextEventKey: w.nextEventKey,
		savepoint:    func() error { return w.conn.exec("SAVEPOINT member") },
	}
	panicked, err := call(w.log, m.fn, t)
	switch {
	case t.broken != nil:
		return 0, t.broken
	case t.refused != nil && err == nil:
		err = t.refused
	case err != nil && t.refused == nil && !panicked && !isDomain(err):
		return 0, err
	}
	m.err, m.hooks = err, nil
	if err != nil {
		t.forget()
		return 0, w.endSavepoint(t, "ROLLBACK TO member", "RELEASE member")
	}
	m.hooks = t.hooks
	return t.written, w.endSavepoint(t, "RELEASE member")
}

func (w *writer) endSavepoint(t *tx, statements ...string) error {
	if !t.begun {
		return nil
	}
	for _, s := range statements {
		if err := w.conn.exec(s); err != nil {
			return fmt.Errorf("savepoint: %w", err)
		}
	}
	return nil
}

func (w *writer) nextEventKey() int64 {
	w.eventKey++
	return w.eventKey
}

// commit makes the group durable. A full disk has stored nothing, and passes. After any other
// failure nobody knows what is stored, so the process must end.
func (w *writer) commit(members int) error {
	began := time.Now()
	err := w.conn.exec("COMMIT")
	switch {
	case err == nil:
		observe(w.options.Metrics.BatchSize, float64(members))
		observe(w.options.Metrics.CommitSeconds, time.Since(began).Seconds())
		if w.full {
			w.log.Info("the disk has room again")
			w.full = false
		}
		return nil
	case failureOf(err) == failedFull:
		if !w.full {
			w.log.Error("the disk is full, writes are refused", "error", err)
			w.full = true
		}
		w.abort()
		return asDomain("transaction", err)
	default:
		w.dead = true
		w.options.Fatal(fmt.Errorf("commit: %w", err))
		return &chat.Error{Code: chat.CodeUnavailable, Message: "storage has failed", Err: err}
	}
}

// start claims a member for running; one whose request has ended will not run.
func (m *member) start() bool {
	if m.state.Load() == memberStarted {
		return true
	}
	if cause := m.gone(); cause != nil && m.state.CompareAndSwap(memberQueued, memberLeft) {
		m.err = left(cause)
		return false
	}
	return m.state.CompareAndSwap(memberQueued, memberStarted)
}

// finish answers, once. A member whose caller has gone is answered too: nobody listens.
func (m *member) finish(err error) {
	if m.answered {
		return
	}
	m.answered = true
	m.err = err
	close(m.done)
}

// failAll is for a group of which nothing was stored. What a member was told by its function
// counts no more: that may have seen what another member wrote.
func failAll(group []*member, err error) {
	for _, m := range group {
		m.state.CompareAndSwap(memberQueued, memberStarted)
		m.hooks, m.err = nil, err
	}
}

func observe(o interface{ Observe(float64) }, v float64) {
	if o != nil {
		o.Observe(v)
	}
}
