package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/quickjs"
)

// VM is a machine that a turn works with. It belongs to one goroutine.
type VM struct {
	engine *Engine
	js     *quickjs.VM
	entry  entry
	values []quickjs.Value // freed before the machine is

	host   Host
	taken  bool
	fresh  bool
	owner  string        // whose turn it was last
	broken error         // why it is to be thrown away
	left   time.Duration // of the turn's time
	work   work

	worker // runs all of the above that is JavaScript
}

// work is the call into JavaScript that is being made.
type work struct {
	ctx     context.Context //nolint:containedctx // the caller's; the engine calls back without one
	started time.Time
	left    time.Duration // when it started
	away    time.Duration // spent in the host
}

// entry are the functions of prelude/entry.js.
type entry struct {
	begin, run, value, text, truth, expand, evaluate, tick, finish, outcome     quickjs.Value
	set, get, push, end, kept, convert, handle, kinds, forget, nothing, library quickjs.Value
}

// load makes a machine from the bytecode. Mistakes of the bot's own code do not fail it: they are
// returned, when they are asked for.
func (e *Engine) load(tell bool) (*VM, Errors, error) {
	v := &VM{engine: e, host: e.loading, left: max(e.options.Timeout, loadTimeout)}
	v.start()
	var warnings Errors
	err := v.perform(context.Background(), func() (err error) {
		warnings, err = v.prepare(tell)
		return err
	})
	if err != nil {
		v.close()
		return nil, nil, fmt.Errorf("load: %w", err)
	}
	return v, warnings, nil
}

// prepare runs the prelude and the bot's code.
func (v *VM) prepare(tell bool) (Errors, error) {
	js, err := quickjs.NewVM()
	if err != nil {
		return nil, fmt.Errorf("start JavaScript: %w", err)
	}
	v.js = js
	js.SetMemoryLimit(uintptr(v.engine.options.Memory))
	js.SetMaxStackSize(uintptr(v.engine.options.Stack))
	seal, err := v.install()
	if err != nil {
		return nil, fmt.Errorf("prelude: %w", err)
	}
	if _, err := v.call(context.Background(), v.entry.begin, string(v.engine.options.Context), false); err != nil {
		return nil, fmt.Errorf("the context for loading: %w", err)
	}
	warnings := v.loadUnits(tell)
	if v.broken != nil {
		return nil, v.broken
	}
	if _, err := v.call(context.Background(), seal); err != nil {
		return nil, err
	}
	_, err = v.call(context.Background(), v.entry.forget)
	return warnings, err
}

// loadTimeout is what the code of a bot has at least to be loaded: large packages take seconds.
const loadTimeout = 30 * time.Second

// install runs the prelude and finds its entry points.
func (v *VM) install() (seal quickjs.Value, err error) {
	const name = "__host"
	if err := v.js.RegisterHostFunc(name, v.serve); err != nil {
		return seal, err
	}
	host, err := v.js.EvalValue(name, quickjs.EvalGlobal)
	if err != nil {
		return seal, err
	}
	defer host.Free()
	if _, err := v.js.Eval("delete globalThis."+name, quickjs.EvalGlobal); err != nil {
		return seal, err
	}
	kernel, err := v.file(v.engine.base.prelude[0], host)
	if err != nil {
		return seal, err
	}
	v.values = append(v.values, kernel)
	for _, code := range v.engine.base.prelude[1:] {
		result, err := v.file(code, kernel)
		if err != nil {
			return seal, err
		}
		result.Free()
	}
	return v.find(kernel)
}

// file runs a file of the prelude, a function, with its argument.
func (v *VM) file(code []byte, arg quickjs.Value) (quickjs.Value, error) {
	f, err := v.js.EvalBytecodeValue(code)
	if err != nil {
		return f, err
	}
	defer f.Free()
	return f.CallValue(quickjs.UndefinedValue, arg)
}

