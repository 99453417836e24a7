package app

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/bots"
	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/bot/remote"
	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/feed"
)

// botsParams are the parts that bots work with.
type botsParams struct {
	service *chat.Service
	store   chat.Store
	feed    *feed.Feed
	queue   *bot.Queue
	links   func(chat.Attachment) (inline, download string)
}

// startBots loads the bots and begins with the turns that are due. It returns what takes the later
// answers of remote bots.
func (a *App) startBots(p botsParams) (*remote.Answers, error) {
	c, log := a.params.Config, a.params.Log
	demo, err := loadDemo(scenario.Options{Log: log})
	if err != nil {
		return nil, err
	}
	client := egress.Client(c.Bot.AllowPrivate, c.Bot.TurnTimeout)
	a.onClose(func(context.Context) error { client.CloseIdleConnections(); return nil })
	turnKey := a.key.Derive("turns")
	caller := remote.New(remote.Params{
		Client:    client,
		Events:    p.store,
		Links:     p.links,
		Secret:    func(id string) []byte { return a.key.Derive("bot:" + id) },
		TurnKey:   turnKey,
		AnswerURL: func() string { return a.publicURL() + remote.AnswersPath },
		Answers:   c.Bot.RemoteAnswerTime,
		Now:       time.Now,
		Version:   a.params.Version,
		Metrics:   a.metrics.remote,
	})
	registry := &registry{
		builtIn: bot.Bots{demoBotID: demo},
		find:    p.store.FindBot,
		remote:  func(b *chat.BotRecord) bot.Bot { return caller.Bot(b) },
		inHand:  a.metrics.turnsInHand,
		now:     time.Now,
		found:   make(map[string]foundBot),
	}
	runner := bot.NewRunner(bot.Options{
		Service: p.service,
		Queue:   p.queue,
		Bots:    registry,
		Log:     log,
		Timeout: c.Bot.TurnTimeout,
		PerBot:  c.Bot.Turns,
		Metrics: bot.Metrics{Turns: a.metrics.turns, Seconds: a.metrics.turnSeconds},
	})
	a.onClose(early(runner.Close))
	limits, proxies := newLimits(c), c.HTTP.TrustedProxies
	return remote.NewAnswers(remote.AnswersParams{
		Service: p.service,
		Feed:    p.feed,
		TurnKey: turnKey,
		Admit: func(r *http.Request, session string) error {
			if session == "" {
				return limits.Address(auth.Proxies(proxies).ClientAddr(r))
			}
			return limits.Session(session)
		},
		Now:     time.Now,
		Log:     log,
		Metrics: a.metrics.remote,
	}), nil
}

func loadDemo(o scenario.Options) (bot.Bot, error) {
	files, err := fs.Sub(bots.Demo, "demo")
	if err != nil {
		return nil, fmt.Errorf("demo bot: %w", err)
	}
	demo, err := scenario.Load(files, o)
	if err != nil {
		return nil, fmt.Errorf("demo bot: %w", err)
	}
	return demo, nil
}

const (
	// botTTL is how long a change of a bot's record may go unnoticed by its turns.
	botTTL = 2 * time.Second
	// maxFoundBots bounds the records that a registry keeps. One more empties it.
	maxFoundBots = 1000
)

// registry finds the bots that come with the server, and others in the store.
type registry struct {
	builtIn bot.Bots
	find    func(ctx context.Context, id string) (*chat.BotRecord, error)
	remote  func(*chat.BotRecord) bot.Bot
	inHand  prometheus.Gauge
	now     func() time.Time

	mu    sync.Mutex // guards found
	found map[string]foundBot
}

// foundBot is what a record said a while ago; no bot when there was none.
type foundBot struct {
	bot  bot.Bot
	read time.Time
}

// FindBot implements bot.Finder. A bot that has been deleted, and a scenario that is not here, are
// no bots.
func (r *registry) FindBot(ctx context.Context, id string) (bot.Bot, error) {
	if b, ok := r.builtIn[id]; ok {
		return counted(b, r.inHand), nil
	}
	if b, ok := r.known(id); ok {
		return b, nil
	}
	now := r.now()
	record, err := r.find(ctx, id)
	if err != nil && chat.CodeOf(err) != chat.CodeNotFound {
		return nil, err
	}
	var b bot.Bot
	if err == nil && record.Kind == chat.BotRemote {
		b = counted(r.remote(record), r.inHand)
	}
	r.keep(id, foundBot{b, now})
	return b, nil
}

func (r *registry) known(id string) (bot.Bot, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.found[id]
	return f.bot, ok && r.now().Sub(f.read) < botTTL
}

func (r *registry) keep(id string, f foundBot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.found) >= maxFoundBots {
		clear(r.found)
	}
	r.found[id] = f
}

// counted counts the turns that a bot works on.
func counted(b bot.Bot, inHand prometheus.Gauge) bot.Bot {
	return bot.Func(func(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
		inHand.Inc()
		defer inHand.Dec()
		return b.React(ctx, t)
	})
}
