package chat

import "time"

// BotKind says what runs a bot.
type BotKind string

// The kinds of bot.
const (
	BotScenario BotKind = "scenario" // written in the scenario language
	BotRemote   BotKind = "remote"   // behind an HTTP webhook
)

// BotRecord is a bot the server knows.
type BotRecord struct {
	ID        string // UUID
	Name      string // as clients see it
	Kind      BotKind
	Settings  BotSettings
	Version   int64     // scenario: the number of the BotVersion that answers; 0: none was deployed yet
	CreatedAt time.Time // zero: it comes with the program
}

// BuiltIn reports whether a bot comes with the program, and is no administrator's to change.
func (b *BotRecord) BuiltIn() bool { return b.Kind == BotScenario && b.CreatedAt.IsZero() }

// BotSettings are a bot's tunables. They are kept as JSON.
type BotSettings struct {
	URL            string `json:"url,omitempty"`            // remote: where turns are posted to
	Timeout        int    `json:"timeout,omitempty"`        // remote: seconds for one call; 0 means a default
	Retries        int    `json:"retries,omitempty"`        // remote: calls after the first within a turn; below 0 for none, 0 means a default
	History        int    `json:"history,omitempty"`        // remote: recent messages that a call carries; below 0 for none, 0 means a default
	FailureMessage string `json:"failureMessage,omitempty"` // said when the bot fails; "" means the chat's
}