func (v *VM) find(kernel quickjs.Value) (seal quickjs.Value, err error) {
	if seal, err = v.property(kernel, "seal"); err != nil {
		return seal, err
	}
	functions, err := v.property(kernel, "entry")
	if err != nil {
		return seal, err
	}
	e := &v.entry
	for name, f := range map[string]*quickjs.Value{
		"begin": &e.begin, "run": &e.run, "value": &e.value, "text": &e.text, "truth": &e.truth,
		"expand": &e.expand, "evaluate": &e.evaluate, "tick": &e.tick, "finish": &e.finish, "outcome": &e.outcome,
		"set": &e.set, "get": &e.get, "push": &e.push, "end": &e.end, "kept": &e.kept, "convert": &e.convert, "handle": &e.handle,
		"kinds": &e.kinds, "forget": &e.forget, "nothing": &e.nothing, "library": &e.library,
	} {
		if *f, err = v.property(functions, name); err != nil {
			return seal, err
		}
	}
	return seal, nil
}

// property reads a property that the machine keeps until it is closed.
func (v *VM) property(of quickjs.Value, name string) (quickjs.Value, error) {
	atom, err := v.js.NewAtom(name)
	if err != nil {
		return quickjs.Value{}, err
	}
	value, err := of.GetPropertyValue(atom)
	if err == nil {
		v.values = append(v.values, value)
	}
	return value, err
}

// loadUnits runs the bot's code. What fails ends its own segment only.
func (v *VM) loadUnits(tell bool) Errors {
	var warnings Errors
	for _, u := range v.engine.program.units {
		for _, code := range u.byte {
			if err := v.loadCode(code); err != nil && tell {
				warnings = append(warnings, warning(err, u))
			}
			if v.broken != nil {
				return warnings
			}
		}
	}
	return warnings
}

func (v *VM) loadCode(code []byte) error {
	v.enter(context.Background())
	result, err := v.js.EvalBytecodeValue(code)
	if err == nil {
		result.Free()
	}
	if err = v.leave(err); err != nil {
		return err
	}
	_, err = v.drain(context.Background())
	return err
}

// warning is an error of the code of a unit, placed at least in its file.
func warning(err error, u *unit) *Error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Message: err.Error()}
	}
	if e.File == "" {
		e.File = u.name
	}
	return e
}

// free gives the machine's memory back.
func (v *VM) free() {
	for i := range v.values {
		v.values[i].Free()
	}
	v.values = nil
	if v.js != nil {
		_ = v.js.Close() // it frees memory, which does not fail
	}
}

// Release gives the machine back. It must not be used afterwards.
func (v *VM) Release() {
	if !v.taken {
		return
	}
	v.taken = false
	v.engine.release(v)
}

// SetHost changes who is asked, for a machine that serves several turns.
func (v *VM) SetHost(h Host) { v.host = h }

// Handlers reports whether the bot binds handlers of a kind.
func (v *VM) Handlers(kind string) bool { return v.engine.Handlers(kind) }

// ---- calls ----

// enter starts the clock of a call.
func (v *VM) enter(ctx context.Context) {
	v.work = work{ctx: ctx, started: time.Now(), left: v.left}
	_ = v.js.SetEvalTimeout(max(v.left, 1)) // never fails; 0 would be no limit
}

// leave stops it, and tells what an error of the engine is.
func (v *VM) leave(err error) error {
	v.left -= time.Since(v.work.started) - v.work.away
	ended := v.work.ctx.Err()
	v.work.ctx = nil
	if v.left <= 0 { // a promise may have swallowed the interruption
		v.broken = ErrTimeout
	}
	if err == nil {
		return v.broken
	}
	var e *quickjs.Error
	if !errors.As(err, &e) {
		return err
	}
	switch text := e.Error(); {
	case v.broken != nil:
	case e.Name == "InternalError" && e.Message == "interrupted" && ended != nil:
		v.broken = ended
	case e.Name == "InternalError" && e.Message == "out of memory", e.Name == "" && (text == "null" || text == ""):
		v.broken = ErrMemory // there was none left even for the error
	default:
		return v.engine.program.locate(e)
	}
	located := v.engine.program.locate(e)
	located.Message = v.broken.Error()
	return &limitError{located, v.broken}
}

// limitError is a limit that was reached, with the place where.
type limitError struct {
	at    *Error
	limit error
}

func (e *limitError) Error() string   { return e.at.Error() }
func (e *limitError) Unwrap() []error { return []error{e.limit, e.at} }

