// Package xmltest runs the XML tests of bots: files of cases, each a conversation with what
// the bot is to answer (scenario language, 5).
//
// Find and Read make cases of a bot's files. Run plays each of them with a conversation of
// its own: its clock, its chance and its services are made up, so that a case always goes the
// same way. A Result is what came of it, turn by turn; Print, WriteJUnit and WriteJSON show
// it. The package knows bots by Conversation alone: it reads no scenario.
//
// # Where the language's description is silent
//
//   - A turn that is followed by <responseData> alone needs no <a> for its texts. Otherwise
//     each text needs one, and a turn with neither must say nothing. Replies of other types
//     need none, but an <a> without text takes them, too.
//   - An <a> without text that names a state or class may also stand for a state that was gone
//     through and said nothing.
//   - Numbers that no <random> gives are 0; with a seed they are drawn.
//   - A broken file is one failed case; its cases before that place are run.
//   - skipped are cases with the attribute skip="why" (ours), those that call the real
//     services (integration="true") unless that is allowed, and those with <mockService>. What
//     a bot does not support fails: a bot may not get well by what is missing.
package xmltest

import (
	"context"
	"encoding/json"
	"time"
)

// Conversation is one client talking to a bot, which knows that it is tested. It is used by
// one goroutine at a time.
type Conversation interface {
	React(ctx context.Context, ask Ask) Answer
	SetContext(path string) error // an error when there is no such state
	Session() json.RawMessage
	SetSession(data json.RawMessage)
	Client() json.RawMessage
	SetClient(data json.RawMessage)
	NewSession()
	SetTime(now time.Time)
	SetRandom(numbers []int) // what is drawn next; then it is 0
	Pending() []Timer        // in the order in which they fire
	Fire(ctx context.Context, id string) Answer
	Close()
}

// Ask is what a client does.
type Ask struct {
	Query, Event string
	Data         json.RawMessage // becomes $request.data
	Raw          json.RawMessage // an object that is laid over all of $request
}

// Answer is what the bot did.
type Answer struct {
	Replies    []Said
	Class      string   // the first state that was activated; "" for none
	States     []string // all of them, in order
	Context    string   // where the dialogue is now
	Response   json.RawMessage
	NewSession *Started // the new session that was begun, if one was
	Mails      []Letter
	Log        []string
	Err        error // why the turn failed
}

// Said is one reply.
type Said struct {
	Type, Text, State string
	Raw               json.RawMessage
}

// Started is a session that the bot began.
type Started struct {
	Message string
	Session json.RawMessage
}

// Letter is a mail that the bot sent.
type Letter struct {
	Recipient, Subject, Body string
}

// Timer is something that waits in a conversation.
type Timer struct {
	ID       string
	Kind     string // "timeout", or another for events
	At       time.Time
	Interval float64 // in seconds
	Target   string
}

// timeoutKind is the kind of timers that a client's silence fires.
const timeoutKind = "timeout"

// Setup is what a conversation gets of its case. Without Fetch it may call the network.
type Setup struct {
	Seed  uint64 // of the numbers that are drawn when SetRandom was not called
	Fetch func(context.Context, HTTPRequest) (HTTPResponse, error)
}
