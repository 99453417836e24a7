// Package remote is bots behind an HTTP webhook. A turn becomes one signed POST to the bot's URL;
// what the bot answers, in the response or later by a call with the turn's token, becomes what the
// domain knows how to do. It reads and writes that contract (docs/remote-bots.md) and decides nothing
// about sessions: what may still happen to one is judged by the domain when it happens.
//
//	React      turn → request.go → call.go (signature, retries) → answer.go → chat.TurnResult
//	ServeHTTP  token.go → answer.go → chat.Service.AnswerLater            later.go
package remote

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/chat"
)

// Defaults of a bot's settings (chat.BotSettings).
const (
	DefaultTimeout = 8 * time.Second
	DefaultRetries = 2
	DefaultHistory = 20
)

// Log is what remote bots read of sessions; every chat.Store is one.
type Log interface {
	ListStream(ctx context.Context, s chat.SessionRef, stream chat.Stream, after int64, limit int, reverse bool) ([]chat.Event, error)
}

// Metrics are counted where they are set.
type Metrics struct {
	Calls   *prometheus.CounterVec // by outcome, see outcome
	Seconds prometheus.Observer    // of one call
	Answers *prometheus.CounterVec // later answers by outcome: taken, refused, failed
}

// Params are what remote bots work with. All but Links and Metrics are required.
type Params struct {
	Client    *http.Client                                    // see package egress
	Events    Log                                             // for the history that a call carries
	Secret    func(botID string) []byte                       // signs calls to a bot
	TurnKey   []byte                                          // seals the tokens of turns
	AnswerURL func() string                                   // where later answers are sent to, without the token
	Answers   time.Duration                                   // how long after a turn began a later answer is taken
	Links     func(chat.Attachment) (inline, download string) // nil: files have no links
	Now       func() time.Time
	Version   string
	Metrics   Metrics
}

// Caller makes bots of records.
type Caller struct{ Params }

// New returns a Caller.
func New(p Params) *Caller {
	if p.Metrics.Calls != nil {
		for _, o := range outcomes { // shown before the first call
			p.Metrics.Calls.WithLabelValues(string(o))
		}
	}
	return &Caller{p}
}

// Bot returns the bot that a record of kind chat.BotRemote describes.
func (c *Caller) Bot(record *chat.BotRecord) *Bot { return &Bot{caller: c, record: *record} }

// Secret is the form of a bot's secret that people are shown (Standard Webhooks).
func Secret(key []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(key) }

// Bot calls one remote bot.
type Bot struct {
	caller *Caller
	record chat.BotRecord
}

// React implements bot.Bot: it calls the bot, again if that may help and the turn's time allows it.
func (b *Bot) React(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	if !told(t.Cause.Payload) {
		return &chat.TurnResult{}, nil
	}
	body, err := b.request(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("remote bot: %w", err)
	}
	result, err := b.call(ctx, t.ID, body)
	if err != nil {
		return nil, fmt.Errorf("remote bot: %w", err)
	}
	return result, nil
}

// told reports whether remote bots hear of an event. They are not told that people have given a
// session back: bots that were written before there was such an event would take it for a message.
// Timers they have none.
func told(cause chat.Payload) bool {
	switch p := cause.(type) {
	case *chat.OwnerChanged:
		return p.Greet
	case *chat.TimerFired:
		return false
	default:
		return true
	}
}

// setting is a number of a record: below 0 for none, 0 for the usual.
func setting(value, usual, most int) int {
	switch {
	case value < 0:
		return 0
	case value == 0:
		return usual
	default:
		return min(value, most)
	}
}
