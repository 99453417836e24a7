package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/script"
)

// js is the turn's VM, with what happened since it was last asked. A turn without scripts
// does not take one.
func (t *turn) js() (*script.VM, error) {
	if t.vm == nil {
		take := t.host.world.take
		if take == nil {
			take = t.bot.engine.Take
		}
		vm, err := take(t.ctx, t.host)
		if err != nil {
			return nil, fmt.Errorf("take a script engine: %w", err)
		}
		t.vm = vm
		if err := t.begin(); err != nil {
			return nil, err
		}
	}
	if t.shown != t.current.path {
		t.shown = t.current.path
		if err := t.vm.Set("currentState", encode(t.shown)); err != nil {
			return nil, err
		}
	}
	if len(t.pending) > 0 {
		if err := t.vm.Push(t.pending...); err != nil {
			return nil, err
		}
		t.pending = nil
	}
	return t.vm, nil
}

// begin gives the VM its $context (scenario language, 3).
func (t *turn) begin() error {
	fields := map[string]json.RawMessage{
		"request":     t.request(),
		"response":    encode(map[string]any{"replies": []any{}}),
		"session":     t.session(),
		"client":      orObject(t.in.client),
		"temp":        json.RawMessage("{}"),
		"contextPath": encode(t.context.path),
		"injector":    t.bot.injector,
		"intent":      json.RawMessage("null"),
	}
	if t.host.world.test {
		fields["testContext"] = json.RawMessage("{}")
	}
	t.shown = t.current.path
	fields["currentState"] = encode(t.shown)
	if t.query != "" && len(t.bot.entityNames) > 0 {
		fields["entities"] = t.entities()
	}
	tree, converters := t.tree()
	if !converters {
		fields["parseTree"] = encode(tree)
	}
	maps.Copy(fields, t.recognised())
	if err := t.vm.Begin(encode(fields)); err != nil || !converters {
		return err
	}
	_, err := t.vm.Convert(t.ctx, encode(tree))
	return err
}

func orObject(v json.RawMessage) json.RawMessage {
	if len(v) == 0 || string(v) == "null" || !json.Valid(v) {
		return json.RawMessage("{}")
	}
	return v
}

// session is $session: what the bot keeps, and below it what whoever opened the session gave
// (TWIN, variables and clientMetadata). It has the context's path in it.
func (t *turn) session() json.RawMessage {
	fields := make(map[string]json.RawMessage)
	if len(t.memory.Session) > 0 {
		_ = json.Unmarshal(t.memory.Session, &fields) // what another version left there may be anything
	}
	for name, v := range t.in.variables {
		if _, ok := fields[name]; !ok {
			fields[name] = encode(v)
		}
	}
	t.told = t.context.path
	fields["contextPath"] = encode(t.told)
	return encode(fields)
}

// request is $request.
func (t *turn) request() json.RawMessage {
	fields := maps.Clone(t.in.request)
	if fields == nil {
		fields = make(map[string]json.RawMessage)
	}
	if t.in.query != "" || t.in.event == "" {
		fields["query"] = encode(t.in.query)
	}
	if t.in.event != "" {
		fields["event"] = encode(t.in.event)
	}
	fields["data"] = orObject(fields["data"])
	if _, ok := fields["language"]; !ok && t.bot.config.Language != "" {
		fields["language"] = encode(t.bot.config.Language)
	}
	return encode(fields)
}

// entities is what the bot's lists and its understanding find in the query ($entities).
func (t *turn) entities() json.RawMessage {
	list := []map[string]any{}
	for _, name := range t.bot.entityNames {
		for _, s := range t.spans(name) {
			list = append(list, map[string]any{
				"pattern": name, "text": t.said().Text()[s.Start:s.End], "value": s.Value, "startPos": s.Start, "endPos": s.End,
			})
		}
	}
	return encode(list)
}

