package chatapi

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/poll"
)

// livechat is data.livechat of what an operator says (Chat API, 8).
type livechat struct {
	Employee employee `json:"employee"`
}

type employee struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// eventObject is an object of GET /events (Chat API, 2).
type eventObject struct {
	answerObject
	Type     poll.Type `json:"type"`
	TS       int64     `json:"ts"` // milliseconds since 1970
	Sequence int64     `json:"sequence"`
}

// Webhook is the body of a delivery to a channel's webhook: an array of objects (Chat API, 4).
func Webhook(o *chat.Outgoing, links Links) []byte {
	objects := []*answerObject{}
	var bot *object
	end := func() {
		if bot != nil {
			objects = append(objects, bot.render(links))
			bot = nil
		}
	}
	for i := range o.Events {
		e := &o.Events[i]
		switch p := e.Payload.(type) {
		case *chat.Message:
			if p.AuthorType == chat.AuthorOperator {
				end()
				objects = append(objects, operatorObject(o.Chat, clientName(o.Client), e, p, links))
			}
			if p.AuthorType == chat.AuthorBot {
				if bot == nil {
					bot = botObject(o.Chat, clientName(o.Client), e)
				}
				bot.say(e, p)
			}
		case *chat.Answered:
			if bot == nil {
				bot = botObject(o.Chat, clientName(o.Client), e)
			}
			bot.end(p)
			end()
		}
	}
	end()
	return encode(objects)
}

// clientName is what the callers of a channel call a client.
func clientName(c *chat.Client) string {
	if c.ExternalID != "" {
		return c.ExternalID
	}
	return c.ID
}

// botObject begins an object that goes by its first event.
func botObject(channel *chat.Chat, clientID string, e *chat.Event) *object {
	return &object{channel: channel, clientID: clientID, id: e.ID, at: e.At, question: chat.Question{ID: e.ID}}
}

func (o *object) say(e *chat.Event, m *chat.Message) {
	o.messages, o.at = append(o.messages, m), e.At
	if m.QuestionID != "" {
		o.question.ID = m.QuestionID
	}
}

func (o *object) end(a *chat.Answered) {
	o.answered, o.question = a, chat.Question{ID: a.QuestionID, CID: a.CID}
}

func operatorObject(channel *chat.Chat, clientID string, e *chat.Event, m *chat.Message, links Links) *answerObject {
	o := botObject(channel, clientID, e)
	o.messages = []*chat.Message{m}
	rendered := o.render(links)
	rendered.Data["livechat"] = livechat{employee{m.AuthorID, m.AuthorName}}
	return rendered
}

// Polled returns what long polls are given. Many may wait for the same client: what was made last is kept
// for them, unless it has links, which are good for a while only.
func Polled(links Links) poll.Render {
	var last atomic.Pointer[made]
	return func(_ context.Context, r *poll.Request, p *poll.Object) (json.RawMessage, error) {
		of := madeOf(r, p)
		if m := last.Load(); m != nil && m.of == of {
			return m.object, nil
		}
		object := polled(r, p, links)
		if !hasLinks(p) {
			last.Store(&made{of, object})
		}
		return object, nil
	}
}

// made is an object as it was given.
type made struct {
	of     madeFrom
	object json.RawMessage // must not be changed
}

// madeFrom is all that an object depends on: events are what they are.
type madeFrom struct {
	channel     *chat.Chat
	clientID    string
	kind        poll.Type
	first, last string // ids of events
	ended       bool   // the end of the bot's turn is known
}

func madeOf(r *poll.Request, p *poll.Object) madeFrom {
	return madeFrom{r.Chat, r.ClientID, p.Type, p.Events[0].ID, p.Last().ID, p.Answered != nil}
}

func hasLinks(p *poll.Object) bool {
	return slices.ContainsFunc(p.Events, func(e chat.Event) bool { return e.Message() != nil && len(e.Message().Attachments) > 0 })
}

func polled(r *poll.Request, p *poll.Object, links Links) json.RawMessage {
	first, last := &p.Events[0], p.Last()
	o := botObject(r.Chat, r.ClientID, first)
	var rendered *answerObject
	switch p.Type {
	case poll.TypeOperator:
		rendered = operatorObject(r.Chat, r.ClientID, first, first.Message(), links)
	case poll.TypeBot:
		for i := range p.Events {
			o.say(&p.Events[i], p.Events[i].Message())
		}
		if p.Answered != nil {
			o.end(p.Answered)
		}
		rendered = o.render(links)
	default:
		rendered = clientObject(o, first, links)
	}
	rendered.ID, rendered.Timestamp = last.ID, stamp(last.At)
	return encode(eventObject{*rendered, p.Type, last.At.UnixMilli(), last.Sequence})
}

// clientObject tells what a client did on another page.
func clientObject(o *object, e *chat.Event, links Links) *answerObject {
	var q *chat.Question
	var query, event any
	var data json.RawMessage
	switch p := e.Payload.(type) {
	case *chat.Message:
		q, query = p.Question, p.Body
		o.messages = []*chat.Message{p}
	case *chat.ActionPressed:
		q, event, data = p.Question, p.Event, p.Data
	case *chat.WidgetStateChanged:
		o.question.CID = p.CID
		rendered := o.render(links)
		rendered.Data["state"] = p.State
		return rendered
	}
	if q != nil {
		o.question = *q
	}
	rendered := o.render(links)
	rendered.Data["query"], rendered.Data["event"], rendered.Data["eventData"] = query, event, data
	return rendered
}