// ask calls an entry point on the worker.
func (v *VM) ask(ctx context.Context, f quickjs.Value, args ...any) (string, error) {
	a := &answer{}
	err := v.perform(ctx, func() (err error) {
		a.text, err = v.call(ctx, f, args...)
		return err
	})
	if err != nil {
		return "", err
	}
	return a.text, nil
}

// answer is what a task gives back. It belongs to the task until that is done: a worker that was
// abandoned may still write it.
type answer struct {
	text  string
	later bool
}

// call calls an entry point whose result is a text.
func (v *VM) call(ctx context.Context, f quickjs.Value, args ...any) (string, error) {
	result, err := v.invoke(ctx, f, args...)
	text, _ := result.(string)
	return text, err
}

func (v *VM) invoke(ctx context.Context, f quickjs.Value, args ...any) (any, error) {
	if v.broken != nil {
		return nil, v.broken
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.enter(ctx)
	result, err := f.Call(quickjs.UndefinedValue, args...)
	return result, v.leave(err)
}

// drain runs what promises wait for.
func (v *VM) drain(ctx context.Context) (int, error) {
	v.enter(ctx)
	n, err := v.js.ExecutePendingJobs()
	return n, v.leave(err)
}

// maxTicks bounds timers that set timers.
const maxTicks = 10_000

// script calls an entry point that runs code of the bot, and what that code left to be run, on the
// worker. later is whether promises were among it.
func (v *VM) script(ctx context.Context, f quickjs.Value, args ...any) (text string, later bool, err error) {
	a := &answer{}
	err = v.perform(ctx, func() (err error) {
		a.text, a.later, err = v.settle(ctx, f, args...)
		return err
	})
	if err != nil {
		return "", false, err
	}
	return a.text, a.later, nil
}

func (v *VM) settle(ctx context.Context, f quickjs.Value, args ...any) (text string, later bool, err error) {
	result, err := v.invoke(ctx, f, args...)
	if err != nil {
		if v.broken == nil && ctx.Err() == nil {
			_, _ = v.drain(ctx) // the error that is told is the first one
		}
		return "", false, err
	}
	text, _ = result.(string)
	waits, _ := result.(bool)
	jobs, err := v.drain(ctx)
	if err != nil {
		return "", false, err
	}
	if !waits {
		return text, jobs > 0, nil
	}
	for range maxTicks {
		more, err := v.invoke(ctx, v.entry.tick)
		if err != nil {
			return "", false, err
		}
		if ran, _ := more.(bool); !ran {
			text, err = v.call(ctx, v.entry.finish)
			return text, false, err
		}
		if _, err := v.drain(ctx); err != nil {
			return "", false, err
		}
	}
	return "", false, &Error{Message: fmt.Sprintf("more than %d timers ran", maxTicks)}
}

// ---- the turn ----

// Begin starts a turn: the context, a JSON object, becomes $context, and the turn's time begins.
func (v *VM) Begin(data json.RawMessage) error {
	virtual := false
	if h, ok := v.host.(VirtualTime); ok {
		virtual = h.Virtual()
	}
	if len(bytes.TrimSpace(data)) == 0 {
		data = json.RawMessage("{}")
	}
	if v.owner = ownerOf(v.host); v.owner == "" && v.fresh {
		v.owner = "whoever took it" // its turns are of one conversation
	}
	_, err := v.own(v.entry.begin, string(data), virtual, v.owner)
	if err == nil {
		v.left = v.engine.options.Timeout
	}
	return err
}

// forget lets go of all that the turn had.
func (v *VM) forget() error {
	_, err := v.own(v.entry.forget)
	v.host = v.engine.loading
	return err
}

// Run runs block n as statements.
func (v *VM) Run(ctx context.Context, n int) (Outcome, error) {
	return v.outcome(ctx, v.entry.run, n)
}

// Handle runs the handlers of a kind whose path covers the state, in the order in which they
// were bound. The fields of extra, an object, are set in $context before; of extra's exception the
// message is replaced by what the script threw last.
func (v *VM) Handle(ctx context.Context, kind, state string, extra json.RawMessage) (Outcome, error) {
	return v.outcome(ctx, v.entry.handle, kind, state, string(extra))
}

func (v *VM) outcome(ctx context.Context, f quickjs.Value, args ...any) (Outcome, error) {
	text, later, err := v.script(ctx, f, args...)
	if err != nil {
		return Outcome{}, err
	}
	if later && text == "" {
		if text, err = v.ask(ctx, v.entry.outcome); err != nil {
			return Outcome{}, err
		}
	}
	if text == "" {
		return Outcome{}, nil
	}
	var wanted struct {
		Transition *Transition     `json:"transition"`
		Stopped    bool            `json:"stopped"`
		NewSession json.RawMessage `json:"newSession"`
		Handled    bool            `json:"handled"`
	}
	if err := json.Unmarshal([]byte(text), &wanted); err != nil {
		return Outcome{}, fmt.Errorf("read what the script wants: %w", err)
	}
	return Outcome(wanted), nil
}

// Value is the JSON of an expression's value: what block n returns. undefined is null.
func (v *VM) Value(ctx context.Context, n int) (json.RawMessage, error) {
	return v.output(v.script1(ctx, v.entry.value, n))
}

// Text is an expression's value as text: that of undefined and null is empty.
func (v *VM) Text(ctx context.Context, n int) (string, error) {
	text, err := v.script1(ctx, v.entry.text, n)
	return valid(text), err
}

// True is whether an expression is true for JavaScript.
func (v *VM) True(ctx context.Context, n int) (bool, error) {
	text, err := v.script1(ctx, v.entry.truth, n)
	return text != "", err
}

// Expand replaces each {{ expression }} of a text that is known at run time only.
func (v *VM) Expand(ctx context.Context, text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	text, err := v.script1(ctx, v.entry.expand, text)
	return valid(text), err
}

// Evaluate is the JSON of the value of an expression that is known at run time only.
func (v *VM) Evaluate(ctx context.Context, code string) (json.RawMessage, error) {
	return v.output(v.script1(ctx, v.entry.evaluate, code))
}

func (v *VM) script1(ctx context.Context, f quickjs.Value, arg any) (string, error) {
	text, _, err := v.script(ctx, f, arg)
	return text, err
}

// Convert runs the converters of a parse tree, the deepest first, and makes it $parseTree. A node
// names its own as $converter: a function of the bot, its text, or the number of a block. What
// it returns becomes the node's value.
func (v *VM) Convert(ctx context.Context, tree json.RawMessage) (json.RawMessage, error) {
	return v.output(v.ask(ctx, v.entry.convert, string(tree)))
}

// grace is what Begin, Set, Get, Push and End have at least: what they do for the bot takes no script's time.
const grace = time.Second

func (v *VM) own(f quickjs.Value, args ...any) (string, error) {
	if v.isLost() {
		return "", ErrTimeout // all of the machine is its worker's
	}
	left := v.left
	v.left = max(left, grace)
	text, err := v.ask(context.Background(), f, args...)
	if err == nil {
		v.left = left
	}
	return text, err
}

// Set sets a field of $context.
func (v *VM) Set(field string, value json.RawMessage) error {
	_, err := v.own(v.entry.set, field, string(value))
	return err
}

// Get reads $context, or what lies in it under names one below the other; null when there is nothing.
func (v *VM) Get(names ...string) (json.RawMessage, error) {
	path, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	if names == nil {
		path = []byte("[]")
	}
	return v.output(v.own(v.entry.get, string(path)))
}

// Push adds replies to $response.replies.
func (v *VM) Push(replies ...json.RawMessage) error {
	_, err := v.own(v.entry.push, "["+string(bytes.Join(toBytes(replies), []byte(",")))+"]")
	return err
}

func toBytes(list []json.RawMessage) [][]byte {
	result := make([][]byte, len(list))
	for i := range list {
		result[i] = list[i]
	}
	return result
}

// End is $context as JSON, without what has none: functions and cycles.
func (v *VM) End() (json.RawMessage, error) {
	return v.output(v.own(v.entry.end))
}

// Kept is what outlasts the turn, as End has it: {session, client, response}.
func (v *VM) Kept() (json.RawMessage, error) {
	return v.output(v.own(v.entry.kept))
}

// output bounds what leaves a machine.
func (v *VM) output(text string, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	if len(text) > v.engine.options.Output {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrOutput, len(text), v.engine.options.Output)
	}
	return json.RawMessage(valid(text)), nil
}

// valid replaces halves of characters, which JavaScript's texts may have and ours may not.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
