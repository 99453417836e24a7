package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/script"
)

// Limits of one turn.
const (
	maxJumps    = 100    // without a reply between (scenario language, 2)
	maxReplies  = 100    // (Chat API, 6)
	maxRunes    = 50_000 // of all replies (Chat API, 6)
	maxRestarts = 5      // sessions begun anew, and states run after postProcess

	maxTimeout = 24 * time.Hour // of a client's silence
)

// Names of the events that the platform itself raises.
const (
	eventNoMatch     = "noMatch"
	eventFile        = "fileEvent"
	eventLengthLimit = "lengthLimit"
	eventTimeLimit   = "timeLimit"

	eventLivechatFinished = "livechatFinished"          // people are done (Chat API, 8)
	eventNoOperators      = "noLivechatOperatorsOnline" // there are none (Chat API, 8)
)

// queryStart is what the start of a session means to a scenario.
const queryStart = "/start"

// Kinds of handlers that scripts bind (scenario language, 3).
const (
	onPreMatch    = "preMatch"
	onPreProcess  = "preProcess"
	onPostProcess = "postProcess"
	onSelect      = "selectNLUResult"
	onScriptError = "onScriptError"
	onDialogError = "onDialogError"
	onAnyError    = "onAnyError"
)

// dialogError is a mistake of the scenario that shows when it runs.
type dialogError struct{ message string }

func (e *dialogError) Error() string { return e.message }

// memory is what a bot knows of a session from turn to turn.
type memory struct {
	Context string          `json:"context"`           // path of the state the dialogue is in
	Buttons []pressable     `json:"buttons,omitempty"` // that the last replies had and that lead somewhere
	Result  string          `json:"result,omitempty"`  // the outcome so far (sessionResult)
	Filling *filling        `json:"filling,omitempty"` // the slots that are being asked for
	Session json.RawMessage `json:"session,omitempty"` // $session
}

// pressable is a button that leads to a state.
type pressable struct {
	Text string `json:"text"`
	To   string `json:"to"`
}

// input is what a turn begins with.
type input struct {
	query, event string
	target       string                     // path of the state to run, when nothing is to be matched
	request      map[string]json.RawMessage // fields of $request besides query and event
	memory       memory
	client       json.RawMessage // $client
	variables    map[string]any  // of $session, where it has none of that name
	fresh        bool            // the session begins
	greets       bool            // nothing was said: the bot may speak first
}

// turn is a bot's reaction to one query or event.
type turn struct {
	ctx    context.Context //nolint:containedctx // a turn is one call, whose parts are methods
	bot    *Bot
	in     input
	host   *host
	memory memory

	context *state // where the dialogue is
	current *state // whose reactions run
	next    *state // where go! leads
	jumps   int

	query, event string
	phrase       *pattern.Phrase
	understood   func(name string) []pattern.Span // entities in the phrase
	chosen       *candidate
	nlu          []candidate // all of them, when a script wants to choose
	class        *state      // the first state that was activated
	states       []*state    // all of them

	vm      *script.VM
	shown   string            // the currentState that the VM knows
	told    string            // the contextPath that $session was begun with
	pending []json.RawMessage // replies that the VM does not know
	pushed  int               // replies of tags so far

	restarted bool // the session was begun anew by a script
	wanted    *Start
	ends      bool // a script ends it
	broken    bool // the VM cannot be used any more
}

// output is what a turn ends with.
type output struct {
	replies    []json.RawMessage
	response   json.RawMessage // $response
	memory     memory
	client     json.RawMessage // nil: as it was
	class      string
	states     []string
	context    string
	confidence float64
	timers     []Timer
	cancelled  []string
	ends       bool // the session
	begins     bool // a new session
	wanted     *Start
	mails      []Mail
}

// react runs the turn to its end. The VM it took is given back. When it fails, what it did up to
// there is returned for people to see; nothing of it is to be kept.
func (b *Bot) react(ctx context.Context, in input, w world) (*output, error) {
	t := newTurn(ctx, b, in, w)
	defer t.release()
	err := t.run()
	t.broken = unusable(err)
	if errors.Is(err, script.ErrTimeout) && in.event != eventTimeLimit {
		t.release()
		limited := in
		limited.query, limited.event, limited.target = "", eventTimeLimit, ""
		again := newTurn(ctx, b, limited, w)
		defer again.release()
		if byEvent(again.context, eventTimeLimit) == nil {
			return t.soFar(), err
		}
		t.host.log("the script took too long: " + err.Error())
		t, err = again, again.run()
		t.broken = unusable(err)
	}
	if err != nil {
		return t.soFar(), err
	}
	o, err := t.output()
	t.broken = unusable(err)
	return o, err
}

