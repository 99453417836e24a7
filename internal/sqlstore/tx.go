package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// tx is chat.Tx for one run of one function.
type tx struct {
	q            *sqlgen.Queries
	sessions     *sessionCache
	nextEventKey func() int64
	savepoint    func() error // called before the first write; nil for nothing

	begun   bool
	touched []int64 // sessions whose cached rows are this member's work
	hooks   []func()
	written int // bytes of payloads

	deliveries []chat.Delivery // to be stored when the function has returned

	refused error // a constraint said no: this function will not commit
	broken  error // the engine failed: the state of the transaction is not known
}

// OnCommit implements chat.Tx.
func (t *tx) OnCommit(f func()) { t.hooks = append(t.hooks, f) }

// begin precedes every write.
func (t *tx) begin() error {
	if t.broken != nil {
		return t.broken
	}
	if t.begun {
		return nil
	}
	if t.savepoint != nil {
		if err := t.savepoint(); err != nil {
			return t.fail("savepoint", err)
		}
	}
	t.begun = true
	return nil
}

// fail keeps what a failed statement means for the transaction, whatever the function makes
// of the error: a missing row nothing, a violated constraint that what the function did is rolled
// back, anything else that the whole transaction is.
func (t *tx) fail(thing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return asDomain(thing, err)
	}
	err = asDomain(thing, err)
	switch failureOf(err) {
	case failedUnique, failedReference:
		t.refused = err
	default:
		t.broken = err
	}
	return err
}

func (t *tx) remember(r sessionRow) {
	t.sessions.put(r)
	t.touched = append(t.touched, r.session.Key)
}

// forget drops what the cache holds of a member that is rolled back.
func (t *tx) forget() {
	for _, key := range t.touched {
		t.sessions.forget(key)
	}
}

// call runs a function; its panic is an error.
func call(log *slog.Logger, fn func(chat.Tx) error, t *tx) (panicked bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("transaction panicked", "panic", p, "stack", string(debug.Stack()))
			panicked, err = true, fmt.Errorf("transaction panicked: %v", p)
		}
	}()
	if err := fn(t); err != nil {
		return false, err
	}
	return false, t.flushDeliveries()
}

// runHooks runs what is to follow a commit. A hook that panics takes only those after it with it.
func runHooks(log *slog.Logger, hooks []func()) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("hook after commit panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	for _, hook := range hooks {
		hook()
	}
}

// oneRow turns an update that found nothing into a missing row.
func oneRow(n int64, err error) error {
	if err == nil && n == 0 {
		return sql.ErrNoRows
	}
	return err
}

// maxRows is a limit or an offset as SQL takes it.
func maxRows(n int) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

var _ chat.Tx = (*tx)(nil)
