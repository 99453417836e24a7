package twin

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// answers is how the codes of the domain are said in this protocol (TWIN, section 1, errors;
// 409, 413, 415, 429 and 503 are ours).
var answers = map[chat.Code]struct {
	status int
	text   string
}{
	chat.CodeInvalid:         {http.StatusBadRequest, "Invalid input parameters"},
	chat.CodeUnauthenticated: {http.StatusUnauthorized, "User is not authenticated"},
	chat.CodeForbidden:       {http.StatusForbidden, "Invalid user permissions"},
	chat.CodeNotFound:        {http.StatusNotFound, "Entity not found"},
	codeMethod:               {http.StatusMethodNotAllowed, "Method not allowed"},
	codeEncoding:             {http.StatusUnsupportedMediaType, "Unsupported media type"},
	chat.CodeConflict:        {http.StatusConflict, "Conflict"},
	chat.CodeTooLarge:        {http.StatusRequestEntityTooLarge, "Request is too large"},
	chat.CodeState:           {http.StatusUnprocessableEntity, "Invalid entity state"},
	chat.CodeKeyReused:       {http.StatusUnprocessableEntity, "Invalid entity state"},
	chat.CodeRateLimited:     {http.StatusTooManyRequests, "Too many requests"},
	chat.CodeInternal:        {http.StatusInternalServerError, "Internal error"},
	chat.CodeUnavailable:     {http.StatusServiceUnavailable, "Service is unavailable"},
}

// Codes known to this transport only.
const (
	codeMethod   chat.Code = "method"
	codeEncoding chat.Code = "encoding"
)

var errMethod = chat.Errorf(codeMethod, "see the Allow header")

// errorBody is the body of every answer that is not a success.
type errorBody struct {
	Error   string        `json:"error"`
	Details *errorDetails `json:"details,omitempty"`
}

type errorDetails struct {
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// writeError says what went wrong. What the domain does not know is logged here, once, and
// nothing of it is said outside.
func (a *API) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var known *chat.Error
	if !errors.As(err, &known) {
		known = a.classify(r, err)
	}
	answer, ok := answers[known.Code]
	if !ok {
		answer = answers[chat.CodeInternal]
	}
	body := errorBody{Error: answer.text}
	switch answer.status {
	case http.StatusInternalServerError:
		a.Log.ErrorContext(r.Context(), "request failed", "route", r.Pattern, "method", r.Method, "error", err)
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // nobody reads what is on the way
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter(known.RetryAfter))
	}
	if known.Message != "" && answer.status != http.StatusInternalServerError {
		body.Details = &errorDetails{Field: known.Field, Message: known.Message}
	}
	a.writeJSON(w, r, reply{answer.status, body})
}

// classify names an error the domain does not know: either the request ran out of time, or
// was given up by its client, or something is wrong on our side.
func (a *API) classify(r *http.Request, err error) *chat.Error {
	if errors.Is(err, context.DeadlineExceeded) || (errors.Is(err, context.Canceled) && r.Context().Err() != nil) {
		return &chat.Error{Code: chat.CodeUnavailable, Err: err}
	}
	return &chat.Error{Code: chat.CodeInternal, Err: err}
}

// retryAfter is a header's whole seconds, rounded up: whoever waits them is not refused again.
func retryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
