package chat

import (
	"time"
)

// Service holds the use cases. All of them are safe to call at once.
type Service struct {
	Params
	chats *chatCache
	keys  *keyCache
}

// Params is what a Service works with.
type Params struct {
	Store       Store
	Node        string           // name of this node, for leases
	Now         func() time.Time // clock
	NewID       func() string    // UUID, time-ordered (v7)
	NewSecretID func() string    // UUID, random (v4): an id that is a right
	Ring        func(Ring)       // told of every commit, in order; must not block
	DemoAllowed bool             // whether demo chats answer
	TurnLease   time.Duration    // how long a node may work on a turn before others may take it

	// CampaignDue is told after a commit that a campaign was started; nil: nobody is. It must not block.
	CampaignDue func()

	// EventName is how integrators call what happened, for the names in notifyOnEvents; nil: no
	// event has a name.
	EventName func(Payload) string
}

// NewService returns a service.
func NewService(p Params) *Service {
	if p.EventName == nil {
		p.EventName = func(Payload) string { return "" }
	}
	if p.CampaignDue == nil {
		p.CampaignDue = func() {}
	}
	return &Service{Params: p, chats: newChatCache(p.Now), keys: newKeyCache(p.Now)}
}

// Idempotency makes a create repeatable (design, promise 3). The zero value means none.
type Idempotency struct {
	Key      string // the caller's Idempotency-Key; "" for none
	Caller   string // who calls, when not known otherwise: the remote address
	BodyHash string // of the request's body; another one under the same key is CodeKeyReused
}
