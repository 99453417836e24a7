package twin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// maxActionData bounds what comes with a pressed button, in bytes of JSON.
const maxActionData = 64 << 10

// pressAction is POST /sessions/{sessionId}/actions: the client pressed an action button. Its
// data may be any JSON value; that of a message's button is a string.
func (a *API) pressAction(r *http.Request) (reply, error) {
	var request struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	}
	body, err := decode(r, &request)
	if err != nil {
		return reply{}, err
	}
	p := chat.PressParams{SessionID: r.PathValue("sessionId"), Event: request.Event}
	if p.Data, err = actionData(request.Data); err != nil {
		return reply{}, err
	}
	if len(p.Data) > maxActionData {
		return reply{}, chat.Invalid("data", "expected at most %d bytes", maxActionData)
	}
	if p.Idempotency, err = a.idempotency(r, body); err != nil {
		return reply{}, err
	}
	event, err := a.Service.PressAction(context.WithoutCancel(r.Context()), p)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, newCreated(event)}, nil
}
