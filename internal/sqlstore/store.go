package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// Options are what a store is opened with: PostgresURL, or Dir.
type Options struct {
	Dir         string       // data directory of SQLite, made if it is missing; one process at a time
	PostgresURL string       // database of PostgreSQL; any number of processes at a time
	Connections int          // to PostgreSQL at most, at least 6; 0: 24. A third of them only reads, two are Beside
	QueueSize   int          // transactions that may wait; 0: 1024. When full, Update is CodeUnavailable
	MaxGroup    int          // SQLite: transactions per commit at most; 0: 256
	Log         *slog.Logger // nil: none
	// Fatal is told of a failed commit of SQLite, after which nobody knows what is stored, and of a
	// database of PostgreSQL whose log has become another one below this process. It must end the
	// process without saying that anything succeeded; nil panics.
	Fatal   func(error)
	Metrics Metrics

	// What is read is locked, so transactions see what others have committed before; tests: others.
	isolation string
	schema    *schema                 // tests: another than the program's own
	onBegin   func(*conn)             // tests: in every group, after its BEGIN
	wire      func(net.Conn) net.Conn // tests: what is put around connections to PostgreSQL
	walLimit  int64                   // bytes after which the write-ahead log is moved; 0: 128 MiB
}

// Metrics is what the store measures; nil fields are not.
type Metrics struct {
	BatchSize     prometheus.Observer // transactions per commit
	CommitSeconds prometheus.Observer // time of a commit, flushed
	Retries       prometheus.Counter  // transactions run again: they met others
}

// Store is chat.Store on one of the engines.
type Store struct {
	engine
	logID string
	close func() error
}

// engine is what the engines do differently beyond the text of their statements.
type engine interface {
	// Update is that of chat.Store.
	Update(ctx context.Context, fn func(chat.Tx) error) error
	// Beside is the same data over connections of its own, which no other work keeps busy.
	Beside() engine
	// Shared reports whether other processes may use the same data.
	Shared() bool
	// reader lends a connection for readers until done is called. ctx counts while it is waited for.
	reader(ctx context.Context) (c sqlgen.DBTX, done func(), err error)
	// listChanged is that of chat.Reader, on a connection for readers.
	listChanged(ctx context.Context, c sqlgen.DBTX, after int64) ([]sqlgen.ListChangedRow, int64, error)
	// shutdown waits for what is under way. It is called once.
	shutdown() error
}

var _ chat.Store = (*Store)(nil)

// Open opens the data, brings its tables to this program's version and starts what writes. It
// fails when a later program has written the data in a way this one does not understand, and on
// SQLite when another process has the directory open.
func Open(ctx context.Context, o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{}
	if o.PostgresURL != "" {
		s.engine, s.logID, err = openPostgres(ctx, o)
	} else {
		s.engine, s.logID, err = openFile(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.close = sync.OnceValue(s.shutdown)
	return s, nil
}

func (o Options) withDefaults() (_ Options, err error) {
	if o.Connections == 0 {
		o.Connections = 24
	}
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
	if o.isolation == "" {
		o.isolation = "read committed"
	}
	if o.schema == nil {
		o.schema, err = ownSchema()
	}
	return o, err
}

// Beside returns the same data for what must not wait behind everything else: that this node lives.
// It needs no closing.
func (s *Store) Beside() *Store {
	return &Store{engine: s.engine.Beside(), logID: s.logID, close: s.close}
}

// LogID implements chat.Store.
func (s *Store) LogID() string { return s.logID }

// Close refuses new transactions, waits for those that are queued and for reads, and closes the
// data. It is safe to call twice.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// read runs f on a connection for readers. ctx counts while it waits for one.
func read[T any](ctx context.Context, s *Store, thing string, f func(context.Context, *sqlgen.Queries) (T, error)) (T, error) {
	return readOn(ctx, s, thing, func(ctx context.Context, c sqlgen.DBTX) (T, error) { return f(ctx, sqlgen.New(c)) })
}

// readOn is read with the connection itself.
func readOn[T any](ctx context.Context, s *Store, thing string, f func(context.Context, sqlgen.DBTX) (T, error)) (T, error) {
	var none T
	c, done, err := s.reader(ctx)
	if err != nil {
		return none, err
	}
	defer done()
	result, err := f(context.Background(), c)
	if err != nil {
		return none, asDomain(thing, err)
	}
	return result, nil
}

func errClosed() error { return unavailable("the server is shutting down", nil) }
