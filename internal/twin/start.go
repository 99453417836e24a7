package twin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// answerBatch is how many events of the log are read for one answer. A bot that has said
// more than these by then goes on through the other transports.
const answerBatch = 500

// Defaults of fields that the vendor's samples leave out (D).
const (
	defaultSessionName = "Chat"
	defaultChannel     = "WIDGET"
)

// startRequest has the fields of TWIN, section 2, in the order of its table.
type startRequest struct {
	Name                  string            `json:"name"`
	BotID                 string            `json:"botId"`
	SessionID             string            `json:"sessionId"`
	ClientID              string            `json:"clientId"`
	ClientExternalID      string            `json:"clientExternalId"`
	ClientSignature       string            `json:"clientSignature"`
	ClientPhone           json.RawMessage   `json:"clientPhone"` // string or number
	ClientEmail           string            `json:"clientEmail"`
	ClientName            string            `json:"clientName"`
	ClientFirstName       string            `json:"clientFirstName"`
	ClientMiddleName      string            `json:"clientMiddleName"`
	ClientLastName        string            `json:"clientLastName"`
	ClientNameForOperator string            `json:"clientNameForOperator"`
	ClientDeviceID        string            `json:"clientDeviceId"`
	ClientTimezone        *int              `json:"clientTimezone"` // minutes
	ClientMetadata        json.RawMessage   `json:"clientMetadata"` // object of strings
	Channel               string            `json:"channel"`
	MessengerType         string            `json:"messengerType"`
	MessengerUserID       string            `json:"messengerUserId"`
	SessionTTL            int64             `json:"sessionTtl"` // seconds
	ReturnAnswerAsync     bool              `json:"returnAnswerAsync"`
	Referer               string            `json:"referer"`
	Variables             json.RawMessage   `json:"variables"` // array or object
	CallbackURL           string            `json:"callbackUrl"`
	CallbackData          string            `json:"callbackData"`
	BotNodeID             string            `json:"botNodeId"`
	MessageBody           string            `json:"messageBody"`
	MessageAttachments    []json.RawMessage `json:"messageAttachments"` // ids or {id}
	EventCallbackURL      string            `json:"eventCallbackUrl"`
	EventCallbackData     string            `json:"eventCallbackData"`
	NotifyOnEvents        []string          `json:"notifyOnEvents"`
	ReplyToMessageID      string            `json:"replyToMessageId"`
}

// startedSession is the answer to a start.
type startedSession struct {
	ID        string    `json:"id"`
	MessageID string    `json:"messageId,omitempty"`
	ClientID  string    `json:"clientId"`
	StartedAt string    `json:"startedAt"`
	TTL       int64     `json:"ttl"` // seconds
	Messages  []message `json:"messages"`
}

// startSession is POST /chats/{chatId}/sessions.
func (a *API) startSession(r *http.Request) (reply, error) { return a.start(r, false) }

// continueSession is PUT /chats/{chatId}/sessions.
func (a *API) continueSession(r *http.Request) (reply, error) { return a.start(r, true) }

func (a *API) start(r *http.Request, goOn bool) (reply, error) {
	chatID, err := entityID(r.PathValue("chatId"))
	if err != nil {
		return reply{}, err
	}
	var request startRequest
	body, err := decode(r, &request)
	if err != nil {
		return reply{}, err
	}
	p, err := request.params()
	if err != nil {
		return reply{}, err
	}
	p.ChatID, p.Continue = chatID, goOn
	if addr := a.Proxies.ClientAddr(r); addr.IsValid() {
		p.Details.ClientIP = addr.String()
	}
	if p.Idempotency, err = a.idempotency(r, body); err != nil {
		return reply{}, err
	}
	result, err := a.Service.Start(context.WithoutCancel(r.Context()), *p)
	if err != nil {
		return reply{}, startFields(err)
	}
	session := result.Session
	answer := startedSession{
		ID:        session.ID,
		ClientID:  session.ClientID,
		StartedAt: stamp(session.StartedAt),
		TTL:       int64(session.TTL / time.Second),
		Messages:  []message{},
	}
	if result.Message != nil {
		answer.MessageID = result.Message.ID
	}
	if !request.ReturnAnswerAsync && result.Cause > 0 {
		for _, e := range a.answer(r, session, result.Cause) {
			if m := e.Message(); m != nil {
				answer.Messages = append(answer.Messages, newMessage(&e, m, a.Files.Links))
			}
		}
	}
	return reply{http.StatusCreated, answer}, nil
}

