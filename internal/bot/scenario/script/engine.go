package script

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Engine is the JavaScript of one bot. It may be used by many turns at once; what it made is freed
// by Close.
type Engine struct {
	options  Options
	base     *base
	program  *program
	loading  Host            // while the bot's code is loaded
	handlers map[string]bool // kinds that are bound while loading
	warnings Errors
	slots    chan struct{} // one for each machine that works

	mu     sync.Mutex
	idle   []*VM
	closed bool
}

// keepIdle is how many machines wait for turns. More are made while those are busy.
const keepIdle = 2

// New compiles and loads the units of a bot. When they have mistakes of syntax, the error is
// Errors, with all that were found; what fails while it runs for the first time is in Warnings.
func New(units []Unit, o Options) (*Engine, error) {
	b, err := compileBase()
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	p, err := compile(units, o)
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, base: b, program: p, loading: loadingHost{o.Secrets, o.Variables}, slots: make(chan struct{}, o.MaxVMs), handlers: make(map[string]bool)}
	v, warnings, err := e.load(true)
	if err != nil {
		return nil, err
	}
	e.warnings = append(slices.Clone(p.missing), warnings...)
	kinds, err := v.kinds()
	if err != nil {
		v.close()
		return nil, err
	}
	for _, kind := range kinds {
		e.handlers[kind] = true
	}
	e.idle = append(e.idle, v)
	return e, nil
}

// Warnings are the mistakes that ended files of the bot while they were loaded.
func (e *Engine) Warnings() Errors { return e.warnings }

// Handlers reports whether the bot binds handlers of a kind.
func (e *Engine) Handlers(kind string) bool { return e.handlers[kind] }

// Take gives a machine for a turn, waiting while as many as there may be are busy. Whoever takes it
// must release it.
func (e *Engine) Take(ctx context.Context, h Host) (*VM, error) {
	return e.take(ctx, h, false)
}

// TakeFresh gives a machine in which no turn has run, for a test that may have several turns;
// it is thrown away when it is released. It counts among those that work.
func (e *Engine) TakeFresh(ctx context.Context, h Host) (*VM, error) {
	return e.take(ctx, h, true)
}

func (e *Engine) take(ctx context.Context, h Host, fresh bool) (*VM, error) {
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	v, err := e.idleOrNew(ownerOf(h), fresh)
	if err != nil {
		<-e.slots
		return nil, err
	}
	v.taken, v.fresh = true, fresh
	v.host = h
	v.hold(true)
	return v, nil
}

// idleOrNew prefers the machine that the owner had last.
func (e *Engine) idleOrNew(owner string, fresh bool) (*VM, error) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, errClosed
	}
	if n := len(e.idle); n > 0 && !fresh {
		at := n - 1
		for i, v := range e.idle {
			if owner != "" && v.owner == owner {
				at = i
			}
		}
		v := e.idle[at]
		e.idle = slices.Delete(e.idle, at, at+1)
		e.mu.Unlock()
		return v, nil
	}
	e.mu.Unlock()
	v, _, err := e.load(false)
	return v, err
}

// release takes a machine back.
func (e *Engine) release(v *VM) {
	if v.isLost() {
		return // its worker is still busy, and gives the slot back when it is not
	}
	v.hold(false)
	defer func() { <-e.slots }()
	if v.broken != nil || v.fresh || v.forget() != nil {
		v.close()
		return
	}
	e.mu.Lock()
	keep := !e.closed && len(e.idle) < keepIdle
	if keep {
		e.idle = append(e.idle, v)
	}
	e.mu.Unlock()
	if !keep {
		v.close()
	}
}

// Close frees the idle machines; those that work are freed when they are released, and those that are
// lost in the engine when they come back, which nobody waits for. It is safe to call twice.
func (e *Engine) Close() {
	e.mu.Lock()
	idle := e.idle
	e.idle, e.closed = nil, true
	e.mu.Unlock()
	for _, v := range idle {
		v.close()
	}
}

// kinds are the kinds of handlers bound so far.
func (v *VM) kinds() ([]string, error) {
	text, err := v.ask(context.Background(), v.entry.kinds)
	if err != nil {
		return nil, fmt.Errorf("list handlers: %w", err)
	}
	var kinds []string
	err = json.Unmarshal([]byte(text), &kinds)
	return kinds, err
}
