package twin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/chat"
)

// Limits of a list (TWIN, section 1, lists).
const (
	defaultLimit = 10
	maxLimit     = 1000
)

// list is the answer of every list.
type list struct {
	Count *int64 `json:"count,omitempty"` // of all there are, not of those listed
	Items any    `json:"items,omitempty"` // a slice; nil for none asked for
}

// listQuery is what a list may be asked for.
type listQuery struct {
	messages                   chat.MessagesQuery
	withoutCount, withoutItems bool
	fields                     string // of an item, separated by commas; "" for all
}

// listMessages is GET /sessions/{sessionId}/messages: what the client may see, for whoever
// knows the session's id (TWIN, section 6).
func (a *API) listMessages(r *http.Request) (reply, error) {
	q, err := parseListQuery(r.URL.Query())
	if err != nil {
		return reply{}, err
	}
	session, events, total, err := a.Service.History(r.Context(), r.PathValue("sessionId"), q.messages)
	if err != nil {
		return reply{}, err
	}
	var answer list
	if !q.withoutCount {
		answer.Count = &total
	}
	if q.withoutItems {
		return reply{http.StatusOK, answer}, nil
	}
	if r.Method == http.MethodGet {
		a.markGiven(r, session, events)
	}
	items := make([]listedMessage, 0, len(events))
	for i := range events {
		if m := events[i].Message(); m != nil {
			items = append(items, newListedMessage(&events[i], m, a.Files.Links))
		}
	}
	if q.messages.Newest { // the page counts from the end, and so is its order
		slices.Reverse(items)
	}
	answer.Items, err = pick(items, q.fields)
	return reply{http.StatusOK, answer}, err
}

// parseListQuery reads a list's parameters; others are ignored. Pages count from 1 (D), and
// an offset that is given counts before a page.
func parseListQuery(v url.Values) (listQuery, error) {
	var q listQuery
	limit, err1 := number(v, "limit", defaultLimit)
	offset, err2 := number(v, "offset", 0)
	page, err3 := number(v, "page", 1)
	after, err4 := number(v, "after", 0)
	newest, err5 := descending(v)
	var err6, err7 error
	q.withoutCount, err6 = flag(v, "withoutCount")
	q.withoutItems, err7 = flag(v, "withoutItems")
	for _, err := range [...]error{err1, err2, err3, err4, err5, err6, err7} {
		if err != nil {
			return q, err
		}
	}
	q.fields = v.Get("fields")
	limit = min(limit, maxLimit)
	if offset == 0 && page > 1 {
		offset = (page - 1) * limit
	}
	q.messages = chat.MessagesQuery{After: after, Offset: int(offset), Limit: int(limit), Newest: newest}
	return q, nil
}

// maxNumber bounds numbers in a query, so that arithmetic with them stays far from overflow.
const maxNumber = 1 << 50

func number(v url.Values, name string, missing int64) (int64, error) {
	s := v.Get(name)
	if s == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxNumber {
		return 0, chat.Invalid(name, "expected a whole number that is not negative")
	}
	return n, nil
}

// flag is on when it is named, unless it says otherwise.
func flag(v url.Values, name string) (bool, error) {
	if !v.Has(name) {
		return false, nil
	}
	switch strings.ToLower(v.Get(name)) {
	case "", "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	default:
		return false, chat.Invalid(name, "expected true or false")
	}
}

// descending reads sort: a comma-separated list of fields with + or -. Messages are made in
// the order of their sequence, so the first field decides. A + that nobody has escaped
// arrives as a space.
func descending(v url.Values) (bool, error) {
	s := v.Get("sort")
	if s == "" {
		return false, nil
	}
	for field := range strings.SplitSeq(s, ",") {
		switch strings.TrimLeft(strings.TrimSpace(field), "+-") {
		case "createdAt", "sequence":
		default:
			return false, chat.Invalid("sort", "expected createdAt or sequence with + or - before it")
		}
	}
	return strings.HasPrefix(strings.TrimSpace(s), "-"), nil
}
