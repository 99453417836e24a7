package realtime

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/govorun/govorun/internal/chat"
)

// timeLayout is TWIN's form of a time: seconds, and an offset that is never "Z" (TWIN,
// section 1, "Conventions").
const timeLayout = "2006-01-02T15:04:05-07:00"

// envelope is every publication: the vendor's documents name the event under both keys (TWIN,
// section 3).
type envelope struct {
	Event    string `json:"event"`
	Action   string `json:"action"`
	Data     any    `json:"data"`
	ID       string `json:"id,omitempty"`
	Sequence int64  `json:"sequence,omitempty"` // absent when ephemeral
}

type typingData struct {
	AuthorType chat.AuthorType `json:"authorType"`
	Body       string          `json:"body,omitempty"` // session stream only
}

type messageData struct {
	ID             string           `json:"id"`
	AuthorType     chat.AuthorType  `json:"authorType"`
	Body           string           `json:"body"`
	Answers        []string         `json:"answers"`
	Keyboard       *keyboardData    `json:"keyboard,omitempty"`
	CreatedAt      string           `json:"createdAt"`
	SessionID      string           `json:"sessionId"`
	Attachments    []attachmentData `json:"attachments"`
	Actions        []actionData     `json:"actions"`
	Avatar         string           `json:"avatar,omitempty"`
	AuthorID       string           `json:"authorId,omitempty"`
	AuthorName     string           `json:"authorName,omitempty"`
	Type           chat.MessageType `json:"type,omitempty"`
	ReplyID        string           `json:"replyId,omitempty"`
	ReplyToMessage *replyData       `json:"replyToMessage,omitempty"`
}

type keyboardData struct {
	ButtonsInRow int          `json:"buttonsInRow"`
	Buttons      []buttonData `json:"buttons"`
}

type buttonData struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type attachmentData struct {
	ID           string `json:"id"`
	ContentType  string `json:"contentType"`
	Size         int64  `json:"size"`
	DownloadLink string `json:"downloadLink"`
	Name         string `json:"name"`
	URL          string `json:"url,omitempty"`
}

type actionData struct {
	Type  string `json:"type"`
	Event string `json:"event,omitempty"`
	Label string `json:"label,omitempty"`
	Data  string `json:"data,omitempty"` // JSON text, not an object
}

type replyData struct {
	ID         string          `json:"id"`
	AuthorType chat.AuthorType `json:"authorType"`
	Body       string          `json:"body,omitempty"`
	AuthorName string          `json:"authorName,omitempty"`
}

// ownerData is a change of who answers; every field is required, what is not known is null.
type ownerData struct {
	OperatorID             *string `json:"operatorId"`
	OperatorName           *string `json:"operatorName"`
	Avatar                 *string `json:"avatar"`
	PreviousOperatorID     *string `json:"previousOperatorId"`
	PreviousOperatorName   *string `json:"previousOperatorName"`
	PreviousOperatorAvatar *string `json:"previousOperatorAvatar"`
}

type readData struct {
	MessageID  string          `json:"messageId"`
	AuthorType chat.AuthorType `json:"authorType,omitempty"` // who read it; session stream only
}

type changedStatusData struct {
	QuestionID string             `json:"questionId"`
	Status     chat.MessageStatus `json:"status"`
	AuthorType chat.AuthorType    `json:"authorType"` // who has said so
}

type pressData struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data,omitempty"` // as the client sent it
}

type closedData struct {
	SessionID             string `json:"sessionId"`
	ChatID                string `json:"chatId"`
	SessionRatingRequired bool   `json:"sessionRatingRequired"`
}

// Links makes the links of a file when it is delivered: to show it and to download it.
type Links func(a chat.Attachment) (inline, download string)

// encode returns the publication of an event on a stream's channel: one line of JSON. The
// session stream says more than the documented widget stream does.
func encode(e *chat.Event, stream chat.Stream, links Links) ([]byte, error) {
	data := describe(e, stream, links)
	if data == nil {
		return nil, fmt.Errorf("encode publication: unknown payload %T", e.Payload)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	name := EventName(e.Payload)
	err := enc.Encode(envelope{Event: name, Action: name, Data: data, ID: e.ID, Sequence: e.Sequence})
	if err != nil {
		return nil, fmt.Errorf("encode publication of %s: %w", e.Payload.Kind(), err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// describe is the table of events of TWIN, section 3; nil for a payload not in it.
func describe(e *chat.Event, stream chat.Stream, links Links) any {
	whole := stream == chat.StreamSession
	switch p := e.Payload.(type) {
	case *chat.Message:
		return describeMessage(e, p, links)
	case *chat.Typing:
		d := typingData{AuthorType: p.By}
		if whole {
			d.Body = p.Body
		}
		return d
	case *chat.MessageRead:
		d := readData{MessageID: p.MessageID}
		if whole {
			d.AuthorType = p.By
		}
		return d
	case *chat.OwnerChanged:
		return describeOwner(p)
	case *chat.SessionClosed:
		return closedData{e.Session.ID, p.ChatID, p.RatingRequired}
	case *chat.ActionPressed:
		return pressData{p.Event, p.Data}
	case *chat.StatusChanged:
		return changedStatusData{p.QuestionID, p.Status, p.By}
	default:
		return nil
	}
}

func describeMessage(e *chat.Event, m *chat.Message, links Links) *messageData {
	d := &messageData{
		ID:          m.ID,
		AuthorType:  m.AuthorType,
		Body:        m.Body,
		Answers:     append([]string{}, m.Answers...),
		CreatedAt:   e.At.UTC().Format(timeLayout),
		SessionID:   e.Session.ID,
		Attachments: make([]attachmentData, 0, len(m.Attachments)),
		Actions:     make([]actionData, 0, len(m.Actions)),
		Avatar:      m.Avatar,
		AuthorID:    m.AuthorID,
		AuthorName:  m.AuthorName,
		Type:        m.Type,
	}
	for _, a := range m.Actions {
		d.Actions = append(d.Actions, actionData(a))
	}
	for _, a := range m.Attachments {
		d.Attachments = append(d.Attachments, describeAttachment(a, links))
	}
	if k := m.Keyboard; k != nil {
		d.Keyboard = &keyboardData{ButtonsInRow: k.ButtonsInRow, Buttons: make([]buttonData, 0, len(k.Buttons))}
		for _, text := range k.Buttons {
			d.Keyboard.Buttons = append(d.Keyboard.Buttons, buttonData{Type: "text", Text: text})
		}
	}
	if r := m.ReplyTo; r != nil {
		d.ReplyID = r.ID
		d.ReplyToMessage = &replyData{ID: r.ID, AuthorType: r.AuthorType, Body: r.Body, AuthorName: r.AuthorName}
	}
	return d
}

func describeAttachment(a chat.Attachment, links Links) attachmentData {
	d := attachmentData{ID: a.ID, ContentType: a.ContentType, Size: a.Size, Name: a.Name, DownloadLink: a.URL, URL: a.URL}
	if a.URL == "" && links != nil {
		d.URL, d.DownloadLink = links(a)
	}
	return d
}

// describeOwner names bots and operators; a queue or nobody is null, for the client knows no
// such operator.
func describeOwner(p *chat.OwnerChanged) *ownerData {
	d := &ownerData{}
	d.OperatorID, d.OperatorName = named(p.Owner)
	d.PreviousOperatorID, d.PreviousOperatorName = named(p.Previous)
	return d
}

func named(o chat.Owner) (id, name *string) {
	if o.Kind != chat.OwnerBot && o.Kind != chat.OwnerOperator {
		return nil, nil
	}
	return &o.ID, &o.Name
}
