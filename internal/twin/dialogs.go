package twin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// communicationText is the one way of communicating that the question-answer API knows (TWIN,
// section 8, communicationType).
const communicationText = "TEXT"

// defaultDialogChannel is a dialog's channel when the caller names none.
const defaultDialogChannel = "BOT_API"

// startDialogRequest is the body of POST /dialogs (TWIN, section 8).
type startDialogRequest struct {
	BotID                string            `json:"botId"`
	DialogID             string            `json:"dialogId"`
	TTL                  int64             `json:"ttl"`
	ClientID             string            `json:"clientId"`
	ClientExternalID     string            `json:"clientExternalId"`
	ClientPhone          json.RawMessage   `json:"clientPhone"` // a string or a number
	ClientEmail          string            `json:"clientEmail"`
	ClientName           string            `json:"clientName"`
	ClientTimezoneOffset *int              `json:"clientTimezoneOffset"` // minutes
	ClientMetadata       json.RawMessage   `json:"clientMetadata"`       // object of strings
	ChannelType          string            `json:"channelType"`
	CommunicationType    string            `json:"communicationType"`
	MessengerType        string            `json:"messengerType"`
	MessengerUserID      string            `json:"messengerUserId"`
	Referer              string            `json:"referer"`
	Message              string            `json:"message"`
	Attachments          []json.RawMessage `json:"attachments"` // ids or {id}
	Variables            json.RawMessage   `json:"variables"`   // array or object
	CallbackURL          string            `json:"callbackUrl"`
	CallbackData         string            `json:"callbackData"`
	ReturnAnswerAsync    bool              `json:"returnAnswerAsync"`
	TestMode             bool              `json:"testMode"`
}

// askRequest is the body of POST /dialogs/{dialogId}. Its callback is the dialog's from then on.
type askRequest struct {
	Message           *string           `json:"message"`
	Attachments       []json.RawMessage `json:"attachments"`
	ReturnAnswerAsync bool              `json:"returnAnswerAsync"`
	CommunicationType string            `json:"communicationType"`
	CallbackURL       *string           `json:"callbackUrl"`
	CallbackData      *string           `json:"callbackData"`
}

// variableList is the answer to GET /dialogs/{dialogId}/variableList.
type variableList struct {
	System  map[string]any `json:"system"`
	Context map[string]any `json:"context"`
}

// startDialog is POST /dialogs.
func (a *API) startDialog(r *http.Request) (reply, error) {
	var request startDialogRequest
	body, err := decode(r, &request)
	if err != nil {
		return reply{}, err
	}
	p, err := request.params()
	if err != nil {
		return reply{}, err
	}
	if p.Idempotency, err = a.idempotency(r, body); err != nil {
		return reply{}, err
	}
	result, err := a.Service.StartDialog(context.WithoutCancel(r.Context()), callerOf(r), *p)
	if err != nil {
		return reply{}, dialogFields(err)
	}
	return a.dialogReply(r, http.StatusCreated, result.Session, result.Chat, awaited(result.Cause, request.ReturnAnswerAsync)), nil
}

// params copies a request to the domain's form. A dialog is a session, so what a session's start
// checks is checked there.
func (q *startDialogRequest) params() (*chat.StartParams, error) {
	if q.BotID == "" {
		return nil, chat.Invalid("botId", "expected the id of a bot")
	}
	if err := textOnly(q.CommunicationType); err != nil {
		return nil, err
	}
	start := startRequest{
		BotID: q.BotID, SessionID: q.DialogID, SessionTTL: q.TTL, ClientID: q.ClientID, ClientExternalID: q.ClientExternalID,
		ClientPhone: q.ClientPhone, ClientEmail: q.ClientEmail, ClientName: q.ClientName, ClientTimezone: q.ClientTimezoneOffset,
		ClientMetadata: q.ClientMetadata, Channel: q.ChannelType, MessengerType: q.MessengerType, MessengerUserID: q.MessengerUserID,
		Referer: q.Referer, MessageBody: q.Message, MessageAttachments: q.Attachments, Variables: q.Variables,
		CallbackURL: q.CallbackURL, CallbackData: q.CallbackData,
	}
	if start.Channel == "" {
		start.Channel = defaultDialogChannel
	}
	p, err := start.params()
	if err != nil {
		return nil, dialogFields(err)
	}
	if q.TestMode {
		if p.Details.Variables == nil {
			p.Details.Variables = map[string]any{}
		}
		p.Details.Variables["testMode"] = true
	}
	return p, nil
}

func textOnly(communicationType string) error {
	if communicationType != "" && communicationType != communicationText {
		return chat.Invalid("communicationType", "expected %q", communicationText)
	}
	return nil
}

// ask is POST /dialogs/{dialogId}: the client says something.
func (a *API) ask(r *http.Request) (reply, error) {
	session, c, err := a.findDialog(r)
	if err != nil {
		return reply{}, err
	}
	var request askRequest
	body, err := decode(r, &request)
	if err != nil {
		return reply{}, err
	}
	p, err := request.params(session.ID)
	if err != nil {
		return reply{}, err
	}
	if p.Idempotency, err = a.idempotency(r, body); err != nil {
		return reply{}, err
	}
	result, err := a.Service.Send(context.WithoutCancel(r.Context()), *p)
	if err != nil {
		return reply{}, dialogFields(err)
	}
	cause := int64(0)
	if result.Session.Owner.Kind == chat.OwnerBot {
		cause = result.Event.Sequence
	}
	return a.dialogReply(r, http.StatusCreated, result.Session, c, awaited(cause, request.ReturnAnswerAsync)), nil
}

