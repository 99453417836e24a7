package script

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ code, want string }{
		{`for each (var x in y) f(x);`, `for  (var x of $$.each( y)) f(x);`},
		{`for  each(x in (a in b ? [1] : {k: ")"})) f(x);`, `for  (x of $$.each( (a in b ? [1] : {k: ")"}))) f(x);`},
		{"for /* c */ each (x in y)\n  for each (z in x.in) g(z)", "for /* c */  (x of $$.each( y))\n  for  (z of $$.each( x.in)) g(z)"},
		{`var s = "for each (x in y)"; /* for each (x in y) */`, `var s = "for each (x in y)"; /* for each (x in y) */`},
		{"var s = `for each (x in y) ${`for each (a in b)`}`, r = /for each (x in y)/;", "var s = `for each (x in y) ${`for each (a in b)`}`, r = /for each (x in y)/;"},
		{`for (each in y) f(each); // for each`, `for (each in y) f(each); // for each`},
		{`for each (x of y) f(x)`, `for each (x of y) f(x)`},
		{`for each (x in y`, `for each (x in y`},
	} {
		if got := rewrite(c.code); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

func TestForEach(t *testing.T) {
	t.Parallel()
	if got := value(t, &testHost{}, `{}`, `var s = ""; for each (var x in {a: 1, b: 2}) { for each (var y in [x, "!"]) s += y; } return s;`); got != `"1!2!"` {
		t.Error(got)
	}
}

// TestOldAndNewLanguage loads what bots are written in.
func TestOldAndNewLanguage(t *testing.T) {
	var cases []memberCase
	for name, code := range map[string]string{
		"function in a block":     `if (true) { function f1() { return 1 } } return f1();`,
		"function in if":          `if (true) function f2() { return 1 } return f2();`,
		"octal escape":            `return "\101" === "A" && 010 === 8 ? 1 : 0;`,
		"html comment":            "<!-- a comment\nreturn 1;\n--> another",
		"trailing commas":         `var a = [1,], o = {a: 1,}; return a.length;`,
		"let as a name":           `var let = 1; return let;`,
		"words as names":          `var async = 1, of = 2, yield = 3, static = 4, await = 5; return async;`,
		"undeclared":              `undeclared1 = 1; return undeclared1;`,
		"with":                    `with ({a: 1}) { return a; }`,
		"arguments":               `return (function (a) { arguments[0] = 1; return a; })(5);`,
		"same parameters":         `return (function (a, a) { return a; })(5, 1);`,
		"words as properties":     `var o = {class: 1, default: 2, new: 3}; return o.class;`,
		"unicode names":           `var имя = 1; return имя;`,
		"regexp after )":          `var a = 4, g = 2; return (a) / 2 / g;`,
		"no semicolons":           "var a = 1\nvar b = a\nreturn b",
		"regexps":                 `return /[/]\-\_[^]]/.test("x") ? 0 : 1;`,
		"line separators":         "return \"\u2028\".length;",
		"const, arrow, template":  "const f = (x = 1, ...r) => `${x}`; return +f();",
		"destructuring, spread":   `let {a, ...b} = {a: 1, c: 2}; return [...[a]][0];`,
		"class":                   `class A { #x = 1; get x() { return this.#x } static y = 2 } return new A().x;`,
		"optional, nullish":       `return null?.x ?? 1;`,
		"generators":              `function* g() { yield 1 } return [...g()][0];`,
		"await":                   `return (async () => await 1)();`,
		"string methods":          `return "aXbX".replaceAll("X", "").length - 1;`,
		"java strings":            `return "abc".contains("b") && "a".equals("a") && "a".equalsIgnoreCase("A") && "".isEmpty() ? 1 : 0;`,
		"getters":                 `return {get x() { return 1 }}.x;`,
		"labels":                  `a: for (;;) { for (;;) break a; } return 1;`,
		"switch":                  `switch (1) { case 1: let q = 1; return q; default: }`,
		"sparse, holes":           `return [,1].length - 1;`,
		"date parsing":            `return isNaN(new Date("2020-01-01T00:00:00+03:00")) ? 0 : 1;`,
		"lookbehind, named group": `return "a1".match(/(?<=a)(?<n>\d)/).groups.n * 1;`,
		"Intl-free locale":        `return typeof (1234.5).toLocaleString("ru-RU") === "string" ? 1 : 0;`,
		"this is global":          `return this === $global ? 1 : 0;`,
	} {
		cases = append(cases, memberCase{name: name, code: code, want: "1"})
	}
	runMembers(t, cases, fixed)
}

func TestSharedGlobals(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{},
		Unit{Name: "src/a.js", Code: "\ufefffunction shared(x) { return x + extra; }\nvar $session = $jsapi.context().session;"},
		Unit{Name: "src/b.yaml", Global: "extra", Value: json.RawMessage(`1`)},
		Unit{Name: "src/c.csv", Global: "Города", Value: json.RawMessage(`{"1":{"value":"Москва"}}`)},
		blocks(`counter = shared(1); var local = 1; $session.x = counter;`, `return [counter, typeof local, $session.x, Города[1].value, $global.extra]`),
	)
	v := begin(t, e, &testHost{}, `{}`)
	if _, err := v.Run(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Value(t.Context(), 1); err != nil || string(got) != `[2,"undefined",2,"Москва",1]` {
		t.Errorf("%s, %v", got, err)
	}
}

// TestFailingCodeLeavesBlocks: what an init does wrong must not take the scripts of its file away.
func TestFailingCodeLeavesBlocks(t *testing.T) {
	t.Parallel()
	code := "nothing.x; var a = 1;\n$$.blocks[0]=function(){return (1)};$$.blocks[1]=function(){\n  var s = \"}\", r = /[}]/; return 2 // }\n};\n" +
		"bind('preMatch', function () {}); nothing.y;\n$$.blocks[2]=function(){return (3)};\nfunction late() { return 4 }\n$$.blocks[3]=function(){return (late())};nothing.z"
	e, err := New([]Unit{{Name: "src/a.sc", Code: code}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var lines []string
	for _, w := range e.Warnings() {
		lines = append(lines, fmt.Sprintf("%d:%d", w.Line, w.Column))
	}
	if got := strings.Join(lines, " "); got != "1:1 5:35 8:42" {
		t.Errorf("warnings at %s: %v", got, e.Warnings())
	}
	if !e.Handlers("preMatch") {
		t.Error("the handler is not bound")
	}
	v := begin(t, e, &testHost{}, `{}`)
	for n, want := range []string{"1", "2", "3", "4"} {
		if got, err := v.Value(t.Context(), n); err != nil || string(got) != want {
			t.Errorf("block %d: %s, %v", n, got, err)
		}
	}
}

func FuzzRewrite(f *testing.F) {
	for _, code := range []string{
		"for each (var x in y) { f(x) }", "for each (x in `${for each (a in b)}`)", "/* for each", "\"\\", "`${", "a / b / for each(x in y)",
		"for each (x in /[)]/) ;", "х = \"🙂\"; for each (ы in {}) ;", "\xff for each (x in \xfe) ;", "for\u2028each(x in y);",
		"$$.blocks[0]=function(){}};$$.blocks[1]=function(){{;\nx\n$$.blocks[2] =",
	} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		at := 0
		for _, token := range scan(code) {
			if token.start != at || token.end <= token.start {
				t.Fatalf("token %+v at %d", token, at)
			}
			at = token.end
		}
		if at != len(code) {
			t.Fatalf("ends at %d of %d", at, len(code))
		}
		var whole strings.Builder
		for _, s := range segments(code) {
			whole.WriteString(s.code)
		}
		if whole.String() != code {
			t.Fatalf("cut to %q", whole.String())
		}
		got := rewrite(code)
		if strings.Count(got, "\n") != strings.Count(code, "\n") {
			t.Fatalf("lines changed: %q", got)
		}
	})
}
