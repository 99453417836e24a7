package realtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// Service is what clients do; *chat.Service is one.
type Service interface {
	FindSession(ctx context.Context, id string) (*chat.Session, error)
	FindChat(ctx context.Context, id string) (*chat.Chat, error)
	Type(ctx context.Context, sessionID, body string) error
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
	SlowReaders prometheus.Counter  // connections told to reconnect because they read too slowly
	Lag         prometheus.Observer // seconds from an event to its hand-over to the first connection
}

// Limits bound what clients cost. A zero field takes its default.
type Limits struct {
	MaxConnections int           // open, also before their connect command; a further one is refused with 503; default 100,000
	QueueBytes     int           // waiting for one connection before it is told to reconnect; default 1 MiB
	Sessions       int           // named in one connect command; default 100
	Recover        int           // publications of a channel a client may have missed; default 10,000
	MessageBytes   int           // one message or request of a client; default 64 KiB
	WriteTimeout   time.Duration // of one write to a socket; default 5 s
	Hold           time.Duration // least time a channel granted at connect waits for a subscribe; default 100 ms, negative never
	MarkInterval   time.Duration // how often it is written down how far streams have been given while connections stay: what a crash makes a later first connect repeat; default 5 s
	Commands       rate.Limit    // subscribes, RPCs and questions for presence a second of one connection; default 20
	CommandsBurst  int           // of them at once; default 500
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.MaxConnections, 100_000)
	setDefault(&l.QueueBytes, 1<<20)
	setDefault(&l.Sessions, 100)
	setDefault(&l.Recover, 10_000)
	setDefault(&l.MessageBytes, 64<<10)
	setDefault(&l.WriteTimeout, 5*time.Second)
	setDefault(&l.Hold, 100*time.Millisecond)
	setDefault(&l.MarkInterval, 5*time.Second)
	setDefault(&l.Commands, 20)
	setDefault(&l.CommandsBurst, 500)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Params is what a Server works with. Service, Feed, Events, LogID and Log are required.
type Params struct {
	Service  Service
	Feed     Feed
	Events   Log
	LogID    string // id of the event log: positions of another log mean nothing
	Log      *slog.Logger
	Links    Links   // of files that are ours; nil when there are none
	Control  Control // to other nodes; nil when there are none
	Presence Presence
	Now      func() time.Time // clock; nil for the system's
	Version  string           // told in the connect reply
	Limits   Limits
	Metrics  Metrics
	Registry *prometheus.Registry // for the library's own metrics; nil keeps them to itself
}

const (
	// positionCheckDelay is how long a channel is silent before the library compares a
	// connection's position with its topic's, which costs no reading of the log. Topics hand
	// out dense numbers, so it only ever finds a mistake of ours.
	positionCheckDelay = 10 * time.Second
	// staleDelay is how long a connection may stay without a connect command.
	staleDelay = 10 * time.Second
	// callTimeout bounds one call of the domain or one reading of the log.
	callTimeout = 5 * time.Second
	// maxChannelName is longer than the name of any channel of ours, in bytes.
	maxChannelName = 64
)

// Server holds the connections of clients.
type Server struct {
	Params
	node   *centrifuge.Node
	broker *broker
	marker *feed.Marker
	// presence is of all nodes; nil when there is one.
	presence *presence

	start   func() error  // once
	done    chan struct{} // closed by Close
	stop    func()        // once: closes done
	running sync.WaitGroup
	seated  atomic.Int64 // open connections, see seat
	mu      sync.Mutex
	closing bool // guarded by mu: nothing is added to running any more
}

