package socketio

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/socketio/wire"
)

// timeLayout is TWIN's form of a time: seconds, and an offset that is never "Z" (TWIN, section 1).
const timeLayout = "2006-01-02T15:04:05-07:00"

type typingData struct {
	AuthorType chat.AuthorType `json:"authorType"`
}

// messageData is what was said: exactly the fields of TWIN, section 4.
type messageData struct {
	ID          string           `json:"id"`
	AuthorID    string           `json:"authorId"`
	AuthorType  chat.AuthorType  `json:"authorType"`
	AuthorName  string           `json:"authorName"`
	Type        chat.MessageType `json:"type"`
	Body        string           `json:"body"`
	Answers     []string         `json:"answers"`
	CreatedAt   string           `json:"createdAt"`
	SessionID   string           `json:"sessionId"`
	Attachments []fileData       `json:"attachments"`
	Actions     []actionData     `json:"actions"`
	Avatar      *fileData        `json:"avatar"` // a file object, not a URL
}

type actionData struct {
	Type  string `json:"type"`
	Event string `json:"event,omitempty"`
	Label string `json:"label,omitempty"`
	Data  string `json:"data,omitempty"` // JSON text, not an object
}

// fileData is TWIN's file object (TWIN, section 7).
type fileData struct {
	ID                 string  `json:"id"`
	IsPrivate          bool    `json:"isPrivate"`
	CreatedAt          string  `json:"createdAt"`
	ContentType        string  `json:"contentType"`
	Name               string  `json:"name"`
	BaseName           string  `json:"baseName"`
	Extension          string  `json:"extension"`
	SuggestedExtension string  `json:"suggestedExtension"`
	Path               string  `json:"path"`
	Size               int64   `json:"size"` // bytes
	URL                string  `json:"url"`
	DownloadLink       string  `json:"downloadLink"`
	OwnerID            *string `json:"ownerId"`
}

type readData struct {
	MessageID string `json:"messageId"`
}

// ownerData is a change of who answers; what is not known is null.
type ownerData struct {
	OperatorID             *string   `json:"operatorId"`
	OperatorName           *string   `json:"operatorName"`
	Avatar                 *fileData `json:"avatar"`
	PreviousOperatorID     *string   `json:"previousOperatorId"`
	PreviousOperatorName   *string   `json:"previousOperatorName"`
	PreviousOperatorAvatar *fileData `json:"previousOperatorAvatar"`
}

type statusData struct {
	OperatorID     string              `json:"operatorId"`
	PreviousStatus chat.OperatorStatus `json:"previousStatus"`
	CurrentStatus  chat.OperatorStatus `json:"currentStatus"`
}

type loggedOutData struct {
	OperatorID string `json:"operatorId"`
}

type closedData struct {
	SessionID             string `json:"sessionId"`
	ChatID                string `json:"chatId"`
	SessionRatingRequired bool   `json:"sessionRatingRequired"`
}

// Links makes the links of a file when it is delivered: to show it and to download it.
type Links func(a chat.Attachment) (inline, download string)

// heard reports whether an ephemeral event is for the legacy widget.
func heard(e *chat.Event) bool {
	switch e.Payload.(type) {
	case *chat.OperatorStatusChanged, *chat.OperatorLoggedOut:
		return true
	}
	return e.Ephemeral() && e.Payload.In(chat.StreamWidget)
}

// encode returns the packet of an event.
func encode(e *chat.Event, links Links) (string, error) {
	name, data := describe(e, links)
	if data == nil {
		return "", fmt.Errorf("encode packet: unknown payload %T", e.Payload)
	}
	return wire.Frame(name, data)
}

// describe is the table of events of TWIN, section 4; nil data for a payload not in it.
func describe(e *chat.Event, links Links) (name string, data any) {
	switch p := e.Payload.(type) {
	case *chat.Message:
		return "chatMessageCreatedEmit", describeMessage(e, p, links)
	case *chat.Typing:
		return "showTypingIndicatorEmit", typingData{p.By}
	case *chat.MessageRead:
		return "chatMessageReadEmit", readData{p.MessageID}
	case *chat.OwnerChanged:
		return "operatorChangedEmit", describeOwner(p)
	case *chat.OperatorStatusChanged:
		return "operatorStatusChangedEmit", statusData{p.OperatorID, p.Previous, p.Current}
	case *chat.OperatorLoggedOut:
		return "operatorLoggedOutEmit", loggedOutData{p.OperatorID}
	case *chat.SessionClosed:
		return "sessionClosedEmit", closedData{e.Session.ID, p.ChatID, p.RatingRequired}
	default:
		return "", nil
	}
}

func describeMessage(e *chat.Event, m *chat.Message, links Links) *messageData {
	d := &messageData{
		ID:          m.ID,
		AuthorID:    m.AuthorID,
		AuthorType:  m.AuthorType,
		AuthorName:  m.AuthorName,
		Type:        m.Type,
		Body:        m.Body,
		Answers:     append([]string{}, m.Answers...),
		CreatedAt:   stamp(e.At),
		SessionID:   e.Session.ID,
		Attachments: make([]fileData, 0, len(m.Attachments)),
		Actions:     make([]actionData, 0, len(m.Actions)),
	}
	for _, a := range m.Attachments {
		d.Attachments = append(d.Attachments, describeFile(a, e.At, links))
	}
	for _, a := range m.Actions {
		d.Actions = append(d.Actions, actionData(a))
	}
	if m.Avatar != "" {
		avatar := describeFile(chat.Attachment{Name: path.Base(pathOf(m.Avatar)), URL: m.Avatar}, e.At, nil)
		d.Avatar = &avatar
	}
	return d
}

func describeFile(a chat.Attachment, at time.Time, links Links) fileData {
	dotted := path.Ext(a.Name)
	extension := strings.TrimPrefix(dotted, ".")
	d := fileData{
		ID:                 a.ID,
		CreatedAt:          stamp(at),
		ContentType:        a.ContentType,
		Name:               a.Name,
		BaseName:           strings.TrimSuffix(a.Name, dotted),
		Extension:          extension,
		SuggestedExtension: extension,
		Size:               a.Size,
		URL:                a.URL,
		DownloadLink:       a.URL,
	}
	if a.URL == "" && links != nil {
		d.URL, d.DownloadLink = links(a)
	}
	return d
}

// pathOf is the path of a URL, as far as it can be told.
func pathOf(url string) string {
	url, _, _ = strings.Cut(url, "?")
	_, after, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	_, after, _ = strings.Cut(after, "/")
	return "/" + after
}

// describeOwner names bots and operators; a queue or nobody is null, for the client knows no such
// operator.
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

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }
