package scenario

import "github.com/govorun/govorun/internal/bot/scenario/syntax"

// What a bot's files are wrong in is told as the reader of the files does.
type (
	Position = syntax.Position // a place in a file of a bot
	Error    = syntax.Error    // a mistake in a bot
	Errors   = syntax.Errors   // the mistakes of a bot
)
