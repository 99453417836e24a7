// Package outbox delivers what the domain wrote to leave: webhooks, in order per client and URL, again
// and again until the receiver takes them or they are given up. What is written, when it is tried again
// and what is dead is the domain's business (chat.Delivery); what a body looks like, a dialect's
// (Render); which addresses may be called, that of the client it is given (egress).
//
//	commit ──ring──▶ Bell ─┐
//	sweep, each second ────┼─▶ dispatch ──lease──▶ hands: load, render, sign, POST, settle ─┐
//	                       └──────────────────────────────────────◀─── a hand is free ──────┘
//
// Dispatch alone knows who is worked for: so many hands in all, fewer for one receiver, very few for
// one that fails, half for all together that fail or are slow. So a receiver that is slow or away keeps only its own deliveries waiting. A hand
// works on one leased stream, delivery after delivery, and settles each before the next: a process that
// is killed repeats at most one per hand, under the same id.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/chat"
)

// Defaults of Options.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultHands       = 256
	DefaultPerReceiver = 16
	DefaultGiveUp      = 24 * time.Hour
	DefaultSweep       = time.Second
)

// Service is what the outbox asks of the domain; *chat.Service is one.
type Service interface {
	ListDueReceivers(ctx context.Context) ([]string, error)
	ClaimStreams(ctx context.Context, claims []chat.StreamClaim, lease time.Duration) ([][]chat.StreamLease, error)
	ListPending(ctx context.Context, l chat.StreamLease, limit int) ([]chat.Delivery, error)
	LoadOutgoing(ctx context.Context, d *chat.Delivery) (*chat.Outgoing, error)
	SettleDelivery(ctx context.Context, d *chat.Delivery, o chat.Outcome, st chat.Settlement) (kept, due bool, err error)
	NoteReceipt(ctx context.Context, d *chat.Delivery, arrived bool) error
	GiveBackStream(ctx context.Context, l chat.StreamLease, after time.Duration) error
}

// Render makes the body of a delivery, JSON.
type Render func(o *chat.Outgoing) ([]byte, error)

// Metrics are counted where they are set.
type Metrics struct {
	Attempts *prometheus.CounterVec // by outcome: delivered, failed, dead, not_settled
	Seconds  prometheus.Observer    // of one attempt
	Lag      prometheus.Observer    // from the commit of what is delivered to the receiver's answer
	InHand   prometheus.Gauge       // streams that are worked on
}

// Options are what an Outbox works with; Service, Bell, Render, Client, Key and Log are required.
type Options struct {
	Service     Service
	Bell        *Bell
	Render      map[chat.DeliveryKind]Render
	Client      *http.Client
	Refused     func(error) bool              // whether the client does not call that address; nil: none is refused
	Key         func(o *chat.Outgoing) []byte // that signs a delivery
	Version     string                        // of the program, for User-Agent
	Log         *slog.Logger
	Timeout     time.Duration // of one attempt, from the dial to the end of the answer
	Hands       int           // streams worked on at once
	PerReceiver int           // of them, for one receiver
	GiveUp      time.Duration // after which a delivery that fails is dead
	Sweep       time.Duration // how often due streams are looked for that no ring told of
	Metrics     Metrics
}

// Outbox delivers until Close.
type Outbox struct {
	Options
	stop    context.CancelFunc // takes up no more streams
	cut     context.CancelFunc // ends the attempts that run
	running sync.WaitGroup
	done    chan report // room for one of each hand, so that none waits
}

// New returns an outbox that delivers.
func New(o Options) *Outbox {
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.Hands, DefaultHands)
	setDefault(&o.PerReceiver, DefaultPerReceiver)
	setDefault(&o.GiveUp, DefaultGiveUp)
	setDefault(&o.Sweep, DefaultSweep)
	if o.Refused == nil {
		o.Refused = func(error) bool { return false }
	}
	b := &Outbox{Options: o, done: make(chan report, o.Hands)}
	work, stop := context.WithCancel(context.Background())
	posts, cut := context.WithCancel(context.Background())
	b.stop, b.cut = stop, cut
	b.running.Go(func() { newDispatch(b).run(work, posts) })
	return b
}

func setDefault[T comparable](v *T, to T) {
	var none T
	if *v == none {
		*v = to
	}
}

// Close takes up no more streams, lets the attempts that run finish, and returns when they have. When
// ctx ends first they are cut off; they will be repeated. It is safe twice.
func (b *Outbox) Close(ctx context.Context) error {
	b.stop()
	finished := make(chan struct{})
	go func() { b.running.Wait(); close(finished) }()
	var err error
	select {
	case <-finished:
	case <-ctx.Done():
		err = fmt.Errorf("outbox: webhooks are still on their way: %w", ctx.Err())
		b.cut()
		<-finished
	}
	b.cut()
	b.Client.CloseIdleConnections()
	return err
}