// showMatch tells the VM what led to the state.
func (t *turn) showMatch() error {
	node, converters := t.tree()
	tree := encode(node)
	if converters {
		if _, err := t.vm.Convert(t.ctx, tree); err != nil {
			return err
		}
	} else if err := t.vm.Set("parseTree", tree); err != nil {
		return err
	}
	for name, v := range t.recognised() {
		if err := t.vm.Set(name, v); err != nil {
			return err
		}
	}
	return nil
}

// recognised are the fields of $context that say what the query was taken for.
func (t *turn) recognised() map[string]json.RawMessage {
	c := t.chosen
	if c == nil {
		return nil
	}
	fields := make(map[string]json.RawMessage)
	if c.intent != nil {
		fields["intent"] = c.intent.Data
		if c.intent.Data == nil {
			fields["intent"] = encode(map[string]any{"path": c.intent.Path, "confidence": c.score})
		}
	}
	if t.nlu == nil {
		fields["nluResults"] = encode(t.nluResults([]candidate{*c}, c))
	}
	return fields
}

// tree is $parseTree, and whether it has converters to run.
func (t *turn) tree() (map[string]any, bool) {
	if c := t.chosen; c != nil && c.match != nil {
		return treeValue(c.match.Tree())
	}
	words, text := []string{}, t.query
	if t.chosen != nil && t.chosen.query != "" {
		text = t.chosen.query
	}
	if text != "" {
		words = pattern.NewPhrase(text).List()
	}
	tree := map[string]any{"tag": "root", "pattern": "root", "text": text, "words": words}
	if c := t.chosen; c != nil && c.intent != nil {
		for name, v := range c.intent.Values {
			tree["_"+name] = v
			tree[name] = []any{map[string]any{"tag": name, "pattern": name, "value": v}}
		}
	}
	return tree, false
}

// treeValue is a node of the parse tree as scripts see it: every name with a list of its
// nodes, and with an underscore the value or text of the first (scenario language, 3).
func treeValue(n *pattern.Node) (v map[string]any, converters bool) {
	v = map[string]any{"tag": n.Tag, "pattern": n.Pattern, "text": n.Text, "words": n.Words}
	if n.Value != nil {
		v["value"] = n.Value
	}
	if n.Converter != "" {
		v["$converter"], converters = json.RawMessage(n.Converter), true // the number of a function
	}
	for _, kid := range n.Kids {
		list, _ := v[kid.Tag].([]any)
		if list == nil {
			v["_"+kid.Tag] = kid.Said()
		}
		inner, more := treeValue(kid)
		v[kid.Tag], converters = append(list, inner), converters || more
	}
	return v, converters
}

// nluResults is $context.nluResults.
func (t *turn) nluResults(all []candidate, selected *candidate) map[string]any {
	results := map[string]any{"patterns": []any{}, "intents": []any{}, "examples": []any{}}
	for i := range all {
		kind := all[i].kind + "s"
		results[kind] = append(results[kind].([]any), t.nluResult(&all[i]))
	}
	if selected != nil {
		results["selected"] = t.nluResult(selected)
	}
	return results
}

func (t *turn) nluResult(c *candidate) map[string]any {
	r := map[string]any{"clazz": c.target.path, "score": c.score, "ruleType": c.kind, "rule": c.rule(), "patternId": fmt.Sprintf("%s:%d", c.place.File, c.place.Line)}
	if c.match != nil {
		r["pattern"], r["effectivePattern"] = c.rule(), c.rule()
	} else {
		r["intent"] = c.intent.Path
		r["debugInfo"] = map[string]any{"intent": c.intent.Path, "slots": c.intent.Values}
	}
	return r
}

