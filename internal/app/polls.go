package app

import (
	"context"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/chatapi/poll"
	"github.com/govorun/govorun/internal/feed"
)

// newLot returns what holds long polls. Those who wait are answered before the server drains.
func (a *App) newLot() *hold.Lot {
	c := a.params.Config
	return hold.New(hold.Params{
		Max:          c.ChatAPI.MaxPolls,
		WriteTimeout: c.HTTP.WriteTimeout,
		IdleTimeout:  c.HTTP.IdleTimeout,
		Log:          a.params.Log,
	})
}

// startPolls returns what long polls wait in.
func (a *App) startPolls(store poll.Store, service *chat.Service, events *feed.Feed, render poll.Render) *poll.Hub {
	hub := poll.New(poll.Params{Store: store, Feed: events, Service: service, Render: render, Now: time.Now, Log: a.params.Log})
	a.onClose(hub.Close)
	return hub
}

// pollChores look after the cursors of long polls, on the eldest node, and count those that wait here.
func (a *App) pollChores(s *chat.Service, n *node) []chore {
	return []chore{
		{forgetEvery, "forget cursors of long polls", n.asEldest(s.ForgetPollCursors)},
		{tuneEvery, "count long polls", func(context.Context) error {
			a.metrics.longPolls.Set(float64(a.lot.Waiting()))
			return nil
		}},
	}
}
