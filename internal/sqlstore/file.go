package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// databaseName is the file in the data directory.
const databaseName = "govorun.db"

// file is the engine on SQLite: one writer, and connections for readers.
type file struct {
	*writer
	lock    *os.File
	dbs     []*sql.DB
	readers chan *conn // idle connections; whoever takes one gives it back
	opened  int        // how many there are in all
	closing chan struct{}
}

// openFile opens the data directory, frees the leases of the process before and starts the
// writer.
func openFile(ctx context.Context, o Options) (_ *file, logID string, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, "", err
	}
	f := &file{closing: make(chan struct{}), readers: make(chan *conn, max(4, runtime.GOMAXPROCS(0)))}
	defer func() {
		if err != nil {
			_ = f.shutdown()
		}
	}()
	if f.lock, err = lockDir(o.Dir); err != nil {
		return nil, "", err
	}
	logID, err = f.open(ctx, filepath.Join(o.Dir, databaseName), o)
	return f, logID, err
}

func (f *file) open(ctx context.Context, path string, o Options) (logID string, err error) {
	write, err := f.openDB(path, writerPragmas)
	if err != nil {
		return "", err
	}
	if err := o.schema.migrate(ctx, write, sqliteDialect); err != nil {
		return "", err
	}
	c, err := openConn(ctx, write)
	if err != nil {
		return "", err
	}
	if logID, err = openFileLog(ctx, c); err != nil {
		return "", errors.Join(err, c.close())
	}
	// No other process has the directory open, so whoever held a lease is dead.
	if err := errors.Join(c.queries.FreeLeases(ctx), c.queries.FreeStreams(ctx)); err != nil {
		return "", errors.Join(err, c.close())
	}
	checkpoint, err := f.openDB(path, checkpointPragmas)
	if err != nil {
		return "", errors.Join(err, c.close())
	}
	if f.writer, err = startWriter(ctx, o, write, c, checkpoint); err != nil {
		return "", errors.Join(err, c.close())
	}
	return logID, f.openReaders(ctx, path)
}

func (f *file) openReaders(ctx context.Context, path string) error {
	read, err := f.openDB(path, readerPragmas)
	if err != nil {
		return err
	}
	for range cap(f.readers) {
		c, err := openConn(ctx, read)
		if err != nil {
			return err
		}
		f.opened++
		f.readers <- c
	}
	return nil
}

func (f *file) openDB(path, pragmas string) (*sql.DB, error) {
	db, err := openSQLite(path, pragmas)
	if err == nil {
		f.dbs = append(f.dbs, db)
	}
	return db, err
}

// openFileLog is openLog in a transaction: a copy that is opened for the first time is another log.
func openFileLog(ctx context.Context, c *conn) (id string, err error) {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	defer func() {
		if err != nil {
			_ = c.exec("ROLLBACK")
		}
	}()
	copied, err := metaOr(c.queries.FindMeta(ctx, metaCopied))
	if err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	if id, err = openLog(ctx, c.queries, copied != ""); err != nil {
		return "", err
	}
	if copied != "" {
		if err := c.queries.PutMeta(ctx, sqlgen.PutMetaParams{Name: metaCopied, Value: ""}); err != nil {
			return "", fmt.Errorf("open log: %w", err)
		}
	}
	if err := c.exec("COMMIT"); err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	return id, nil
}

// Beside implements engine: there is one writer.
func (f *file) Beside() engine { return f }

// Shared implements engine.
func (f *file) Shared() bool { return false }

// shutdown also undoes an opening that has failed half-way.
func (f *file) shutdown() error {
	close(f.closing)
	var errs []error
	if f.writer != nil {
		errs = append(errs, f.stop())
	}
	for range f.opened {
		errs = append(errs, (<-f.readers).close())
	}
	for _, db := range f.dbs {
		errs = append(errs, db.Close())
	}
	if f.lock != nil {
		errs = append(errs, unlockDir(f.lock))
	}
	return errors.Join(errs...)
}

// reader takes a connection. One that is free is had at once, whatever has become of ctx.
func (f *file) reader(ctx context.Context) (sqlgen.DBTX, func(), error) {
	lend := func(c *conn) (sqlgen.DBTX, func(), error) {
		return c, func() { f.readers <- c }, nil
	}
	select {
	case <-f.closing:
		return nil, nil, errClosed()
	default:
	}
	select {
	case c := <-f.readers:
		return lend(c)
	default:
	}
	select {
	case c := <-f.readers:
		return lend(c)
	case <-ctx.Done():
		return nil, nil, left(ctx.Err())
	case <-f.closing:
		return nil, nil, errClosed()
	}
}

// listChanged implements engine: keys become visible in their order, so nothing is missed after
// the last that was seen.
func (f *file) listChanged(ctx context.Context, c sqlgen.DBTX, after int64) ([]sqlgen.ListChangedRow, int64, error) {
	q := sqlgen.New(c)
	if after < 0 {
		last, err := q.LastEventKey(ctx)
		return nil, last, err
	}
	rows, err := q.ListChanged(ctx, after)
	position := after
	for _, r := range rows {
		position = max(position, r.LastKey)
	}
	return rows, position, err
}