// choose lets the scripts that are bound to it choose among the candidates.
func (t *turn) choose() error {
	vm, err := t.js()
	if err != nil {
		return err
	}
	if err := vm.Set("nluResults", encode(t.nluResults(t.nlu, t.chosen))); err != nil {
		return err
	}
	if _, err := t.handle(onSelect, t.context.path, nil); err != nil {
		return err
	}
	chosen, err := vm.Value(t.ctx, t.bot.helpers.selected)
	if err != nil {
		return err
	}
	var selected struct {
		Clazz, Rule string
		RuleType    string
	}
	if json.Unmarshal(chosen, &selected) != nil || selected.Clazz == "" {
		return nil //nolint:nilerr // scripts may choose nothing
	}
	best := slices.IndexFunc(t.nlu, func(c candidate) bool {
		return c.target.path == selected.Clazz && c.kind == selected.RuleType && c.rule() == selected.Rule
	})
	if best < 0 {
		best = slices.IndexFunc(t.nlu, func(c candidate) bool { return c.target.path == selected.Clazz })
	}
	switch s := t.bot.root.resolve(selected.Clazz); {
	case best >= 0:
		t.chosen = &t.nlu[best]
	case s != nil:
		t.chosen = &candidate{target: s, kind: byIntent, intent: &Intent{Path: selected.Clazz}}
	default:
		return notFound(selected.Clazz)
	}
	return t.showMatch()
}

// preMatch runs the scripts that come before the matching. One of them may name the state,
// and then nothing is matched.
func (t *turn) preMatch() (*state, error) {
	if !t.bot.engine.Handlers(onPreMatch) {
		return nil, nil
	}
	vm, err := t.js()
	if err != nil {
		return nil, err
	}
	if _, err := t.handle(onPreMatch, t.context.path, nil); err != nil {
		return nil, err
	}
	if t.bot.config.NLP.ModifyRequestInPreMatch {
		query, err := vm.Value(t.ctx, t.bot.helpers.query)
		if err != nil {
			return nil, err
		}
		var changed string
		if json.Unmarshal(query, &changed) == nil && changed != t.query {
			t.query, t.phrase = changed, nil
		}
	}
	return t.forced()
}

// forced is the state that scripts set in $temp.targetState, once.
func (t *turn) forced() (*state, error) {
	value, err := t.vm.Value(t.ctx, t.bot.helpers.targetState)
	if err != nil {
		return nil, err
	}
	var path string
	if json.Unmarshal(value, &path) != nil || path == "" {
		return nil, nil //nolint:nilerr // what is no text leads nowhere
	}
	s := t.current.resolve(path)
	if s == nil {
		return nil, notFound(path)
	}
	return s, nil
}

// preProcess runs the scripts that come before the reactions. One of them may name another
// state. What has led to the state is known to them.
func (t *turn) preProcess(target *state) (*state, error) {
	if target == nil && t.event != "" && !t.bot.engine.Handlers(onPreProcess) {
		return nil, nil
	}
	if t.vm != nil && t.nlu == nil {
		if err := t.showMatch(); err != nil {
			return nil, err
		}
	}
	if !t.bot.engine.Handlers(onPreProcess) {
		return target, nil
	}
	before := t.current
	if target != nil {
		t.current = target
	}
	out, err := t.handle(onPreProcess, t.current.path, nil)
	if err != nil {
		return nil, err
	}
	if out.Transition != nil {
		s := t.current.resolve(out.Transition.Path)
		switch {
		case s == nil:
			return nil, notFound(out.Transition.Path)
		case !out.Transition.Deferred:
			return s, nil
		}
		t.context = s
	}
	t.current = before
	if forced, err := t.forced(); forced != nil || err != nil {
		return forced, err
	}
	return target, nil
}

// postProcess runs the scripts that come last. They may go to another state, which is run,
// and then they come again.
func (t *turn) postProcess() error {
	if !t.bot.engine.Handlers(onPostProcess) {
		return nil
	}
	for range maxRestarts + 1 {
		out, err := t.handle(onPostProcess, t.current.path, nil)
		if err != nil || out.Transition == nil {
			return err
		}
		goesOn, err := t.transition(t.current, out.Transition.Path, out.Transition.Deferred)
		if err != nil || goesOn {
			return err
		}
		if err := t.enter(t.next); err != nil {
			return err
		}
	}
	return &dialogError{fmt.Sprintf("Infinite loop was detected for state %s in postProcess transition", t.current.path)}
}

