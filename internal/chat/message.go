package chat

import "encoding/json"

// AuthorType says who wrote a message.
type AuthorType string

// The authors (TWIN, authorType).
const (
	AuthorClient   AuthorType = "CLIENT"
	AuthorBot      AuthorType = "BOT"
	AuthorOperator AuthorType = "OPERATOR"
	AuthorSystem   AuthorType = "SYSTEM" // of no message: this program itself (Chat API, 2)
)

// MessageType is TWIN's message type.
type MessageType string

// The message types (TWIN, chatMessageCreated).
const (
	MessageRegular  MessageType = "REGULAR"
	MessageTerminal MessageType = "TERMINAL"
)

// Limits of one message.
const (
	MaxBodyRunes   = 50_000
	MaxAttachments = 20
)

// Message is what somebody said. Its id is the id of the event that carries it.
type Message struct {
	ID          string            `json:"id"` // UUID v7
	AuthorType  AuthorType        `json:"authorType"`
	AuthorID    string            `json:"authorId,omitempty"`
	AuthorName  string            `json:"authorName,omitempty"`
	Avatar      string            `json:"avatar,omitempty"` // URL
	Type        MessageType       `json:"type"`
	Body        string            `json:"body"`
	Answers     []string          `json:"answers,omitempty"` // predefined answers the client may choose
	Keyboard    *Keyboard         `json:"keyboard,omitempty"`
	Actions     []Action          `json:"actions,omitempty"`
	Attachments []Attachment      `json:"attachments,omitempty"`
	ReplyTo     *ReplyTo          `json:"replyTo,omitempty"`
	State       string            `json:"state,omitempty"`      // path of the scenario state that said it
	Cause       int64             `json:"cause,omitempty"`      // sequence of the event a bot's message answers; of messages that answer none and come together, of the first
	QuestionID  string            `json:"questionId,omitempty"` // of the question that a bot's message answers; of another event, its id
	Question    *Question         `json:"question,omitempty"`   // what a client's message is to the Chat API; nil on other faces
	Replies     []json.RawMessage `json:"replies,omitempty"`    // the same content as Chat API replies, when a bot gave it so
}

// Silent reports whether a message shows people nothing: all it has is replies that programs know
// what to do with (Chat API, 5). It is in no stream and in no history of a client.
func (m *Message) Silent() bool {
	return len(m.Replies) > 0 && m.Body == "" && m.Keyboard == nil && len(m.Answers)+len(m.Actions)+len(m.Attachments) == 0
}

// Keyboard is a grid of quick answers.
type Keyboard struct {
	ButtonsInRow int      `json:"buttonsInRow"`
	Buttons      []string `json:"buttons"`
}

// Action is an interactive element of a message.
type Action struct {
	Type  string `json:"type"`
	Event string `json:"event,omitempty"`
	Label string `json:"label,omitempty"`
	Data  string `json:"data,omitempty"` // JSON text, not an object
}

// Attachment refers to a file; links are signed when it is delivered, never stored.
type Attachment struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	Size        int64  `json:"size,omitempty"`
	Private     bool   `json:"private,omitempty"`
	URL         string `json:"url,omitempty"` // of a file that is not ours, e.g. a bot's image
}

// ReplyTo is the message that another one answers, as it was then.
type ReplyTo struct {
	ID         string     `json:"id"`
	AuthorType AuthorType `json:"authorType"`
	AuthorName string     `json:"authorName,omitempty"`
	Body       string     `json:"body,omitempty"`
}
