package app

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/chatapi/poll"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
)

// tempPolls is TEMPORARY.
func (a *App) tempPolls(mux *http.ServeMux, store *sqlstore.Store, service *chat.Service, events *feed.Feed) {
	hub := a.startPolls(store, service, events, func(_ context.Context, r *poll.Request, o *poll.Object) (json.RawMessage, error) {
		e := o.Last()
		return json.Marshal(map[string]any{"id": e.ID, "clientId": r.ClientID, "type": o.Type, "ts": e.At.UnixMilli(), "sequence": e.Sequence, "data": map[string]any{"answer": e.Message().Body}})
	})
	ev := &chatapi.Events{Hub: hub, Lot: a.lot, Client: func(ctx context.Context, c *chat.Chat, id string) (chat.ClientRef, error) {
		cl, err := store.FindClientByAlias(ctx, c.Key, chat.Alias{Kind: chat.AliasExternal, Value: id})
		if err != nil {
			return chat.ClientRef{}, err
		}
		return chat.ClientRef{Chat: c.Key, Client: cl.Key}, nil
	}, Failure: func(_ string, err error) hold.Answer { return hold.Answer{Status: 500, Body: []byte(err.Error())} }}
	mux.HandleFunc("GET /chatapi/{token}/events", func(w http.ResponseWriter, r *http.Request) {
		c, err := store.FindChatByToken(r.Context(), r.PathValue("token"))
		if err == nil {
			if os.Getenv("BLOCKED") != "" {
				w = struct{ http.ResponseWriter }{w}
			}
			err = ev.Serve(w, r, c)
		}
		if err != nil {
			http.Error(w, err.Error(), 500)
		}
	})
}