// answer waits for the bot's reaction to an event and returns what it said to that, so that a
// repeated request is answered the same, and the end of the session if that came then. The session is
// there whatever happens here, so nothing of it is an error to the caller: what is not in the answer
// comes through the sockets.
func (a *API) answer(r *http.Request, session *chat.Session, cause int64) []chat.Event {
	select {
	case a.waiting <- struct{}{}:
		defer func() { <-a.waiting }()
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), AnswerWait)
	defer cancel()
	err := a.Feed.AwaitSettled(ctx, session.Ref(), cause)
	if err != nil && ctx.Err() == nil && chat.CodeOf(err) != chat.CodeUnavailable {
		a.Log.ErrorContext(r.Context(), "wait for the bot's answer failed", "route", r.Pattern, "error", err)
	}
	events, err := a.Events.ListEvents(r.Context(), session.Ref(), cause, answerBatch)
	if err != nil {
		if r.Context().Err() == nil {
			a.Log.ErrorContext(r.Context(), "read the bot's answer failed", "route", r.Pattern, "error", err)
		}
		return nil
	}
	var said, shown []chat.Event
	for _, e := range events {
		switch p := e.Payload.(type) {
		case *chat.Message:
			if p.AuthorType == chat.AuthorBot && p.Cause == cause && !p.Silent() {
				said, shown = append(said, e), append(shown, e)
			}
		case *chat.SessionClosed:
			said = append(said, e)
		}
	}
	a.markGiven(r, session, shown)
	return said
}

// markGiven notes what an answer is about to give the client of the widget stream. It comes
// before the answer, for a client that connects at once. A failure costs the client a
// repetition, so it is only logged.
func (a *API) markGiven(r *http.Request, session *chat.Session, events []chat.Event) {
	n := given(session.WidgetGiven, events)
	if n == session.WidgetGiven {
		return
	}
	if err := a.Service.MarkGiven(r.Context(), session.Ref(), n); err != nil && r.Context().Err() == nil && chat.CodeOf(err) != chat.CodeUnavailable {
		a.Log.ErrorContext(r.Context(), "mark given failed", "route", r.Pattern, "error", err)
	}
}

// params copies a request to the domain's form.
func (q *startRequest) params() (*chat.StartParams, error) {
	if err := q.checkLengths(); err != nil {
		return nil, err
	}
	var p chat.StartParams
	var errs [8]error
	p.BotID, errs[0] = optionalID("botId", q.BotID)
	p.SessionID, errs[1] = optionalID("sessionId", q.SessionID)
	p.ClientID, errs[2] = optionalID("clientId", q.ClientID)
	p.Client.Phone, errs[3] = phone(q.ClientPhone)
	p.Client.Metadata, errs[4] = metadata(q.ClientMetadata)
	p.Details.Variables, errs[5] = variables(q.Variables)
	p.Message, errs[6] = q.message()
	errs[7] = checkLength("clientPhone", p.Client.Phone, maxName)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if t := q.ClientTimezone; t != nil && (*t < -1440 || *t > 1440) {
		return nil, chat.Invalid("clientTimezone", "expected minutes from -1440 to 1440")
	}
	p.ExternalID, p.Signature = q.ClientExternalID, q.ClientSignature
	p.TTL = ttl(q.SessionTTL)
	q.fillClient(&p.Client)
	q.fillDetails(&p.Details)
	return &p, nil
}

