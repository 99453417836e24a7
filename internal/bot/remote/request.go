package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// timeLayout is RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

// Bounds of the history that a call carries.
const (
	maxHistoryBytes = 128 << 10 // of texts; the oldest messages are left out first
	maxHistoryReads = 4
)

// turnRequest is what a bot is posted (docs/remote-bots.md, "What your bot is sent").
type turnRequest struct {
	TurnID    string        `json:"turnId"`
	Attempt   int           `json:"attempt"`
	Bot       botData       `json:"bot"`
	Chat      chatData      `json:"chat"`
	Session   sessionData   `json:"session"`
	Client    clientData    `json:"client"`
	Event     eventData     `json:"event"`
	State     stateData     `json:"state"`
	History   []messageData `json:"history"`
	AnswerURL string        `json:"answerUrl"`
	Token     string        `json:"token"`
}

type botData struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type chatData struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"`
}

type sessionData struct {
	ID              string         `json:"id"`
	StartedAt       string         `json:"startedAt"`
	Name            string         `json:"name,omitempty"`
	Channel         string         `json:"channel,omitempty"`
	MessengerType   string         `json:"messengerType,omitempty"`
	MessengerUserID string         `json:"messengerUserId,omitempty"`
	Referer         string         `json:"referer,omitempty"`
	Variables       map[string]any `json:"variables"`
	BotNodeID       string         `json:"botNodeId,omitempty"`
}

type clientData struct {
	ID         string            `json:"id"`
	ExternalID string            `json:"externalId,omitempty"`
	Name       string            `json:"name,omitempty"`
	FirstName  string            `json:"firstName,omitempty"`
	MiddleName string            `json:"middleName,omitempty"`
	LastName   string            `json:"lastName,omitempty"`
	Phone      string            `json:"phone,omitempty"`
	Email      string            `json:"email,omitempty"`
	Timezone   *int              `json:"timezone,omitempty"` // minutes east of UTC
	Metadata   map[string]string `json:"metadata"`
}

// eventData is what the bot reacts to.
type eventData struct {
	Type        string           `json:"type"` // start, message or action
	ID          string           `json:"id"`
	Sequence    int64            `json:"sequence"`
	CreatedAt   string           `json:"createdAt"`
	Body        string           `json:"body,omitempty"`
	Attachments []attachmentData `json:"attachments,omitempty"`
	ReplyTo     *replyData       `json:"replyTo,omitempty"`
	Event       string           `json:"event,omitempty"`
	Data        json.RawMessage  `json:"data,omitempty"`
}

type attachmentData struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	Size        int64  `json:"size,omitempty"`
	URL         string `json:"url,omitempty"`
	DownloadURL string `json:"downloadUrl,omitempty"`
}

type replyData struct {
	ID     string          `json:"id"`
	Author chat.AuthorType `json:"author"`
	Body   string          `json:"body,omitempty"`
}

type messageData struct {
	ID          string           `json:"id"`
	Sequence    int64            `json:"sequence"`
	CreatedAt   string           `json:"createdAt"`
	Author      chat.AuthorType  `json:"author"`
	AuthorName  string           `json:"authorName,omitempty"`
	Body        string           `json:"body,omitempty"`
	Attachments []attachmentData `json:"attachments,omitempty"`
}

// stateData is what the bot has remembered: {} when nothing.
type stateData struct {
	Session variables `json:"session"`
	Client  variables `json:"client"`
}

