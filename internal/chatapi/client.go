package chatapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// Pages of a history.
const (
	defaultHistory = 1000
	maxHistory     = 1000
	maxOffset      = 1 << 40
)

// authors are how a history names who said a message (Chat API, 2).
var authors = map[chat.AuthorType]string{
	chat.AuthorClient: "CLIENT", chat.AuthorBot: "BOT", chat.AuthorOperator: "OPERATOR", chat.AuthorSystem: "SYSTEM",
}

// historyObject is the answer to GET …/history (Chat API, 2).
type historyObject struct {
	TotalCount int64            `json:"totalCount"`
	Messages   []historyMessage `json:"messages"`
}

type historyMessage struct {
	QuestionID  string            `json:"questionId"`
	TextMessage string            `json:"textMessage"`
	Author      string            `json:"author"`
	Status      string            `json:"status"`
	EventData   json.RawMessage   `json:"eventData"` // of an event: its name and what it brought
	Replies     []json.RawMessage `json:"replies"`
	Timestamp   string            `json:"timestamp"`
}

// statusObject is a message's status, in answers and in requests.
type statusObject struct {
	QuestionID string `json:"questionId"`
	Status     string `json:"status"`
}

// registerClient adds what there is of one client.
func (a *API) registerClient(mux *http.ServeMux, prefix string) {
	const client = "/client/{clientId}"
	state := map[string]method{http.MethodPost: a.saveState, http.MethodGet: a.loadState}
	for _, name := range [...]string{"/state", "/restore", "/stash"} {
		mux.Handle(prefix+client+name, a.resource(state))
		mux.Handle(prefix+name, a.resource(state))
	}
	for path, methods := range map[string]map[string]method{
		"/history":                     {http.MethodGet: a.history},
		"/message/{questionId}/status": {http.MethodGet: a.status, http.MethodPost: a.setStatus},
		"/message-statuses":            {http.MethodPost: a.setStatuses},
		"/message-not-read-count":      {http.MethodGet: a.countUnread},
	} {
		mux.Handle(prefix+client+path, a.resource(methods))
	}
}

// history is GET /client/{clientId}/history.
func (a *API) history(c *call) (any, error) {
	id, err := c.clientID()
	if err != nil {
		return nil, err
	}
	q, err := readHistory(c.query)
	if err != nil {
		return nil, err
	}
	items, total, err := a.Service.Dialogue(c.Context(), c.channel, id, q)
	if err != nil {
		return nil, err
	}
	h := historyObject{TotalCount: total, Messages: make([]historyMessage, len(items))}
	for i := range items {
		h.Messages[i] = a.historyMessage(&items[i])
	}
	return h, nil
}

func readHistory(q url.Values) (h chat.DialogueQuery, err error) {
	if h.From, err = readTime("from", q.Get("from")); err != nil {
		return h, err
	}
	if h.To, err = readTime("to", q.Get("to")); err != nil {
		return h, err
	}
	if h.Limit, err = readCount("limit", q.Get("limit"), defaultHistory, 1, maxHistory); err != nil {
		return h, err
	}
	h.Offset, err = readCount("offset", q.Get("offset"), 0, 0, maxOffset)
	return h, err
}

func readCount(field, text string, usual, least, most int) (int, error) {
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, chat.Invalid(field, "expected a whole number from %d to %d", least, most)
	}
	return n, nil
}

func (a *API) historyMessage(item *chat.DialogueItem) historyMessage {
	h := historyMessage{QuestionID: item.QuestionID, Status: string(item.Status), Timestamp: stamp(item.At), Replies: []json.RawMessage{}}
	switch p := item.Payload.(type) {
	case *chat.Message:
		h.Author, h.TextMessage = authors[p.AuthorType], p.Body
		if p.AuthorType != chat.AuthorClient || len(p.Attachments) > 0 {
			h.Replies = repliesOf(p, a.Links)
		}
	case *chat.ActionPressed:
		h.Author = authors[chat.AuthorClient]
		h.EventData = encode(map[string]any{"event": p.Event, "data": p.Data})
	}
	return h
}

