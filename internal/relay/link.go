package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

const (
	// pulseInterval is how often a node publishes to itself, on the same connections as
	// rings. When nothing has been heard for maxSilence, the connections are given up: they
	// may look alive and yet lead nowhere.
	pulseInterval = 200 * time.Millisecond
	maxSilence    = time.Second

	// maxBatch is how many rings are published at a time, maxTold how many topics are
	// subscribed to.
	maxBatch = 256
	maxTold  = 512
)

var (
	errSilent = errors.New("it does not answer")
	errClosed = errors.New("the connection was closed")
)

// configure sets what an URL does not say.
func configure(o *rueidis.ClientOption) {
	if o.Dialer.Timeout == 0 {
		o.Dialer.Timeout = maxSilence
	}
	if o.ConnWriteTimeout == 0 {
		o.ConnWriteTimeout = maxSilence
	}
	// No pings: their answers wait behind rings, so they would end a connection that is busy.
	// The pulse looks after the connections.
	o.Dialer.KeepAlive = -1
	o.ForceSingleClient = true
	o.PipelineMultiplex = -1 // one connection to publish: it keeps the order
	o.DisableCache = true
	o.DisableRetry = true
	o.ReadBufferEachConn = 64 << 10
	o.WriteBufferEachConn = 64 << 10
	o.Sentinel.Dialer = o.Dialer
	o.Sentinel.TLSConfig = o.TLSConfig
	// Sentinels tell of a new master; this is for when that was not heard.
	o.Sentinel.TopologyRefreshInterval = 5 * time.Second
}

// link is one time of being connected to Redis: a connection to publish, and one to hear.
type link struct {
	relay      *Relay
	conns      *connections
	client     rueidis.Client
	subscriber rueidis.DedicatedClient
	ended      <-chan error // closed when nothing is heard any more

	begin   time.Time
	heard   atomic.Int64  // when a message came last, since begin
	pulsing chan struct{} // closed by the first pulse
	pulse   sync.Once
}

// serve connects to Redis and carries rings until that fails, and says why. ready is called
// when the first message has gone all the way.
func (r *Relay) serve(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &link{relay: r, conns: &connections{}, begin: time.Now(), pulsing: make(chan struct{})}
	// Whatever waits for Redis returns when the connections are closed.
	stop := context.AfterFunc(ctx, l.conns.close)
	defer stop()
	if err := l.connect(ctx); err != nil {
		l.conns.close()
		return err
	}
	var running sync.WaitGroup
	failed := make(chan error, 2)
	running.Go(func() { failed <- l.publish(ctx) })
	running.Go(func() { failed <- l.subscribe(ctx) })
	err := l.watch(ctx, failed, ready)

	l.relay.control.end(l)
	cancel()
	l.conns.close()
	running.Wait()
	l.relay.control.end(l) // it may have begun meanwhile
	for range l.ended {
		// until nothing is delivered any more
	}
	l.subscriber.Close()
	l.client.Close()
	return err
}

// connect returns when Redis has confirmed that this node hears itself.
func (l *link) connect(ctx context.Context) (err error) {
	o := l.relay.options
	o.DialCtxFn = l.conns.dialer(ctx, o.DialCtxFn)
	l.client, err = rueidis.NewClient(o)
	if err != nil {
		if l.client != nil {
			l.client.Close()
		}
		return err
	}
	l.subscriber, _ = l.client.Dedicate() // given back by its Close
	l.ended = l.subscriber.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: l.message, OnSubscription: l.confirm})
	// The same time as of every connection: there is no answer to wait for longer.
	timer := time.AfterFunc(maxSilence, l.conns.close)
	defer timer.Stop()
	pulse := l.subscriber.B().Subscribe().Channel(l.relay.pulse).Build()
	if err := l.subscriber.Do(context.Background(), pulse).Error(); err != nil {
		l.conns.close()
		l.subscriber.Close()
		l.client.Close()
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// watch returns when the link leads nowhere any more.
func (l *link) watch(ctx context.Context, failed <-chan error, ready func()) error {
	tick := time.NewTicker(pulseInterval / 2)
	defer tick.Stop()
	pulsing := l.pulsing
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return err
		case err := <-l.ended:
			return errors.Join(errClosed, err)
		case <-pulsing:
			ready()
			pulsing = nil
		case <-tick.C:
			if time.Since(l.begin)-time.Duration(l.heard.Load()) > maxSilence {
				return errSilent
			}
		}
	}
}

// message is called for everything that is published on our channels, one by one.
func (l *link) message(m rueidis.PubSubMessage) {
	l.heard.Store(int64(time.Since(l.begin)))
	if m.Channel == l.relay.pulse {
		l.pulse.Do(func() { close(l.pulsing) })
		return
	}
	l.relay.receive(m.Channel, m.Message)
}

