package app

import (
	"context"
	"net/http"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
)

// serveChatAPI adds the Chat API, with links to files.
func (a *App) serveChatAPI(mux *http.ServeMux, store *sqlstore.Store, service *chat.Service, events *feed.Feed, links chatapi.Links) {
	c := a.params.Config
	polls := &chatapi.Events{
		Hub: a.startPolls(store, service, events, chatapi.Polled(links)),
		Lot: a.lot,
		Client: func(ctx context.Context, in *chat.Chat, clientID string) (chat.ClientRef, error) {
			return service.NameClient(ctx, in, clientID)
		},
	}
	api := chatapi.New(chatapi.Params{
		Service:    service,
		Feed:       events,
		Store:      store,
		Events:     polls,
		Proxies:    c.HTTP.TrustedProxies,
		Limits:     a.limits,
		Links:      links,
		Now:        time.Now,
		Log:        a.params.Log,
		MaxWaiting: max(1, c.HTTP.MaxInFlight/4),
	})
	polls.Failure = api.Failure
	api.Register(mux)
}
