package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// Options are what a store is opened with. Only Dir is needed.
type Options struct {
	Dir       string       // data directory, made if it is missing; one process at a time
	QueueSize int          // transactions that may wait; 0: 1024. When full, Update is CodeUnavailable
	MaxGroup  int          // transactions per commit at most; 0: 256
	Log       *slog.Logger // nil: none
	// Fatal is told of a failed commit, after which nobody knows what is stored. It must end
	// the process without saying that anything succeeded; nil panics.
	Fatal   func(error)
	Metrics Metrics

	onBegin  func(*conn) // tests: in every group, after its BEGIN
	walLimit int64       // bytes after which the write-ahead log is moved; 0: 32 MiB
}

// Metrics is what the store measures; nil fields are not.
type Metrics struct {
	BatchSize     prometheus.Observer // transactions per commit
	CommitSeconds prometheus.Observer // time of a commit, flushed
}

// databaseName is the file in the data directory.
const databaseName = "govorun.db"

// Store is chat.Store on SQLite.
type Store struct {
	logID   string
	lock    *os.File
	dbs     []*sql.DB
	writer  *writer
	readers chan *conn // idle connections; whoever takes one gives it back
	opened  int        // how many there are in all
	closing chan struct{}
	close   func() error
}

var _ chat.Store = (*Store)(nil)

// Open opens the data directory, brings its tables to this program's version, frees the
// leases of the process before and starts the writer. It fails when another process has the
// directory open, and when a later program has written it.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{closing: make(chan struct{}), readers: make(chan *conn, max(4, runtime.GOMAXPROCS(0)))}
	s.close = sync.OnceValue(s.shutdown)
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	if s.lock, err = lockDir(o.Dir); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := s.open(ctx, filepath.Join(o.Dir, databaseName), o); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.QueueSize == 0 {
		o.QueueSize = 1024
	}
	if o.MaxGroup == 0 {
		o.MaxGroup = 256
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	if o.walLimit == 0 {
		o.walLimit = 128 << 20
	}
	return o
}

func (s *Store) open(ctx context.Context, path string, o Options) error {
	write, err := s.openDB(path, writerPragmas)
	if err != nil {
		return err
	}
	if err := migrate(ctx, write); err != nil {
		return err
	}
	c, err := openConn(ctx, write)
	if err != nil {
		return err
	}
	if s.logID, err = openLog(ctx, c); err != nil {
		return errors.Join(err, c.close())
	}
	// No other process has the directory open, so whoever held a lease is dead.
	if err := c.queries.FreeLeases(ctx); err != nil {
		return errors.Join(err, c.close())
	}
	checkpoint, err := s.openDB(path, checkpointPragmas)
	if err != nil {
		return errors.Join(err, c.close())
	}
	if s.writer, err = startWriter(ctx, o, write, c, checkpoint); err != nil {
		return errors.Join(err, c.close())
	}
	read, err := s.openDB(path, readerPragmas)
	if err != nil {
		return err
	}
	for range cap(s.readers) {
		c, err := openConn(ctx, read)
		if err != nil {
			return err
		}
		s.opened++
		s.readers <- c
	}
	return nil
}

func (s *Store) openDB(path, pragmas string) (*sql.DB, error) {
	db, err := openSQLite(path, pragmas)
	if err == nil {
		s.dbs = append(s.dbs, db)
	}
	return db, err
}

// LogID implements chat.Store.
func (s *Store) LogID() string { return s.logID }

// Close refuses new transactions, waits for those that are queued and for reads, and gives
// the data directory back. It is safe to call twice.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutdown() error {
	close(s.closing)
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.stop())
	}
	for range s.opened {
		errs = append(errs, (<-s.readers).close())
	}
	for _, db := range s.dbs {
		errs = append(errs, db.Close())
	}
	if s.lock != nil {
		errs = append(errs, unlockDir(s.lock))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// read runs f on a connection for readers. ctx counts while it waits for one.
func read[T any](ctx context.Context, s *Store, thing string, f func(context.Context, *sqlgen.Queries) (T, error)) (T, error) {
	var none T
	c, err := s.reader(ctx)
	if err != nil {
		return none, err
	}
	defer func() { s.readers <- c }()
	result, err := f(context.Background(), c.queries)
	if err != nil {
		return none, asDomain(thing, err)
	}
	return result, nil
}

// reader takes a connection. One that is free is had at once, whatever has become of ctx.
func (s *Store) reader(ctx context.Context) (*conn, error) {
	select {
	case <-s.closing:
		return nil, errClosed()
	default:
	}
	select {
	case c := <-s.readers:
		return c, nil
	default:
	}
	select {
	case c := <-s.readers:
		return c, nil
	case <-ctx.Done():
		return nil, left(ctx.Err())
	case <-s.closing:
		return nil, errClosed()
	}
}

func errClosed() error { return unavailable("the server is shutting down", nil) }
