package chat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Kind names what happened.
type Kind string

// The kinds of event. The last three are ephemeral: they have no number and are never stored.
const (
	KindSessionStarted        Kind = "session.started"
	KindMessageCreated        Kind = "message.created"
	KindMessageRead           Kind = "message.read"
	KindActionPressed         Kind = "action.pressed"
	KindOwnerChanged          Kind = "owner.changed"
	KindSessionClosed         Kind = "session.closed"
	KindTimerFired            Kind = "timer.fired"
	KindQuestionAnswered      Kind = "question.answered"
	KindStatusChanged         Kind = "message.status"
	KindWidgetStateChanged    Kind = "widget.state_changed"
	KindTyping                Kind = "typing"
	KindOperatorStatusChanged Kind = "operator.status_changed"
	KindOperatorLoggedOut     Kind = "operator.logged_out"
)

// Ephemeral reports whether events of the kind are neither numbered nor stored.
func (k Kind) Ephemeral() bool {
	return k == KindTyping || k == KindOperatorStatusChanged || k == KindOperatorLoggedOut
}

// Stream is an audience with dense numbers of its own.
type Stream string

const (
	// StreamWidget carries exactly the client events TWIN documents.
	StreamWidget Stream = "widget"
	// StreamSession carries everything the client may see, its own messages too.
	StreamSession Stream = "session"
)

// Event is anything that happened in a session.
type Event struct {
	Key       int64 // place in the whole log, growing within a session; 0 until it is read from there
	ID        string
	Session   SessionRef
	Sequence  int64 // 1, 2, 3 … in its session; 0 when ephemeral
	WidgetNo  int64 // number in the widget stream; 0 when not in it
	SessionNo int64 // number in the session stream; 0 when not in it
	At        time.Time
	Payload   Payload
}

// No is the event's number in a stream, 0 when it is not in it.
func (e *Event) No(s Stream) int64 {
	if s == StreamWidget {
		return e.WidgetNo
	}
	return e.SessionNo
}

// Ephemeral reports whether the event is neither numbered nor stored.
func (e *Event) Ephemeral() bool { return e.Sequence == 0 }

// Message returns what was said, or nil when the event is of another kind.
func (e *Event) Message() *Message {
	if m, ok := e.Payload.(*Message); ok {
		return m
	}
	return nil
}

// Payload is what an event says: *SessionStarted, *Message, *MessageRead, *ActionPressed,
// *OwnerChanged, *SessionClosed, *TimerFired, *Answered, *StatusChanged, *WidgetStateChanged, *Typing,
// *OperatorStatusChanged or *OperatorLoggedOut.
type Payload interface {
	Kind() Kind
	// In says whether the event is part of a stream.
	In(s Stream) bool
}

// SessionStarted opens every session.
type SessionStarted struct {
	Greet bool `json:"greet,omitempty"` // the bot is to speak first
}

// MessageRead says that somebody has read a message and all before it.
type MessageRead struct {
	MessageID string     `json:"messageId"`
	UpTo      int64      `json:"upTo"` // sequence of that message
	By        AuthorType `json:"by"`
}

// ActionPressed says that the client pressed an action button, or that its program tells of an event
// (Chat API, 3).
type ActionPressed struct {
	Event    string          `json:"event"`
	Data     json.RawMessage `json:"data,omitempty"`
	Question *Question       `json:"question,omitempty"` // what it is to the Chat API; nil on other faces
}

// OwnerChanged says that somebody else answers from now on.
type OwnerChanged struct {
	Owner    Owner `json:"owner"`
	Previous Owner `json:"previous"`
	Term     int64 `json:"term"`
	Greet    bool  `json:"greet,omitempty"` // the new owner is a bot that begins anew and is to speak first
	// Finished says that people are done and a bot has the session again: it is told so as the event
	// livechatFinished, where it was when it lost the session (Chat API, 8).
	Finished bool      `json:"finished,omitempty"`
	HandOver *HandOver `json:"handOver,omitempty"` // what the bot that gave the session away wishes; nil for nothing. Not for clients
}