// confirm is called when Redis has subscribed us to a channel, or the reverse.
func (l *link) confirm(s rueidis.PubSubSubscription) {
	if t, ok := l.relay.topic(s.Channel); ok && l.relay.subscriptions.confirm(t) {
		l.relay.resync(t)
	}
}

// publish gives Redis what is in the queue, as much at a time as there is.
func (l *link) publish(ctx context.Context) error {
	pulse := time.NewTicker(pulseInterval)
	defer pulse.Stop()
	var batch []rueidis.Completed
	batch = append(batch, l.publication(l.relay.pulse, nil))
	rings := 0
	for {
		if err := l.send(batch, rings); err != nil {
			return err
		}
		batch, rings = batch[:0], 0
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pulse.C:
			batch = append(batch, l.publication(l.relay.pulse, nil))
		case m := <-l.relay.queue:
			batch = l.collect(batch, m)
			rings = len(batch)
		}
	}
}

// collect adds the first message and what else is in the queue.
func (l *link) collect(batch []rueidis.Completed, m message) []rueidis.Completed {
	for {
		l.relay.queued.Add(-int64(len(m.data)))
		batch = append(batch, l.publication(l.relay.channel(m.topic), m.data))
		if len(batch) == maxBatch {
			return batch
		}
		select {
		case m = <-l.relay.queue:
		default:
			return batch
		}
	}
}

func (l *link) publication(channel string, data []byte) rueidis.Completed {
	// The bytes are not changed any more.
	return l.client.B().Publish().Channel(channel).Message(rueidis.BinaryString(data)).Build()
}

// send publishes a batch, of which some are rings.
func (l *link) send(batch []rueidis.Completed, rings int) (err error) {
	failed := 0
	// It has no context: it returns when the connections are closed.
	for _, result := range l.client.DoMulti(context.Background(), batch...) {
		if e := result.Error(); e != nil {
			failed++
			err = fmt.Errorf("publish: %w", e)
		}
	}
	lost := min(failed, rings)
	count(l.relay.params.Metrics.Published, rings-lost)
	count(l.relay.params.Metrics.Dropped, lost)
	return err
}

// subscribe tells Redis of which topics is to be heard, all of them at first, and that this
// node listens to others.
func (l *link) subscribe(ctx context.Context) error {
	l.relay.subscriptions.renew()
	listening := l.relay.control.listening
	for {
		subscribe, unsubscribe := l.relay.subscriptions.next(maxTold)
		if len(subscribe)+len(unsubscribe) > 0 {
			if err := l.tell(subscribe, unsubscribe); err != nil {
				return fmt.Errorf("subscribe: %w", err)
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.relay.subscriptions.wake:
		case <-listening:
			listening = nil
			if err := l.relay.control.begin(l); err != nil {
				return fmt.Errorf("listen to nodes: %w", err)
			}
		}
	}
}

func (l *link) tell(subscribe, unsubscribe []topic) error {
	if len(unsubscribe) > 0 {
		command := l.subscriber.B().Unsubscribe().Channel(l.channels(unsubscribe)...).Build()
		if err := l.subscriber.Do(context.Background(), command).Error(); err != nil {
			return err
		}
	}
	if len(subscribe) == 0 {
		return nil
	}
	command := l.subscriber.B().Subscribe().Channel(l.channels(subscribe)...).Build()
	return l.subscriber.Do(context.Background(), command).Error()
}

func (l *link) channels(topics []topic) []string {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = l.relay.channel(t)
	}
	return names
}

// connections are those of a link. Once closed, no more are made.
type connections struct {
	mu     sync.Mutex // guards what follows
	list   []net.Conn
	closed bool
}

type dial func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error)

// dialer keeps what another one has made; nil is the usual one. It makes none after life's end.
func (c *connections) dialer(life context.Context, f dial) dial {
	if f == nil {
		f = dialTCP
	}
	return func(ctx context.Context, address string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stop := context.AfterFunc(life, cancel)
		defer stop()
		conn, err := f(ctx, address, d, t)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.closed {
			return nil, errors.Join(errClosed, conn.Close())
		}
		c.list = append(c.list, conn)
		return conn, nil
	}
}

func dialTCP(ctx context.Context, address string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
	if t == nil {
		return d.DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{NetDialer: d, Config: t}).DialContext(ctx, "tcp", address)
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range c.list {
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn() // a farewell could wait for the other side
		}
		_ = conn.Close() // nothing is to be flushed
	}
	c.list = nil
}
