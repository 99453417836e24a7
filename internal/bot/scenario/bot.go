// Package scenario runs bots written in the scenario language: files of states with
// patterns that lead into them and reactions that they have (.sc).
//
// # From files to answers
//
//	Load      chatbot.yaml, then every .sc file that is required
//	  read    lines → a syntax tree of tags, each with its position      source.go, parse.go
//	  compile tags → states, triggers and reactions; patterns are linked  compile.go, reaction.go
//	React     cause → query or event → the state it leads to → replies   dialogue.go, reply.go
//
// Mistakes are gathered over all files and reported together, as Errors.
//
// # This version
//
// The tags require (of .sc files), patterns, theme, state, q, q!, event, event!, a, buttons,
// image, random, go and go!. The other tags of the language, scripts and expressions beyond
// {{$request.query}} are reported as not supported yet; nothing is left out silently but
// @-blocks, whose expanded states follow them in the files.
//
// What the language's description leaves open is decided so: nothing of a state runs after
// its go!; a session's start is the query /start, which nothing has to match; a message of
// files only is the event fileEvent, and a query that is too long the event lengthLimit, and
// when nobody takes them, they are noMatch.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/govorun/govorun/internal/chat"
)

// Bot is a bot that has been read. It does not change, and may be used by many turns at once.
type Bot struct {
	config  config
	options Options
	root    *state
}

// Name is the bot's name in chatbot.yaml.
func (b *Bot) Name() string { return b.config.Name }

// Language is "ru" or "en", or "" when chatbot.yaml does not say.
func (b *Bot) Language() string { return b.config.Language }

// React answers a client's message, an action button or the start of a session. When the
// scenario fails, the bot says what it is to say then (messages.onError in chatbot.yaml) and
// stays where it was; without such a message the failure is an error.
func (b *Bot) React(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	d := newDialogue(b, t)
	err := d.react(ctx)
	if err == nil {
		return d.result()
	}
	err = fmt.Errorf("scenario of bot %q: %w", b.config.Name, err)
	messages := b.config.onError()
	if len(messages) == 0 || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	b.options.Log.ErrorContext(ctx, "scenario failed", slog.String("cause", t.Cause.ID), slog.Any("error", err))
	sorry := newDialogue(b, t)
	sorry.say(messages[b.options.Rand(len(messages))])
	return &chat.TurnResult{Outputs: sorry.outputs()}, nil
}
