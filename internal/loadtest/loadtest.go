// Package loadtest drives any server that speaks the client side of TWIN's API (sessions and
// messages over REST, Centrifugo sockets, Socket.IO, webhooks) with an open or closed loop of client messages, measures
// it from the outside, and holds it to the promise that what it acknowledged arrives once and in
// order. It runs beside the server it measures, often on the same machine, so it does little per
// message. It is neither a client library nor part of the server.
package loadtest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// NoBot as Options.Bot starts sessions in which nobody answers.
const NoBot = "none"

// DefaultBot as Options.Bot lets the chat's own bot answer.
const DefaultBot = "default"

// Options say what load to make. Sessions, InFlight and Chat must be set.
type Options struct {
	URL      string        // of the server: http://host:port
	Others   []string      // URLs of further nodes over the same data: the messages of a session go to one, its socket to the next
	Chat     string        // UUID of the chat in which to start sessions
	Bot      string        // NoBot, DefaultBot or the UUID of a bot; "" is NoBot
	Sessions int           // over which the messages are spread
	Sockets  int           // connections that hold these sessions; 0: one for each
	SocketIO bool          // a Socket.IO connection holds each session too, and idle ones are of that kind
	Webhooks bool          // no connection holds the sessions: their messages are pushed to a receiver on loopback
	InFlight int           // requests at a time in the closed loop
	Rate     float64       // messages per second in the open loop; 0: closed loop
	WarmUp   time.Duration // load before the measurement, checked but not counted
	Duration time.Duration // 0: no load (only Idle)
	Drain    time.Duration // how long to wait for what is still to come after the load; 0: 15 s
	Mix      Mix           // what is done besides sending; zero: nothing
	Idle     int           // connections with a session each, held beside the load
	PIDs     []int         // of the server or of all nodes, for CPU time and memory; none: not measured

	// Meters are counters of others, by name, such as what a database has written. They are read
	// right before the load and when all of it has arrived.
	Meters map[string]Meter

	Overload    float64       // times the own maximum, after finding it; 0: no overload
	OverloadFor time.Duration // 0: 10 s
	Recovery    time.Duration // how long to watch the server come back; 0: 8 s
}

// Meter reads a counter.
type Meter func(context.Context) (float64, error)

// Run makes the load and reports what it saw. A report comes with an error too when promises were
// broken; see Report.Err.
func Run(ctx context.Context, o Options) (*Report, error) {
	g, err := newGenerator(o)
	if err != nil {
		return nil, err
	}
	defer g.close()
	r := new(Report)
	if o.Idle > 0 {
		if r.Idle, err = g.holdIdle(ctx, o.Idle); err != nil {
			return nil, err
		}
	}
	if o.Duration > 0 {
		if err := g.run(ctx, r); err != nil {
			return nil, err
		}
	}
	r.Reconnects = g.dropped.Load()
	return r, r.Err()
}

// maxOpenInFlight bounds the requests of an open loop at a time: beyond it messages wait, and are
// still measured from when they were due.
const maxOpenInFlight = 4096

// generator holds the sessions and sockets of a run.
type generator struct {
	options  Options
	nodes    []*node
	start    []byte // body that starts a session
	sessions []*session
	sockets  []*socket
	idle     []*socket
	receiver *receiver    // nil unless webhooks are measured
	next     atomic.Int64 // turn of the session that sends next
	turn     atomic.Int64 // in the mix
	dropped  atomic.Int64
}

func newGenerator(o Options) (*generator, error) {
	if o.Sessions < 1 || o.InFlight < 1 {
		return nil, errors.New("sessions and in-flight must be at least 1")
	}
	if o.Overload > 0 && o.Rate > 0 {
		return nil, errors.New("overload finds its own rate")
	}
	switch bot := o.Bot != NoBot && o.Bot != ""; {
	case o.SocketIO && o.Duration > 0 && !bot:
		return nil, errors.New("over Socket.IO only answers come: a bot must make them")
	case o.Webhooks && (o.SocketIO || bot):
		return nil, errors.New("webhooks are measured without Socket.IO and without a bot")
	}
	g := &generator{options: o, start: startBody(o.Bot, "")}
	for _, address := range append([]string{o.URL}, o.Others...) {
		n, err := newNode(address)
		if err != nil {
			return nil, err
		}
		g.nodes = append(g.nodes, n)
	}
	return g, nil
}

// close ends all connections and waits for their readers.
func (g *generator) close() {
	for _, s := range slices.Concat(g.sockets, g.idle) {
		s.close()
	}
	g.closeIdle()
	if g.receiver != nil {
		g.receiver.close()
	}
}

// closeIdle ends the connections for requests.
func (g *generator) closeIdle() {
	for _, n := range g.nodes {
		n.conns.close()
	}
}

// node is number i of the nodes, which are counted in a circle.
func (g *generator) node(i int) *node { return g.nodes[i%len(g.nodes)] }

