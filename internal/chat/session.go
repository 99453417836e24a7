package chat

import "time"

// Life times of a session by client inactivity (TWIN, "sessionTtl"); other values are clamped.
const (
	DefaultSessionTTL = time.Hour
	MinSessionTTL     = 5 * time.Minute
	MaxSessionTTL     = 7 * 24 * time.Hour
)

// Status tells an open session from a closed one.
type Status string

// The states of a session.
const (
	StatusOpen   Status = "open"
	StatusClosed Status = "closed"
)

// OwnerKind says who answers now.
type OwnerKind string

// The kinds of owner.
const (
	OwnerNobody   OwnerKind = "nobody"
	OwnerBot      OwnerKind = "bot"
	OwnerQueue    OwnerKind = "queue" // of an operator group
	OwnerOperator OwnerKind = "operator"
)

// Owner is who answers a session's client.
type Owner struct {
	Kind OwnerKind `json:"kind"`
	ID   string    `json:"id,omitempty"`   // bot, group or operator
	Name string    `json:"name,omitempty"` // as the client sees it
}

// SessionRef names a session: by key for us, by id for the outside.
type SessionRef struct {
	Key int64
	ID  string
}

// Session is one conversation of a client in a chat. Its row carries what every message changes.
type Session struct {
	Key       int64
	ID        string // UUID v4: knowing it is a right
	ChatKey   int64
	ChatID    string
	Demo      bool // of a demo chat
	ClientKey int64
	ClientID  string
	BotID     string // the bot of this session; "" for none
	Status    Status
	Owner     Owner
	Term      int64 // grows by one at every change of owner

	Sequence    int64 // last event number given
	WidgetNo    int64 // last number given in the widget stream
	SessionNo   int64 // last number given in the session stream
	WidgetGiven int64 // how far any REST answer or connection has been given the widget stream
	ClientRead  int64 // sequence up to which the client has read

	Cursor  int64 // sequence up to which the bot has reacted
	Pending int64 // sequence of the last event the bot must react to; nothing to do when Cursor >= Pending
	Lease   Lease // who runs the bot's turn now

	TimeoutAt time.Time // when the bot's timeout is due, zero for none; a Timer says what for

	Hooks *Hooks // nil for none; must not be changed in place

	TTL       time.Duration // of client inactivity
	LastAt    time.Time     // of the last event
	StartedAt time.Time
	ActiveAt  time.Time // last act of the client
	CheckAt   time.Time // when to look whether the life time is over; never later than it is
	ClosedAt  time.Time // zero while open
}

// beginAfter has all that happens in a new session be later than what happened to its client before: so
// a time is a place among the client's events, in all its sessions (Chat API, 2, ts).
func (s *Session) beginAfter(last time.Time) {
	s.LastAt = last
	s.StartedAt = latest(s.StartedAt, nextMilli(last))
}

// Ref names the session.
func (s *Session) Ref() SessionRef { return SessionRef{Key: s.Key, ID: s.ID} }

// ClientRef names the session's client in its chat.
func (s *Session) ClientRef() ClientRef { return ClientRef{Chat: s.ChatKey, Client: s.ClientKey} }

// Settled is the sequence up to which no reaction of a bot is outstanding.
func (s *Session) Settled() int64 {
	if s.TurnDue() {
		return s.Cursor
	}
	return s.Sequence
}

// TurnDue reports whether the bot owes a reaction.
func (s *Session) TurnDue() bool {
	return s.Status == StatusOpen && s.Owner.Kind == OwnerBot && s.Pending > s.Cursor
}

// ExpiresAt is when the session ends if the client stays silent.
func (s *Session) ExpiresAt() time.Time { return s.ActiveAt.Add(s.TTL) }

// Lease is a claim of a node on a session's turns.
type Lease struct {
	Node     string // "" when free
	Until    time.Time
	Attempts int // claims of the present turn, this one included
}

// SessionDetails is what a session was started with and messages do not change.
type SessionDetails struct {
	Name              string
	Channel           string // WIDGET, CHAT_API, …; clients treat it as an open string
	MessengerType     string
	MessengerUserID   string
	Referer           string
	Variables         map[string]any // bot context
	BotNodeID         string         // state the scenario starts at
	CallbackURL       string
	CallbackData      string
	EventCallbackURL  string
	EventCallbackData string
	NotifyOnEvents    []string
	ClientIP          string
}
