// Package chat is the domain: clients talk to bots and people in sessions, and everything
// that happens is an event with a number. It holds the rules and the use cases (Service)
// and says what it asks of storage (Store). It knows nothing of SQL, HTTP, sockets or JSON
// dialects, and imports nothing of ours.
package chat

import (
	"encoding/json"
	"time"
)

// Identity says how a chat finds a returning client.
type Identity string

const (
	// IdentityOpen trusts the external id, messenger id, phone or e-mail a caller names.
	IdentityOpen Identity = "open"
	// IdentitySigned continues a client's session only with the integrator's HMAC.
	IdentitySigned Identity = "signed"
)

// Chat is a channel and its settings: TWIN's chat and JAICP's channel.
type Chat struct {
	Key      int64  // storage key, never leaves the server
	ID       string // UUID
	Name     string
	BotID    string // UUID of the bot that answers; "" when nobody does
	Token    string // access token of the Chat API; "" for none
	Identity Identity
	Secret   string   // key of the integrator's HMAC (clientSignature)
	Origins  []string // allowed values of a browser's Origin; empty allows all
	Language string   // "ru" or "en": language of the texts the server says itself
	Demo     bool     // answers only while the server listens on loopback
	Settings Settings

	Kind      ChatKind
	CreatedAt time.Time
	DeletedAt time.Time // zero while it is there; no session starts after
}

// ChatKind tells chats that administrators make from others.
type ChatKind string //nolint:revive // Kind is that of an event

// The kinds of chat.
const (
	ChatOrdinary ChatKind = ""
	// ChatDialogs holds the dialogs of a bot's question-answer API (TWIN, section 8): nobody else
	// starts sessions in it.
	ChatDialogs ChatKind = "dialogs"
)

// Client is the person on the other side.
type Client struct {
	Key             int64
	ID              string // UUID v4: knowing it is a right
	ExternalID      string // the integrator's id, "" if none
	Name            string
	FirstName       string
	MiddleName      string
	LastName        string
	NameForOperator string
	Phone           string
	Email           string
	DeviceID        string
	Timezone        *int              // minutes east of UTC
	Metadata        map[string]string // become bot variables
	CreatedAt       time.Time
}

// AliasKind is a kind of name by which a returning client is found within a chat.
type AliasKind string

// The kinds of alias, in the order in which they are looked up.
const (
	AliasExternal  AliasKind = "external"
	AliasMessenger AliasKind = "messenger"
	AliasPhone     AliasKind = "phone"
	AliasEmail     AliasKind = "email"
)

// Alias is one name of a client within a chat.
type Alias struct {
	Kind  AliasKind
	Value string
}

// BotState is what a bot remembers, as JSON it alone understands.
type BotState struct {
	Session       json.RawMessage // of this session; nil at its start
	Client        json.RawMessage // of this client over all sessions with this bot; nil if none
	ClientVersion int64           // 0 when there is none yet
}
