package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// maxTelling is how many may wait at once for Redis to take what they tell other nodes.
	maxTelling = 256
	// maxInbox is how many messages wait for the listener. What does not fit is dropped.
	maxInbox = 256
	// listeners is how many messages are delivered at once. A listener answers over Redis, so
	// each of its calls may take as long as Redis does.
	listeners = 64
)

var (
	errAway   = errors.New("relay: Redis is not available")
	errBusy   = errors.New("relay: too much is told to other nodes")
	errNobody = errors.New("relay: the node does not listen")
)

// Control carries what the nodes' libraries say to each other, on the connections of the relay:
//
//	govorun:<log>:control         to all
//	govorun:<log>:control:<node>  to one
//
// Nodes are named as the listeners name themselves. Nothing is kept but the last message to all,
// in which a node tells of itself: it is told again whenever this node begins to hear others, so
// they need not wait for the next one.
type Control struct {
	channel   string               // of all nodes
	telling   chan struct{}        // has one for each who waits for Redis
	inbox     chan []byte          // for deliver
	link      atomic.Pointer[link] // hears what is said to this node; nil while there is none
	listening chan struct{}        // closed by Listen, which sets what follows
	node      string
	deliver   func(data []byte)

	mu   sync.Mutex // guards what follows
	last []byte     // told to all
}

func newControl(channel string) *Control {
	return &Control{
		channel:   channel,
		telling:   make(chan struct{}, maxTelling),
		inbox:     make(chan []byte, maxInbox),
		listening: make(chan struct{}),
	}
}

// Control is what the nodes' libraries talk over.
func (r *Relay) Control() *Control { return r.control }

// Listen has deliver called with what is said to a node, this one, or to all, its own messages
// to all among them, until the relay is closed: many at once, in no order. It is to be called
// once.
func (c *Control) Listen(node string, deliver func(data []byte)) {
	c.node, c.deliver = node, deliver
	close(c.listening)
}

// Tell says something to a node, or to all when node is "". It waits until Redis has passed it
// on, for a second at most, and fails at once while Redis is away. An error says that nobody, or
// maybe nobody, has got it; what is for all they get later.
func (c *Control) Tell(node string, data []byte) error {
	channel := c.channel
	if node == "" {
		c.mu.Lock()
		c.last = data
		c.mu.Unlock()
	} else {
		channel = c.own(node)
	}
	l := c.link.Load()
	if l == nil {
		return errAway
	}
	select {
	case c.telling <- struct{}{}:
	default:
		return errBusy
	}
	defer func() { <-c.telling }()
	heard, err := l.say(channel, data)
	if err == nil && heard == 0 {
		err = errNobody
	}
	return err
}

// say publishes and returns how many have heard it.
func (l *link) say(channel string, data []byte) (heard int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), maxSilence)
	defer cancel()
	// A copy: the connection may still hold it when the time is over.
	heard, err = l.client.Do(ctx, l.client.B().Publish().Channel(channel).Message(string(data)).Build()).AsInt64()
	if err != nil {
		return 0, fmt.Errorf("publish: %w", err)
	}
	return heard, nil
}

// own is the channel of one node.
func (c *Control) own(node string) string { return c.channel + ":" + node }

// begin has a link hear what is said to this node, and use it for what this node says.
func (c *Control) begin(l *link) error {
	command := l.subscriber.B().Subscribe().Channel(c.channel, c.own(c.node)).Build()
	if err := l.subscriber.Do(context.Background(), command).Error(); err != nil {
		return err
	}
	c.link.Store(l)
	c.mu.Lock()
	last := c.last
	c.mu.Unlock()
	if last == nil {
		return nil
	}
	_, err := l.say(c.channel, last)
	return err
}

// end is the reverse of begin, which need not have been.
func (c *Control) end(l *link) { c.link.CompareAndSwap(l, nil) }

// has tells whether a channel carries what nodes say to each other.
func (c *Control) has(channel string) bool { return strings.HasPrefix(channel, c.channel) }

// receive takes a message for this node. It does not block: ok is false when there is no room.
func (c *Control) receive(data string) (ok bool) {
	select {
	case c.inbox <- []byte(data):
		return true
	default:
		return false
	}
}

// run delivers until ctx ends.
func (c *Control) run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-c.listening:
	}
	var running sync.WaitGroup
	for range listeners {
		running.Go(func() { c.work(ctx) })
	}
	running.Wait()
}

func (c *Control) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case data := <-c.inbox:
			c.deliver(data)
		}
	}
}