// run starts the sessions, makes the load, waits for all of it and compares it with the history.
func (g *generator) run(ctx context.Context, r *Report) error {
	if err := g.open(ctx); err != nil {
		return err
	}
	var err error
	if g.options.Overload > 0 {
		r.Overload, err = g.overload(ctx, r)
	} else {
		r.Load, err = g.measure(ctx, r)
	}
	if err != nil {
		return err
	}
	r.Faults, err = g.verify(ctx)
	return err
}

// measure is the ordinary run: warm up, load, drain.
func (g *generator) measure(ctx context.Context, r *Report) (*Load, error) {
	o := g.options
	if o.WarmUp > 0 {
		g.drain(ctx, r, g.load(ctx, o.Rate, o.WarmUp, nil))
	}
	st, err := g.stage(ctx, o.Rate, o.Duration, nil)
	if err != nil {
		return nil, err
	}
	g.drain(ctx, r, st.rec)
	if st.after, err = g.usage(ctx); err != nil {
		return nil, err
	}
	return st.load(), nil
}

// stage is one load, and what it cost.
type stage struct {
	rate          float64
	rec           *recorder
	before, after usage
}

func (s *stage) load() *Load { return s.rec.report(s.rate, s.before, s.after) }

// stage makes a load; it fails when the server accepted nothing.
func (g *generator) stage(ctx context.Context, rate float64, d time.Duration, tl *timeline) (*stage, error) {
	before, err := g.usage(ctx)
	if err != nil {
		return nil, err
	}
	rec := g.load(ctx, rate, d, tl)
	if err := errors.Join(ctx.Err(), rec.err()); err != nil {
		return nil, err
	}
	after, err := g.usage(ctx)
	return &stage{rate, rec, before, after}, err
}

// load sends messages for a while and returns when all of them are acknowledged, refused or failed.
func (g *generator) load(ctx context.Context, rate float64, d time.Duration, tl *timeline) *recorder {
	answers := 0
	if g.options.Bot != NoBot && g.options.Bot != "" {
		answers = 1
		if g.options.SocketIO {
			answers = 2
		}
	}
	rec := newRecorder(answers, d+lateGrace)
	rec.timeline = tl
	act := func(due time.Time) { g.act(ctx, rec, due) }
	if rate > 0 {
		openLoop(ctx, rec, rate, d, act)
	} else {
		closedLoop(ctx, rec, g.options.InFlight, d, act)
	}
	return rec
}

// closedLoop keeps a number of requests in flight: the next is sent when one is answered.
func closedLoop(ctx context.Context, rec *recorder, inFlight int, d time.Duration, act func(due time.Time)) {
	var wg sync.WaitGroup
	for range inFlight {
		wg.Go(func() {
			for ctx.Err() == nil {
				now := time.Now()
				if now.Sub(rec.start) >= d {
					return
				}
				act(now)
			}
		})
	}
	wg.Wait()
	rec.end = time.Now()
}

// openLoop sends at times fixed in advance.
func openLoop(ctx context.Context, rec *recorder, rate float64, d time.Duration, act func(due time.Time)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	runtime.LockOSThread() // for nap
	defer runtime.UnlockOSThread()
	slots := make(chan struct{}, maxOpenInFlight)
	p := pacer{rate: rate, count: int(rate * d.Seconds()), now: time.Now, wait: nap}
	launched := p.run(ctx, func(due time.Time) {
		slots <- struct{}{} // blocks when the server is far behind: the message is late, and counted so
		wg.Go(func() {
			act(due)
			<-slots
		})
	})
	rec.end = time.Now()
	rec.unsent.Add(int64(p.count - launched))
}

// drainFor is how long to wait for what is to come, unless the options say otherwise.
const drainFor = 15 * time.Second

// drain waits until everything acknowledged has arrived, or time is up.
func (g *generator) drain(ctx context.Context, r *Report, runs ...*recorder) {
	limit := cmp.Or(g.options.Drain, drainFor)
	begin := time.Now()
	for _, rec := range runs {
		for rec.outstanding.Load() > 0 && time.Since(begin) < limit {
			if !pause(ctx, 5*time.Millisecond) {
				return
			}
		}
	}
	r.DrainSeconds = max(r.DrainSeconds, time.Since(begin).Seconds())
}

// newSocket is a socket to a node, not yet open.
func (g *generator) newSocket(n *node, path string, p protocol) *socket {
	return &socket{
		url: "ws://" + n.host + path, protocol: p, dropped: &g.dropped,
		dialer: &websocket.Dialer{
			NetDialContext:   n.dial,
			HandshakeTimeout: requestTimeout,
			ReadBufferSize:   2048, // small: there are thousands
			WriteBufferSize:  512,
		},
	}
}

// each calls fn for 0 … n-1, some at a time, and returns the first error, after which it begins no
// more.
func each(n, atOnce int, fn func(i int) error) error {
	var next atomic.Int64
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	for range min(n, atOnce) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := fn(i); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(n))
				}
			}
		})
	}
	wg.Wait()
	return first
}

// overloaded reports whether a status means: not now (429 from the rate limit, 503 from overload).
func overloaded(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
