package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTamperingHarmsNoOtherTurn: what a script does to the built-ins must not keep the machine from
// serving the next turn.
func TestTamperingHarmsNoOtherTurn(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"JSON":         `JSON = null; JSON2 = 1;`,
		"JSON members": `JSON.parse = JSON.stringify = null;`,
		"arrays":       `["push", "slice", "splice", "indexOf", "join", "forEach", "map", "concat"].forEach(function (n) { Array.prototype[n] = function () { throw 1 } });`,
		"iterators":    `Array.prototype[Symbol.iterator] = null; Array.prototype.constructor = null;`,
		"objects":      `Object.keys = Object.assign = Object.defineProperty = Object.freeze = null; Object.prototype.hasOwnProperty = null;`,
		"strings":      `String.prototype.indexOf = String.prototype.substring = String.prototype.trim = String.prototype.charAt = null; String = null;`,
		"functions":    `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = null; Reflect = null;`,
		"regexps":      `RegExp.prototype.exec = RegExp.prototype.test = null; RegExp = null;`,
		"promises":     `Promise = null;`,
		"maps":         `Map.prototype.get = Map.prototype.set = null; Map = Set = WeakMap = WeakSet = Proxy = null;`,
		"errors":       `Error = TypeError = null;`,
		"dates":        `Date = null; Math = null;`,
		"toJSON":       `Object.defineProperty(Object.prototype, "state", {set: function () { throw 1 }, get: function () { return undefined }, configurable: true});`,
		"variables":    `for (var n of ["$session", "$context", "$", "$client", "$response"]) { try { delete globalThis[n] } catch (e) {} try { Object.defineProperty(globalThis, n, {value: 1}) } catch (e) {} }`,
		"services":     `$reactions = $jsapi = $http = log = bind = null; delete globalThis.$nlp; $mail = 1;`,
		"strict":       `Object.freeze(globalThis);`,
		"$$":           `try { $$.blocks.length = 0 } catch (e) {} try { $$.blocks[1] = function () { return "stolen" } } catch (e) {} try { $$ = null } catch (e) {}`,
		"context":      `$context = {}; $context.session = 5; $context.response = 5; $ = null;`,
		"prototype":    `Object.setPrototypeOf(Object.prototype, null); try { Object.setPrototypeOf($context, Array.prototype) } catch (e) {}`,
		"eval":         `eval = null; globalThis.globalThis = null;`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, Options{MaxVMs: 1}, blocks(code, `$reactions.answer("Привет, {{ $client.name }}"); $session.n = $jsapi.random(1) + typeof $http.get;`, `return $nlp.tokenize("a")`))
			v := begin(t, e, &testHost{}, `{"session":{"secret":1}}`)
			if _, err := v.Run(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			if _, err := v.End(); err != nil {
				t.Error(err)
			}
			v.Release()
			same := v
			if v = begin(t, e, &testHost{}, `{"client":{"name":"Б"},"session":{},"currentState":"/A"}`); v != same {
				t.Fatal("another machine")
			}
			if _, err := v.Run(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			data, err := v.End()
			if err != nil || !strings.Contains(string(data), `"text":"Привет, Б"`) || !strings.Contains(string(data), `{"n":"0function"}`) {
				t.Errorf("%s, %v", data, err)
			}
			if got, err := v.Value(t.Context(), 2); err != nil || string(got) != `["a"]` {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

func TestNothingOfATurnIsLeft(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MaxVMs: 1}, blocks(
		`$session.a = 1; $temp.b = 2; $client.c = 3; $parseTree = {d: 4}; $reactions.transition("/X"); setTimeout(function () { $session.late = 1 }, 5); bind("preMatch", function () { $temp.bound = 1 }); Promise.resolve().then(function () { $temp.p = 1 }); throw new Error("x")`,
		`return $context`))
	v := begin(t, e, &testHost{}, `{"x":1}`)
	if _, err := v.Run(t.Context(), 0); err == nil {
		t.Fatal("no error")
	}
	v.Release()
	v = begin(t, e, &testHost{}, `{}`)
	if o, err := v.Handle(t.Context(), "preMatch", "/", nil); err != nil || o.Transition != nil {
		t.Errorf("%+v, %v", o, err)
	}
	if got, err := v.Value(t.Context(), 1); err != nil || string(got) != `{"session":{},"client":{},"temp":{},"request":{},"response":{},"injector":{}}` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestMachinesAreApart(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`shared = (globalThis.shared || 0) + 1; return shared`))
	a, b := begin(t, e, &testHost{}, `{}`), begin(t, e, &testHost{}, `{}`)
	for _, v := range []*VM{a, b} {
		if got, err := v.Value(t.Context(), 0); err != nil || string(got) != "1" {
			t.Errorf("%s, %v", got, err)
		}
	}
	f, err := e.TakeFresh(t.Context(), &testHost{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := f.Begin(nil); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Value(t.Context(), 0); err != nil || string(got) != fmt.Sprint(i+1) {
			t.Errorf("%s, %v", got, err)
		}
	}
	f.Release()
}

// TestNoWayOut: there is no module, file or process to be reached.
func TestNoWayOut(t *testing.T) {
	t.Parallel()
	names := []string{"std", "os", "require", "process", "module", "exports", "print", "scriptArgs", "Worker", "load", "__host", "WebAssembly", "java", "Packages", "Java"}
	list, _ := json.Marshal(names)
	e := newEngine(t, Options{}, blocks(`return `+string(list)+`.filter(function (n) { return typeof globalThis[n] !== "undefined" })`,
		`return (async function () { try { await import("std") } catch (e) { return "no" } return "std" })()`,
		`return (async function () { try { await import("/etc/passwd") } catch (e) { return "no" } })()`))
	v := begin(t, e, &testHost{}, `{}`)
	for n, want := range []string{`[]`, `"no"`, `"no"`} {
		if got, err := v.Value(t.Context(), n); err != nil || string(got) != want {
			t.Errorf("%d: %s, %v", n, got, err)
		}
	}
}

func TestTakeWaits(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MaxVMs: 1}, blocks(``))
	v := begin(t, e, &testHost{}, `{}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Take(ctx, &testHost{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	v.Release()
	v.Release() // once is enough, twice does no harm
	begin(t, e, &testHost{}, `{}`)
	e.Close()
	e.Close()
	if _, err := e.Take(ctx, &testHost{}); err == nil {
		t.Error("a closed engine gives machines")
	}
}

func TestConcurrentTurns(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MaxVMs: 4}, blocks(`$session.n++; $reactions.answer("{{ $session.id }}");`))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				v, err := e.Take(t.Context(), &testHost{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := v.Begin(json.RawMessage(fmt.Sprintf(`{"session":{"id":"c%d","n":%d}}`, i, i))); err != nil {
					t.Error(err)
				}
				if _, err := v.Run(t.Context(), 0); err != nil {
					t.Error(err)
				}
				data, err := v.End()
				if want := fmt.Sprintf(`"session":{"id":"c%d","n":%d}`, i, i+1); err != nil || !strings.Contains(string(data), want) || !strings.Contains(string(data), fmt.Sprintf(`"text":"c%d"`, i)) {
					t.Errorf("%s, %v", data, err)
				}
				v.Release()
			}
		})
	}
	wg.Wait()
}

// TestHostTimeIsNotTheScripts: a slow host takes nothing of the time of a script.
func TestHostTimeIsNotTheScripts(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	e := newEngine(t, Options{Timeout: limit}, blocks(`$http.get("http://x"); var n = 0; for (var i = 0; i < 2000; i++) n += i; return n`, `$http.get("http://x"); for (;;) ;`))
	h := &testHost{fetch: func(ctx context.Context, _ Request) (*Response, error) {
		select { // a call that takes longer than the script may
		case <-time.After(limit + limit/4):
		case <-ctx.Done():
		}
		return &Response{Status: 200}, nil
	}}
	v := begin(t, e, h, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != "1999000" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := v.Run(t.Context(), 1); !errors.Is(err, ErrTimeout) {
		t.Errorf("error %v", err)
	}
}

func TestCancelledScript(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{Timeout: time.Hour}, blocks(`log("runs"); for (;;) ;`, `for (;;) ;`))
	for n := range 2 {
		v := begin(t, e, &testHost{}, `{}`)
		ctx, cancel := context.WithCancel(t.Context())
		v.host = &loggedHost{logged: cancel}
		if n == 1 {
			time.AfterFunc(time.Millisecond, cancel)
		}
		if _, err := v.Run(ctx, n); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		v.Release()
		cancel()
	}
}

// loggedHost says when a script logs.
type loggedHost struct {
	testHost
	logged func()
}

func (h *loggedHost) Log(string) { h.logged() }

func TestHostPanic(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`try { $http.get("http://x") } catch (e) { return e.message }`))
	h := &testHost{fetch: func(context.Context, Request) (*Response, error) { panic("oops") }}
	v := begin(t, e, h, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `"the host failed: oops"` {
		t.Errorf("%s, %v", got, err)
	}
}

// TestAbandonedMachine: a script whose host never looks at the clock is waited for; one that is lost
// in the engine is not, and its machine comes back by itself.
func TestAbandonedMachine(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{Timeout: 50 * time.Millisecond, MaxVMs: 1}, blocks(``))
	v := begin(t, e, &testHost{}, `{}`)
	wait := make(chan struct{})
	err := v.perform(t.Context(), func() error { <-wait; return nil }) // as the engine would, deep inside
	if !errors.Is(err, ErrTimeout) {
		t.Fatalf("error %v", err)
	}
	if _, err := v.End(); !errors.Is(err, ErrTimeout) {
		t.Errorf("error %v", err)
	}
	v.Release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Take(ctx, &testHost{}); err == nil {
		t.Error("its place was given away")
	}
	close(wait)
	begin(t, e, &testHost{}, `{}`)
}

func TestEngineFailure(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MaxVMs: 1}, blocks(``))
	v := begin(t, e, &testHost{}, `{}`)
	if err := v.perform(t.Context(), func() error { var p *int; *p = 1; return nil }); !errors.Is(err, errEngine) {
		t.Fatalf("error %v", err)
	}
	v.Release()
	begin(t, e, &testHost{}, `{}`)
}

func TestOutput(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{Output: 1000}, blocks(`$session.x = "x".repeat(2000)`, `return $session.x`,
		`$session = {f: function () {}, d: new Date(0), u: undefined, n: NaN, big: 5n, get bad() { throw 1 }, list: [function () {}, undefined], s: "\ud83d"}; $session.self = $session; return $session`))
	v := begin(t, e, &testHost{}, `{}`)
	if _, err := v.Run(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := v.End(); !errors.Is(err, ErrOutput) {
		t.Errorf("error %v", err)
	}
	if _, err := v.Value(t.Context(), 1); !errors.Is(err, ErrOutput) {
		t.Errorf("error %v", err)
	}
	if got, err := v.Value(t.Context(), 2); err != nil || string(got) != `{"d":"1970-01-01T00:00:00.000Z","n":null,"big":"5","list":[null,null],"s":"\ud83d"}` {
		t.Errorf("%s, %v", got, err)
	}
}

// ownedHost is the host of a turn of somebody.
type ownedHost struct {
	testHost
	owner string
}

func (h *ownedHost) Owner() string { return h.owner }

// TestVariablesOfOneOwner: what scripts make of global variables is seen by later turns of the
// same owner, and by nobody else.
func TestVariablesOfOneOwner(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MaxVMs: 1}, Unit{Name: "g.js", Code: "var kept = 'loaded'; function f() { return 1; }"},
		blocks(`kept = 'secret'; made = 'secret'; f = null; globalThis.late = 'secret'; delete globalThis.kept;`,
			`return [kept, typeof made, typeof f, typeof late].join()`))
	const loaded, changed = `"loaded,undefined,function,undefined"`, `"secret,string,object,string"`
	for i, turn := range []struct {
		owner   string
		changes bool
		want    string
	}{
		{"a", true, changed}, {"a", false, changed}, {"b", false, loaded}, {"a", false, loaded},
		{"", true, changed}, {"", false, loaded}, {"c", true, changed}, {"", false, loaded},
	} {
		v := begin(t, e, &ownedHost{owner: turn.owner}, `{}`)
		if turn.changes {
			if _, err := v.Run(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := v.Value(t.Context(), 1); err != nil || string(got) != turn.want {
			t.Errorf("turn %d: %s %v, want %s", i, got, err, turn.want)
		}
		v.Release()
	}
}