// script runs a script and does what it asked for.
func (t *turn) script(block int) (goesOn bool, err error) {
	vm, err := t.js()
	if err != nil {
		return false, err
	}
	out, err := vm.Run(t.ctx, block)
	if err != nil {
		return false, err
	}
	if out.NewSession != nil {
		return false, &restart{out.NewSession}
	}
	if out.Stopped {
		return false, nil
	}
	if out.Transition != nil {
		return t.transition(t.current, out.Transition.Path, out.Transition.Deferred)
	}
	return true, nil
}

// handled gives the scripts that are bound to errors what went wrong: those for its kind, or else
// those for any. An error they took is none; where none is bound to the state it stays one.
func (t *turn) handled(err error) error {
	t.bot.columns.place(err)
	var again *restart
	if err == nil || errors.As(err, &again) || t.ctx.Err() != nil || errors.Is(err, script.ErrTimeout) || errors.Is(err, script.ErrMemory) {
		return err
	}
	var thrown *script.Error
	var dialog *dialogError
	kinds := []string{onAnyError}
	switch {
	case errors.As(err, &thrown):
		kinds = []string{onScriptError, onAnyError}
	case errors.As(err, &dialog):
		kinds = []string{onDialogError, onAnyError}
	}
	for _, kind := range kinds {
		if !t.bot.engine.Handlers(kind) {
			continue
		}
		if taken, failed := t.handleError(kind, err); taken || failed != nil {
			return failed
		}
	}
	return err
}

// handle runs the scripts that are bound to something.
func (t *turn) handle(kind, state string, extra json.RawMessage) (script.Outcome, error) {
	vm, err := t.js()
	if err != nil {
		return script.Outcome{}, err
	}
	out, err := vm.Handle(t.ctx, kind, state, extra)
	if err == nil && out.NewSession != nil {
		err = &restart{out.NewSession}
	}
	return out, err
}

// restart is not a failure: a script wants a new session, and nothing more of this one.
type restart struct{ wanted json.RawMessage }

func (r *restart) Error() string { return "a new session begins" }

// handleError runs the scripts that are bound to a kind of error; taken says that there were any.
func (t *turn) handleError(kind string, err error) (taken bool, failed error) {
	message := err.Error()
	var dialog *dialogError
	if errors.As(err, &dialog) {
		message = dialog.message
	}
	out, failed := t.handle(kind, t.current.path, encode(map[string]any{"exception": map[string]any{"message": message}}))
	if failed != nil || !out.Handled {
		t.bot.columns.place(failed)
		return false, failed
	}
	t.host.log(err.Error())
	t.next = nil
	if out.Transition != nil {
		goesOn, failed := t.transition(t.current, out.Transition.Path, out.Transition.Deferred)
		if failed == nil && !goesOn {
			failed = t.enter(t.next)
		}
		if failed != nil {
			return true, failed
		}
	}
	if kind == onScriptError {
		return true, t.postProcess()
	}
	return true, nil
}

// ended is what a VM says of a turn.
type ended struct {
	Session  json.RawMessage `json:"session"`
	Client   json.RawMessage `json:"client"`
	Response json.RawMessage `json:"response"`
}

// output gathers what came of the turn.
func (t *turn) output() (*output, error) {
	o := &output{memory: t.memory, begins: t.restarted || t.in.fresh, ends: t.ends, timers: t.host.timers, cancelled: t.host.cancelled, wanted: t.wanted, mails: t.host.mails}
	o.replies = t.pending
	if t.vm != nil {
		if err := t.collect(o); err != nil {
			return nil, err
		}
	}
	if o.response == nil {
		o.response = encode(map[string]any{"replies": append([]json.RawMessage{}, o.replies...)})
	}
	t.activated(o)
	if t.chosen != nil {
		o.confidence = t.chosen.score
	} else if t.class != nil {
		o.confidence = 1
	}
	o.memory.Context, o.context = t.context.path, t.context.path
	if o.ends {
		o.memory = memory{Result: o.memory.Result}
	}
	return o, t.remember(o)
}

// soFar is what a turn did before it failed.
func (t *turn) soFar() *output {
	o := &output{replies: t.pending, context: t.context.path, mails: t.host.mails}
	if t.vm != nil && !t.broken {
		_ = t.collect(o) // there is an error already
	}
	t.activated(o)
	return o
}

