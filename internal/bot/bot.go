// Package bot has bots react to clients: Bot is what every kind of bot is, Queue hears of
// sessions whose bot owes a reaction, and Runner takes their turns: in order within a
// session, at once across sessions, resumed after a crash. What a bot may say and do is the
// domain's business (chat.Turn, chat.TurnResult).
package bot

import (
	"context"

	"github.com/govorun/govorun/internal/chat"
)

// Bot answers clients. It must be safe for concurrent use.
type Bot interface {
	// React returns what the bot does about t.Cause. It may be called again for the same turn
	// (same t.ID) when a node died or the session moved on meanwhile; only one result counts.
	// An error, a panic or a ctx that ends has the client told that something went wrong.
	React(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error)
}

// Func makes a Bot of a function.
type Func func(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error)

// React calls f.
func (f Func) React(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) { return f(ctx, t) }

// Finder finds the bot that owns a session now.
type Finder interface {
	// FindBot returns nil when there is no such bot here: its turns end as those of one that fails.
	// After an error the turn is taken up again.
	FindBot(ctx context.Context, id string) (Bot, error)
}

// Bots is a fixed set of bots by id.
type Bots map[string]Bot

// FindBot returns the bot with an id, or nil.
func (b Bots) FindBot(_ context.Context, id string) (Bot, error) { return b[id], nil }
