package xmltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errTurn ends a case whose turn failed: the turn itself says why.
var errTurn = errors.New("the bot answered otherwise than expected")

// player plays one case.
type player struct {
	result *Result
	bot    Conversation
	mocks  mocks
	data   any   // of <requestData>, for the next request
	raw    any   // of <rawRequest>, for the next request
	turn   *Turn // whose answer is being checked; nil before the first
	checks []*Step
}

// play takes the steps one by one. An answer is judged when the next is asked for, because
// only then all that is expected of it is known.
func (p *player) play(ctx context.Context) error {
	c := p.result.Case
	for _, mock := range c.shared {
		p.mocks.add(mock)
	}
	for i, s := range c.Steps {
		if err := p.step(ctx, s); err != nil {
			p.result.Unplayed = len(c.Steps) - i
			return err
		}
	}
	return p.judge()
}

func (p *player) step(ctx context.Context, s *Step) error {
	switch {
	case s.asks():
		if err := p.judge(); err != nil {
			return err
		}
		return p.ask(ctx, s)
	case s.Kind == NewSession && p.turn == nil:
		p.bot.NewSession()
		return nil
	case s.checks():
		if p.turn == nil {
			return fmt.Errorf("%s:%d: <%s> before the client said anything", p.result.Case.File, s.Line, s.Kind)
		}
		p.checks = append(p.checks, s)
		return nil
	}
	if err := p.prepare(s); err != nil {
		return fmt.Errorf("%s:%d: <%s>: %w", p.result.Case.File, s.Line, s.Kind, err)
	}
	return nil
}

// prepare takes a step that neither asks nor checks.
func (p *player) prepare(s *Step) error {
	switch s.Kind {
	case State:
		return p.bot.SetContext(absolute(s.Text))
	case Context:
		return p.change(s)
	case DateTime:
		p.bot.SetTime(s.Time)
	case Random:
		p.bot.SetRandom(s.Numbers)
	case RequestData:
		p.data = merge(p.data, s.Data)
	case RawRequest:
		p.raw = merge(p.raw, s.Data)
	case MockData:
		p.mocks.add(s.Mock)
	}
	return nil
}

// change lays <context> over $session or $client: fields that it does not name stay.
func (p *player) change(s *Step) error {
	read, write := p.bot.Session, p.bot.SetSession
	if s.Text == "client" {
		read, write = p.bot.Client, p.bot.SetClient
	}
	var old any
	if raw := read(); len(raw) > 0 {
		value, err := decodeJSON(raw)
		if err != nil {
			return fmt.Errorf("read $%s: %w", s.Text, err)
		}
		old = value
	}
	write(encode(merge(old, s.Data)))
	return nil
}

// ask has the client do something.
func (p *player) ask(ctx context.Context, s *Step) error {
	t := &Turn{Line: s.Line, Asked: s.say()}
	p.result.Turns = append(p.result.Turns, t)
	p.turn = t
	var answer Answer
	if s.Kind == Timeout {
		i := slices.IndexFunc(p.bot.Pending(), func(w Timer) bool { return w.Kind == timeoutKind })
		if i < 0 {
			t.fail(s.Line, "the bot waits for no timeout")
			return p.judge()
		}
		answer = p.bot.Fire(ctx, p.bot.Pending()[i].ID)
	} else {
		answer = p.bot.React(ctx, p.request(s))
	}
	t.answer = answer
	t.waiting = p.bot.Pending()
	t.Class, t.States, t.Context = answer.Class, answer.States, answer.Context
	t.Log = slices.Concat(answer.Log, p.mocks.misses())
	if answer.Err != nil {
		t.Err = answer.Err.Error()
	}
	return ctx.Err()
}

// request makes a step what the bot is asked, with the data that waits for it.
func (p *player) request(s *Step) Ask {
	ask := Ask{Query: s.Text}
	over := map[string]any{}
	switch s.Kind {
	case Event:
		ask.Query, ask.Event = "", s.Text
		if s.Data != nil {
			p.data = merge(p.data, s.Data)
		}
	case Request:
		over = p.whole(s.Data.(map[string]any))
		ask.Query, _ = over["query"].(string)
		ask.Event, _ = over["event"].(string)
	}
	if lang := strings.TrimSpace(s.Attr["lang"]); lang != "" && s.Kind == Query {
		over["language"] = lang
	}
	if p.raw != nil {
		over["rawRequest"] = p.raw
	}
	ask.Data = encode(p.data)
	if len(over) > 0 {
		ask.Raw = encode(over)
	}
	p.data, p.raw = nil, nil
	return ask
}

// whole takes the fields of <request> that a scenario sees; data and rawRequest go where
// those of other steps wait.
func (p *player) whole(fields map[string]any) map[string]any {
	over := map[string]any{"channelType": ""} // it comes from nowhere, unless it says so
	for name, value := range fields {
		switch {
		case name == "data":
			p.data = merge(p.data, value)
		case name == "rawRequest":
			p.raw = merge(p.raw, value)
		case slices.Contains(requestFields, name):
			over[name] = value
		}
	}
	return over
}

// requestFields are those of a request that a scenario sees; others are dropped (Chat API 5
// and the language's description of <request>).
var requestFields = []string{
	"query", "event", "data", "rawRequest", "targetState", "questionId", "channelType", "channelUserId", "channelBotId",
	"botId", "userFrom", "language", "version", "timestamp", "clientId", "sessionId", "requestType", "hasMessage",
	"userTimezone", "accountId", "livechatStatus", "clientAddress", "files", "attachments", "contact", "location",
}

// say shows what the client does.
func (s *Step) say() string {
	switch s.Kind {
	case Event:
		return strings.TrimSpace("(event " + s.Text + ") " + string(encode(s.Data)))
	case Request:
		return "(request) " + string(encode(s.Data))
	case Timeout:
		return "(silence until the timeout)"
	default:
		return s.Text
	}
}

// absolute is the path of a state with its "/", which tests leave out.
func absolute(path string) string {
	return "/" + strings.Trim(strings.TrimSpace(path), "/")
}

func samePath(a, b string) bool { return absolute(a) == absolute(b) }