// saveState is POST /client/{clientId}/state.
func (a *API) saveState(c *call) (any, error) {
	id, err := c.clientID()
	if err != nil {
		return nil, err
	}
	state, err := readAll(c.Request)
	switch {
	case err != nil:
		return nil, err
	case !utf8.Valid(state):
		return nil, errUTF8()
	case jsontext.Depth(state) > jsontext.MaxDepth: // it is told in events, which must stay readable
		return nil, chat.Invalid("state", "expected at most %d levels of nesting", jsontext.MaxDepth)
	}
	if err := a.Service.SaveWidgetState(c.Context(), c.channel, id, c.query.Get("cid"), state); err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

// loadState is GET /client/{clientId}/state.
func (a *API) loadState(c *call) (any, error) {
	id, err := c.clientID()
	if err != nil {
		return nil, err
	}
	return a.Service.FindWidgetState(c.Context(), c.channel, id)
}

// status is GET /client/{clientId}/message/{questionId}/status.
func (a *API) status(c *call) (any, error) {
	id, err := c.clientID()
	if err != nil {
		return nil, err
	}
	s, err := a.Service.FindStatus(c.Context(), c.channel, id, c.PathValue("questionId"))
	if err != nil {
		return nil, err
	}
	return statusObject{s.QuestionID, string(s.Status)}, nil
}

// setStatus is POST /client/{clientId}/message/{questionId}/status.
func (a *API) setStatus(c *call) (any, error) {
	f, err := readBody(c.Request)
	if err != nil {
		return nil, err
	}
	status, err := f.text("status")
	if err != nil {
		return nil, err
	}
	now, err := a.changeStatuses(c, []statusObject{{c.PathValue("questionId"), status}})
	if err != nil {
		return nil, err
	}
	return now[0], nil
}

// setStatuses is POST /client/{clientId}/message-statuses.
func (a *API) setStatuses(c *call) (any, error) {
	f, err := readBody(c.Request)
	if err != nil {
		return nil, err
	}
	wanted, err := readStatuses(f["statuses"])
	if err != nil {
		return nil, err
	}
	now, err := a.changeStatuses(c, wanted)
	if err != nil {
		return nil, err
	}
	return struct {
		Statuses []statusObject `json:"statuses"`
	}{now}, nil
}

// readStatuses reads an array of statuses, and names the one that is none.
func readStatuses(raw json.RawMessage) ([]statusObject, error) {
	var list []json.RawMessage
	if jsontext.IsNull(raw) || json.Unmarshal(raw, &list) != nil {
		return nil, chat.Invalid("statuses", "expected an array of {questionId, status}")
	}
	wanted := make([]statusObject, len(list))
	for i, one := range list {
		field := fmt.Sprintf("statuses[%d]", i)
		if one[0] != '{' {
			return nil, chat.Invalid(field, "expected an object, got %s", jsontext.Kind(one))
		}
		var f fields
		err := json.Unmarshal(one, &f)
		if err == nil {
			wanted[i].QuestionID, err = f.text("questionId")
		}
		if err == nil {
			wanted[i].Status, err = f.text("status")
		}
		if known, ok := errors.AsType[*chat.Error](err); ok {
			return nil, chat.Invalid(field+"."+known.Field, "%s", known.Message)
		}
		if err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

func (a *API) changeStatuses(c *call, wanted []statusObject) ([]statusObject, error) {
	id, err := c.clientID()
	if err != nil {
		return nil, err
	}
	changes := make([]chat.QuestionStatus, len(wanted))
	for i, w := range wanted {
		changes[i] = chat.QuestionStatus{QuestionID: w.QuestionID, Status: chat.MessageStatus(w.Status)}
	}
	now, err := a.Service.SetStatuses(c.Context(), c.channel, id, changes)
	if err != nil {
		return nil, err
	}
	objects := make([]statusObject, len(now))
	for i, s := range now {
		objects[i] = statusObject{s.QuestionID, string(s.Status)}
	}
	return objects, nil
}

// countUnread is GET /client/{clientId}/message-not-read-count.
func (a *API) countUnread(c *call) (any, error) {
	id, err := c.clientID()
	if err != nil {
		return nil, err
	}
	n, err := a.Service.CountUnread(c.Context(), c.channel, id)
	return struct {
		Count int64 `json:"count"`
	}{n}, err
}
