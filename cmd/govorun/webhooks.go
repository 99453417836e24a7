package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// webhooksCmd is about what leaves a running server by webhooks, over its API.
type webhooksCmd struct {
	List   webhooksListCmd   `cmd:"" help:"List what waits, what was delivered and what is dead."`
	Show   webhooksShowCmd   `cmd:"" help:"Show a delivery and its last attempts."`
	Replay webhooksReplayCmd `cmd:"" help:"Have a dead delivery, or all of a chat, delivered after all."`
	Drop   webhooksDropCmd   `cmd:"" help:"Remove a delivery for good."`
}

// webhooksListCmd lists deliveries, the newest first.
type webhooksListCmd struct {
	query
	State   string `enum:"pending,delivered,dead,any" default:"any" help:"Only those: pending, delivered or dead."`
	Chat    string `placeholder:"ID" help:"Only those of this chat."`
	Session string `placeholder:"ID" help:"Only those of this session."`
	URL     string `name:"url" placeholder:"URL" help:"Only those to this URL."`
	Limit   int    `default:"100" help:"At most so many, up to 1000."`
	Offset  int    `help:"Leave out so many of the newest."`
}

// Run lists one page, since there may be very many.
func (c *webhooksListCmd) Run(ctx context.Context, w *world) error {
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}, "offset": {strconv.Itoa(c.Offset)}}
	for name, value := range map[string]string{"state": c.State, "chatId": c.Chat, "sessionId": c.Session, "url": c.URL} {
		if value != "" && (name != "state" || value != "any") {
			q.Set(name, value)
		}
	}
	return c.page(ctx, w, "/webhooks", q, []string{"id", "state", "kind", "url", "attempts", "createdAt", "nextAt", "reason"})
}

// webhooksShowCmd shows one delivery.
type webhooksShowCmd struct {
	query
	ID string `arg:"" help:"Its id."`
}

// Run asks the server.
func (c *webhooksShowCmd) Run(ctx context.Context, w *world) error {
	return c.show(ctx, w, http.MethodGet, "/webhooks/"+url.PathEscape(c.ID), nil, "")
}

// webhooksReplayCmd replays what is dead.
type webhooksReplayCmd struct {
	query
	ID   string `arg:"" optional:"" help:"Id of the delivery."`
	Chat string `placeholder:"ID" help:"All that are dead of this chat, instead."`
}

// Run tells the server.
func (c *webhooksReplayCmd) Run(ctx context.Context, w *world) error {
	switch {
	case (c.ID == "") == (c.Chat == ""):
		return &usageError{errors.New("name one delivery, or a chat with --chat")}
	case c.Chat != "":
		return c.show(ctx, w, http.MethodPost, "/webhooks/replay", map[string]string{"chatId": c.Chat, "state": "dead"}, "")
	default:
		return c.show(ctx, w, http.MethodPost, "/webhooks/"+url.PathEscape(c.ID)+"/replay", nil, "")
	}
}

// webhooksDropCmd removes a delivery.
type webhooksDropCmd struct {
	access
	ID string `arg:"" help:"Its id."`
}

// Run tells the server.
func (c *webhooksDropCmd) Run(ctx context.Context, w *world) error {
	api, err := c.client(w)
	if err != nil {
		return err
	}
	if _, err := api.call(ctx, http.MethodDelete, "/webhooks/"+url.PathEscape(c.ID), nil, ""); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.Stdout, "Dropped.")
	return err
}