// request returns the body of the calls of a turn.
func (b *Bot) request(ctx context.Context, t *chat.Turn) ([]byte, error) {
	event, err := b.event(&t.Cause)
	if err != nil {
		return nil, err
	}
	history, err := b.history(ctx, t)
	if err != nil {
		return nil, err
	}
	c := b.caller
	token := turnToken{
		session: t.Session.ID, cause: t.Cause.Sequence, term: t.Session.Term, expires: c.Now().Add(c.Answers), bot: b.record.ID,
	}
	sealed := token.seal(c.TurnKey)
	r := turnRequest{
		TurnID:    t.ID,
		Attempt:   t.Attempt,
		Bot:       botData{b.record.ID, b.record.Name},
		Chat:      chatData{t.Chat.ID, t.Chat.Name, t.Chat.Language},
		Session:   describeSession(t),
		Client:    describeClient(t.Client),
		Event:     *event,
		State:     stateData(readMemory(b.record.ID, t.State)),
		History:   history,
		AnswerURL: c.AnswerURL() + sealed,
		Token:     sealed,
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode a turn: %w", err)
	}
	return buf.Bytes(), nil
}

func describeSession(t *chat.Turn) sessionData {
	d := t.Details
	s := sessionData{
		ID: t.Session.ID, StartedAt: stamp(t.Session.StartedAt), Name: d.Name, Channel: d.Channel, MessengerType: d.MessengerType,
		MessengerUserID: d.MessengerUserID, Referer: d.Referer, Variables: d.Variables, BotNodeID: d.BotNodeID,
	}
	if s.Variables == nil {
		s.Variables = map[string]any{}
	}
	return s
}

func describeClient(c *chat.Client) clientData {
	d := clientData{
		ID: c.ID, ExternalID: c.ExternalID, Name: c.Name, FirstName: c.FirstName, MiddleName: c.MiddleName, LastName: c.LastName,
		Phone: c.Phone, Email: c.Email, Timezone: c.Timezone, Metadata: c.Metadata,
	}
	if d.Metadata == nil {
		d.Metadata = map[string]string{}
	}
	return d
}

func (b *Bot) event(e *chat.Event) (*eventData, error) {
	d := &eventData{ID: e.ID, Sequence: e.Sequence, CreatedAt: stamp(e.At)}
	switch p := e.Payload.(type) {
	case *chat.SessionStarted, *chat.OwnerChanged: // the latter: the session was given to the bot anew
		d.Type = "start"
	case *chat.Message:
		d.Type, d.Body, d.Attachments = "message", p.Body, b.attachments(p.Attachments)
		if r := p.ReplyTo; r != nil {
			d.ReplyTo = &replyData{r.ID, r.AuthorType, r.Body}
		}
	case *chat.ActionPressed:
		d.Type, d.Event, d.Data = "action", p.Event, p.Data
	default:
		return nil, fmt.Errorf("a bot does not react to %s", p.Kind())
	}
	return d, nil
}

// attachments makes the links of files, which are good for a while.
func (b *Bot) attachments(list []chat.Attachment) []attachmentData {
	var all []attachmentData
	for _, a := range list {
		d := attachmentData{ID: a.ID, Name: a.Name, ContentType: a.ContentType, Size: a.Size, URL: a.URL}
		if a.URL == "" && b.caller.Links != nil {
			d.URL, d.DownloadURL = b.caller.Links(a)
		}
		all = append(all, d)
	}
	return all
}

// history lists what was said before the event, the oldest first.
func (b *Bot) history(ctx context.Context, t *chat.Turn) ([]messageData, error) {
	said := []messageData{}
	limit := setting(b.record.Settings.History, DefaultHistory, chat.MaxBotHistory)
	before := t.Cause.SessionNo // 0 at the start: nothing was said
	room := maxHistoryBytes
	for reads := 0; before > 1 && len(said) < limit && reads < maxHistoryReads; reads++ {
		events, err := b.caller.Events.ListStream(ctx, t.Session.Ref(), chat.StreamSession, before, 2*limit, true)
		if err != nil {
			return nil, fmt.Errorf("read the history: %w", err)
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			e := &events[i]
			before = e.SessionNo
			m := e.Message()
			if m == nil || len(said) == limit {
				continue
			}
			if room -= len(m.Body); room < 0 {
				limit = len(said)
				break
			}
			said = append(said, messageData{e.ID, e.Sequence, stamp(e.At), m.AuthorType, m.AuthorName, m.Body, b.attachments(m.Attachments)})
		}
	}
	slices.Reverse(said)
	return said, nil
}
