// Package scenario runs bots written in the scenario language: files of states with
// patterns that lead into them and reactions that they have (.sc), and the JavaScript in them.
//
// # From files to answers
//
//	Load      chatbot.yaml, then every file that is required              load.go, config.go
//	  read    a .sc file → a syntax tree of tags (package syntax)
//	  compile tags → states, triggers and reactions; patterns are linked  compile.go, reaction.go, action.go
//	          scripts and expressions → numbered functions                code.go
//	React     cause → query or event                                      bot.go
//	  match   → the state it leads to                                     match.go
//	  run     its reactions, in Go; scripts in a VM (package script)      turn.go, js.go, host.go
//	  render  replies of the Chat API → messages                          render.go
//
// Mistakes are gathered over all files and reported together, as Errors. What is suspicious
// but harms nobody is a warning (Bot.Warnings).
//
// What the language's description leaves open is decided so: nothing of a state runs after
// its go! or a script's transition; a session's start is the query /start, which nothing has to
// match; a message of files only is the event fileEvent, and a query that is too long the event
// lengthLimit, and when nobody takes them, they are noMatch; a state that is declared twice is
// one state with the reactions of both.
package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/script"
	"github.com/govorun/govorun/internal/chat"
)

// Bot is a bot that has been read. It does not change, and may be used by many turns at once.
type Bot struct {
	config      config
	options     Options
	root        *state
	library     *pattern.Library
	patterns    []*pattern.Pattern
	entityNames []string // those that $entities has
	engine      *script.Engine
	helpers     helpers
	columns     columns         // for errors of scripts
	expressions map[string]bool // every {{ }} in its files
	fillsSlots  bool            // slotFilling.sc of the library is required

	understanding Understanding
	injector      json.RawMessage
	warnings      Errors
}

// helpers are functions that every bot has, by number.
type helpers struct{ targetState, query, selected int }

// Name is the bot's name in chatbot.yaml.
func (b *Bot) Name() string { return b.config.Name }

// Language is "ru" or "en", or "" when chatbot.yaml says neither.
func (b *Bot) Language() string {
	if l := b.config.Language; l == "ru" || l == "en" {
		return l
	}
	return ""
}

// Warnings are what is suspicious in the bot's files, in order of the files.
func (b *Bot) Warnings() Errors { return b.warnings }

// Close frees what the bot's scripts hold. Turns that run go on to their end.
func (b *Bot) Close() error {
	b.engine.Close()
	return nil
}

// React answers a client's message, an action button, the start of a session or an event. When the
// scenario fails, the bot says what it is to say then (messages.onError in chatbot.yaml) and
// stays where it was; without such a message the failure is an error.
func (b *Bot) React(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	in, w, err := b.input(t)
	if err != nil || in == nil {
		return &chat.TurnResult{}, err
	}
	o, err := b.react(ctx, *in, w)
	if err != nil {
		return b.failed(ctx, t, in, err)
	}
	return b.result(t, o)
}

// failed says that the bot could not answer.
func (b *Bot) failed(ctx context.Context, t *chat.Turn, in *input, err error) (*chat.TurnResult, error) {
	err = fmt.Errorf("scenario of bot %q: %w", b.config.Name, err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil, err
	}
	text := b.sorry(in)
	var dialog *dialogError
	if text == "" && errors.As(err, &dialog) && dialog.message == noTarget {
		return &chat.TurnResult{}, nil // a bot that has no answer to this is silent
	}
	if text == "" {
		return nil, err
	}
	b.options.Log.ErrorContext(ctx, "scenario failed", slog.String("cause", t.Cause.ID), slog.Any("error", err))
	messages, err := render([]json.RawMessage{replyObject{}.add("type", "text").add("text", text).json()})
	return &chat.TurnResult{Outputs: says(messages)}, err
}

// sorry is what the bot says when it fails, in the client's language; "" when it says nothing.
func (b *Bot) sorry(in *input) string {
	var language string
	_ = json.Unmarshal(in.request["language"], &language)
	messages := b.config.onError(language)
	if len(messages) == 0 {
		return ""
	}
	return messages[b.options.Rand(len(messages))]
}

func says(messages []chat.Message) []chat.Output {
	outputs := make([]chat.Output, len(messages))
	for i := range messages {
		outputs[i] = chat.Say{Message: messages[i]}
	}
	return outputs
}

// input makes of a turn's cause what the scenario sees; nil when it does not react to it.
func (b *Bot) input(t *chat.Turn) (*input, world, error) {
	in := &input{client: t.State.Client, fresh: len(t.State.Session) == 0, request: b.requestOf(t)}
	w := world{
		owner: ownerOf(t),
		now:   func() time.Time { return t.Now }, pick: b.options.Rand, fetch: b.options.Fetch,
		log: func(text string) {
			b.options.Log.Info("bot: script says", "text", text, "bot", b.config.Name, "turn", t.ID)
		},
	}
	if len(t.State.Session) > 0 {
		if err := json.Unmarshal(t.State.Session, &in.memory); err != nil {
			return nil, w, fmt.Errorf("read session state: %w", err)
		}
	}
	if d := t.Details; d != nil {
		w.startNode, in.variables = d.BotNodeID, variablesOf(t)
	}
	switch cause := t.Cause.Payload.(type) {
	case *chat.SessionStarted:
		if !cause.Greet {
			return nil, w, nil
		}
		in.query, in.greets = queryStart, true
	case *chat.OwnerChanged: // the session was given to the bot, anew or back
		switch {
		case cause.Greet:
			in.query, in.greets = queryStart, true
		case cause.Finished:
			in.event = eventLivechatFinished
		default:
			return nil, w, nil
		}
	case *chat.Message:
		b.said(in, cause, w.startNode)
		if cause.Question != nil {
			asked(in, cause.Question, t.Client)
		} else {
			in.request["rawRequest"] = rawMessage(cause)
		}
	case *chat.ActionPressed:
		in.event = cause.Event
		in.request["data"] = orObject(cause.Data)
		if cause.Question != nil {
			asked(in, cause.Question, t.Client)
		} else {
			in.request["rawRequest"] = encode(map[string]any{"event": cause.Event, "data": in.request["data"]})
		}
	case *chat.TimerFired:
		fired := timerInput(&Timer{Timeout: cause.TimerKind == chat.TimerTimeout, Event: cause.Event, Data: cause.Data, Target: cause.Target})
		in.event, in.target = fired.event, fired.target
		maps.Copy(in.request, fired.request)
	default:
		return nil, w, nil
	}
	return in, w, nil
}

