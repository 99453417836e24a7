package script

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestBind(t *testing.T) {
	t.Parallel()
	init := Unit{Name: "src/init.js", Code: `
		function note(name) { return function (ctx) { ctx.temp.got = (ctx.temp.got || "") + name; }; }
		bind("preMatch", note("a"));
		bind("preMatch", note("b"), "/A");
		$jsapi.bind({type: "preMatch", handler: note("c"), path: "A/B", name: "x"});
		bind("preMatch", note("d"), "/AB/");
		bind("postProcess", function ($context) { $reactions.transition("/P"); });
		bind("preProcess", async function ($context) { await null; $context.temp.got = "async"; });
		bind("preProcess", note("after"));
		bind("selectNLUResult", function (c) { c.nluResults.selected = c.nluResults.patterns[0]; });
		bind("onScriptError", function (c) { c.temp.got = c.exception.message + "|" + c.exception.httpStatus; });
		bind("onDialogError", function (c) { c.temp.got = c.exception.message; });
		bind("onAnyError", function (c) { c.temp.got = "any " + c.exception.message; });`}
	e := newEngine(t, Options{}, init, blocks(`throw {httpStatus: 404, message: "нет"}`, `throw "text"`, `bind("preMatch", function (c) { c.temp.got += "turn" })`))
	got := func(v *VM) string {
		t.Helper()
		data, err := v.Get("temp", "got")
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for state, want := range map[string]string{"/": `"a"`, "/A": `"ab"`, "/A/C": `"ab"`, "/A/B/C": `"abc"`, "/AB": `"ad"`} {
		v := begin(t, e, &testHost{}, `{}`)
		if _, err := v.Handle(t.Context(), "preMatch", state, nil); err != nil || got(v) != want {
			t.Errorf("%s: %s, %v", state, got(v), err)
		}
		v.Release()
	}
	v := begin(t, e, &testHost{}, `{}`)
	handle := func(kind, extra string) Outcome {
		t.Helper()
		o, err := v.Handle(t.Context(), kind, "/", json.RawMessage(extra))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		return o
	}
	if o := handle("postProcess", ""); o.Transition == nil || o.Transition.Path != "/P" {
		t.Errorf("postProcess: %+v", o)
	}
	if handle("preProcess", ""); got(v) != `"asyncafter"` {
		t.Errorf("preProcess: %s", got(v))
	}
	handle("selectNLUResult", `{"nluResults":{"patterns":[{"clazz":"/X"}],"selected":null}}`)
	if data, err := v.Get("nluResults", "selected", "clazz"); err != nil || string(data) != `"/X"` {
		t.Errorf("selectNLUResult: %s, %v", data, err)
	}
	_, _ = v.Run(t.Context(), 0) // it throws
	if handle("onScriptError", `{"exception":{"message":"m"}}`); got(v) != `"нет|404"` {
		t.Errorf("onScriptError: %s", got(v))
	}
	_, _ = v.Run(t.Context(), 1)
	if handle("onAnyError", `{"exception":{"message":"m"}}`); got(v) != `"any text"` {
		t.Errorf("onAnyError: %s", got(v))
	}
	if handle("onDialogError", `{"exception":{"message":"State not found for path /X"}}`); got(v) == "" {
		t.Errorf("onDialogError: %s", got(v))
	}
	if _, err := v.Run(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if handle("preMatch", `{"temp":{"got":""}}`); got(v) != `"aturn"` {
		t.Errorf("bound in the turn: %s", got(v))
	}
	for kind, want := range map[string]bool{"preMatch": true, "onAnyError": true, "nothing": false} {
		if e.Handlers(kind) != want || v.Handlers(kind) != want {
			t.Errorf("Handlers(%s): %v", kind, !want)
		}
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	init := Unit{Name: "src/c.js", Code: `
		function number(pt) { return Number(pt.text); }
		function sum(pt, context) { return pt.Number[0].value + pt.Number[1].value + context.session.more; }
		var $converters = {nested: {twice: function (pt) { return 2 * pt.text }}};`}
	e := newEngine(t, Options{}, init, blocks(`return function ($pt) { return $pt._Sum + "!" }`))
	v := begin(t, e, &testHost{}, `{"session":{"more":100}}`)
	tree := `{"tag":"root","text":"1 2 3","words":["1","2","3"],"$converter":0,
		"Sum":[{"tag":"Sum","text":"1 2","$converter":"sum","Number":[{"text":"1","$converter":"number"},{"text":"2","$converter":"number"}],"_Number":"1"}],"_Sum":"1 2",
		"T":[{"text":"3","$converter":"$converters.nested.twice"}],"_T":"3",
		"F":[{"text":"3","$converter":"function ($pt) { return {a: $pt.text} }"}],
		"U":[{"text":"3","value":"old","$converter":"function () { }"}],"_U":"old"}`
	got, err := v.Convert(t.Context(), json.RawMessage(tree))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Value     string             `json:"value"`
		SumValue  int                `json:"_Sum"`
		TwiceVal  int                `json:"_T"`
		FuncValue struct{ A string } `json:"_F"`
		Old       string             `json:"_U"`
		Sum       []struct {
			First int `json:"_Number"`
		}
	}
	if err := json.Unmarshal(got, &c); err != nil {
		t.Fatal(err)
	}
	if c.Value != "103!" || c.SumValue != 103 || c.TwiceVal != 6 || c.FuncValue.A != "3" || c.Sum[0].First != 1 || c.Old != "old" || strings.Contains(string(got), "$converter") {
		t.Errorf("%+v %s", c, got)
	}
	if now, err := v.Get("parseTree"); err != nil || string(now) != string(got) {
		t.Errorf("$parseTree %s, %v", now, err)
	}
	for _, bad := range []string{`{"$converter":"nothing"}`, `{"$converter":"function ("}`, `{"$converter":99}`, `{"$converter":"function () { throw 1 }"}`, `[`} {
		if _, err := v.Convert(t.Context(), json.RawMessage(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestSetGetPush(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`return [$parseTree.text, $context.currentState]`))
	v := begin(t, e, &testHost{}, `{}`)
	for field, data := range map[string]string{"parseTree": `{"text":"т"}`, "currentState": `"/B"`} {
		if err := v.Set(field, json.RawMessage(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Push(json.RawMessage(`{"type":"text","text":"1"}`), json.RawMessage(`{"type":"text","text":"2","state":"/X"}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `["т","/B"]` {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := v.Get("response", "replies"); err != nil || string(got) != `[{"type":"text","text":"1","state":"/B"},{"type":"text","text":"2","state":"/X"}]` {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := v.Get("nothing", "at", "all"); err != nil || string(got) != "null" {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{``, `{`, "\xff"} {
		if v.Set("x", json.RawMessage(bad)) == nil && bad != "\xff" {
			t.Errorf("Set took %q", bad)
		}
	}
	if v.Push(json.RawMessage(`{`)) == nil {
		t.Error("Push took what is not JSON")
	}
	if v.Begin(json.RawMessage(`[1`)) == nil {
		t.Error("Begin took what is not JSON")
	}
	if err := v.Begin(json.RawMessage(`5`)); err != nil {
		t.Error(err)
	}
}

func TestTextAndTrue(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`return undefined`: "", `return null`: "", `return 0`: "0", `return false`: "false", `return "я🙂"`: "я🙂",
		`return [1, 2]`: "1,2", `return {}`: "[object Object]", `return 1.5`: "1.5", `return "\ud83d"`: "\uFFFD", `return Promise.resolve(5)`: "5",
		`return Symbol("x")`: "",
	} {
		e := newEngine(t, Options{}, blocks(code))
		v := begin(t, e, &testHost{}, `{}`)
		if got, err := v.Text(t.Context(), 0); err != nil || got != want {
			t.Errorf("%s: %q, %v", code, got, err)
		}
		truth := want != "" && want != "0" && want != "false" || strings.Contains(code, "Symbol")
		if got, err := v.True(t.Context(), 0); err != nil || got != truth {
			t.Errorf("%s: %v, %v", code, got, err)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	v := begin(t, e, &testHost{}, `{"client":{"name":"Аня"}}`)
	for text, want := range map[string]string{
		"нет": "нет", "{{ $client.name }}!": "Аня!", "{{1}}{{ {a: 2}.a }}{{ }}": "12", "{{ $client.none }}": "", "{{": "{{", "a }} {{ 1 }": "a }} {{ 1 }",
	} {
		if got, err := v.Expand(t.Context(), text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, bad := range []string{"{{ nothing.x }}", "{{ ( }}"} {
		if _, err := v.Expand(t.Context(), bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if got, err := v.Evaluate(t.Context(), "[1, $client.name]"); err != nil || string(got) != `[1,"Аня"]` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestPromiseThatNothingSettles(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{}, blocks(`return new Promise(function () {})`, `return Promise.reject(new Error("нет"))`, `return (async function () { await new Promise(function (r) { setTimeout(r, 1000) }); return 1 })()`, `setInterval(function f() { setTimeout(f) }, 1)`))
	v := begin(t, e, &testHost{}, `{}`)
	for n, want := range []string{"a promise that nothing settles", "нет"} {
		if _, err := v.Run(t.Context(), n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", n, err)
		}
	}
	if got, err := v.Value(t.Context(), 2); err != nil || string(got) != "1" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := v.Run(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "timers") {
		t.Errorf("error %v", err)
	}
}
