package chat

import "time"

// DeliveryKind says what a delivery's body is. Later kinds may be in the data of a program that does
// not know them.
type DeliveryKind string

// The kinds of delivery.
const (
	// DeliveryCallback is what a bot has said in one turn (TWIN, section 8, callbackUrl).
	DeliveryCallback DeliveryKind = "callback"
	// DeliveryEvent is one event (TWIN, section 8, eventCallbackUrl).
	DeliveryEvent DeliveryKind = "event"
	// DeliveryAnswer is what the webhook of a channel is told: answers that nobody waits for, and what
	// operators say (Chat API, 4, webhook triggers).
	DeliveryAnswer DeliveryKind = "answer"
)

// DeliveryState is what has become of a delivery.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered" // the receiver has answered 2xx
	DeliveryDead      DeliveryState = "dead"      // given up; see Reason
)

// MaxAttemptLog is how many of a delivery's last attempts are kept.
const MaxAttemptLog = 10

// Delivery is something that must leave by a webhook. It is written in the transaction of the events
// it is about, and refers to them: its body is made when it is delivered.
//
// What one client's sessions have for one URL is a stream: it is delivered in the order in which it
// was written, each when the one before is delivered or dead.
type Delivery struct {
	Key       int64  // grows in the order of its stream
	ID        string // UUID v7: the same in every repeat
	Stream    int64  // storage key
	ClientKey int64
	Session   SessionRef
	ChatID    string
	Kind      DeliveryKind
	URL       string
	Data      string // the integrator's own, sent along
	First     int64  // sequences of the events it is about
	Last      int64

	State     DeliveryState
	Attempts  int       // since it was written or replayed
	Log       []Attempt // the last MaxAttemptLog, the oldest first
	Reason    string    // why it is dead
	CreatedAt time.Time
	Since     time.Time // from when on the time to give up counts: written or replayed
	NextAt    time.Time // of the next attempt at the earliest; zero: when it is the first of its stream
	EndedAt   time.Time // zero while it is pending
}

// Attempt is one try to deliver.
type Attempt struct {
	At     time.Time     `json:"at"`
	Took   time.Duration `json:"took"`             // nanoseconds
	Status int           `json:"status,omitempty"` // of HTTP; 0: there was no answer
	Error  string        `json:"error,omitempty"`  // "" for a success
}

// StreamLease is a node's claim of a stream: until it is over nobody else delivers of it.
type StreamLease struct {
	Stream int64
	Node   string
	Claim  int64 // names it
}

// DeliveriesQuery selects deliveries; what is empty counts not. The newest come first: of a state,
// those that ended last.
type DeliveriesQuery struct {
	State     DeliveryState
	ChatID    string // without effect beside a session
	SessionID string
	URL       string
	Offset    int
	Limit     int
}

// DeliveryCounts says how much there is to do, and for people to look at.
type DeliveryCounts struct {
	Pending int64
	Dead    int64
}
