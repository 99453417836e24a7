package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// testHost is a world that a test sees and says.
type testHost struct {
	logs   []string
	now    time.Time
	random float64
	calls  map[string]func(args json.RawMessage) (json.RawMessage, error)
	called []string
	fetch  func(ctx context.Context, r Request) (*Response, error)
}

func (h *testHost) Log(text string) { h.logs = append(h.logs, text) }
func (h *testHost) Now() time.Time {
	if h.now.IsZero() {
		return time.Now()
	}
	return h.now
}
func (h *testHost) Random() float64 { return h.random }
func (h *testHost) Virtual() bool   { return !h.now.IsZero() }
func (h *testHost) Fetch(ctx context.Context, r Request) (*Response, error) {
	if h.fetch == nil {
		return nil, errors.New("no network")
	}
	return h.fetch(ctx, r)
}
func (h *testHost) Call(service string, args json.RawMessage) (json.RawMessage, error) {
	h.called = append(h.called, service+" "+string(args))
	if f := h.calls[service]; f != nil {
		return f(args)
	}
	return nil, nil
}

// blocks makes the unit that the blocks of a file of states are.
func blocks(codes ...string) Unit {
	var b strings.Builder
	for i, code := range codes {
		fmt.Fprintf(&b, "$$.blocks[%d] = function () {%s\n};\n", i, code)
	}
	return Unit{Name: "src/main.sc", Code: b.String()}
}

