package chat

import (
	"encoding/json"
	"time"
)

// TEMPORARY: the lead's types, until they are on main.

// KindQuestionAnswered is the kind of Answered.
const KindQuestionAnswered Kind = "question.answered"

// Question is what a Chat API request asks.
type Question struct {
	ID    string          `json:"id"`
	CID   string          `json:"cid,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	Async bool            `json:"async,omitempty"`
}

// QuestionRecord is where a question is.
type QuestionRecord struct {
	ChatKey, ClientKey   int64
	ID                   string
	SessionKey, Sequence int64
	CID                  string
	At                   time.Time
}

// Answered ends a turn that answers a question.
type Answered struct {
	Cause      int64  `json:"cause"`
	QuestionID string `json:"questionId"`
	CID        string `json:"cid,omitempty"`
}

// Kind implements Payload.
func (*Answered) Kind() Kind { return KindQuestionAnswered }

// In implements Payload.
func (*Answered) In(Stream) bool { return false }
