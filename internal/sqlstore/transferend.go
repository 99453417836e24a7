package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// end is one of the two databases of a transfer. It has one connection, and keeps servers and
// other transfers away until it is closed.
type end interface {
	sql() *sql.Conn
	isPostgres() bool
	// hold keeps everybody from changing rows of a source.
	hold(ctx context.Context, tables []*table) error
	// claim marks a target by a first state, in which nothing is copied. It must be empty.
	claim(ctx context.Context, tables []*table, first *transferState) error
	// write takes rows from a batch and commits them together with the state after them.
	write(ctx context.Context, b *batch) error
	// finish makes a target ready for servers: the next opening makes it a log of its own.
	finish(ctx context.Context, tables []*table) error
	close() error
}

// endAddress says where an end is.
type endAddress struct {
	postgres bool
	place    string // URL, or directory
}

// parseEnd never repeats what it is given: it may contain a password.
func parseEnd(text string) (endAddress, error) {
	dir, lite := strings.CutPrefix(text, "sqlite:")
	switch {
	case lite && dir != "":
		return endAddress{place: dir}, nil
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		return endAddress{postgres: true, place: text}, nil
	default:
		return endAddress{}, errors.New("it must be given as sqlite:DIR or postgres://USER@HOST/DATABASE")
	}
}

func (a endAddress) openSource(ctx context.Context) (end, error) {
	if a.postgres {
		return openPostgresEnd(ctx, a.place, nil)
	}
	if _, err := os.Stat(filepath.Join(a.place, databaseName)); err != nil {
		return nil, fmt.Errorf("it is no data directory: %w", err)
	}
	return openFileEnd(ctx, a.place, readerPragmas, nil)
}

// openTarget also makes the tables, or brings them up to date.
func (a endAddress) openTarget(ctx context.Context, s *schema) (end, error) {
	if a.postgres {
		return openPostgresEnd(ctx, a.place, s)
	}
	if err := os.MkdirAll(a.place, 0o700); err != nil {
		return nil, err
	}
	return openFileEnd(ctx, a.place, fileTargetPragmas, s)
}

// dataVersion is that of the tables.
func dataVersion(ctx context.Context, c *sql.Conn) (version int64, err error) {
	err = c.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version, err
}

// programVersion is that of the tables that a program knows.
func programVersion(s *schema) (version int64, err error) {
	files, err := fs.Glob(s.migrations, "*.sql")
	for _, name := range files {
		v, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		version = max(version, v)
	}
	return version, err
}

// refuseRows is for a target that is to be empty.
func refuseRows(ctx context.Context, c sqlgen.DBTX, tables []*table) error {
	names := []string{"nodes"}
	for _, t := range tables {
		names = append(names, t.name)
	}
	for _, name := range names {
		var some bool
		if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+name+")").Scan(&some); err != nil {
			return err
		}
		if some {
			return fmt.Errorf("it is not empty, there are rows in %s; a migration that got to its end is not done again", name)
		}
	}
	return nil
}

// renewLog makes a finished target a log of its own, and removes the mark of the transfer. The next
// opening says where the log is.
func renewLog(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM meta WHERE name <> $1", metaCompatibleFrom); err != nil {
		return err
	}
	return sqlgen.New(tx).PutMeta(ctx, sqlgen.PutMetaParams{Name: metaLogID, Value: uuid.NewString()})
}

// inTransaction commits what f does, or rolls it back.
func inTransaction(ctx context.Context, c *sql.Conn, f func(*sql.Tx) error) error {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone: a cancelled context has rolled back already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// putState keeps how far a transfer is.
func putState(ctx context.Context, tx *sql.Tx, s *transferState) error {
	return sqlgen.New(tx).PutMeta(ctx, sqlgen.PutMetaParams{Name: metaTransfer, Value: s.text()})
}

// fileTargetPragmas: nobody else moves the write-ahead log, so the connection itself does.
const fileTargetPragmas = "busy_timeout(5000) journal_mode(WAL) synchronous(FULL) foreign_keys(1) cache_size(-32768)"

// fileEnd is a data directory.
type fileEnd struct {
	lock *os.File
	db   *sql.DB
	conn *sql.Conn
}

// openFileEnd opens a directory. With a schema it is a target.
func openFileEnd(ctx context.Context, dir, pragmas string, s *schema) (end, error) {
	e := &fileEnd{}
	if err := e.open(ctx, dir, pragmas, s); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *fileEnd) open(ctx context.Context, dir, pragmas string, s *schema) (err error) {
	if e.lock, err = lockDir(dir); err != nil {
		return err
	}
	if e.db, err = openSQLite(filepath.Join(dir, databaseName), pragmas); err != nil {
		return err
	}
	if e.conn, err = e.db.Conn(ctx); err != nil || s == nil {
		return err
	}
	return s.migrate(ctx, e.db, sqliteDialect)
}

func (e *fileEnd) sql() *sql.Conn                       { return e.conn }
func (e *fileEnd) isPostgres() bool                     { return false }
func (e *fileEnd) hold(context.Context, []*table) error { return nil } // the lock does
func (e *fileEnd) finish(ctx context.Context, _ []*table) error {
	return inTransaction(ctx, e.conn, func(tx *sql.Tx) error { return renewLog(ctx, tx) })
}

func (e *fileEnd) claim(ctx context.Context, tables []*table, first *transferState) error {
	return inTransaction(ctx, e.conn, func(tx *sql.Tx) error {
		if err := refuseRows(ctx, tx, tables); err != nil {
			return err
		}
		return putState(ctx, tx, first)
	})
}

// write gives events new keys: here each has one of its own.
func (e *fileEnd) write(ctx context.Context, b *batch) error {
	t := b.table
	places := make([]string, len(t.columns))
	for i := range places {
		places[i] = "?"
	}
	return inTransaction(ctx, e.conn, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)",
			t.name, strings.Join(t.columnNames(), ", "), strings.Join(places, ", ")))
		if err != nil {
			return err
		}
		defer insert.Close() //nolint:errcheck // with the transaction at the latest
		row := make([]any, len(t.columns))
		for b.Next() {
			copy(row, b.values)
			for i, c := range t.columns {
				if c.own {
					row[i] = b.state.Rows + int64(b.taken)
				}
			}
			if _, err := insert.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		if b.err != nil {
			return b.err
		}
		after := b.after()
		return putState(ctx, tx, &after)
	})
}

func (e *fileEnd) close() error {
	var errs []error
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	if e.lock != nil {
		errs = append(errs, unlockDir(e.lock))
	}
	return errors.Join(errs...)
}