// message is the client's first message, nil when there is none.
func (q *startRequest) message() (*chat.MessageParams, error) {
	files, err := fileIDs("messageAttachments", q.MessageAttachments)
	if err != nil {
		return nil, err
	}
	reply, err := optionalID("replyToMessageId", q.ReplyToMessageID)
	if err != nil || (q.MessageBody == "" && len(files) == 0) {
		return nil, err
	}
	return &chat.MessageParams{Body: q.MessageBody, Attachments: files, ReplyToID: reply}, nil
}

func (q *startRequest) fillClient(c *chat.Client) {
	c.Name = q.ClientName
	c.FirstName = q.ClientFirstName
	c.MiddleName = q.ClientMiddleName
	c.LastName = q.ClientLastName
	c.NameForOperator = q.ClientNameForOperator
	c.Email = q.ClientEmail
	c.DeviceID = q.ClientDeviceID
	c.Timezone = q.ClientTimezone
}

func (q *startRequest) fillDetails(d *chat.SessionDetails) {
	d.Name = q.Name
	if d.Name == "" {
		d.Name = defaultSessionName
	}
	d.Channel = q.Channel
	if d.Channel == "" {
		d.Channel = defaultChannel
	}
	d.MessengerType = q.MessengerType
	d.MessengerUserID = q.MessengerUserID
	d.Referer = q.Referer
	d.BotNodeID = q.BotNodeID
	d.CallbackURL = q.CallbackURL
	d.CallbackData = q.CallbackData
	d.EventCallbackURL = q.EventCallbackURL
	d.EventCallbackData = q.EventCallbackData
	d.NotifyOnEvents = q.NotifyOnEvents
}

func (q *startRequest) checkLengths() error {
	for _, t := range [...]struct {
		field, text string
		limit       int
	}{
		{"name", q.Name, maxName},
		{"clientExternalId", q.ClientExternalID, maxName},
		{"clientSignature", q.ClientSignature, maxName},
		{"clientEmail", q.ClientEmail, maxName},
		{"clientName", q.ClientName, maxName},
		{"clientFirstName", q.ClientFirstName, maxName},
		{"clientMiddleName", q.ClientMiddleName, maxName},
		{"clientLastName", q.ClientLastName, maxName},
		{"clientNameForOperator", q.ClientNameForOperator, maxName},
		{"clientDeviceId", q.ClientDeviceID, maxText},
		{"channel", q.Channel, maxName},
		{"messengerType", q.MessengerType, maxName},
		{"messengerUserId", q.MessengerUserID, maxName},
		{"referer", q.Referer, maxText},
		{"callbackUrl", q.CallbackURL, maxText},
		{"callbackData", q.CallbackData, maxText},
		{"botNodeId", q.BotNodeID, maxText},
		{"eventCallbackUrl", q.EventCallbackURL, maxText},
		{"eventCallbackData", q.EventCallbackData, maxText},
		{"notifyOnEvents", strings.Join(q.NotifyOnEvents, ""), maxText},
	} {
		if err := checkLength(t.field, t.text, t.limit); err != nil {
			return err
		}
	}
	return nil
}

// ttl is a life time in seconds as a duration; the domain's bounds are applied here too, so
// that no number is too large for one. 0 is the chat's own.
func ttl(seconds int64) time.Duration {
	if seconds == 0 {
		return 0
	}
	return time.Duration(min(max(seconds, int64(chat.MinSessionTTL/time.Second)), int64(chat.MaxSessionTTL/time.Second))) * time.Second
}

// startFields calls the fields of the first message as the start calls them.
func startFields(err error) error {
	return renamed(err, map[string]string{"body": "messageBody", "attachments": "messageAttachments"})
}

// renamed calls the fields of an error as the caller does; "attachments[0]" goes by "attachments".
func renamed(err error, names map[string]string) error {
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeInvalid {
		return err
	}
	name, index, _ := strings.Cut(e.Field, "[")
	theirs, ok := names[name]
	if !ok {
		return err
	}
	said := *e
	said.Field = theirs
	if index != "" {
		said.Field += "[" + index
	}
	return &said
}