func (q *askRequest) params(sessionID string) (*chat.SendParams, error) {
	if q.Message == nil && len(q.Attachments) == 0 {
		return nil, chat.Invalid("message", "expected a text")
	}
	if err := textOnly(q.CommunicationType); err != nil {
		return nil, err
	}
	files, err := fileIDs("attachments", q.Attachments)
	if err != nil {
		return nil, err
	}
	p := &chat.SendParams{SessionID: sessionID, Message: chat.MessageParams{Attachments: files}}
	if q.Message != nil {
		p.Message.Body = *q.Message
	}
	for _, t := range [...]struct {
		field string
		text  *string
	}{{"callbackUrl", q.CallbackURL}, {"callbackData", q.CallbackData}} {
		if t.text != nil {
			if err := checkLength(t.field, *t.text, maxText); err != nil {
				return nil, err
			}
		}
	}
	p.CallbackURL, p.CallbackData = q.CallbackURL, q.CallbackData
	return p, nil
}

// finishDialog is POST /dialogs/{dialogId}/finish. A finished one stays as it is.
func (a *API) finishDialog(r *http.Request) (reply, error) {
	session, c, err := a.findDialog(r)
	if err != nil {
		return reply{}, err
	}
	if _, err := decode(r, &struct{}{}); err != nil {
		return reply{}, err
	}
	if session, err = a.Service.FinishDialog(context.WithoutCancel(r.Context()), session.ID); err != nil {
		return reply{}, err
	}
	return a.dialogReply(r, http.StatusOK, session, c, 0), nil
}

// reloadDialog is POST /dialogs/{dialogId}/reload: a bot begins anew, and speaks first.
func (a *API) reloadDialog(r *http.Request) (reply, error) {
	session, c, err := a.findDialog(r)
	if err != nil {
		return reply{}, err
	}
	var request struct {
		BotID             string `json:"botId"`
		ReturnAnswerAsync bool   `json:"returnAnswerAsync"`
	}
	body, err := decode(r, &request)
	if err != nil {
		return reply{}, err
	}
	p := chat.ReloadParams{SessionID: session.ID}
	if p.BotID, err = optionalID("botId", request.BotID); err != nil {
		return reply{}, err
	}
	if p.Idempotency, err = a.idempotency(r, body); err != nil {
		return reply{}, err
	}
	result, err := a.Service.Reload(context.WithoutCancel(r.Context()), p)
	if err != nil {
		return reply{}, err
	}
	return a.dialogReply(r, http.StatusOK, result.Session, c, awaited(result.Event.Sequence, request.ReturnAnswerAsync)), nil
}

// listVariables is GET /dialogs/{dialogId}/variableList.
func (a *API) listVariables(r *http.Request) (reply, error) {
	session, _, err := a.findDialog(r)
	if err != nil {
		return reply{}, err
	}
	system, bot, err := a.Service.Variables(r.Context(), session)
	if err != nil {
		return reply{}, err
	}
	system["startedAt"] = stamp(session.StartedAt)
	return reply{http.StatusOK, variableList{System: system, Context: bot}}, nil
}

func (a *API) findDialog(r *http.Request) (*chat.Session, *chat.Chat, error) {
	id, err := entityID(r.PathValue("dialogId"))
	if err != nil {
		return nil, nil, err
	}
	return a.Service.FindDialog(r.Context(), id)
}

// awaited is the sequence of the event whose answer the caller waits for, 0 for none.
func awaited(cause int64, async bool) int64 {
	if async {
		return 0
	}
	return cause
}

// dialogReply answers with a dialog as it has become, and with what its bot has said to the event
// numbered cause; 0 is none. What was asked for is done whatever happens here, so nothing of it is
// an error: a caller that tries again would say everything twice.
func (a *API) dialogReply(r *http.Request, status int, session *chat.Session, c *chat.Chat, cause int64) reply {
	var events []chat.Event
	if cause > 0 {
		events = a.answer(r, session, cause)
		now, _, err := a.Service.FindDialog(r.Context(), session.ID)
		switch {
		case err == nil:
			session = now
		case r.Context().Err() == nil && chat.CodeOf(err) != chat.CodeUnavailable:
			a.Log.ErrorContext(r.Context(), "read the dialog again failed", "route", r.Pattern, "error", err)
		}
	}
	return reply{status, newDialog(session, c, events, a.Files.Links)}
}

// dialogFields calls the fields of a session's start and of a message as this API does.
func dialogFields(err error) error {
	return renamed(err, map[string]string{
		"body": "message", "messageBody": "message", "messageAttachments": "attachments", "sessionId": "dialogId", "sessionTtl": "ttl",
		"channel": "channelType", "clientTimezone": "clientTimezoneOffset",
	})
}

// listBots is GET /bots: whom a program may talk to (D).
func (a *API) listBots(r *http.Request) (reply, error) {
	bots, err := a.Service.ListBots(r.Context())
	if err != nil {
		return reply{}, err
	}
	type bot struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	items := make([]bot, len(bots))
	for i, b := range bots {
		items[i] = bot{b.ID, b.Name}
	}
	return reply{http.StatusOK, struct {
		Count int   `json:"count"`
		Items []bot `json:"items"`
	}{len(items), items}}, nil
}