// unusable reports whether an error is none of the bot's own, after which a VM may be in any state.
func unusable(err error) bool {
	var thrown *script.Error
	var dialog *dialogError
	if err == nil || errors.As(err, &dialog) {
		return false
	}
	for _, limit := range []error{script.ErrTimeout, script.ErrMemory, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, limit) {
			return true
		}
	}
	return !errors.As(err, &thrown)
}

func newTurn(ctx context.Context, b *Bot, in input, w world) *turn {
	in = b.harmless(in)
	t := &turn{ctx: ctx, bot: b, in: in, memory: in.memory, query: in.query, event: in.event}
	t.context = b.root.nearest(in.memory.Context)
	t.current = t.context
	t.host = newHost(t, w)
	return t
}

func (t *turn) release() {
	switch {
	case t.vm == nil:
	case t.host.world.leave != nil:
		t.host.world.leave(t.vm, t.broken)
	default:
		t.vm.Release()
	}
	t.vm = nil
}

// run reacts, again when a script begins a new session.
func (t *turn) run() error {
	for range maxRestarts {
		err := t.handled(t.process())
		var again *restart
		if !errors.As(err, &again) {
			return err
		}
		if err := t.renew(again.wanted); err != nil {
			return err
		}
	}
	return &dialogError{fmt.Sprintf("%d new sessions in one turn", maxRestarts)}
}

// renew begins the session anew, with what the script wants to happen first in it: the argument
// of newSession, {message, data, session, client, request}.
func (t *turn) renew(wanted json.RawMessage) error {
	var w struct {
		Message               string
		Data, Session, Client json.RawMessage
		Request               map[string]json.RawMessage
	}
	if err := json.Unmarshal(wanted, &w); err != nil {
		return &dialogError{"newSession: " + err.Error()}
	}
	t.context, t.current, t.restarted, t.chosen, t.phrase = t.bot.root, t.bot.root, true, nil, nil
	t.in.target, t.in.event, t.in.variables = "", "", nil
	t.memory = memory{}
	t.in.query = w.Message
	t.wanted = &Start{Message: w.Message, Session: orObject(w.Session), Data: orObject(w.Data)}
	if w.Request != nil {
		_ = json.Unmarshal(w.Request["event"], &t.in.event)
		if w.Message == "" && t.in.event == "" {
			_ = json.Unmarshal(w.Request["query"], &t.in.query)
		}
		delete(w.Request, "event")
		delete(w.Request, "query")
		maps.Copy(t.in.request, w.Request)
	}
	t.query, t.event = t.in.query, t.in.event
	vm, err := t.js()
	if err != nil {
		return err
	}
	fields := map[string]json.RawMessage{"session": orObject(w.Session), "temp": json.RawMessage("{}")}
	if w.Client != nil && string(w.Client) != "null" {
		fields["client"] = w.Client
	}
	if w.Data != nil && string(w.Data) != "null" {
		t.in.request["data"] = w.Data
	}
	fields["request"] = t.request()
	for name, v := range fields {
		if err := vm.Set(name, v); err != nil {
			return err
		}
	}
	t.told = ""
	return nil
}

// process finds the state that the query or event leads to, and runs it.
func (t *turn) process() error {
	target, err := t.find()
	if err != nil {
		return err
	}
	if target, err = t.preProcess(target); err != nil || target == nil {
		return err
	}
	if err := t.enter(target); err != nil {
		return err
	}
	return t.postProcess()
}

// find is the state that the turn begins with; nil when there is none.
func (t *turn) find() (*state, error) {
	if forced, err := t.preMatch(); forced != nil || err != nil {
		return forced, err
	}
	if t.in.target != "" {
		s := t.bot.root.resolve(t.in.target)
		if s == nil {
			return nil, notFound(t.in.target)
		}
		return s, nil
	}
	if t.event != "" {
		if e := byEvent(t.context, t.event); e != nil {
			return e.target, nil
		}
		if t.event != eventFile && t.event != eventLengthLimit {
			return nil, nil // an event that nobody waits for is answered by nothing
		}
	} else if s, done, err := t.understand(); s != nil || done || err != nil {
		return s, err
	}
	if t.in.greets && t.query == queryStart {
		return nil, nil // nobody has to wait for the start
	}
	if e := byEvent(t.context, eventNoMatch); e != nil {
		if t.event == "" {
			t.event = eventNoMatch
		}
		return e.target, nil
	}
	return nil, &dialogError{noTarget}
}

// noTarget says that nothing leads anywhere. Scripts compare with these words.
const noTarget = "No target state was determined for query"

func notFound(path string) error { return &dialogError{"State not found for path " + path} }

// understand is the state that the query leads to; done says that a question for a slot was put
// instead.
func (t *turn) understand() (s *state, done bool, err error) {
	if t.memory.Filling != nil {
		if s, done, err = t.fill(); s != nil || done || err != nil {
			return s, done, err
		}
	}
	if s, err = t.match(); s == nil || err != nil {
		return s, false, err
	}
	if done, err = t.beginFilling(); done || err != nil {
		return nil, done, err
	}
	return s, false, nil
}

