// Package relay carries rings between nodes, over Redis. What a node commits it publishes on
// the session's channel; a node hears the channels of the sessions somebody there watches. That a
// session begins is said on its client's channel too, for who waits for the client.
//
//	commit ── Publish ──▶ queue ──▶ PUBLISH ┐
//	                                        ├─ Redis: one channel per session, one per client
//	feed ◀── Deliver ◀── SUBSCRIBE ◀────────┘
//	  └───── Subscribe / Unsubscribe: the first comes, the last leaves
//
// What the nodes' libraries say to each other goes the same way, see Control.
//
// A ring is a courtesy: nothing is kept here or in Redis, nothing is promised but that nobody
// waits for Redis. What is lost is in the log, and the feed finds it there within a second.
// After every time that rings may have been missed, Resync tells which sessions to look at.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/rueidis"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// ConfirmWait is how long Subscribe waits for Redis at most.
	ConfirmWait = 100 * time.Millisecond

	// maxQueued and maxQueuedBytes bound what waits to be published. What does not fit is
	// dropped.
	maxQueued      = 8192
	maxQueuedBytes = 16 << 20

	minBackOff = 50 * time.Millisecond
	maxBackOff = time.Second

	// complainEvery is how often it is logged that something is dropped.
	complainEvery = time.Minute
)

// Params is what a Relay works with. All but Metrics is required.
type Params struct {
	URL   string // as rueidis.ParseURL takes it: Redis, with TLS, or Sentinels of a master_set
	LogID string // of the event log: installations that share a Redis do not mix
	Node  string // id of this process

	// Deliver takes a ring of another node, Resync the key of a session of which rings may
	// have been missed. They are called for sessions that are subscribed to only, so not
	// before the first Subscribe, and must not block.
	Deliver func(chat.Ring)
	Resync  func(session int64)
	// RingClient is told of a client that is subscribed to when it has a new session, or may have one.
	RingClient func(chat.ClientRef)

	Log     *slog.Logger
	Metrics Metrics
}

// Metrics are counted where they are set.
type Metrics struct {
	Up         prometheus.Gauge   // 1 while rings go to Redis and come back, else 0
	Published  prometheus.Counter // rings given to Redis
	Received   prometheus.Counter // rings of other nodes handed on
	Dropped    prometheus.Counter // rings not published: Redis is away or too slow
	Unreadable prometheus.Counter // messages dropped because this program does not understand them
}

