package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"modernc.org/quickjs"
)

// serve is the one function of Go that the prelude has: host(operation, arguments…).
func (v *VM) serve(args []any) (result any, err error) {
	defer func() {
		if p := recover(); p != nil { // it must not unwind the engine's own frames
			err = fmt.Errorf("the host failed: %v", p)
		}
	}()
	if !v.outside(true) {
		return nil, ErrTimeout // nobody waits for this script any more
	}
	defer v.outside(false)
	started := time.Now()
	result, err = v.operation(text(args, 0), args)
	if away := time.Since(started); away > time.Millisecond {
		v.rearm(away)
	}
	return result, err
}

// rearm gives the script the time back that the host took. The engine counts by the wall clock from
// the start of a call into it, so a call that does nothing starts the clock again.
func (v *VM) rearm(away time.Duration) {
	w := &v.work
	if w.ctx == nil {
		return
	}
	w.away += away
	v.away.Add(int64(away))
	left := w.left - (time.Since(w.started) - w.away)
	_ = v.js.SetEvalTimeout(max(left, 1))
	_, _ = v.entry.nothing.Call(quickjs.UndefinedValue) // it does nothing
}

func (v *VM) operation(name string, args []any) (any, error) {
	switch name {
	case "log":
		v.host.Log(valid(text(args, 1)))
		return nil, nil
	case "now":
		return float64(v.host.Now().UnixMilli()), nil
	case "random":
		return v.random(args), nil
	case "late":
		w := &v.work
		return w.ctx != nil && time.Since(w.started)-w.away >= w.left, nil
	case "dice":
		return v.host.Random(), nil
	case "call":
		return v.service(text(args, 1), text(args, 2))
	case "fetch":
		return v.fetch(text(args, 1))
	case "xml":
		data, err := parseXML(text(args, 1))
		return string(data), err
	case "zoned", "offset":
		return v.zoned(name, args)
	case "library":
		return nil, v.library(text(args, 1))
	}
	return nil, fmt.Errorf("there is no operation %q", name)
}

func text(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	s, _ := args[i].(string)
	return s
}

func (v *VM) random(args []any) int {
	n := 1
	if len(args) > 1 {
		switch x := args[1].(type) {
		case int:
			n = x
		case float64:
			n = int(min(x, 1<<53))
		}
	}
	if n < 1 {
		return 0
	}
	if h, ok := v.host.(Dice); ok {
		return min(max(h.RandomInt(n), 0), n-1)
	}
	return min(max(int(v.host.Random()*float64(n)), 0), n-1)
}

func (v *VM) service(name, args string) (any, error) {
	answer, err := v.host.Call(name, json.RawMessage(valid(args)))
	if err != nil {
		return nil, err
	}
	if len(answer) == 0 {
		return "null", nil
	}
	return string(answer), nil
}

// library runs the code of a library and hands it to the prelude.
func (v *VM) library(name string) error {
	code, ok := v.engine.base.libraries[name]
	if !ok {
		return errors.New("there is no library " + name)
	}
	value, err := v.js.EvalBytecodeValue(code)
	if err != nil {
		return err
	}
	defer value.Free()
	_, err = v.entry.library.Call(quickjs.UndefinedValue, name, value)
	return err
}

// zoned is a time in a zone, the host's unless another is given in milliseconds: as text, or the
// zone's offset in seconds.
func (v *VM) zoned(name string, args []any) (any, error) {
	location, err := zone(text(args, 1))
	if err != nil {
		return nil, err
	}
	at := v.host.Now()
	if name == "zoned" {
		return format(at.In(location), text(args, 2))
	}
	if len(args) > 2 {
		if ms, ok := args[2].(float64); ok {
			at = time.UnixMilli(int64(ms))
		}
	}
	_, seconds := at.In(location).Zone()
	return seconds, nil
}
