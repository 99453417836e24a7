package twin

import (
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// showTyping is POST /sessions/{sessionId}/typing: the client is writing, perhaps this.
func (a *API) showTyping(r *http.Request) (reply, error) {
	var request struct {
		Body string `json:"body"`
	}
	if _, err := decode(r, &request); err != nil {
		return reply{}, err
	}
	if err := checkLength("body", request.Body, chat.MaxBodyRunes); err != nil {
		return reply{}, err
	}
	return done, a.Service.Type(r.Context(), r.PathValue("sessionId"), request.Body)
}