func newEngine(t testing.TB, o Options, units ...Unit) *Engine {
	t.Helper()
	e, err := New(units, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	for _, w := range e.Warnings() {
		t.Errorf("load: %v", w)
	}
	return e
}

func begin(t testing.TB, e *Engine, h Host, context string) *VM {
	t.Helper()
	v, err := e.Take(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Release)
	if err := v.Begin(json.RawMessage(context)); err != nil {
		t.Fatal(err)
	}
	return v
}

// run runs one script over a context and gives the context back.
func run(t *testing.T, h *testHost, context, code string) (Outcome, string) {
	t.Helper()
	e := newEngine(t, Options{}, blocks(code))
	v := begin(t, e, h, context)
	o, err := v.Run(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	data, err := v.End()
	if err != nil {
		t.Fatal(err)
	}
	return o, string(data)
}

func TestRun(t *testing.T) {
	t.Parallel()
	h := &testHost{}
	o, data := run(t, h, `{"currentState":"/A","session":{"n":1},"client":{"name":"Аня"}}`, `
		var $session = $jsapi.context().session;
		$session.n++;
		$client.name += " 🙂";
		$temp.x = 1;
		$reactions.answer("Привет, {{ $client.name }}!");
		$reactions.transition({value: "./B", deferred: true});`)
	if o.Transition == nil || *o.Transition != (Transition{"./B", true}) {
		t.Errorf("transition %+v", o.Transition)
	}
	var c struct {
		Session, Client map[string]any
		Response        struct{ Replies []map[string]any }
	}
	if err := json.Unmarshal([]byte(data), &c); err != nil {
		t.Fatal(err)
	}
	if c.Session["n"] != 2.0 || c.Client["name"] != "Аня 🙂" {
		t.Errorf("%+v", c)
	}
	if r := c.Response.Replies; len(r) != 1 || r[0]["text"] != "Привет, Аня 🙂!" || r[0]["state"] != "/A" || r[0]["type"] != "text" {
		t.Errorf("replies %+v", r)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"loop":    `for (;;) ;`,
		"regexp":  `/(a+)+$/.test(Array(60).join("a") + "b");`,
		"caught":  `try { for (;;) ; } catch (e) { } finally { }`,
		"promise": `var f = function () { Promise.resolve().then(f); }; f();`,
		"async":   `return (async function () { await null; for (;;) ; })();`,
		"message": `throw {get message() { for (;;) ; }};`,
		"getter":  `Object.defineProperty($session, "x", {enumerable: true, get: function () { for (;;) ; }}); JSON.stringify($session);`,
		"sort":    `[3, 2, 1].sort(function () { for (;;) ; });`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, Options{Timeout: 300 * time.Millisecond}, blocks(code, `return 1;`))
			v := begin(t, e, &testHost{}, `{}`)
			_, err := v.Run(t.Context(), 0)
			if !errors.Is(err, ErrTimeout) {
				t.Fatalf("error %v", err)
			}
			if _, err := v.End(); !errors.Is(err, ErrTimeout) {
				t.Errorf("a broken machine goes on: %v", err)
			}
			v.Release()
			v = begin(t, e, &testHost{}, `{}`)
			if got, err := v.Value(t.Context(), 1); err != nil || string(got) != "1" {
				t.Errorf("after it: %s, %v", got, err)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"array":  `var a = []; for (;;) a.push({});`,
		"string": `var s = "x"; for (;;) s += s;`,
		"closed": `var a = []; try { for (;;) a.push(new Array(1000)); } catch (e) { throw e; }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, Options{Memory: 8 << 20}, blocks(code, `return 1;`))
			v := begin(t, e, &testHost{}, `{}`)
			if _, err := v.Run(t.Context(), 0); err == nil {
				t.Fatal("no error")
			} else if !errors.Is(err, ErrMemory) && !strings.Contains(err.Error(), "string too long") {
				t.Errorf("error %v", err)
			}
			v.Release()
			v = begin(t, e, &testHost{}, `{}`)
			if got, err := v.Value(t.Context(), 1); err != nil || string(got) != "1" {
				t.Errorf("after it: %s, %v", got, err)
			}
		})
	}
}

func TestStack(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`function f() { return 1 + f(); } try { f(); } catch (e) { return String(e.name); }`, `function f() { return 1 + f(); } f();`))
	v := begin(t, e, &testHost{}, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `"RangeError"` && string(got) != `"InternalError"` {
		t.Errorf("%s, %v", got, err)
	}
	var failed *Error
	if _, err := v.Run(t.Context(), 1); !errors.As(err, &failed) {
		t.Errorf("error %v", err)
	}
	if _, err := v.End(); err != nil {
		t.Errorf("the machine is broken: %v", err)
	}
}

func TestErrorPlace(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, Unit{Name: "src/a.js", Code: "// one\nfunction fail() {\n  return nothing.x;\n}"}, blocks("\n\n  fail();", `throw {httpStatus: 404, message: "не вышло"}`))
	v := begin(t, e, &testHost{}, `{}`)
	_, err := v.Run(t.Context(), 0)
	var failed *Error
	if !errors.As(err, &failed) || failed.File != "src/a.js" || failed.Line != 3 || !strings.Contains(failed.Message, "nothing") {
		t.Fatalf("error %+v", failed)
	}
	if !strings.Contains(failed.Stack, "src/main.sc:3") {
		t.Errorf("stack %s", failed.Stack)
	}
	if _, err = v.Run(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "не вышло") {
		t.Errorf("error %v", err)
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	_, err := New([]Unit{
		{Name: "src/a.js", Code: "var a = 1;\nvar b = = 2;"},
		{Name: "src/b.js", Code: "function f( {"},
		blocks("var x = 1;", "if (", "ok();", "var 1x;"),
	}, Options{})
	var errs Errors
	if !errors.As(err, &errs) {
		t.Fatalf("error %v", err)
	}
	var got []string
	for _, e := range errs {
		got = append(got, fmt.Sprintf("%s:%d", e.File, e.Line))
	}
	if want := "src/a.js:2 src/b.js:1 src/main.sc:4 src/main.sc:7"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s\n%v", got, want, err)
	}
}

func BenchmarkTurn(b *testing.B) {
	e := newEngine(b, Options{}, blocks(`$session.n = ($session.n || 0) + 1;`, `return $client.name;`))
	h := &testHost{}
	data := json.RawMessage(`{"session":{"n":1},"client":{"name":"Аня"},"request":{"query":"привет"},"currentState":"/A"}`)
	for b.Loop() {
		v, err := e.Take(b.Context(), h)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.Begin(data); err != nil {
			b.Fatal(err)
		}
		if _, err := v.Run(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
		if _, err := v.End(); err != nil {
			b.Fatal(err)
		}
		v.Release()
	}
}

func BenchmarkRun(b *testing.B) {
	e := newEngine(b, Options{}, blocks(`$session.n = ($session.n || 0) + 1;`))
	v := begin(b, e, &testHost{}, `{}`)
	for b.Loop() {
		v.left = time.Second
		if _, err := v.Run(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	e := newEngine(b, Options{}, blocks(`return $client.name;`))
	v := begin(b, e, &testHost{}, `{"client":{"name":"Аня"}}`)
	for b.Loop() {
		v.left = time.Second
		if _, err := v.Text(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdleVM tells how much memory a machine takes that waits for turns.
func BenchmarkIdleVM(b *testing.B) {
	e := newEngine(b, Options{}, blocks(`return $client.name;`))
	for b.Loop() {
		before := resident(b)
		var list []*VM
		for range 100 {
			v, _, err := e.load(false)
			if err != nil {
				b.Fatal(err)
			}
			list = append(list, v)
		}
		b.ReportMetric(float64(resident(b)-before)/100, "B/vm")
		for _, v := range list {
			v.close()
		}
	}
}

// resident is how much memory the process has, in bytes.
func resident(b *testing.B) int {
	b.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(data))[1])
	if err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func BenchmarkNewVM(b *testing.B) {
	e := newEngine(b, Options{}, blocks(`return $client.name;`))
	for b.Loop() {
		v, _, err := e.load(false)
		if err != nil {
			b.Fatal(err)
		}
		v.close()
	}
}

// BenchmarkNewLargeVM makes machines of a bot with a file of 2,000 lines that uses underscore.
func BenchmarkNewLargeVM(b *testing.B) {
	var code strings.Builder
	for i := range 500 {
		fmt.Fprintf(&code, "function f%d(list, name) {\n  var found = _.find(list, function (item) { return item.name === name + %d; });\n  return found ? found.value : '';\n}\n", i, i)
	}
	code.WriteString("_.each([1], f1);")
	e := newEngine(b, Options{}, Unit{Name: "src/a.js", Code: code.String()}, blocks(`return f1([], "x")`))
	for b.Loop() {
		v, _, err := e.load(false)
		if err != nil {
			b.Fatal(err)
		}
		v.close()
	}
}