// New returns a server that serves after Run.
func New(p Params) (*Server, error) {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Version == "" {
		p.Version = "govorun"
	}
	if p.Registry == nil {
		p.Registry = prometheus.NewRegistry()
	}
	p.Limits = p.Limits.withDefaults()
	setDefault(&p.Presence.TTL, time.Minute)
	s := &Server{Params: p, done: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(s.done) })
	node, err := centrifuge.New(centrifuge.Config{
		Name:                            "govorun",
		Version:                         p.Version,
		LogLevel:                        centrifuge.LogLevelWarn,
		LogHandler:                      s.logEntry,
		ClientQueueMaxSize:              p.Limits.QueueBytes,
		ClientChannelLimit:              4 * p.Limits.Sessions,
		ClientChannelPositionCheckDelay: positionCheckDelay,
		ClientStaleCloseDelay:           staleDelay,
		ClientPresenceUpdateInterval:    p.Presence.TTL * 5 / 12, // one of them may get lost
		ChannelMaxLength:                maxChannelName,
		Metrics:                         centrifuge.MetricsConfig{RegistererGatherer: p.Registry},
	})
	if err != nil {
		return nil, fmt.Errorf("make centrifuge node: %w", err)
	}
	s.node = node
	s.marker = feed.NewMarker(p.Service, p.Log)
	s.broker = newBroker(s)
	node.SetBroker(s.broker)
	if err := s.joinOthers(); err != nil {
		return nil, err
	}
	node.OnConnecting(s.connecting)
	node.OnConnect(s.connected)
	node.OnCommandRead(s.commandRead)
	node.OnCommandProcessed(s.commandProcessed)
	node.OnTransportWrite(s.transportWrite)
	s.start = sync.OnceValue(s.run)
	return s, nil
}

// joinOthers has the library work with other nodes, as far as there are any.
func (s *Server) joinOthers() error {
	if s.Control != nil {
		s.node.SetController(controller{s.Control, s.node})
	}
	if s.Presence.Redis == "" {
		return nil
	}
	prefix := "govorun:" + s.LogID[:min(8, len(s.LogID))]
	connect, err := newRemote(s.node, s.Presence.Redis, prefix, s.Presence.TTL)
	if err != nil {
		return err
	}
	s.presence = newPresence(connect, s.Log)
	s.node.SetPresenceManager(s.presence)
	return nil
}

// Run starts the server and returns. It is safe twice.
func (s *Server) Run() error {
	if err := s.start(); err != nil {
		return fmt.Errorf("run centrifuge node: %w", err)
	}
	return nil
}

func (s *Server) run() error {
	s.spawn(s.markAll)
	if s.presence != nil {
		s.spawn(func() { s.presence.keep(s.done) })
	}
	return s.node.Run()
}

// markAll marks every topic every Limits.MarkInterval until Close.
func (s *Server) markAll() {
	tick := time.NewTicker(s.Limits.MarkInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			s.broker.markTopics()
		}
	}
}

// Close tells all clients to reconnect elsewhere or later, writes down how far the sessions
// have been given, and waits for both or for ctx. It is safe twice.
func (s *Server) Close(ctx context.Context) error {
	err := s.node.Shutdown(ctx)
	s.stop()
	s.broker.closeTopics()
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	return errors.Join(err, wait(ctx, &s.running), s.marker.Drain(ctx))
}

// spawn runs f in a goroutine that Close waits for; after Close it does nothing.
func (s *Server) spawn(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.running.Go(f)
	}
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
		return ctx.Err()
	}
}

func (s *Server) stopping() bool {
	select {
	case <-s.node.NotifyShutdown():
		return true
	default:
		return false
	}
}

// strayEmulation is what the library calls an error when anybody posts to an emulation endpoint
// for a connection that is not here, nor on another node that can be reached. The client comes
// back; that Redis is away is said elsewhere.
const strayEmulation = "error processing emulation request"

// logEntry passes on what the library warns of, without its fields: they carry channel names
// and commands, which hold ids of sessions, and knowing such an id is a right.
func (s *Server) logEntry(e centrifuge.LogEntry) {
	level := slog.LevelWarn
	switch {
	case e.Message == strayEmulation, s.stopping(): // then nothing can be subscribed to any more
		level = slog.LevelDebug
	case e.Level == centrifuge.LogLevelError:
		level = slog.LevelError
	}
	s.Log.Log(context.Background(), level, "centrifuge library", "message", e.Message, "error", e.Error, "client", e.Fields["client"])
}
