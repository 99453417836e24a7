package realtime

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/govorun/govorun/internal/chat"
)

// told is the body of a webhook of events: the envelope of a publication, and whose event it is (TWIN,
// section 8, eventCallbackUrl).
type told struct {
	envelope
	SessionID         string `json:"sessionId"`
	ChatID            string `json:"chatId"`
	EventCallbackData string `json:"eventCallbackData"`
}

// startedData is a session that has begun: of the session object of TWIN, section 5, what is known then
// and lasts.
type startedData struct {
	ID               string `json:"id"`
	ChatID           string `json:"chatId"`
	ClientID         string `json:"clientId"`
	ClientExternalID string `json:"clientExternalId"`
	Name             string `json:"name"`
	Channel          string `json:"channel"`
	MessengerType    string `json:"messengerType"`
	Referer          string `json:"referer"`
	StartedAt        string `json:"startedAt"`
	TTL              int64  `json:"ttl"` // seconds
}

// EventName is how TWIN calls what happened (TWIN, sections 3 and 5); "" for what no client hears of.
func EventName(p chat.Payload) string {
	switch p.(type) {
	case *chat.SessionStarted:
		return "chatSessionStarted"
	case *chat.Message:
		return "chatMessageCreated"
	case *chat.Typing:
		return "showTypingIndicator"
	case *chat.MessageRead:
		return "chatMessageRead"
	case *chat.OwnerChanged:
		return "operatorChanged"
	case *chat.SessionClosed:
		return "sessionClosed"
	case *chat.ActionPressed:
		return "actionPressed"
	case *chat.StatusChanged:
		return "messageStatusChanged"
	default:
		return ""
	}
}

// Webhook is the body of a delivery of one event: what the session stream says of it, and the session's
// start, which no stream has.
func Webhook(o *chat.Outgoing, links Links) ([]byte, error) {
	if len(o.Events) != 1 {
		return nil, fmt.Errorf("encode webhook: %d events, expected one", len(o.Events))
	}
	e := &o.Events[0]
	data := describe(e, chat.StreamSession, links)
	if _, ok := e.Payload.(*chat.SessionStarted); ok {
		data = describeStart(o)
	}
	if data == nil {
		return nil, fmt.Errorf("encode webhook: unknown payload %T", e.Payload)
	}
	name := EventName(e.Payload)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(told{
		envelope{Event: name, Action: name, Data: data, ID: e.ID, Sequence: e.Sequence}, o.Session.ID, o.ChatID, o.Data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode webhook of %s: %w", e.Payload.Kind(), err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func describeStart(o *chat.Outgoing) *startedData {
	return &startedData{
		ID: o.Session.ID, ChatID: o.Session.ChatID, ClientID: o.Client.ID, ClientExternalID: o.Client.ExternalID,
		Name: o.Details.Name, Channel: o.Details.Channel, MessengerType: o.Details.MessengerType, Referer: o.Details.Referer,
		StartedAt: o.Session.StartedAt.UTC().Format(timeLayout), TTL: int64(o.Session.TTL.Seconds()),
	}
}