// activated notes where the turn came.
func (t *turn) activated(o *output) {
	if t.class != nil {
		o.class = t.class.path
	}
	for _, s := range t.states {
		o.states = append(o.states, s.path)
	}
}

// collect reads what the scripts left.
func (t *turn) collect(o *output) error {
	if _, err := t.js(); err != nil { // the VM learns of the last replies
		return err
	}
	data, err := t.vm.Kept()
	if err != nil {
		return err
	}
	var e ended
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("what the scripts left cannot be read: %w", err)
	}
	var response struct {
		Replies []json.RawMessage `json:"replies"`
	}
	if json.Unmarshal(e.Response, &response) == nil {
		o.replies = slices.DeleteFunc(response.Replies, func(r json.RawMessage) bool { return string(r) == "null" })
	}
	o.response, o.client = e.Response, e.Client
	var path string
	session := make(map[string]json.RawMessage)
	_ = json.Unmarshal(e.Session, &session) // a script may have made it anything; what is no object has nothing to keep
	if json.Unmarshal(session["contextPath"], &path) == nil && path != t.told {
		if s := t.bot.root.resolve(path); s != nil {
			t.context = s // scripts may set the context of the next query
		}
	}
	delete(session, "contextPath")
	t.dropVariables(session)
	o.memory.Session = nil
	if len(session) > 0 {
		o.memory.Session = encode(session)
	}
	return nil
}

// addTimeout has the dialogue go on when the client stays silent; of several the last one counts.
func (t *turn) addTimeout(o *output, seconds float64, target string) {
	interval := time.Duration(min(max(seconds, 0), maxTimeout.Seconds()) * float64(time.Second))
	o.timers = slices.DeleteFunc(o.timers, func(other Timer) bool { return other.Timeout })
	o.timers = append(o.timers, Timer{
		ID: uuid.NewString(), Timeout: true, At: t.host.Now().Add(interval), Interval: interval, Target: target,
	})
}

// dropVariables takes what whoever opened the session gave out of what the bot keeps, as long as
// the bot left it as it was: it may be given anew.
func (t *turn) dropVariables(session map[string]json.RawMessage) {
	kept := make(map[string]json.RawMessage)
	_ = json.Unmarshal(t.memory.Session, &kept) // it was read before
	for name, v := range t.in.variables {
		if _, ok := kept[name]; !ok && string(encode(v)) == string(session[name]) {
			delete(session, name)
		}
	}
}

// pathFrom is the path of the state that a path means in a reply of a state, which scripts may
// leave out. What leads nowhere stays.
func (t *turn) pathFrom(state, path string) string {
	in := t.bot.root.resolve(state)
	if in == nil {
		in = t.current
	}
	if s := in.resolve(path); s != nil {
		return s.path
	}
	return path
}

// remember keeps the buttons that lead somewhere, and holds the replies to their limits.
func (t *turn) remember(o *output) error {
	runes, buttons := 0, []pressable(nil)
	for _, r := range o.replies {
		var reply struct {
			Type, Text, State, TargetState string
			Interval                       float64
			Buttons                        []json.RawMessage
		}
		_ = json.Unmarshal(r, &reply) // a reply may be anything
		runes += utf8.RuneCountInString(reply.Text)
		if reply.Type == "timeout" {
			t.addTimeout(o, reply.Interval, reply.TargetState)
		}
		if reply.Type != "buttons" && reply.Type != "inlineButtons" {
			continue
		}
		for _, b := range reply.Buttons {
			var button struct{ Text, Transition string }
			if json.Unmarshal(b, &button) == nil && button.Transition != "" {
				buttons = append(buttons, pressable{button.Text, t.pathFrom(reply.State, button.Transition)})
			}
		}
	}
	if len(o.replies) > maxReplies || runes > maxRunes {
		return errTooMuch
	}
	if len(o.replies) > 0 || t.restarted {
		o.memory.Buttons = buttons
	}
	return nil
}
