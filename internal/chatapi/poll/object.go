package poll

import (
	"context"

	"github.com/govorun/govorun/internal/chat"
)

// Type says what an object is (Chat API, 2).
type Type string

// The types of object.
const (
	TypeOperator Type = "operator" // an operator's message
	TypeBot      Type = "bot"      // what a bot said in one turn
	TypeClient   Type = "client"   // a client's message or event
	TypeWidget   Type = "widget"   // the widget's state has changed
)

// Object is what is given as one: what a bot said in a turn, or one event.
type Object struct {
	Type     Type
	Events   []chat.Event   // in order; more than one of a bot only
	Answered *chat.Answered // what ended a bot's turn; nil when nobody waited for that
}

// Last is the event by which the object goes: who goes on after it has been given the object.
func (o *Object) Last() *chat.Event { return &o.Events[len(o.Events)-1] }

// typeOf is what an event is for a poll, "" when it does not ask for it. What its connection asked
// itself is not for it (Chat API, 2).
func (r *Request) typeOf(e *chat.Event) Type {
	switch p := e.Payload.(type) {
	case *chat.Message:
		switch {
		case p.AuthorType == chat.AuthorOperator:
			return TypeOperator
		case !r.All:
		case p.AuthorType == chat.AuthorBot:
			return TypeBot
		case p.AuthorType == chat.AuthorClient && !r.own(p.Question):
			return TypeClient
		}
	case *chat.WidgetStateChanged:
		if r.All && (r.CID == "" || p.CID != r.CID) {
			return TypeWidget
		}
	case *chat.ActionPressed:
		if r.All && !r.own(p.Question) {
			return TypeClient
		}
	}
	return ""
}

// own reports whether a question is one of the poll's connection.
func (r *Request) own(q *chat.Question) bool { return r.CID != "" && q != nil && q.CID == r.CID }

// mayWant reports whether there may be something among events that a poll asks for.
func (r *Request) mayWant(events []chat.Event) bool {
	for i := range events {
		if r.typeOf(&events[i]) != "" {
			return true
		}
	}
	return false
}

// objects makes objects of events, MaxObjects at most, and says how many of the events that took. more
// says that others follow.
func (h *Hub) objects(ctx context.Context, r *Request, events []chat.Event, more bool) (objects []Object, used int, err error) {
	open := -1 // where the object begins among events that may go on
	for i := range events {
		e := &events[i]
		if a, ok := e.Payload.(*chat.Answered); ok {
			if open >= 0 && causeOf(objects[len(objects)-1].Last()) == a.Cause {
				objects[len(objects)-1].Answered = a
			}
			open = -1
			continue
		}
		kind := r.typeOf(e)
		if kind == TypeBot {
			echo, err := h.echo(ctx, r, events[i:])
			if err != nil {
				return nil, 0, err
			}
			if echo {
				continue
			}
			if last := len(objects) - 1; open >= 0 && sameTurn(objects[last].Last(), e) {
				objects[last].Events = append(objects[last].Events, *e)
				continue
			}
		}
		if kind == "" {
			continue
		}
		if len(objects) == MaxObjects {
			return objects, i, nil
		}
		objects = append(objects, Object{Type: kind, Events: []chat.Event{*e}})
		open = -1
		if kind == TypeBot {
			open = i
		}
	}
	if more && open > 0 { // the rest of that turn may follow
		return objects[:len(objects)-1], open, nil
	}
	return objects, len(events), nil
}

// causeOf is the event that a bot's message answers.
func causeOf(e *chat.Event) int64 {
	if m := e.Message(); m != nil {
		return m.Cause
	}
	return 0
}

// sameTurn reports whether a bot said both messages in one turn.
func sameTurn(a, b *chat.Event) bool {
	return a.Session.Key == b.Session.Key && causeOf(a) != 0 && causeOf(a) == causeOf(b) &&
		a.Message().QuestionID == b.Message().QuestionID
}

// echo reports whether the first of events, a bot's message, answers a question of the poll's own
// connection. The end of its turn says whose it was; it is among the events, or was before.
func (h *Hub) echo(ctx context.Context, r *Request, events []chat.Event) (bool, error) {
	id := events[0].Message().QuestionID
	if r.CID == "" || id == "" {
		return false, nil
	}
	for i := range events {
		if a, ok := events[i].Payload.(*chat.Answered); ok && a.QuestionID == id {
			return a.CID == r.CID, nil
		}
	}
	q, err := h.params.Store.FindQuestion(ctx, r.Client.Chat, r.Client.Client, id)
	if chat.CodeOf(err) == chat.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return q.CID == r.CID, nil
}
