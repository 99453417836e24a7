package chatapi

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/jsontext"
)

// asyncAnswer is the answer to POST /async (Chat API, 2).
type asyncAnswer struct {
	ID         string `json:"id"`
	QuestionID string `json:"questionId"`
}

// post is POST: it answers when the bot has.
func (a *API) post(c *call) (any, error) {
	p, err := readQuestion(c)
	if err != nil {
		return nil, err
	}
	object, err := a.ask(c, p)
	if err != nil {
		return nil, err
	}
	return object, nil
}

// get is GET, the simple form: the answer has what was asked, too (Chat API, 2).
func (a *API) get(c *call) (any, error) {
	q := c.query
	p := newQuestion(q.Get("clientId"), q.Get("query"), q.Get("event"), q.Get("uuid"), q.Get("cid"))
	object, err := a.ask(c, p)
	if err != nil {
		return nil, err
	}
	return &simpleObject{answerObject: *object, Query: textOrNull(p.Query), Event: textOrNull(p.Event)}, nil
}

// textOrNull is a text, null for none.
func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// postAsync is POST /async: the answer goes to the channel's webhook.
func (a *API) postAsync(c *call) (any, error) {
	p, err := readQuestion(c)
	if err != nil {
		return nil, err
	}
	p.Question.Async = true
	asked, err := a.Service.Ask(context.WithoutCancel(c.Context()), c.channel, *p)
	if err != nil {
		return nil, err
	}
	return asyncAnswer{asked.Question.ID, asked.Question.ID}, nil
}

// newQuestion is what is asked. An empty query beside an event counts as none, and the other way round
// (Chat API, 2).
func newQuestion(clientID, query, event, id, cid string) *chat.AskParams {
	switch {
	case !chat.IsBlank(event) && chat.IsBlank(query):
		query = ""
	case !chat.IsBlank(query) && chat.IsBlank(event):
		event = ""
	}
	return &chat.AskParams{ClientID: clientID, Query: query, Event: event, Question: chat.Question{ID: id, CID: cid}}
}

// readQuestion reads the body of a question (Chat API, 3). Fields that it does not know are left alone.
func readQuestion(c *call) (*chat.AskParams, error) {
	f, err := readBody(c.Request)
	if err != nil {
		return nil, err
	}
	id, err := readClientID(f["clientId"])
	if err != nil {
		return nil, err
	}
	var texts [4]string
	for i, name := range [len(texts)]string{"query", "event", "uuid", "cid"} {
		if texts[i], err = f.text(name); err != nil {
			return nil, err
		}
	}
	p := newQuestion(id, texts[0], texts[1], texts[2], texts[3])
	p.Question.Data, err = readObject("data", f["data"])
	return p, err
}

// readClientID reads a string, or a number (Chat API, 3). An id is opaque, so a number is the text that it
// is written as: however large it loses no digit, and 1, 1.0 and 1e0 are three clients.
func readClientID(raw json.RawMessage) (string, error) {
	if jsontext.IsNull(raw) {
		return "", chat.Invalid("clientId", "expected the id of a client")
	}
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id, nil
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return string(raw), nil
	}
	return "", chat.Invalid("clientId", "expected a string or a number")
}

// ask asks and waits for the answer.
func (a *API) ask(c *call, p *chat.AskParams) (*answerObject, error) {
	select {
	case a.waiting <- struct{}{}:
		defer func() { <-a.waiting }()
	default:
		return nil, chat.Errorf(chat.CodeUnavailable, "too many requests wait for bots")
	}
	var expected *feed.Expectation
	p.Asked = func(asked *chat.AskResult) {
		if asked.Awaited {
			expected = a.Feed.Expect(asked.Session, asked.Event.Sequence)
		}
	}
	asked, err := a.Service.Ask(context.WithoutCancel(c.Context()), c.channel, *p)
	if expected != nil {
		defer expected.Leave()
	}
	if err != nil {
		return nil, err
	}
	o := &object{channel: c.channel, clientID: p.ClientID, question: asked.Question, id: asked.Event.ID, at: asked.Event.At}
	if asked.Awaited || asked.Repeated {
		err = a.await(c.Context(), asked, expected, o)
	}
	switch {
	case err != nil:
		return nil, err
	case o.answered != nil && o.answered.Failed:
		return nil, chat.Errorf(codeBot, "the bot could not answer")
	default:
		return o.render(a.Links), nil
	}
}

// await waits until no answer to a question is outstanding, and collects what was said. It may be nothing,
// when somebody else has taken the session over. expected is nil for a question that was asked before.
func (a *API) await(ctx context.Context, asked *chat.AskResult, expected *feed.Expectation, o *object) error {
	waiting, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	ref, sequence := asked.Session.Ref(), asked.Event.Sequence
	var events []chat.Event
	var err error
	if expected != nil {
		events, err = expected.Wait(waiting)
	} else {
		err = a.Feed.AwaitSettled(waiting, ref, sequence)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return chat.Errorf(codeTimeout, "the bot has not answered yet; its answer comes by GET /events")
	}
	if err != nil || o.takeAll(events, sequence) {
		return err
	}
	return a.collect(waiting, ref, sequence, o)
}

// collect reads what was said in answer to the event numbered sequence.
func (a *API) collect(ctx context.Context, ref chat.SessionRef, sequence int64, o *object) error {
	o.messages = nil
	for after := sequence; ; {
		events, err := a.Store.ListEvents(ctx, ref, after, answerPage)
		if err != nil {
			return err
		}
		if o.takeAll(events, sequence) || len(events) < answerPage {
			return nil
		}
		after = events[len(events)-1].Sequence
	}
}

// answerPage is how many events are read at a time: nearly every answer is among the first.
const answerPage = 16
