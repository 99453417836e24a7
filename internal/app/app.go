// Package app builds the server: everything in order, and closes it in reverse. It decides
// nothing about chats and speaks no protocol; it is where the parts are given to each other.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/bot/registry"
	"github.com/govorun/govorun/internal/campaign"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/config"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/outbox"
	"github.com/govorun/govorun/internal/realtime"
	"github.com/govorun/govorun/internal/reference"
	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/internal/twin"
	"github.com/govorun/govorun/internal/webui"
)

// Params is what a server is started with.
type Params struct {
	Config  config.Config
	Version string
	Log     *slog.Logger
	// Fatal is told that storage cannot go on, see sqlstore.Options. It must end the
	// process; nil panics.
	Fatal func(error)
	// Listen takes the address; nil is net.Listen.
	Listen func(network, address string) (net.Listener, error)
}

// App is a running server.
type App struct {
	params  Params
	metrics *metrics
	health  *health
	limits  *auth.Limits // nil when the rate limit is off
	web     *web
	lot     *hold.Lot    // of long polls
	relay   *relay.Relay // to other nodes; nil when there are none, or no Redis
	key     auth.Key     // the installation's
	bots    *registry.Registry

	setupToken string // of the link for the first administrator; "" for none

	closers []func(context.Context) error // in the order of the starts
	close   sync.Once
	closed  error // result of close
}

// Start builds a server and has it listen. ctx counts only until it returns.
func Start(ctx context.Context, p Params) (*App, error) {
	a := &App{params: p, metrics: newMetrics(), health: &health{version: p.Version}, limits: newLimits(p.Config)}
	if p.Listen == nil {
		p.Listen = net.Listen
	}
	web, err := newWeb(p, a.metrics, a.limits)
	if err != nil {
		return nil, err
	}
	a.web, a.lot = web, a.newLot()
	a.onClose(web.end)
	mux, err := a.build(ctx)
	if err != nil {
		return nil, errors.Join(err, a.closeAll(ctx))
	}
	web.serve(mux, a.lot)
	a.onClose(early(web.drain))
	a.onClose(early(a.lot.Finish)) // who waits for long is answered first
	p.Log.Info("listening", "address", web.listener.Addr().String(), "demo", a.demoAllowed())
	if p.Config.Demo && !a.demoAllowed() {
		p.Log.Warn("the demo chat does not answer: the server does not listen on loopback alone")
	}
	return a, nil
}

// URL is where the server listens, without a slash at the end.
func (a *App) URL() string { return "http://" + a.web.listener.Addr().String() }

// publicURL is where clients reach the server, without a slash at the end.
func (a *App) publicURL() string {
	if url := a.params.Config.PublicURL; url != "" {
		return strings.TrimRight(url, "/")
	}
	return a.URL()
}

// Failed tells that the server cannot go on; it is to be closed then.
func (a *App) Failed() <-chan error { return a.web.failed }

// Close stops the server in the reverse order of its start: no new requests, the running
// ones and the bots' turns end, sockets are told to reconnect, the storage is closed. When
// ctx ends first, what still runs is cut off; nothing acknowledged is lost by that. It is
// safe twice.
func (a *App) Close(ctx context.Context) error {
	a.close.Do(func() {
		a.health.stopping.Store(true)
		a.params.Log.Info("stopping")
		a.closed = a.closeAll(ctx)
	})
	return a.closed
}

func (a *App) closeAll(ctx context.Context) (err error) {
	for _, f := range slices.Backward(a.closers) {
		err = errors.Join(err, f(ctx))
	}
	return err
}

func (a *App) onClose(f func(context.Context) error) { a.closers = append(a.closers, f) }

// early keeps back a quarter of the time to stop, which requests and turns may not use up:
// sockets and storage must be closed in order even when those take too long.
func early(f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if deadline, ok := ctx.Deadline(); ok {
			left := time.Until(deadline)
			soft, cancel := context.WithDeadline(ctx, deadline.Add(-left/4))
			defer cancel()
			return f(soft)
		}
		return f(ctx)
	}
}

// build makes all parts but the HTTP server, and their routes.
func (a *App) build(ctx context.Context) (*http.ServeMux, error) {
	c, log := a.params.Config, a.params.Log
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	self := a.newSelf()
	events, publish, err := a.startFeed(store, self.ID)
	if err != nil {
		return nil, err
	}
	queue, alarm, bell := bot.NewQueue(), bot.NewAlarm(), outbox.NewBell()
	campaigns := campaign.NewBell()
	service := a.newService(store, self.ID, func(r chat.Ring) {
		events.Ring(r)
		queue.Ring(r)
		alarm.Ring(r)
		bell.Ring(r)
		publish(r)
		a.metrics.ring(r)
	}, campaigns.Ring)
	node, err := startNode(ctx, nodeParams{
		store: store.Beside(), shared: store.Shared(), self: self, metrics: a.metrics, log: log, freed: sweep(service, queue),
	})
	if err != nil {
		return nil, err
	}
	a.onClose(node.close)
	upkeep := startUpkeep(service, node, log, slices.Concat(a.webhookChores(service, node), a.pollChores(service, node), []chore{a.timerChore(service, node), a.campaignChore(service, node)})...)
	a.onClose(func(context.Context) error { upkeep.close(); return nil })
	stored, err := a.startFiles(ctx, service, store.Shared(), node)
	if err != nil {
		return nil, err
	}
	a.startOutbox(service, bell, stored.Links)

	server, err := a.newRealtime(store, service, events, stored.Links)
	if err != nil {
		return nil, err
	}
	legacy := a.startSocketIO(store, service, events, stored.Links)
	answers, err := a.startBots(botsParams{service: service, store: store, feed: events, queue: queue, links: stored.Links})
	if err != nil {
		return nil, err
	}
	a.startTimers(service, alarm)
	a.startCampaigns(service, campaigns)

	mux := http.NewServeMux()
	answers.Register(mux)
	a.health.register(mux)
	mux.Handle("GET /metrics", metricsPage(a.metrics.registry, c.Metrics.Token))
	server.Register(mux)
	stored.Register(mux)
	legacy.Register(mux)
	twin.New(twin.Params{
		Service: service,
		Files:   stored,
		Feed:    events,
		Events:  store,
		Proxies: c.HTTP.TrustedProxies,
		Limits:  a.limits,
		Log:     log,
		// The others of the requests in flight are left to those who wait for no bot.
		MaxWaiting: max(1, c.HTTP.MaxInFlight/4),
	}).Register(mux)
	a.serveChatAPI(mux, store, service, events, stored.Links)
	if err := a.serveAdmin(ctx, mux, service, self); err != nil {
		return nil, err
	}
	mux.Handle("/api/", unknown(mux))
	return mux, errors.Join(webui.Register(mux), reference.Register(mux, a.publicURL()))
}

