package xmltest

import (
	"fmt"
	"time"
)

// Kind is what a step of a case does; its value is the name of the tag (scenario language, 5).
type Kind string

// Steps that the client takes: the bot answers each.
const (
	Query   Kind = "q"
	Event   Kind = "event"
	Request Kind = "request"
	Timeout Kind = "timeout"
)

// Steps that check what the bot answered last.
const (
	Reply        Kind = "a"
	ResponseData Kind = "responseData"
	TimeoutReply Kind = "timeoutReply"
	NewSession   Kind = "newSession"
	Mail         Kind = "mail"
)

// Steps that prepare what follows.
const (
	State       Kind = "state"
	Context     Kind = "context"
	DateTime    Kind = "dateTime"
	Random      Kind = "random"
	RequestData Kind = "requestData"
	RawRequest  Kind = "rawRequest"
	MockData    Kind = "mockData"
)

// File is a file of tests.
type File struct {
	Name  string // its path inside the bot
	Cases []*Case
	Notes []*Note
}

// Note is something odd in a file that fails no case by itself.
type Note struct {
	File    string
	Line    int // from 1
	Message string
}

func (n *Note) String() string { return fmt.Sprintf("%s:%d: %s", n.File, n.Line, n.Message) }

// Case is one conversation with the bot, and what is expected of it.
type Case struct {
	File        string
	Line        int    // from 1
	ID          string // its id, or what the client says first, or "line N"
	Integration bool   // calls the real services
	Skip        string // why it cannot be run; "" when it can
	Broken      []*Note
	Steps       []*Step
	shared      []*Mock // those of the file
}

// Step is one tag of a case. Only the fields of its kind are set.
type Step struct {
	Kind Kind
	Line int // from 1

	Text string            // Query, Event, Reply, State: what stands in the tag
	Attr map[string]string // attributes as they were written

	Data    any       // JSON of Request, RequestData, RawRequest, Context, ResponseData, Event, and session of NewSession; nil when not given
	Time    time.Time // DateTime
	Numbers []int     // Random
	Mock    *Mock     // MockData
}

// has reports whether an attribute was written, even as "".
func (s *Step) has(name string) bool {
	_, ok := s.Attr[name]
	return ok
}

// asks reports whether the step is something that the client does.
func (s *Step) asks() bool {
	return s.Kind == Query || s.Kind == Event || s.Kind == Request || s.Kind == Timeout
}

// checks reports whether the step looks at the last answer.
func (s *Step) checks() bool {
	switch s.Kind {
	case Reply, ResponseData, TimeoutReply, NewSession, Mail:
		return true
	default:
		return false
	}
}
