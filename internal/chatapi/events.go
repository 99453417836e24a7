package chatapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/chatapi/poll"
)

// Events answers the long poll (Chat API, 2).
type Events struct {
	Hub *poll.Hub
	Lot *hold.Lot
	// Client finds a client of a chat by the caller's id, and makes one that is not known yet: a page
	// may wait before its client has said anything.
	Client func(ctx context.Context, c *chat.Chat, clientID string) (chat.ClientRef, error)
	// Failure is the answer to a request for a path that failed.
	Failure func(path string, err error) hold.Answer
}

// Serve answers a poll of a chat's client, or returns why not; q is the request's query string. The poll
// may still wait when it returns.
func (e *Events) Serve(w http.ResponseWriter, r *http.Request, c *chat.Chat, q url.Values) error {
	request, err := readPoll(q)
	if err != nil {
		return err
	}
	if e.Lot.Full() {
		return errTooManyWait()
	}
	request.Chat = c
	if request.Client, err = e.Client(r.Context(), c, request.ClientID); err != nil {
		return err
	}
	wait, err := e.Hub.Begin(r.Context(), request)
	if err != nil {
		return err
	}
	x := &waiting{Wait: wait, failure: e.Failure, path: strings.Clone(r.URL.Path)}
	w.Header().Set("Cache-Control", "no-store")
	if answer, ok := x.Answer(r.Context(), false); ok {
		e.Lot.WriteNow(w, r, answer, x)
		return nil
	}
	err = e.Lot.Hold(w, r, poll.Limit, x)
	if errors.Is(err, hold.ErrFull) {
		x.Done(false)
		return errTooManyWait()
	}
	return err
}

func errTooManyWait() error {
	return chat.Errorf(chat.CodeUnavailable, "too many long polls wait")
}

// waiting is a poll as hold sees it.
type waiting struct {
	*poll.Wait
	failure func(path string, err error) hold.Answer
	path    string
	failed  bool
}

// Answer implements hold.Wait.
func (w *waiting) Answer(ctx context.Context, final bool) (hold.Answer, bool) {
	body, err := w.Wait.Answer(ctx, final)
	if err != nil {
		w.failed = true
		return w.failure(w.path, err), true
	}
	return hold.Answer{Status: http.StatusOK, Body: body}, body != nil
}

// Done implements hold.Wait. Who was told of a failure was given nothing.
func (w *waiting) Done(written bool) { w.Wait.Done(written && !w.failed) }

// readPoll reads what a poll asks for.
func readPoll(q url.Values) (r poll.Request, err error) {
	r.ClientID, r.CID, r.After = q.Get("clientId"), q.Get("cid"), q.Get("after")
	switch {
	case r.ClientID == "":
		return r, chat.Invalid("clientId", "expected the client's id")
	case !isText(r.CID):
		return r, chat.Invalid("cid", "expected at most %d characters of text", chat.MaxCID)
	case !isText(r.After):
		return r, chat.Invalid("after", "expected the sequence or the id of an event")
	case r.After != "" && q.Get("ts") != "":
		return r, chat.Invalid("after", "expected either after or ts, not both")
	}
	if r.All, err = readFlag("all", q.Get("all")); err != nil {
		return r, err
	}
	r.TS, err = readTime("ts", q.Get("ts"))
	return r, err
}

// isText reports whether a name can be looked for in both engines.
func isText(name string) bool {
	return utf8.RuneCountInString(name) <= chat.MaxCID && utf8.ValidString(name) && !strings.ContainsRune(name, 0)
}

// readFlag reads a yes or no; nothing is no.
func readFlag(field, text string) (bool, error) {
	switch strings.ToLower(text) {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	}
	return false, chat.Invalid(field, "expected true or false")
}

// The forms of a time (Chat API, 2), of ISO 8601 as programs write it. One without a zone is UTC.
var timeForms = [...]string{
	"2006-01-02T15:04:05", time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
	"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05Z07",
	"2006-01-02T15:04", "2006-01-02T15:04Z07:00", "2006-01-02 15:04", "2006-01-02",
}

// The years that times are of.
const firstYear, lastYear = 1970, 9999

// readTime reads milliseconds since 1970 or an ISO 8601 time; zero for nothing.
func readTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	forms := []string{text}
	if i := strings.LastIndexByte(text, ' '); i >= 0 { // a plus that was not escaped
		forms = append(forms, text[:i]+"+"+text[i+1:])
	}
	at, found := time.Time{}, false
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		at, found = time.UnixMilli(ms).UTC(), true
	}
	for i := 0; i < len(forms)*len(timeForms) && !found; i++ {
		t, err := time.Parse(timeForms[i%len(timeForms)], forms[i/len(timeForms)])
		at, found = t.UTC(), err == nil
	}
	if !found || at.Year() < firstYear || at.Year() > lastYear {
		return time.Time{}, chat.Invalid(field, "expected milliseconds since 1970, or a time like 2022-09-28T12:32:13.262Z")
	}
	return at, nil
}
