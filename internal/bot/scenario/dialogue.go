package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/chat"
)

// Limits of one turn.
const (
	maxJumps   = 100    // without a reply between (scenario language, 2)
	maxReplies = 100    // (Chat API, 6)
	maxRunes   = 50_000 // of all replies (Chat API, 6)
)

// Names of the events that the platform itself raises.
const (
	eventNoMatch     = "noMatch"
	eventFile        = "fileEvent"
	eventLengthLimit = "lengthLimit"
)

// queryStart is what the start of a session means to a scenario.
const queryStart = "/start"

// memory is what a bot knows of a session from turn to turn.
type memory struct {
	Context string         `json:"context"`           // path of the state the dialogue is in
	Buttons []pressable    `json:"buttons,omitempty"` // that the last replies had and that lead somewhere
	Session map[string]any `json:"session,omitempty"` // $session
}

// pressable is a button that leads to a state.
type pressable struct {
	Text string `json:"text"`
	To   string `json:"to"`
}

// dialogue is one turn.
type dialogue struct {
	bot    *Bot
	turn   *chat.Turn
	memory memory

	context *state // where the dialogue is
	current *state // whose reactions run
	next    *state // where go! leads
	jumps   int

	query  string
	event  string
	data   json.RawMessage
	match  *pattern.Match // nil unless a pattern led here
	tree   any            // of the match, made when asked for
	client any            // $client, read when asked for

	replies []chat.Message
	buttons []shown
	runes   int
}

// shown is a button as it is sent.
type shown struct {
	text   string
	target *state
}

func newDialogue(b *Bot, t *chat.Turn) *dialogue {
	return &dialogue{bot: b, turn: t, context: b.root, current: b.root}
}

// react finds the state that the cause leads to and runs it.
func (d *dialogue) react(ctx context.Context) error {
	if len(d.turn.State.Session) > 0 {
		if err := json.Unmarshal(d.turn.State.Session, &d.memory); err != nil {
			return fmt.Errorf("read session state: %w", err)
		}
		d.context = d.bot.root.nearest(d.memory.Context)
	}
	switch cause := d.turn.Cause.Payload.(type) {
	case *chat.SessionStarted:
		return d.start(ctx, cause.Greet)
	case *chat.OwnerChanged: // the session was given to the bot anew
		return d.start(ctx, cause.Greet)
	case *chat.Message:
		return d.message(ctx, cause)
	case *chat.ActionPressed:
		d.event, d.data = cause.Event, cause.Data
		return d.enter(ctx, d.onEvent(cause.Event))
	}
	return nil
}

// start opens a session: at the state the integrator named (TWIN, botNodeId), or with the
// query /start, which nothing has to match.
func (d *dialogue) start(ctx context.Context, greet bool) error {
	if !greet {
		return nil
	}
	d.query = queryStart
	if s := d.startNode(); s != nil {
		return d.enter(ctx, s)
	}
	return d.enter(ctx, d.onQuery(queryStart))
}

// startNode is the state at which the integrator wants the session to start; nil for none.
func (d *dialogue) startNode() *state {
	if d.turn.Details == nil || d.turn.Details.BotNodeID == "" {
		return nil
	}
	return d.bot.root.walk(splitPath(d.turn.Details.BotNodeID))
}

// message reacts to what a client said.
func (d *dialogue) message(ctx context.Context, m *chat.Message) error {
	if len(d.turn.State.Session) == 0 {
		if s := d.startNode(); s != nil {
			d.context = s
		}
	}
	d.query = m.Body
	var s *state
	switch {
	case strings.TrimSpace(m.Body) == "" && len(m.Attachments) > 0:
		d.event = eventFile
		s = d.onEvent(eventFile)
	case utf8.RuneCountInString(m.Body) > d.bot.config.NLP.LengthLimit.Symbols:
		d.event = eventLengthLimit
		s = d.onEvent(eventLengthLimit)
	default:
		if s = d.onButton(m.Body); s == nil {
			s = d.onQuery(m.Body)
		}
	}
	if s == nil {
		d.event = eventNoMatch
		s = d.onEvent(eventNoMatch)
	}
	return d.enter(ctx, s)
}

// onButton is the state that a button of the last replies leads to.
func (d *dialogue) onButton(text string) *state {
	for _, b := range d.memory.Buttons {
		if strings.EqualFold(strings.TrimSpace(text), b.Text) {
			return d.bot.root.walk(splitPath(b.To))
		}
	}
	return nil
}

// onQuery is the state whose pattern fits best. A deeper context wins before score, and a
// modal state hides what is above it (scenario language, 2). Of patterns that fit alike, the
// first in the files wins.
func (d *dialogue) onQuery(text string) *state {
	phrase := pattern.NewPhrase(text)
	for from := d.context; from != nil; from = d.above(from) {
		var target *state
		var best pattern.Match
		for _, q := range from.queries {
			if q.only && from != d.context {
				continue
			}
			if m, ok := q.pattern.Match(phrase); ok && (target == nil || m.Better(best)) {
				target, best = q.target, m
			}
		}
		if target != nil {
			d.match = &best
			return target
		}
	}
	return nil
}

// onEvent is the state that an event leads to, in the same order of contexts.
func (d *dialogue) onEvent(name string) *state {
	for from := d.context; from != nil; from = d.above(from) {
		for _, e := range from.events {
			if strings.EqualFold(e.name, name) && (!e.only || from == d.context) {
				return e.target
			}
		}
	}
	return nil
}

// above is the next wider context; nil above a modal state and the root.
func (d *dialogue) above(s *state) *state {
	if s.modal {
		return nil
	}
	return s.parent
}

// enter runs the reactions of a state, and of those it jumps to, until ctx ends.
func (d *dialogue) enter(ctx context.Context, s *state) error {
	for ; s != nil; s = d.next {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("run state %s: %w", s.path, err)
		}
		if d.jumps++; d.jumps > maxJumps {
			return fmt.Errorf("run state %s: %d jumps without a reply", s.path, maxJumps)
		}
		d.current, d.next = s, nil
		if !s.noContext {
			d.context = s
		}
		for _, r := range s.reactions {
			if err := r.run(d); err != nil {
				return fmt.Errorf("run state %s: %w", s.path, err)
			}
			if d.next != nil {
				break
			}
		}
	}
	return nil
}

func (j *jump) run(d *dialogue) error {
	target := j.target
	if target == nil {
		path := j.path.expand(d.look)
		if target = j.in.resolve(path); target == nil {
			return fmt.Errorf("there is no state %q", path)
		}
	}
	if j.deferred {
		d.context = target
	} else {
		d.next = target
	}
	return nil
}

func (r *random) run(d *dialogue) error {
	return r.choices[d.bot.options.Rand(len(r.choices))].run(d)
}

// result is what the turn makes.
func (d *dialogue) result() (*chat.TurnResult, error) {
	d.memory.Context = d.context.path
	if len(d.replies) > 0 || len(d.buttons) > 0 {
		d.memory.Buttons = d.memory.Buttons[:0]
		for _, b := range d.buttons {
			if b.target != nil {
				d.memory.Buttons = append(d.memory.Buttons, pressable{b.text, b.target.path})
			}
		}
	}
	state, err := json.Marshal(d.memory)
	if err != nil {
		return nil, fmt.Errorf("write session state: %w", err)
	}
	if bytes.Equal(state, d.turn.State.Session) {
		state = nil
	}
	return &chat.TurnResult{Outputs: d.outputs(), SessionState: state}, nil
}
