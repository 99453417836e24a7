package socketio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
	"golang.org/x/time/rate"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/socketio/wire"
)

// Service is what clients do; *chat.Service is one.
type Service interface {
	FindSession(ctx context.Context, id string) (*chat.Session, error)
	FindChat(ctx context.Context, id string) (*chat.Chat, error)
	Type(ctx context.Context, sessionID, body string) error
	Read(ctx context.Context, sessionID, messageID string) error
	MarkGiven(ctx context.Context, session chat.SessionRef, widgetNo int64) error
}

// Feed tells of what happens; *feed.Feed is one. ctx counts only until Watch returns.
type Feed interface {
	Watch(ctx context.Context, s chat.SessionRef, fn func(*chat.Event)) (head chat.Head, stop func(), err error)
}

// Log is what has happened; a chat.Reader is one.
type Log interface {
	ListStream(ctx context.Context, s chat.SessionRef, stream chat.Stream, after int64, limit int, reverse bool) ([]chat.Event, error)
}

// Metrics are set by a Server; what is nil is not counted.
type Metrics struct {
	Connections prometheus.Gauge    // open connections
	SlowReaders prometheus.Counter  // connections closed because they read too slowly
	Lag         prometheus.Observer // seconds from an event to its hand-over to a connection
}

// Limits bound what clients cost. A zero field takes its default.
type Limits struct {
	MaxConnections int           // open; a further one is refused with 503; default 100,000
	QueueBytes     int           // waiting for one connection before it is closed; default 1 MiB
	PayloadBytes   int           // one message or request of a client; default 64 KiB
	WriteTimeout   time.Duration // of one write to a connection; default 5 s
	MarkInterval   time.Duration // how often it is written down what connections have; default 5 s
	Packets        rate.Limit    // a second of one connection, which is closed beyond it; default 50
	PacketsBurst   int           // of them at once; default 500
	PingInterval   time.Duration // default 25 s, as Socket.IO has it
	PingTimeout    time.Duration // default 20 s, as Socket.IO has it
	Join           time.Duration // until a client of Engine.IO 4 has connected to the namespace; default 10 s
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.MaxConnections, 100_000)
	setDefault(&l.QueueBytes, 1<<20)
	setDefault(&l.PayloadBytes, 64<<10)
	setDefault(&l.WriteTimeout, 5*time.Second)
	setDefault(&l.MarkInterval, 5*time.Second)
	setDefault(&l.Packets, 50)
	setDefault(&l.PacketsBurst, 500)
	setDefault(&l.PingInterval, 25*time.Second)
	setDefault(&l.PingTimeout, 20*time.Second)
	setDefault(&l.Join, 10*time.Second)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Params is what a Server works with. Service, Feed, Events and Log are required.
type Params struct {
	Service Service
	Feed    Feed
	Events  Log
	Log     *slog.Logger
	Links   Links            // of files that are ours; nil when there are none
	Now     func() time.Time // clock; nil for the system's
	Limits  Limits
	Metrics Metrics
}

// callTimeout bounds one call of the domain or one reading of the log.
const callTimeout = 5 * time.Second

// Server holds the connections of clients.
type Server struct {
	Params
	engine  engine.Server
	handler *wire.Handler
	marker  *feed.Marker

	done    chan struct{} // closed by Close
	stop    func()        // once: closes done
	running sync.WaitGroup
	open    sync.WaitGroup // connections of the engine, and those that are served until they are marked
	seated  atomic.Int64   // connections from their handshake on

	mu      sync.Mutex // guards what follows
	closing bool       // nothing is added to running or open any more
	conns   map[int64]map[*conn]bool
}

// New returns a server that serves until Close.
func New(p Params) *Server {
	if p.Now == nil {
		p.Now = time.Now
	}
	p.Limits = p.Limits.withDefaults()
	s := &Server{Params: p, done: make(chan struct{}), conns: make(map[int64]map[*conn]bool)}
	s.stop = sync.OnceFunc(func() { close(s.done) })
	s.marker = feed.NewMarker(p.Service, p.Log)
	options := s.options()
	io := socket.NewServer(nil, options)
	io.Use(admit)
	s.engine = engine.NewServer(options)
	// Listeners are never refused. Ours comes first: a client of Engine.IO 3 is connected to the
	// namespace by the library's.
	_ = s.engine.On("connection", func(args ...any) { s.opened(args[0].(engine.Socket)) })
	io.Bind(s.engine)
	_ = io.On("connection", func(args ...any) { s.joined(args[0].(*socket.Socket)) })
	s.handler = wire.NewHandler(s.engine, wire.Limits{Payload: p.Limits.PayloadBytes, Write: p.Limits.WriteTimeout})
	s.spawn(s.markAll)
	return s
}

func (s *Server) options() *socket.ServerOptions {
	o := socket.DefaultServerOptions()
	o.SetAllowEIO3(true)
	o.SetPingInterval(s.Limits.PingInterval)
	o.SetPingTimeout(s.Limits.PingTimeout)
	o.SetConnectTimeout(s.Limits.Join)
	o.SetMaxHttpBufferSize(int64(s.Limits.PayloadBytes))
	o.SetHttpCompression(&types.HttpCompression{Threshold: math.MaxInt}) // costs more than these answers are long
	return o
}

// Close closes all connections, whose clients come back elsewhere or later, writes down what they
// have, and waits for all that or for ctx. It is safe twice.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.stop()
	s.engine.Clients().Range(func(_ string, conn engine.Socket) bool {
		wire.Cut(conn)
		return true
	})
	return errors.Join(wait(ctx, &s.open), wait(ctx, &s.running), s.marker.Drain(ctx))
}

// spawn runs f in a goroutine that Close waits for; after Close it does nothing, and reports false.
func (s *Server) spawn(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.running.Go(f)
	}
	return !s.closing
}

func wait(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close Socket.IO: %w", ctx.Err())
	}
}

// markAll marks what connections have every Limits.MarkInterval until Close.
func (s *Server) markAll() {
	tick := time.NewTicker(s.Limits.MarkInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			for _, c := range s.all() {
				c.mark()
			}
		}
	}
}

func (s *Server) all() (list []*conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conns := range s.conns {
		for c := range conns {
			list = append(list, c)
		}
	}
	return list
}

// add registers a connection of a session, unless the server is closing. remove is to follow.
func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.open.Add(1)
	conns := s.conns[c.session.Key]
	if conns == nil {
		conns = make(map[*conn]bool)
		s.conns[c.session.Key] = conns
	}
	conns[c] = true
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := s.conns[c.session.Key]
	delete(conns, c)
	if len(conns) == 0 {
		delete(s.conns, c.session.Key)
	}
	s.open.Done()
}

// given is how far connections of this node have been given a session's stream, as far as the
// storage need not know yet.
func (s *Server) given(ref chat.SessionRef) (no int64) {
	s.mu.Lock()
	for c := range s.conns[ref.Key] {
		no = max(no, c.link.Confirmed())
	}
	s.mu.Unlock()
	return max(no, s.marker.Given(ref)) // a connection that ends is marked before it is removed
}
