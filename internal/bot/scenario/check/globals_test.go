package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/check"
)

// TestGlobals: what changes a global variable while the bot runs, and what only looks like it.
func TestGlobals(t *testing.T) {
	t.Parallel()
	const load = "var counter = 0;\nvar list = [], table = {a: {b: 1}};\nlet later;\nfunction helper() {}\nconst $Cities = {};\n"
	tests := []struct {
		name  string
		load  string // more that runs at load
		block string // in a state
		want  string // "line name" of each
	}{
		{name: "assignment", block: "counter = 1;", want: "1 counter"},
		{name: "assignment and operation", block: "\n counter += 1;", want: "2 counter"},
		{name: "increment", block: "counter++;\n--counter;", want: "1 counter, 2 counter"},
		{name: "a field", block: "table.a.b = 1; table['c'] = 2", want: "1 table"},
		{name: "delete", block: "delete table.a;", want: "1 table"},
		{name: "push", block: "list.push(1);\ntable.a.sort();", want: "1 list, 2 table"},
		{name: "let", block: "later = 1;", want: "1 later"},
		{name: "a function", block: "helper = null;", want: "1 helper"},
		{name: "a dollar that the bot declares", block: "$Cities.x = 1;", want: "1 $Cities"},
		{name: "a pattern", block: "[counter, list[0]] = [1, 2];\n({a: later} = x);", want: "1 counter, 1 list, 2 later"},
		{name: "the variable of a loop", block: "for (counter in list) {}", want: "1 counter"},
		{name: "in a function of a turn", block: "[1].forEach(function (x) { counter = x; });", want: "1 counter"},
		{name: "in a function of a file", load: "function add() {\n  counter++;\n}", want: "7 counter"},
		{name: "in an arrow of a file", load: "const add = () => counter++;", want: "6 counter"},
		{name: "in a handler", load: "bind('preProcess', function (c) { counter = 1; });", want: "6 counter"},
		{name: "in a method", load: "var o = {add: function () { this.n = 1; list.push(1); }};", want: "6 list"},
		{name: "in a class", load: "class A { add() { counter = 1; } }", want: "6 counter"},
		{name: "not declared", block: "total = 1;", want: "1 total"},
		{name: "not declared, in a function of a file", load: "function f() { for (i = 0; i < 3; i++) {} }", want: "6 i"},
		{name: "in a module", load: "import x from 'y';\nexport const n = 1;\nexport default {\n add() { counter = n; } };", want: "9 counter"},

		{name: "reading", block: "var x = counter + list.length + table.a.b; helper(); list.slice().push(1);"},
		{name: "at load", load: "counter = 5; list.push(1); table.x = {}; fresh = 1;"},
		{name: "at load, at once", load: "(function () { counter = 1; })(); (() => { list.push(1); })();(function () { counter = 2 }).call(this);"},
		{name: "at load, over a list", load: "[1, 2].forEach(function (x) { table[x] = 1; }); _.each(list, x => list.push(x));"},
		{name: "at load, by name", load: "function fill() { deeper(); }\nvar deeper = function () { table.x = 1; };\nfill();"},
		{name: "a local one", block: "var counter = 1; counter++; let list = []; list.push(1);"},
		{name: "a local one, declared later in a block", block: "if (x) { counter = 1; var counter; }"},
		{name: "a parameter", load: "function f(counter, [list], {a: later, table}, ...helper) { counter++; list.push(1); later = 1; table.x = 1; helper = 1; }"},
		{name: "a local one of the function around", load: "function f() { var counter; return function () { counter++; }; }"},
		{name: "what is caught", block: "try {} catch (counter) { counter = 1; }"},
		{name: "a local function", block: "function counter() {} counter = 1;"},
		{name: "the variable of a loop that is declared", block: "for (var i = 0; i < 3; i++) {} for (const counter of list) {} for (let k in table) { k = 1; }"},
		{name: "built-in objects", block: "$session = {}; $session.x = 1; $client.list.push(1); $.temp.y = 1; $response.replies = []; $parseTree.z = 1;"},
		{name: "methods of others", block: "$reactions.buttons.push(1); x.y = 1; moment.locale('ru');"},
		{name: "return in a block", block: "if (1) { return; } "},
		{name: "no JavaScript", block: "counter = = 1;"},
		{name: "too deep", block: strings.Repeat("(", 5000) + strings.Repeat(")", 5000) + "; counter = 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code := []check.Code{{File: "a.js", Line: 1, Text: load + tt.load, Load: true}}
			if tt.block != "" {
				code = append(code, check.Code{File: "b.sc", Line: 1, Text: tt.block})
			}
			var got []string
			for _, p := range check.Globals(code, nil) {
				name, _, _ := strings.Cut(strings.TrimPrefix(p.Message, "the global variable "), " ")
				got = append(got, fmt.Sprintf("%d %s", p.Line, name))
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("found %s, want %s", strings.Join(got, ", "), tt.want)
			}
		})
	}
}

// TestGlobalsPlace: a problem shows its place in the file.
func TestGlobalsPlace(t *testing.T) {
	t.Parallel()
	problems := check.Globals([]check.Code{{File: "src/main.sc", Line: 10, Text: "var x = 1;\n        if (Ответы) { Ответы.all = x; }\r\n"}}, []string{"Ответы"})
	if len(problems) != 1 {
		t.Fatalf("%d problems", len(problems))
	}
	want := "src/main.sc:11:23: the global variable Ответы changes while the bot runs, which does not last from turn to turn; " +
		"keep it in $session or $client\n\tif (Ответы) { Ответы.all = x; }\n\t              ^"
	if got := problems[0].String(); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
}

// FuzzGlobals: no code makes the checks fail.
func FuzzGlobals(f *testing.F) {
	for _, seed := range []string{"", "a = 1", "function f(a, {b: [c]}, ...d) { a = b = c }", "class A { static { x = 1 } #p = 1; m() { y++ } }", "`${x = 1}`", "export default {", "\xff", "for (x of y) z.push(1)"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, p := range check.Globals([]check.Code{{File: "x", Line: 1, Text: text, Load: true}, {File: "x", Line: 1, Text: text}}, []string{"x"}) {
			_ = p.String()
		}
	})
}
