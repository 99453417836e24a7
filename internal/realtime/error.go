package realtime

import (
	"context"
	"errors"
	"net/http"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/chat"
)

// protocolError is what a client is told of an error: the protocol's own code where it has one,
// else the number HTTP would give (codes from 400 on are the application's). An error that is
// worth another try is marked temporary: on connect it makes SDKs reconnect. known is false for
// an error that must be logged, because the client is told nothing of it and is still there.
func protocolError(err error) (e *centrifuge.Error, known bool) {
	var protocol *centrifuge.Error
	if errors.As(err, &protocol) {
		return protocol, true
	}
	switch chat.CodeOf(err) {
	case chat.CodeInvalid, chat.CodeTooLarge:
		return &centrifuge.Error{Code: centrifuge.ErrorBadRequest.Code, Message: "bad request: " + said(err)}, true
	case chat.CodeNotFound:
		return &centrifuge.Error{Code: http.StatusNotFound, Message: "session not found"}, true
	case chat.CodeState, chat.CodeConflict, chat.CodeKeyReused:
		return &centrifuge.Error{Code: http.StatusUnprocessableEntity, Message: "invalid session state"}, true
	case chat.CodeForbidden:
		return centrifuge.ErrorPermissionDenied, true
	case chat.CodeUnauthenticated:
		return centrifuge.ErrorUnauthorized, true
	case chat.CodeRateLimited:
		return centrifuge.ErrorTooManyRequests, true
	case chat.CodeUnavailable:
		return centrifuge.ErrorInternal, true
	default:
		return centrifuge.ErrorInternal, errors.Is(err, context.Canceled) // the client left meanwhile
	}
}

// said is what an error says to the caller, without its cause.
func said(err error) string {
	var e *chat.Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}
