package chatapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// Codes known to this transport only.
const (
	codeMethod   chat.Code = "method"
	codeEncoding chat.Code = "encoding"
	codeTimeout  chat.Code = "timeout"
	codeBot      chat.Code = "bot"
)

var errMethod = chat.Errorf(codeMethod, "see the Allow header")

// statuses are how the codes of the domain are said here (Chat API, 7).
var statuses = map[chat.Code]int{
	chat.CodeInvalid:         http.StatusBadRequest,
	chat.CodeUnauthenticated: http.StatusUnauthorized,
	chat.CodeForbidden:       http.StatusForbidden,
	chat.CodeNotFound:        http.StatusNotFound,
	codeMethod:               http.StatusMethodNotAllowed,
	chat.CodeConflict:        http.StatusConflict,
	chat.CodeState:           http.StatusConflict,
	chat.CodeTooLarge:        http.StatusRequestEntityTooLarge,
	codeEncoding:             http.StatusUnsupportedMediaType,
	chat.CodeRateLimited:     http.StatusTooManyRequests,
	chat.CodeUnavailable:     http.StatusServiceUnavailable,
	codeTimeout:              http.StatusGatewayTimeout,
}

// errorBody is the body of every answer that is not a success (Chat API, 7).
type errorBody struct {
	Timestamp string `json:"timestamp"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Exception string `json:"exception"`
	Message   string `json:"message"`
	Path      string `json:"path"`
}

// Serves reports whether a path is one of the Chat API's, whether something is there or not.
func Serves(path string) bool {
	for _, prefix := range prefixes {
		root, _, _ := strings.Cut(prefix, "/{")
		if path == root || strings.HasPrefix(path, root+"/") {
			return true
		}
	}
	return false
}

// below is what a path has behind the token, which is a secret.
func below(path string) string {
	for _, prefix := range prefixes {
		root, _, _ := strings.Cut(prefix, "{")
		if rest, ok := strings.CutPrefix(path, root); ok {
			_, rest, _ = strings.Cut(rest, "/")
			return "/" + rest
		}
	}
	return ""
}

// WriteError answers a request for a path of the Chat API in place of it: that the server is too busy for
// it, has failed, or knows nothing there. code is what the answer names the error.
func WriteError(w http.ResponseWriter, r *http.Request, now time.Time, status int, code chat.Code, message string) {
	write(w, r, status, errorBody{stamp(now), status, http.StatusText(status), string(code), message, r.URL.Path})
}

// failure says an error.
func (a *API) failure(path string, err error) (int, errorBody) {
	var known *chat.Error
	if !errors.As(err, &known) {
		known = &chat.Error{Code: chat.CodeInternal, Err: err}
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			known.Code = chat.CodeUnavailable
		}
	}
	status, ok := statuses[known.Code]
	body := errorBody{Timestamp: stamp(a.Now()), Exception: string(known.Code), Message: known.Message, Path: path}
	if !ok {
		status = http.StatusInternalServerError
		if known.Code != codeBot {
			a.Log.Error("request of the Chat API failed", "method", below(path), "error", err)
			body.Message = ""
		}
	}
	if known.Field != "" {
		body.Message = known.Field + ": " + known.Message
	}
	body.Status, body.Error = status, http.StatusText(status)
	return status, body
}

// fail answers with an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, body := a.failure(r.URL.Path, err)
	var known *chat.Error
	switch status {
	case http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // nobody reads what is on the way
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		wait := 1
		if errors.As(err, &known) {
			wait = max(wait, int(math.Ceil(known.RetryAfter.Seconds())))
		}
		w.Header().Set("Retry-After", strconv.Itoa(wait))
	}
	write(w, r, status, body)
}
