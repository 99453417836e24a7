package twin

import (
	"context"
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// closeSession is POST /sessions/{sessionId}/close: the client ends the session. One that has
// ended already stays as it is.
func (a *API) closeSession(r *http.Request) (reply, error) {
	var request struct{}
	if _, err := decode(r, &request); err != nil {
		return reply{}, err
	}
	return done, a.Service.Close(context.WithoutCancel(r.Context()), r.PathValue("sessionId"), chat.ClosedByClient, "")
}
