package scenario

import "github.com/govorun/govorun/internal/bot/scenario/syntax"

// What a bot's files are wrong in is told as the reader of the files does.
type (
	// Position is a place in a file of a bot.
	Position = syntax.Position
	// Error is a mistake in a bot.
	Error = syntax.Error
	// Errors are the mistakes of a bot.
	Errors = syntax.Errors
)
