package twin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// sendRequest is TWIN, section 2, "Send a client message".
type sendRequest struct {
	Body             string            `json:"body"`
	Attachments      []json.RawMessage `json:"attachments"` // ids or {id}
	ReplyToMessageID string            `json:"replyToMessageId"`
}

// sendMessage is POST /sessions/{sessionId}/messages and …/clients/messages: without
// credentials the author is the client, whoever knows the session's id.
func (a *API) sendMessage(r *http.Request) (reply, error) {
	var request sendRequest
	body, err := decode(r, &request)
	if err != nil {
		return reply{}, err
	}
	p := chat.SendParams{SessionID: r.PathValue("sessionId")}
	p.Message.Body = request.Body
	if p.Message.Attachments, err = fileIDs("attachments", request.Attachments); err != nil {
		return reply{}, err
	}
	if p.Message.ReplyToID, err = optionalID("replyToMessageId", request.ReplyToMessageID); err != nil {
		return reply{}, err
	}
	if p.Idempotency, err = a.idempotency(r, body); err != nil {
		return reply{}, err
	}
	result, err := a.Service.Send(context.WithoutCancel(r.Context()), p)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, newCreated(result.Event)}, nil
}

// sendAsOperator is POST /sessions/{sessionId}/operators/messages, for which one must be an
// operator.
func (a *API) sendAsOperator(*http.Request) (reply, error) {
	return reply{}, chat.Errorf(chat.CodeUnauthenticated, "an operator's credentials are needed")
}