// SessionClosed ends every session; only what becomes of its messages, and of the widget's state, may follow.
type SessionClosed struct {
	By             ClosedBy `json:"by"`
	Result         string   `json:"result,omitempty"`
	RatingRequired bool     `json:"ratingRequired,omitempty"`
	ChatID         string   `json:"chatId"`
}

// ClosedBy says who or what closed a session.
type ClosedBy string

// What may close a session.
const (
	ClosedByClient     ClosedBy = "client"
	ClosedByBot        ClosedBy = "bot"
	ClosedByOperator   ClosedBy = "operator"
	ClosedByLifetime   ClosedBy = "lifetime"
	ClosedBySuperseded ClosedBy = "superseded" // the client started a new session in the chat
)

// Typing says that somebody is writing.
type Typing struct {
	By   AuthorType
	Body string // what is written so far, of a client
}

// OperatorStatusChanged says that an operator who answers in the session takes new sessions, or
// none (TWIN, operatorStatusChangedEmit).
type OperatorStatusChanged struct {
	OperatorID string         `json:"operatorId"`
	Previous   OperatorStatus `json:"previous"`
	Current    OperatorStatus `json:"current"`
}

// OperatorStatus says whether an operator takes new sessions.
type OperatorStatus string

// The states of an operator (TWIN, operatorStatusChangedEmit).
const (
	OperatorActive OperatorStatus = "ACTIVE"
	OperatorPaused OperatorStatus = "PAUSED"
)

// OperatorLoggedOut says that an operator who answers in the session has left (TWIN,
// operatorLoggedOutEmit).
type OperatorLoggedOut struct {
	OperatorID string `json:"operatorId"`
}

// Kind implements Payload.
func (*SessionStarted) Kind() Kind { return KindSessionStarted }

// Kind implements Payload.
func (*Message) Kind() Kind { return KindMessageCreated }

// Kind implements Payload.
func (*MessageRead) Kind() Kind { return KindMessageRead }

// Kind implements Payload.
func (*ActionPressed) Kind() Kind { return KindActionPressed }

// Kind implements Payload.
func (*OwnerChanged) Kind() Kind { return KindOwnerChanged }

// Kind implements Payload.
func (*SessionClosed) Kind() Kind { return KindSessionClosed }

// Kind implements Payload.
func (*Typing) Kind() Kind { return KindTyping }

// Kind implements Payload.
func (*OperatorStatusChanged) Kind() Kind { return KindOperatorStatusChanged }

// Kind implements Payload.
func (*OperatorLoggedOut) Kind() Kind { return KindOperatorLoggedOut }

// In implements Payload.
func (*SessionStarted) In(Stream) bool { return false }

// In implements Payload. The widget hears of what others say (TWIN, chatMessageCreated).
func (m *Message) In(s Stream) bool {
	return !m.Silent() && (s == StreamSession || m.AuthorType != AuthorClient)
}

// In implements Payload. The widget hears of what operators read (TWIN, chatMessageRead).
func (r *MessageRead) In(s Stream) bool { return s == StreamSession || r.By == AuthorOperator }

// In implements Payload.
func (*ActionPressed) In(s Stream) bool { return s == StreamSession }

// In implements Payload.
func (o *OwnerChanged) In(Stream) bool { return announced(o.Owner) }

// In implements Payload.
func (*SessionClosed) In(Stream) bool { return true }

// In implements Payload.
func (t *Typing) In(s Stream) bool { return s == StreamSession || t.By != AuthorClient }

// In implements Payload. Centrifugo's widget has no such event (TWIN, section 3); Socket.IO's does.
func (*OperatorStatusChanged) In(Stream) bool { return false }

// In implements Payload, as of OperatorStatusChanged.
func (*OperatorLoggedOut) In(Stream) bool { return false }

// Unknown is an event of a kind that only a later version knows: nodes of both stand side by side during an
// upgrade. Nothing here reacts to it, and it is kept as it is.
type Unknown struct {
	Name Kind
	Data json.RawMessage
}

