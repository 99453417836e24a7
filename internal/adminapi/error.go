package adminapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// answers is how the codes of the domain are said here: as in TWIN's dialect (TWIN, section 1),
// so that a program knows one form of error.
var answers = map[chat.Code]struct {
	status int
	text   string
}{
	chat.CodeInvalid:         {http.StatusBadRequest, "Invalid input parameters"},
	chat.CodeUnauthenticated: {http.StatusUnauthorized, "User is not authenticated"},
	chat.CodeForbidden:       {http.StatusForbidden, "Invalid user permissions"},
	chat.CodeNotFound:        {http.StatusNotFound, "Entity not found"},
	codeMethod:               {http.StatusMethodNotAllowed, "Method not allowed"},
	chat.CodeConflict:        {http.StatusConflict, "Conflict"},
	chat.CodeTooLarge:        {http.StatusRequestEntityTooLarge, "Request is too large"},
	codeMedia:                {http.StatusUnsupportedMediaType, "Unsupported media type"},
	chat.CodeState:           {http.StatusUnprocessableEntity, "Invalid entity state"},
	chat.CodeKeyReused:       {http.StatusUnprocessableEntity, "Invalid entity state"},
	chat.CodeRateLimited:     {http.StatusTooManyRequests, "Too many requests"},
	chat.CodeInternal:        {http.StatusInternalServerError, "Internal error"},
	chat.CodeUnavailable:     {http.StatusServiceUnavailable, "Service is unavailable"},
}

// Codes that are known to this transport only.
const (
	codeMethod chat.Code = "method"
	codeMedia  chat.Code = "media"
)

var (
	errMethod  = chat.Errorf(codeMethod, "see the Allow header")
	errArchive = chat.Errorf(codeMedia, "expected the header Content-Type: application/zip or application/gzip")
	errMedia   = chat.Errorf(codeMedia, "expected the header Content-Type: application/json")
)

// errorBody is the body of every answer that is not a success.
type errorBody struct {
	Error   string        `json:"error"`
	Details *errorDetails `json:"details,omitempty"`
}

type errorDetails struct {
	Field    string        `json:"field,omitempty"`
	Message  string        `json:"message"`
	Mistakes []mistakeBody `json:"mistakes,omitempty"` // of a bot that was to be deployed
}

// mistakeBody is a Mistake as it is written.
type mistakeBody struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Source   string `json:"source,omitempty"`
}

// mistakesError refuses a bot.
type mistakesError []Mistake

func (e mistakesError) Error() string {
	if len(e) == 1 {
		return "the bot has a mistake"
	}
	return fmt.Sprintf("the bot has %d mistakes", len(e))
}

// As has it answered as any invalid input.
func (e mistakesError) As(target any) bool {
	known, ok := target.(**chat.Error)
	if ok {
		*known = chat.Invalid("", "%s", e.Error())
	}
	return ok
}

func (e mistakesError) bodies() []mistakeBody {
	bodies := make([]mistakeBody, len(e))
	for i, m := range e {
		bodies[i] = mistakeBody(m)
	}
	return bodies
}

// writeError says what went wrong. What the domain does not know is logged here, once, and
// nothing of it is said outside.
func (a *API) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var known *chat.Error
	if !errors.As(err, &known) {
		known = classify(r, err)
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
		if mistakes, ok := errors.AsType[mistakesError](err); ok {
			body.Details.Mistakes = mistakes.bodies()
		}
	}
	a.writeJSON(w, r, reply{status: answer.status, body: body})
}

// classify names an error the domain does not know: either the request ran out of time, or
// was given up by its caller, or something is wrong on our side.
func classify(r *http.Request, err error) *chat.Error {
	if errors.Is(err, context.DeadlineExceeded) || (errors.Is(err, context.Canceled) && r.Context().Err() != nil) {
		return &chat.Error{Code: chat.CodeUnavailable, Err: err}
	}
	return &chat.Error{Code: chat.CodeInternal, Err: err}
}

// retryAfter is a header's whole seconds, rounded up: whoever waits them is not refused again.
func retryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