// Relay carries rings between this node and others.
type Relay struct {
	params        Params
	options       rueidis.ClientOption
	sessions      string // prefix of the channels of sessions
	clients       string // and of clients
	pulse         string // channel on which this node hears itself
	head          string // how envelopes of this node begin
	subscriptions *subscriptions
	control       *Control
	up            atomic.Bool

	queue  chan message
	queued atomic.Int64 // bytes in queue

	rings    complaint // about rings that are dropped
	overfull complaint // about what nodes' libraries say
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// message is a ring to be published.
type message struct {
	topic topic
	data  []byte
}

// New returns a relay that runs until Close. Redis need not be there: the relay connects in
// the background, as often as it takes. An error says that the URL is wrong.
func New(p Params) (*Relay, error) {
	options, err := rueidis.ParseURL(p.URL)
	if err != nil {
		if parsing, ok := errors.AsType[*url.Error](err); ok {
			err = parsing.Err // without the URL: there may be a password in it
		}
		return nil, fmt.Errorf("relay: the URL of Redis: %w", err)
	}
	configure(&options)
	prefix := "govorun:" + p.LogID[:min(8, len(p.LogID))]
	ctx, cancel := context.WithCancel(context.Background())
	r := &Relay{
		params:        p,
		options:       options,
		sessions:      prefix + ":ring:",
		clients:       prefix + ":client:",
		pulse:         prefix + ":pulse:" + p.Node,
		head:          string(appendHead(nil, p.Node)),
		subscriptions: newSubscriptions(),
		control:       newControl(prefix + ":control"),
		queue:         make(chan message, maxQueued),
		cancel:        cancel,
	}
	r.setUp(false)
	r.running.Go(func() { r.run(ctx) })
	r.running.Go(func() { r.control.run(ctx) })
	return r, nil
}

// Close ends the connection to Redis. Nothing is delivered after it. It is safe twice.
func (r *Relay) Close() {
	r.cancel()
	r.running.Wait()
}

// Publish tells other nodes of a commit here. It never blocks: what Redis cannot take is
// dropped. Rings of one session that are published one after the other keep their order.
func (r *Relay) Publish(ring chat.Ring) {
	if !r.up.Load() {
		count(r.params.Metrics.Dropped, 1)
		return
	}
	data, err := encode(r.params.Node, ring)
	if err != nil {
		count(r.params.Metrics.Dropped, 1)
		r.complain("relay: a ring cannot be written", err)
		return
	}
	if ring.Starts() {
		r.put(message{ofClient(ring.Client), []byte(r.head)})
	}
	r.put(message{ofSession(ring.Session.Key), data})
}

// put queues a message, or drops it.
func (r *Relay) put(m message) {
	size := int64(len(m.data))
	if r.queued.Add(size) <= maxQueuedBytes {
		select {
		case r.queue <- m:
			return
		default:
		}
	}
	r.queued.Add(-size)
	count(r.params.Metrics.Dropped, 1)
}

// Subscribe asks for the rings of a session, until Unsubscribe. It returns when none can be
// missed any more, at the latest after ConfirmWait, and at once while Redis is away; when that
// was too early, Resync is called later. Calls for one session must alternate with those of
// Unsubscribe.
func (r *Relay) Subscribe(ctx context.Context, session int64) { r.subscribe(ctx, ofSession(session)) }

// SubscribeClient asks to be told of new sessions of a client, until UnsubscribeClient, in the same way;
// when it returned too early, RingClient is called later.
func (r *Relay) SubscribeClient(ctx context.Context, client chat.ClientRef) {
	r.subscribe(ctx, ofClient(client))
}

func (r *Relay) subscribe(ctx context.Context, t topic) {
	confirmed := r.subscriptions.want(t)
	if confirmed == nil {
		return
	}
	if r.up.Load() {
		timer := time.NewTimer(ConfirmWait)
		defer timer.Stop()
		select {
		case <-confirmed:
			return
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	r.subscriptions.giveUp(t)
}

// Unsubscribe ends what Subscribe began. It does not block.
func (r *Relay) Unsubscribe(session int64) { r.subscriptions.drop(ofSession(session)) }

// UnsubscribeClient ends what SubscribeClient began. It does not block.
func (r *Relay) UnsubscribeClient(client chat.ClientRef) { r.subscriptions.drop(ofClient(client)) }

// resync tells that rings of a topic may have been missed.
func (r *Relay) resync(t topic) {
	if t.isClient() {
		r.params.RingClient(t.client)
	} else {
		r.params.Resync(t.session)
	}
}

// run connects to Redis again and again, with a pause that grows while it is away.
func (r *Relay) run(ctx context.Context) {
	away := false // and logged
	pause := minBackOff
	for {
		err := r.serve(ctx, func() {
			if away {
				r.params.Log.Info("Redis is available again")
			}
			away, pause = false, minBackOff
			r.setUp(true)
		})
		r.setUp(false)
		r.discard()
		if ctx.Err() != nil {
			return
		}
		if !away {
			away = true
			r.params.Log.Warn("Redis is not available, events of other nodes come from the log within a second", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
		pause = min(2*pause, maxBackOff)
	}
}

func (r *Relay) setUp(up bool) {
	r.up.Store(up)
	if g := r.params.Metrics.Up; g != nil {
		g.Set(0)
		if up {
			g.Set(1)
		}
	}
}

// discard drops what waits to be published: when Redis is back it has come from the log.
func (r *Relay) discard() {
	for {
		select {
		case m := <-r.queue:
			r.queued.Add(-int64(len(m.data)))
			count(r.params.Metrics.Dropped, 1)
		default:
			return
		}
	}
}

// receive takes a message of another node.
func (r *Relay) receive(channel, data string) {
	if r.control.has(channel) {
		if !r.control.receive(data) && r.overfull.due() {
			r.params.Log.Error("relay: other nodes say more than is heard, some of it is dropped")
		}
		return
	}
	if strings.HasPrefix(data, r.head) {
		return // our own
	}
	t, ok := r.topic(channel)
	if !ok {
		return
	}
	if t.isClient() {
		count(r.params.Metrics.Received, 1)
		r.params.RingClient(t.client)
		return
	}
	ring, err := decode([]byte(data))
	if err == nil && ring.Session.Key != t.session {
		err = errors.New("it is of another session")
	}
	if err != nil {
		count(r.params.Metrics.Unreadable, 1)
		r.complain("relay: a ring of another node cannot be read", err)
		return
	}
	count(r.params.Metrics.Received, 1)
	r.params.Deliver(ring)
}

// complain logs what should not be, now and then.
func (r *Relay) complain(what string, err error) {
	if r.rings.due() {
		r.params.Log.Error("relay: rings are dropped, their events come from the log", "what", what, "error", err)
	}
}

// complaint is one that is made now and then. The zero value has never been made.
type complaint struct{ last atomic.Int64 } // Unix seconds

// due tells whether to make it now, and takes it for made.
func (c *complaint) due() bool {
	now, last := time.Now().Unix(), c.last.Load()
	return now-last >= int64(complainEvery/time.Second) && c.last.CompareAndSwap(last, now)
}

func count(c prometheus.Counter, n int) {
	if c != nil && n > 0 {
		c.Add(float64(n))
	}
}
