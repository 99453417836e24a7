package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// transferLock is the number of the advisory lock that one transfer at a time has of a database.
const transferLock int64 = 0x7472616e73666572 // "transfer"

// lockWait is how long a lock is waited for.
const lockWait = 10 * time.Second

// postgresEnd is a database of PostgreSQL. Its connection is also the one that writes: when it
// breaks, nothing more can be committed once another transfer has the lock.
type postgresEnd struct {
	db   *sql.DB
	conn *sql.Conn
	held *sql.Tx // of a source
}

// openPostgresEnd opens a database. With a schema it is a target.
func openPostgresEnd(ctx context.Context, url string, s *schema) (end, error) {
	config, err := parsePostgres(url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "govorun migrate"
	config.RuntimeParams["lock_timeout"] = "10s"
	e := &postgresEnd{db: stdlib.OpenDB(*config)}
	if err := e.open(ctx, s); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *postgresEnd) open(ctx context.Context, s *schema) (err error) {
	if e.conn, err = e.db.Conn(ctx); err != nil {
		return err
	}
	// A process that was killed may have a transaction to end.
	if err := e.lock(ctx, transferLock); err != nil {
		return fmt.Errorf("another migration is under way: %w", err)
	}
	if err := e.refuseServers(ctx); err != nil || s == nil {
		return err
	}
	return e.alone(ctx, func() error {
		return s.migrate(ctx, e.db, dialect{name: goose.DialectPostgres, text: postgresText})
	})
}

// alone does something while no server opens the database.
func (e *postgresEnd) alone(ctx context.Context, do func() error) error {
	if err := e.lock(ctx, prepareLock); err != nil {
		return fmt.Errorf("a server is starting on it: %w", err)
	}
	if err := do(); err != nil {
		return err // whoever fails closes the connection, which gives the lock back
	}
	_, err := e.conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", prepareLock)
	return err
}

// lock takes an advisory lock for the connection, and waits some seconds for it.
func (e *postgresEnd) lock(ctx context.Context, number int64) error {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	return lockDatabase(ctx, e.conn, number)
}

// lockDatabase takes an advisory lock for a connection. It asks again and again: a statement that
// waits has a snapshot, for whose end CREATE INDEX CONCURRENTLY of the lock's holder would wait.
func lockDatabase(ctx context.Context, c *sql.Conn, number int64) error {
	for {
		var locked bool
		err := c.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", number).Scan(&locked)
		if err != nil || locked {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// refuseServers looks whether servers are connected. One that was just stopped has a moment.
func (e *postgresEnd) refuseServers(ctx context.Context) error {
	late := time.After(3 * time.Second)
	for {
		var servers int
		err := e.conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'govorun'`).Scan(&servers)
		if err != nil || servers == 0 {
			return err
		}
		select {
		case <-late:
			return fmt.Errorf("servers are connected to it (%d connections): stop them first", servers)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (e *postgresEnd) sql() *sql.Conn   { return e.conn }
func (e *postgresEnd) isPostgres() bool { return true }

func (e *postgresEnd) hold(ctx context.Context, tables []*table) (err error) {
	if e.held, err = e.conn.BeginTx(ctx, nil); err != nil {
		return err
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
	}
	if _, err := e.held.ExecContext(ctx, "LOCK TABLE "+strings.Join(names, ", ")+" IN SHARE MODE"); err != nil {
		return fmt.Errorf("somebody writes to it: %w", err)
	}
	return nil
}

func (e *postgresEnd) claim(ctx context.Context, tables []*table, first *transferState) error {
	return e.alone(ctx, func() error {
		return inTransaction(ctx, e.conn, func(tx *sql.Tx) error {
			if err := refuseRows(ctx, tx, tables); err != nil {
				return err
			}
			return putState(ctx, tx, first)
		})
	})
}

// write uses COPY, which database/sql does not have. The transaction is begun below it, too.
func (e *postgresEnd) write(ctx context.Context, b *batch) error {
	return e.conn.Raw(func(dc any) error {
		tx, err := dc.(*stdlib.Conn).Conn().Begin(ctx)
		if err != nil {
			return err
		}
		if err := copyBatch(ctx, tx, b); err != nil {
			_ = tx.Rollback(context.WithoutCancel(ctx)) // the first error counts
			return err
		}
		return tx.Commit(ctx)
	})
}

func copyBatch(ctx context.Context, tx pgx.Tx, b *batch) error {
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{b.table.name}, b.table.columnNames(), b); err != nil {
		return err
	}
	after := b.after()
	_, err := tx.Exec(ctx, "UPDATE meta SET value = $1 WHERE name = $2", after.text(), metaTransfer)
	return err
}

// finish also has the next keys be above those that were copied.
func (e *postgresEnd) finish(ctx context.Context, tables []*table) error {
	if _, err := e.conn.ExecContext(ctx, "ANALYZE"); err != nil {
		return err
	}
	return inTransaction(ctx, e.conn, func(tx *sql.Tx) error {
		for _, t := range tables {
			if err := setSequences(ctx, tx, t); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
		return renewLog(ctx, tx)
	})
}

// setSequences looks which columns have one.
func setSequences(ctx context.Context, tx sqlgen.DBTX, t *table) error {
	for _, c := range t.columns {
		var sequence sql.NullString
		if err := tx.QueryRowContext(ctx, "SELECT pg_get_serial_sequence($1, $2)", t.name, c.name).Scan(&sequence); err != nil {
			return err
		}
		if !sequence.Valid {
			continue
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT setval($1, COALESCE(MAX(%[1]s), 1), MAX(%[1]s) IS NOT NULL) FROM %[2]s", c.name, t.name), sequence.String)
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *postgresEnd) close() error {
	var errs []error
	if e.held != nil {
		errs = append(errs, ignoreDone(e.held.Rollback()))
	}
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	return errors.Join(append(errs, e.db.Close())...)
}
