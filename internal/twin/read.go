package twin

import (
	"context"
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// readMessage is POST /sessions/{sessionId}/read: the client has read a message, and with it
// all before.
func (a *API) readMessage(r *http.Request) (reply, error) {
	var request struct {
		MessageID string `json:"messageId"`
	}
	if _, err := decode(r, &request); err != nil {
		return reply{}, err
	}
	id, ok := parseID(request.MessageID)
	if !ok {
		return reply{}, chat.Invalid("messageId", "expected a UUID")
	}
	return done, a.Service.Read(context.WithoutCancel(r.Context()), r.PathValue("sessionId"), id)
}
