package xmltest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/script"
)

// Talk is a conversation with a bot of the scenario language, as a Conversation.
type Talk struct {
	*scenario.Conversation
}

// Begin begins a conversation that knows that it is tested.
func Begin(b *scenario.Bot, s Setup) Talk {
	o := scenario.ConversationOptions{Seed: s.Seed, Test: true}
	if s.Fetch != nil {
		o.Fetch = func(ctx context.Context, r script.Request) (*script.Response, error) {
			ask := HTTPRequest{Method: r.Method, URL: r.URL, Header: make(http.Header, len(r.Header)), Body: r.Body}
			for name, value := range r.Header {
				ask.Header.Set(name, value)
			}
			answer, err := s.Fetch(ctx, ask)
			if err != nil {
				return nil, err
			}
			got := &script.Response{Status: answer.Status, Header: map[string]string{}, Body: answer.Body}
			if media := answer.Header.Get("Content-Type"); media != "" {
				got.Header["content-type"] = media
			}
			return got, nil
		}
	}
	return Talk{b.Converse(o)}
}

// Chat begins a conversation that is no test: somebody talks to the bot, at the real time.
// With seed 0 chance is another each time.
func Chat(b *scenario.Bot, seed uint64) Talk {
	if seed == 0 {
		seed = rand.Uint64()
	}
	return Talk{b.Converse(scenario.ConversationOptions{Seed: seed})}
}

// React has the bot answer.
func (t Talk) React(ctx context.Context, ask Ask) Answer {
	request := scenario.Request{Query: ask.Query, Event: ask.Event, Fields: map[string]json.RawMessage{}}
	if len(ask.Raw) > 0 {
		_ = json.Unmarshal(ask.Raw, &request.Fields) // the steps made it, an object
	}
	if len(ask.Data) > 0 {
		request.Fields["data"] = ask.Data
	}
	if target, ok := request.Fields["targetState"]; ok {
		_ = json.Unmarshal(target, &request.Target) // what is no text leads nowhere
	}
	for _, own := range []string{"query", "event"} { // they are in the request already
		delete(request.Fields, own)
	}
	return answered(t.Conversation.React(ctx, request))
}

// Fire has a timer's moment come.
func (t Talk) Fire(ctx context.Context, id string) Answer {
	return answered(t.Conversation.Fire(ctx, id))
}

// Pending is what waits, the next one first.
func (t Talk) Pending() []Timer {
	var timers []Timer
	for _, w := range t.Conversation.Pending() {
		timer := Timer{ID: w.ID, Kind: "event " + w.Event, At: w.At, Interval: w.Interval.Seconds(), Target: w.Target}
		if w.Timeout {
			timer.Kind = timeoutKind
		}
		timers = append(timers, timer)
	}
	return timers
}

// answered takes over what the bot did.
func answered(a scenario.Answer) Answer {
	answer := Answer{Class: a.Class, States: a.States, Context: a.Context, Response: a.Response, Log: a.Log, Err: a.Err}
	for _, r := range a.Replies {
		answer.Replies = append(answer.Replies, Said(r))
	}
	if a.Start != nil {
		answer.NewSession = &Started{Message: a.Start.Message, Session: a.Start.Session}
		if string(a.Start.Session) == "{}" { // tests know one thing that is given on
			answer.NewSession.Session = a.Start.Data
		}
	}
	for _, m := range a.Mails {
		answer.Mails = append(answer.Mails, Letter(m))
	}
	return answer
}

// Playing gives Run's conversations with a bot.
func Playing(b *scenario.Bot) func(Setup) (Conversation, error) {
	return func(s Setup) (Conversation, error) { return Begin(b, s), nil }
}

var _ Conversation = Talk{}