// Kind implements Payload.
func (u *Unknown) Kind() Kind { return u.Name }

// In implements Payload: how it is told is not known.
func (*Unknown) In(Stream) bool { return false }

// MarshalJSON implements json.Marshaler.
func (u *Unknown) MarshalJSON() ([]byte, error) { return u.Data.MarshalJSON() }

// UnmarshalJSON implements json.Unmarshaler.
func (u *Unknown) UnmarshalJSON(data []byte) error {
	u.Data = bytes.Clone(data)
	return nil
}

// announced: the client is told of bots and operators, not of queues
// (TWIN, operatorChanged: bot→operator, operator→operator, operator→bot, bot→bot).
func announced(o Owner) bool { return o.Kind == OwnerBot || o.Kind == OwnerOperator }

// payloadVersion is written into every stored payload, so that a later program can read it.
const payloadVersion = 1

// EncodePayload returns the stored form of a payload: JSON with its version.
func EncodePayload(p Payload) ([]byte, error) {
	if p.Kind().Ephemeral() {
		return nil, fmt.Errorf("encode payload: %s is never stored", p.Kind())
	}
	return json.Marshal(struct {
		V int     `json:"v"`
		P Payload `json:"p"`
	}{payloadVersion, p})
}

// DecodePayload reads the stored form of a payload of a kind.
func DecodePayload(kind Kind, data []byte) (Payload, error) {
	var p Payload
	switch kind {
	case KindSessionStarted:
		p = &SessionStarted{}
	case KindMessageCreated:
		p = &Message{}
	case KindMessageRead:
		p = &MessageRead{}
	case KindActionPressed:
		p = &ActionPressed{}
	case KindOwnerChanged:
		p = &OwnerChanged{}
	case KindSessionClosed:
		p = &SessionClosed{}
	case KindTimerFired:
		p = &TimerFired{}
	case KindQuestionAnswered:
		p = &Answered{}
	case KindStatusChanged:
		p = &StatusChanged{}
	case KindWidgetStateChanged:
		p = &WidgetStateChanged{}
	default:
		if kind == "" || kind.Ephemeral() {
			return nil, fmt.Errorf("decode payload: %q is no kind that is stored", kind)
		}
		p = &Unknown{Name: kind}
	}
	stored := struct {
		V int     `json:"v"` // comes first
		P Payload `json:"p"`
	}{P: p}
	err := json.Unmarshal(data, &stored)
	switch {
	case stored.V != payloadVersion && (err == nil || stored.V != 0): // that P cannot be read is no wonder then
		return nil, fmt.Errorf("decode payload of %s: version %d, this program knows %d", kind, stored.V, payloadVersion)
	case err != nil:
		return nil, fmt.Errorf("decode payload of %s: %w", kind, err)
	default:
		return p, nil
	}
}

// Ring says that a session has changed. It goes out after commit only. What it carries is a
// courtesy: whoever hears it must be able to do without, and without the ring, from the log.
type Ring struct {
	Session  SessionRef
	Client   ClientRef // whose the session is; zero when the ring is only ephemeral, or another node's
	Sequence int64     // last event number of the session at that commit; 0 when the ring is only ephemeral
	Settled  int64     // see Session.Settled
	TurnDue  bool      // the bot owes a reaction, and the lease is this node's
	Due      *DueTurn
	Events   []Event // what was committed, in order; or one ephemeral event

	TimerAt   time.Time // when due timers are to be looked for, zero when the commit has changed none
	Receivers []string  // who is to get deliveries that were written, see Receiver
}

// Starts reports whether the session began with that commit.
func (r *Ring) Starts() bool {
	if len(r.Events) == 0 {
		return false
	}
	_, ok := r.Events[0].Payload.(*SessionStarted)
	return ok
}

// DueTurn is a turn that a commit made due: what BeginTurn would otherwise read.
type DueTurn struct {
	Session Session // as committed
	Cause   Event
}