// ownerOf is whose turn it is: what scripts keep in global variables is of one session.
func ownerOf(t *chat.Turn) string {
	if t.Session == nil {
		return ""
	}
	return t.Session.ID
}

// said is what a client said, or the event that stands for it.
func (b *Bot) said(in *input, m *chat.Message, startNode string) {
	if in.fresh && startNode != "" {
		in.memory.Context = startNode
	}
	in.query = m.Body
	switch {
	case chat.IsBlank(m.Body) && len(m.Attachments) > 0:
		in.query, in.event = "", eventFile
		in.request["data"] = encode(map[string]any{"eventData": m.Attachments})
	case utf8.RuneCountInString(m.Body) > b.config.lengthLimit():
		in.event = eventLengthLimit
	}
}

// rawMessage is what a client of the other faces sent (TWIN, messages).
func rawMessage(m *chat.Message) json.RawMessage {
	raw := map[string]any{"body": m.Body}
	if len(m.Attachments) > 0 {
		raw["attachments"] = m.Attachments
	}
	return encode(raw)
}

// asked fills in what the caller of the Chat API has sent, by the names that it uses.
func asked(in *input, q *chat.Question, c *chat.Client) {
	in.request["questionId"], in.request["channelType"] = encode(q.ID), encode("chatapi")
	raw := map[string]any{"uuid": q.ID}
	if q.Data != nil {
		in.request["data"], raw["data"] = q.Data, q.Data
	}
	if c != nil {
		in.request["channelUserId"], raw["clientId"] = encode(c.ExternalID), c.ExternalID
	}
	if q.CID != "" {
		raw["cid"] = q.CID
	}
	if in.query != "" {
		raw["query"] = in.query
	} else {
		raw["event"] = in.event
	}
	in.request["rawRequest"] = encode(raw)
}

// variablesOf are what $session has when the bot has not set it: what whoever opened the
// session gave (TWIN, variables and clientMetadata).
func variablesOf(t *chat.Turn) map[string]any {
	variables := make(map[string]any, len(t.Details.Variables))
	if t.Client != nil {
		for name, v := range t.Client.Metadata {
			variables[name] = v
		}
	}
	for name, v := range t.Details.Variables {
		variables[name] = v
	}
	return variables
}

// requestDefaults are what $request has of every request: scripts read what is below data and rawRequest
// without asking whether they are there.
func requestDefaults() map[string]json.RawMessage {
	return map[string]json.RawMessage{"version": encode("3"), "data": orObject(nil), "rawRequest": orObject(nil)}
}

// requestOf are the fields of $request that say where a request comes from.
func (b *Bot) requestOf(t *chat.Turn) map[string]json.RawMessage {
	fields := requestDefaults()
	fields["questionId"], fields["botId"] = encode(t.Cause.ID), encode(b.config.Name)
	if t.Details != nil && t.Details.Channel != "" {
		fields["channelType"] = encode(t.Details.Channel)
	} else {
		fields["channelType"] = encode("chatapi")
	}
	if c := t.Client; c != nil {
		fields["channelUserId"] = encode(c.ID)
		fields["userFrom"] = encode(map[string]any{"id": c.ID, "firstName": c.FirstName, "lastName": c.LastName})
	}
	return fields
}

// result makes of what the scenario did what is to happen.
func (b *Bot) result(t *chat.Turn, o *output) (*chat.TurnResult, error) {
	messages, err := render(o.replies)
	if err != nil {
		return nil, fmt.Errorf("scenario of bot %q: %w", b.config.Name, err)
	}
	r := &chat.TurnResult{Outputs: says(messages), Reply: o.reply()}
	if state := encode(o.memory); string(state) != string(t.State.Session) {
		r.SessionState = state
	}
	if o.client != nil && string(o.client) != string(orObject(t.State.Client)) {
		r.ClientState = o.client
	}
	r.CancelTimers = o.cancelled
	for _, timer := range o.timers {
		r.Timers = append(r.Timers, timer.stored())
	}
	for _, reply := range o.replies {
		if h, ok := switchOf(reply); ok {
			r.Outputs = append(r.Outputs, h)
		}
	}
	if o.ends {
		r.Outputs = append(r.Outputs, chat.End{Result: o.memory.Result})
	}
	return r, nil
}

// reply is what the Chat API tells of the answer.
func (o *output) reply() *chat.BotReply {
	return &chat.BotReply{Class: o.class, Confidence: o.confidence, Fields: o.response, NewSession: o.begins, EndSession: o.ends}
}

// stored is a timer as the domain keeps it.
func (t *Timer) stored() chat.Timer {
	kind := chat.TimerEvent
	if t.Timeout {
		kind = chat.TimerTimeout
	}
	return chat.Timer{ID: t.ID, Kind: kind, At: t.At, Event: t.Event, Data: t.Data, Target: t.Target}
}
