package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"github.com/govorun/govorun/bots"
	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/bot/bundle"
	"github.com/govorun/govorun/internal/bot/registry"
	"github.com/govorun/govorun/internal/bot/remote"
	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/script"
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
	client := egress.Client(c.Bot.AllowPrivate, c.Bot.TurnTimeout)
	a.onClose(func(context.Context) error { client.CloseIdleConnections(); return nil })
	values, err := readBotValues(c.Bot.Values)
	if err != nil {
		return nil, err
	}
	scenarios := scenario.Options{
		Log: log, Fetch: script.NewFetcher(client).Fetch, Models: a.models(),
		Timeout: c.Bot.TurnTimeout * 4 / 5, // the event timeLimit has to find some time left
	}
	demo, err := loadDemo(values.of(demoBotID, demoBotName, scenarios))
	if err != nil {
		return nil, err
	}
	turnKey := a.key.Derive("turns")
	caller := a.newCaller(p, client, turnKey)
	a.bots = registry.New(registry.Options{
		BuiltIn: bot.Bots{demoBotID: demo},
		Store:   p.store,
		Remote:  func(b *chat.BotRecord) bot.Bot { return caller.Bot(b) },
		Load:    loadVersion(p.store, values, scenarios),
		Log:     log,
		InHand:  a.metrics.turnsInHand,
	})
	a.onClose(func(context.Context) error { return a.bots.Close() })
	runner := bot.NewRunner(bot.Options{
		Service: p.service,
		Queue:   p.queue,
		Bots:    a.bots,
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

// newCaller returns what calls remote bots.
func (a *App) newCaller(p botsParams, client *http.Client, turnKey []byte) *remote.Caller {
	return remote.New(remote.Params{
		Client:    client,
		Events:    p.store,
		Links:     p.links,
		Secret:    func(id string) []byte { return a.key.Derive("bot:" + id) },
		TurnKey:   turnKey,
		AnswerURL: func() string { return a.publicURL() + remote.AnswersPath },
		Answers:   a.params.Config.Bot.RemoteAnswerTime,
		Now:       time.Now,
		Version:   a.params.Version,
		Metrics:   a.metrics.remote,
	})
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

// loadVersion returns what makes a version of a bot ready to answer.
func loadVersion(store chat.Store, values botValues, o scenario.Options) func(ctx context.Context, id string, version int64) (bot.Bot, error) {
	return func(ctx context.Context, id string, version int64) (bot.Bot, error) {
		record, err := store.FindBot(ctx, id)
		if err != nil {
			return nil, err
		}
		zipped, err := store.FindBotArchive(ctx, id, version)
		if err != nil {
			return nil, err
		}
		files, err := bundle.Open(zipped)
		if err != nil {
			return nil, err
		}
		return scenario.Load(files, values.of(id, record.Name, o))
	}
}

// models keeps what bots have learned.
func (a *App) models() *modelCache {
	return &modelCache{filepath.Join(a.params.Config.Data, "models"), a.params.Log}
}

// mistakesOf finds the mistakes of a bot that is to be deployed.
func (a *App) mistakesOf(files fs.FS) []adminapi.Mistake {
	b, err := scenario.Load(files, scenario.Options{Models: a.models()})
	if list, ok := errors.AsType[scenario.Errors](err); ok {
		mistakes := make([]adminapi.Mistake, len(list))
		for i, e := range list {
			mistakes[i] = adminapi.Mistake{File: e.File, Line: e.Line, Column: e.Column, Message: e.Message, Expected: e.Expected, Source: e.Source}
		}
		return mistakes
	}
	if err != nil {
		return []adminapi.Mistake{{File: bundle.ConfigFile, Message: err.Error()}}
	}
	_ = b.Close() // it has done nothing that could be lost
	return nil
}
