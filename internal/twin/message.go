package twin

import (
	"path"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// message is what a start returns of the bot's messages (TWIN, section 2, messages[]).
type message struct {
	ID          string       `json:"id"`
	CreatedAt   string       `json:"createdAt"`
	Sequence    int64        `json:"sequence"`
	AuthorID    string       `json:"authorId"`
	AuthorType  string       `json:"authorType"`
	Body        string       `json:"body"`
	Answers     []string     `json:"answers"`
	Keyboard    *keyboard    `json:"keyboard"`
	Actions     []action     `json:"actions"`
	Attachments []attachment `json:"attachments"`
}

// listedMessage is what a history lists: the fields of chatMessageCreated and the sequence.
type listedMessage struct {
	message
	SessionID      string   `json:"sessionId"`
	AuthorName     string   `json:"authorName"`
	Type           string   `json:"type"`
	Avatar         string   `json:"avatar,omitempty"`
	ReplyID        string   `json:"replyId,omitempty"`
	ReplyToMessage *replyTo `json:"replyToMessage,omitempty"`
}

type keyboard struct {
	ButtonsInRow int      `json:"buttonsInRow"`
	Buttons      []button `json:"buttons"`
}

type button struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type action struct {
	Type  string `json:"type"`
	Event string `json:"event,omitempty"`
	Label string `json:"label,omitempty"`
	Data  string `json:"data,omitempty"` // JSON text
}

// attachment is a file object. The vendor's own misspelling is sent along (TWIN, section 2).
type attachment struct {
	ID                 string `json:"id"`
	IsPrivate          bool   `json:"isPrivate"`
	CreatedAt          string `json:"createdAt"`
	ContentType        string `json:"contentType"`
	Name               string `json:"name"`
	BaseName           string `json:"baseName"`
	Extension          string `json:"extension"`
	SugestedExtension  string `json:"sugestedExtension"`
	SuggestedExtension string `json:"suggestedExtension"`
	Path               string `json:"path"`
	Size               int64  `json:"size"`
	URL                string `json:"url"`
	DownloadLink       string `json:"downloadLink"`
}

type replyTo struct {
	ID         string `json:"id"`
	AuthorType string `json:"authorType"`
	Body       string `json:"body,omitempty"`
	AuthorName string `json:"authorName,omitempty"`
}

// created is the answer to a create in a session: TWIN's id and time, and our sequence.
type created struct {
	ID        string `json:"id"`
	CreatedAt string `json:"createdAt"`
	Sequence  int64  `json:"sequence"`
}

func newCreated(e *chat.Event) created {
	return created{ID: e.ID, CreatedAt: stamp(e.At), Sequence: e.Sequence}
}

// Links makes the links of a file when it is delivered: to show it and to download it.
type Links func(a chat.Attachment) (inline, download string)

func newMessage(e *chat.Event, m *chat.Message, links Links) message {
	out := message{
		ID:          e.ID,
		CreatedAt:   stamp(e.At),
		Sequence:    e.Sequence,
		AuthorID:    m.AuthorID,
		AuthorType:  string(m.AuthorType),
		Body:        m.Body,
		Answers:     append([]string{}, m.Answers...),
		Actions:     make([]action, len(m.Actions)),
		Attachments: make([]attachment, len(m.Attachments)),
	}
	if m.Keyboard != nil {
		out.Keyboard = newKeyboard(m.Keyboard)
	}
	for i, pressed := range m.Actions {
		out.Actions[i] = action(pressed)
	}
	for i, f := range m.Attachments {
		out.Attachments[i] = newAttachment(f, e.At, links)
	}
	return out
}

func newListedMessage(e *chat.Event, m *chat.Message, links Links) listedMessage {
	out := listedMessage{
		message:    newMessage(e, m, links),
		SessionID:  e.Session.ID,
		AuthorName: m.AuthorName,
		Type:       string(m.Type),
		Avatar:     m.Avatar,
	}
	if re := m.ReplyTo; re != nil {
		out.ReplyID = re.ID
		out.ReplyToMessage = &replyTo{ID: re.ID, AuthorType: string(re.AuthorType), Body: re.Body, AuthorName: re.AuthorName}
	}
	return out
}

func newKeyboard(k *chat.Keyboard) *keyboard {
	out := &keyboard{ButtonsInRow: k.ButtonsInRow, Buttons: make([]button, len(k.Buttons))}
	for i, text := range k.Buttons {
		out.Buttons[i] = button{Type: "text", Text: text}
	}
	return out
}

func newAttachment(f chat.Attachment, at time.Time, links Links) attachment {
	show, save := links(f)
	dotted := path.Ext(f.Name)
	extension := strings.TrimPrefix(dotted, ".")
	return attachment{
		ID:                 f.ID,
		IsPrivate:          f.Private,
		CreatedAt:          stamp(at),
		ContentType:        f.ContentType,
		Name:               f.Name,
		BaseName:           strings.TrimSuffix(f.Name, dotted),
		Extension:          extension,
		SugestedExtension:  extension,
		SuggestedExtension: extension,
		Size:               f.Size,
		URL:                show,
		DownloadLink:       save,
	}
}

// given is how far a client has been given the widget stream once it has these events, of
// which only an unbroken continuation counts: what is missing in between must still come
// with a connection.
func given(before int64, events []chat.Event) int64 {
	for i := range events {
		if n := events[i].WidgetNo; n > before+1 {
			break
		} else if n > before {
			before = n
		}
	}
	return before
}