// match is the state that the query leads to: by a button, a pattern or an intent.
func (t *turn) match() (*state, error) {
	if s := t.onButton(); s != nil {
		return s, nil
	}
	if s := t.startNode(); s != nil {
		return s, nil
	}
	m := matching{bot: t.bot, from: t.context, phrase: t.said(), all: t.bot.engine.Handlers(onSelect)}
	found := m.byPatterns()
	if len(found) == 0 || m.all {
		intents, err := t.intents()
		if err != nil {
			return nil, err
		}
		found = append(found, m.byIntents(intents)...)
	}
	if t.phrase.Exhausted() {
		return nil, fmt.Errorf("match %d patterns: %w", len(t.bot.patterns), script.ErrTimeout)
	}
	if len(found) == 0 {
		return nil, nil
	}
	t.chosen = &found[0]
	if m.all {
		t.nlu = found
		if err := t.choose(); err != nil {
			return nil, err
		}
	}
	return t.chosen.target, nil
}

// said is the query as patterns see it.
func (t *turn) said() *pattern.Phrase {
	if t.phrase == nil {
		t.phrase, t.understood = t.phraseOf(t.query)
	}
	return t.phrase
}

// phraseOf is a text as patterns see it, and what finds entities in it.
func (t *turn) phraseOf(text string) (*pattern.Phrase, func(name string) []pattern.Span) {
	p := pattern.NewPhrase(text)
	find := t.bot.understanding.Entities(p.Text(), t.host.Now())
	p.SetEntities(find)
	return p, find
}

func (t *turn) intents() ([]Intent, error) {
	intents, err := t.bot.understanding.Intents(t.ctx, t.said())
	if err != nil {
		return nil, fmt.Errorf("recognise intents: %w", err)
	}
	fitting := make([]Intent, 0, len(intents))
	for _, i := range intents {
		i.Values = t.values(i.Slots, nil)
		if fits(i.Slots, i.Values) {
			fitting = append(fitting, i)
		}
	}
	return fitting, nil
}

// onButton is the state that a button of the last replies leads to.
func (t *turn) onButton() *state {
	for _, b := range t.memory.Buttons {
		if strings.EqualFold(strings.TrimSpace(t.query), strings.TrimSpace(b.Text)) {
			return t.bot.root.resolve(b.To)
		}
	}
	return nil
}

// startNode is the state at which whoever opened the session wants it to start.
func (t *turn) startNode() *state {
	if t.query != queryStart || t.host.world.startNode == "" {
		return nil
	}
	return t.bot.root.resolve("/" + strings.TrimLeft(t.host.world.startNode, "/"))
}

// enter runs the reactions of a state, and of those it jumps to.
func (t *turn) enter(s *state) error {
	if t.class == nil {
		t.class = s
	}
	for ; s != nil; s = t.next {
		if err := t.ctx.Err(); err != nil {
			return fmt.Errorf("run state %s: %w", s.path, err)
		}
		if t.jumps++; t.jumps > maxJumps {
			return &dialogError{fmt.Sprintf("run state %s: %d jumps without a reply", s.path, maxJumps)}
		}
		t.current, t.next = s, nil
		t.states = append(t.states, s)
		if !s.noContext {
			t.context = s
		}
		if s.result != "" {
			t.memory.Result = s.result
		}
		if _, err := t.runAll(s.reactions); err != nil {
			return inState(s, err)
		}
	}
	return nil
}

// inState says where an error came up.
func inState(s *state, err error) error {
	var again *restart
	if errors.As(err, &again) {
		return err
	}
	return &stateError{s.path, err}
}

// stateError is an error that came up in a state.
type stateError struct {
	path string
	err  error // its place is that in the scenario only once handled has seen it
}

func (e *stateError) Error() string { return "run state " + e.path + ": " + e.err.Error() }
func (e *stateError) Unwrap() error { return e.err }

// runAll runs reactions until one of them leaves the state.
func (t *turn) runAll(list []reaction) (goesOn bool, err error) {
	for _, r := range list {
		if goesOn, err := r.run(t); err != nil || !goesOn {
			return false, err
		}
	}
	return true, nil
}

// transition goes to a state: now, or only for the next query.
func (t *turn) transition(in *state, path string, deferred bool) (goesOn bool, err error) {
	s := in.resolve(path)
	if s == nil {
		return false, notFound(path)
	}
	if deferred {
		t.context = s
		return true, nil
	}
	t.next = s
	return false, nil
}

// push adds a reply.
func (t *turn) push(r json.RawMessage) error {
	t.pending = append(t.pending, r)
	t.jumps = 0
	if t.pushed++; t.pushed > maxReplies {
		return errTooMuch
	}
	return nil
}

var errTooMuch = errors.New("the replies are more than a turn may have")