func (a *App) openStore(ctx context.Context) (*sqlstore.Store, error) {
	store, err := sqlstore.Open(ctx, sqlstore.Options{
		Dir:         a.params.Config.Data,
		PostgresURL: a.params.Config.Postgres.URL,
		Connections: a.params.Config.Postgres.Connections,
		Log:         a.params.Log,
		Fatal:       a.params.Fatal,
		Metrics: sqlstore.Metrics{
			BatchSize:     a.metrics.commitSize,
			CommitSeconds: a.metrics.commitSeconds,
			Retries:       a.metrics.retries,
		},
	})
	if err != nil {
		return nil, err
	}
	a.onClose(func(context.Context) error { return store.Close() })
	a.health.store = func(ctx context.Context) error {
		_, _, err := store.ListChanged(ctx, -1)
		return err
	}
	if a.key, err = installationKey(ctx, store); err != nil {
		return nil, err
	}
	if a.params.Config.Demo {
		err = createDemo(ctx, store)
	}
	return store, err
}

// startFeed returns the feed, and what tells other nodes of a commit here.
func (a *App) startFeed(store *sqlstore.Store, node string) (events *feed.Feed, publish func(chat.Ring), err error) {
	options := feed.Options{Log: a.params.Log, Metrics: feed.Metrics{Gaps: a.metrics.feedGaps}, Node: node}
	publish = func(chat.Ring) {}
	if store.Shared() && a.params.Config.Redis.URL != "" {
		link, err := relay.New(relay.Params{
			URL:        a.params.Config.Redis.URL,
			LogID:      store.LogID(),
			Node:       node,
			Deliver:    func(r chat.Ring) { events.Ring(r) }, // of sessions that the feed has subscribed to
			Resync:     func(session int64) { events.Resync(session) },
			RingClient: func(c chat.ClientRef) { events.RingClient(c) },
			Log:        a.params.Log,
			Metrics:    a.metrics.newRelay(),
		})
		if err != nil {
			return nil, nil, err
		}
		a.onClose(func(context.Context) error { link.Close(); return nil })
		a.relay, options.Remote, publish = link, link, link.Publish
	}
	events = feed.New(store, options)
	a.onClose(func(context.Context) error { events.Close(); return nil })
	return events, publish, nil
}

func (a *App) newService(store chat.Store, node string, ring func(chat.Ring), campaignDue func()) *chat.Service {
	return chat.NewService(chat.Params{
		Store:       store,
		Node:        node,
		Now:         time.Now,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        ring,
		DemoAllowed: a.demoAllowed(),
		EventName:   realtime.EventName,
		CampaignDue: campaignDue,
		TurnLease:   3 * a.params.Config.Bot.TurnTimeout,
	})
}

// demoAllowed: the demo chat's id and token are known to everybody, so it answers only those
// who are on this machine.
func (a *App) demoAllowed() bool {
	return a.params.Config.Demo && onLoopback(a.web.listener.Addr())
}

func (a *App) newRealtime(store chat.Store, service *chat.Service, events *feed.Feed, links realtime.Links) (*realtime.Server, error) {
	c := a.params.Config.Centrifugo
	const transport = "centrifugo"
	params := realtime.Params{
		Service: service,
		Feed:    events,
		Events:  store,
		LogID:   store.LogID(),
		Links:   links,
		Log:     a.params.Log,
		Version: a.params.Version,
		Limits:  realtime.Limits{MaxConnections: c.MaxConnections, QueueBytes: c.QueueBytes},
		Metrics: realtime.Metrics{
			Connections: a.metrics.connections.WithLabelValues(transport),
			SlowReaders: a.metrics.slowReaders.WithLabelValues(transport),
			Lag:         a.metrics.deliveryLag.WithLabelValues(transport),
		},
	}
	if a.relay != nil {
		params.Control = a.relay.Control()
		params.Presence.Redis = a.params.Config.Redis.URL
	}
	server, err := realtime.New(params)
	if err != nil {
		return nil, err
	}
	a.onClose(server.Close)
	return server, server.Run()
}

// newLimits returns nil, which allows everything, when the rate limit is off.
func newLimits(c config.Config) *auth.Limits {
	if !c.RateLimit {
		return nil
	}
	return auth.NewLimits(auth.LimitParams{
		Address: auth.Rate{PerSecond: c.Rates.Address, Burst: c.Rates.AddressBurst},
		Session: auth.Rate{PerSecond: c.Rates.Session, Burst: c.Rates.SessionBurst},
	})
}
