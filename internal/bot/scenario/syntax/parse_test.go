package syntax_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// TestFiles reads files as editors leave them.
func TestFiles(t *testing.T) {
	t.Parallel()
	const plain = "theme: /\n    state: A\n        q: x\n        script:\n            f();\n        a: y\n\n    state: Б || modal = true\n        go!: /A\n"
	const want = `
theme "/"
    state "A"
        q "x"
        script
            5|            f();
        a "y"
    state "Б" modal="true"
        go! "/A"`
	for name, source := range map[string]string{
		"plain":           plain,
		"byte order mark": "\uFEFF" + plain,
		"CRLF":            strings.ReplaceAll(plain, "\n", "\r\n"),
		"lone CR":         strings.ReplaceAll(plain, "\n", "\r"),
		"no end of line":  strings.TrimSuffix(plain, "\n"),
		"white space":     strings.ReplaceAll(plain, "\n", " \t \n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, example{source, want})
		})
	}
	tags, errs := syntax.Parse("a.sc", strings.ReplaceAll(plain, "    ", "\t"))
	if got := strings.ReplaceAll(dump(tags), "\t", "    "); len(errs) > 0 || strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("tabs: %v\n%s", errs, got)
	}
}

// TestIndentation reads files whose levels are not indented alike.
func TestIndentation(t *testing.T) {
	t.Parallel()
	const want = "theme \"/\"\n    state \"A\"\n        a \"1\"\n    state \"B\"\n        a \"2\"\n        state \"C\"\n            a \"3\""
	for name, source := range map[string]string{
		"a tab is four":     "theme: /\n    state: A\n\t\ta: 1\n\tstate: B\n        a: 2\n\t\tstate: C\n\t\t\ta: 3",
		"a tab after space": "theme: /\n  \tstate: A\n     \ta: 1\n\tstate: B\n\t    a: 2\n\t    state: C\n\t    \ta: 3",
		"kids at any depth": "theme: /\n state: A\n            a: 1\n state: B\n        a: 2\n        state: C\n                  a: 3",
		"no-break spaces":   strings.ReplaceAll("theme: /\n  state: A\n    a: 1\n  state: B\n    a: 2\n    state: C\n      a: 3", " ", "\u00a0"),
		"too deep":          "theme: /\n    state: A\n        a: 1\n    state: B\n            a: 2\n        state: C\n            a: 3",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, example{source, want})
		})
	}
}

// TestComments: a comment may stand anywhere.
func TestComments(t *testing.T) {
	t.Parallel()
	try(t, example{"# a\n// b\n/* c\n state: no */\ntheme: / # d\n#state: no\n    state: A   # e\n# f\n        a: x\n  # g\n        /* h */\n        q: y",
		"theme \"/\"\n    state \"A\"\n        a \"x\"\n        q \"y\""})
}

// TestSyntaxErrors: a mistake is told with its place, its line and what was expected, and
// the file is read on (scenario language, 2).
func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	const expected = ", expected a tag, as in \"a: text\"; " + syntax.TagNames
	for _, tc := range []struct{ name, source, want string }{
		{"text", "theme: /\n  hello there\n  state: A", "f.sc:2:3: unexpected text \"hello there\"" + expected + "\n\thello there"},
		{"two of them", "theme: /\n    привет\n        x\n    state: A\n        б: в\n        a: x", "f.sc:2:5: unexpected text \"привет\"" + expected + "\n\tпривет\nf.sc:5:9: unknown tag \"б\", expected " + syntax.TagNames + "\n\tб: в"},
		{"unknown tag", "sate: A\n    a: x", "f.sc:1:1: unknown tag \"sate\", expected " + syntax.TagNames + "\n\tsate: A"},
		{"number", "1: x", "f.sc:1:1: unexpected text \"1: x\"" + expected + "\n\t1: x"},
		{"lone colon", ": x", "f.sc:1:1: unexpected text \": x\"" + expected + "\n\t: x"},
		{"parameters", "\tstate: A || \"x\" = 5", "f.sc:1:14: unexpected text \"\\\"x\\\" = 5\" in the parameters, expected name = value\n\tstate: A || \"x\" = 5"},
		{"invalid UTF-8", "state: \xff\xfe\nemoji 😀 \xff", "f.sc:2:1: unexpected text \"emoji 😀 \uFFFD\"" + expected + "\n\temoji 😀 \uFFFD"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, errs := syntax.Parse("f.sc", tc.source)
			if errs.Error() != tc.want {
				t.Errorf("\n got %s\nwant %s", errs, tc.want)
			}
		})
	}
}

// TestCustomTags: a bot's own tags may have any name.
func TestCustomTags(t *testing.T) {
	t.Parallel()
	tags, errs := syntax.Options{CustomTags: []string{"sendAll"}}.Parse("f.sc", "state: A\n    a: x\n        sendAll:\n    sendAll")
	if got, want := dump(tags), "state \"A\"\n    a \"x\"\n    sendAll\n    sendAll\n"; len(errs) > 0 || got != want {
		t.Errorf("%v\n%s", errs, got)
	}
}

// TestPositions: values know where each piece of them stood.
func TestPositions(t *testing.T) {
	t.Parallel()
	tags, errs := syntax.Parse("f.sc", "q: (да |\n      нет)\t|| fromState = \"/\\\"A\", \n  onlyThisState = true\npatterns:\n    $я = a || converter = f")
	if len(errs) > 0 || len(tags) != 2 {
		t.Fatal(errs)
	}
	q := tags[0]
	from, _ := q.Lookup("fromstate")
	for _, tc := range []struct {
		v          syntax.Value
		find, want string
	}{
		{q.Value, "(", "f.sc:1:4"},
		{q.Value, "|", "f.sc:1:8"},
		{q.Value, "н", "f.sc:2:7"},
		{q.Value, ")", "f.sc:2:10"},
		{from, "/", "f.sc:2:28"},
		{from, "\"", "f.sc:2:30"},
		{from, "A", "f.sc:2:31"},
		{tags[1].Items[0], "converter", "f.sc:5:15"},
	} {
		pos, line := tc.v.At(strings.Index(tc.v.Text, tc.find))
		if pos.String() != tc.want || !strings.Contains(line, strings.TrimSpace(tc.find)) {
			t.Errorf("%q of %q: got %s on %q, want %s", tc.find, tc.v.Text, pos, line, tc.want)
		}
	}
	if !q.Flag("onlyThisState") || q.Has("toState") || q.Param("toState") != "" {
		t.Errorf("parameters of %+v", q)
	}
}

// TestNastyFiles: whatever a file is, reading it ends, at once.
func TestNastyFiles(t *testing.T) {
	t.Parallel()
	const n = 2000
	for name, source := range map[string]string{
		"empty":              "",
		"deep":               deep(1000),
		"deep at one level":  strings.Repeat("if: x\n", n),
		"spaces":             strings.Repeat(" ", n*10),
		"blank lines":        "script: x\n" + strings.Repeat("\n", n) + "    y",
		"commas":             "state: A || a = " + strings.Repeat(",", n*10),
		"bars":               "q: " + strings.Repeat("|", n*10),
		"brackets":           "q: " + strings.Repeat("(", n*10) + "\n" + strings.Repeat("x\n", n),
		"quotes":             "a: x || html = " + strings.Repeat("\" ", n*10),
		"quotes, lines":      "a: \"\n" + strings.Repeat("   x\"y\n", n),
		"escaped quotes":     "state: A || a = \"" + strings.Repeat(`\"`, n) + "\"",
		"braces of code":     "patterns:\n  $a = x || converter = function" + strings.Repeat("}{", n*5),
		"code lines":         "script:\n" + strings.Repeat("  {(`${\n", n),
		"substitutions":      "a: " + strings.Repeat("{{", n*10),
		"regexps":            "q: " + strings.Repeat("$regexp<", n*5),
		"text lines":         "a:\n" + strings.Repeat("    x\n", n),
		"texts not indented": strings.Repeat("q: (\nx\n", n),
		"items":              "buttons:\n" + strings.Repeat("    \"a\", \"b\" -> /c,\n", n),
		"item lines":         "buttons:\n    {\n" + strings.Repeat("    a,\n", n),
		"buttons in a line":  "buttons: " + strings.Repeat("\"a\",", n),
		"patterns":           "patterns:\n    $a = (\n" + strings.Repeat("x |\n", n),
		"action":             "InputText:\n    a = [\n" + strings.Repeat("    1,\n", n),
		"actions open":       strings.Repeat("InputText:\n    a = [\n    b = {\n", n),
		"action text":        "InputText:\n    a = x\n" + strings.Repeat("    y\n", n),
		"unknown":            strings.Repeat("xyz: y\n\n\n", n),
		"blocks":             strings.Repeat("@X\n{\n", n),
		"comments":           strings.Repeat("/* a\n", n),
		"parameters":         "state: A || " + strings.Repeat("a = b, ", n),
		"parameter lines":    "state: A\n" + strings.Repeat("    a = b\n", n),
		"slashes":            "script: " + strings.Repeat("/[", n*5),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tags, errs := syntax.Parse("f.sc", source)
			checkTree(t, source, tags, errs)
		})
	}
}

// deep nests states in each other.
func deep(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sstate: A\n", strings.Repeat(" ", i))
	}
	return b.String()
}

// checkTree: all places of a tree are in its file.
func checkTree(t *testing.T, source string, tags []*syntax.Tag, errs syntax.Errors) {
	t.Helper()
	lines := strings.Count(strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n"), "\n") + 1
	place := func(pos syntax.Position) {
		if pos.File != "f.sc" || pos.Line < 1 || pos.Line > lines || pos.Column < 1 {
			t.Fatalf("place %v in a file of %d lines", pos, lines)
		}
	}
	left := 1000 // counting columns in a long line takes time
	value := func(v syntax.Value) {
		if left--; v.Text != "" && left > 0 {
			first, _ := v.At(0)
			place(first)
			last, _ := v.At(len(v.Text))
			place(last)
		}
	}
	var walk func(tags []*syntax.Tag)
	walk = func(tags []*syntax.Tag) {
		for _, tag := range tags {
			place(tag.Pos)
			value(tag.Value)
			for _, p := range tag.Params {
				value(p.Value)
			}
			for _, item := range tag.Items {
				value(item)
			}
			for i, c := range tag.Code {
				if c.Line < 1 || c.Line > lines || i > 0 && c.Line <= tag.Code[i-1].Line {
					t.Fatalf("line %d of the code after %v", c.Line, tag.Pos)
				}
			}
			walk(tag.Kids)
		}
	}
	walk(tags)
	for _, e := range errs {
		place(e.Position)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"theme: /\n    state: A || modal = true\n        q!: * (a|b)\n        a: hi {{$request.query}}\n        buttons:\n            \"x\" -> .\n",
		"patterns:\n    $a = x || converter = function($pt) {\n  return 1; }\nrequire: x.js\n  type = scriptEs6",
		"\tscript: x\r\n  y\r z # {\n  `\n}\nInputText:\n a = [\n1]\n@X\n{\n\"a\"}\n", "if: x &&\n  y\n   a: 1 || html = \"\n2\nelse: go: /",
		"a: “x” || b = „y“, c = 'd\n#e\n//f\n/* g\n*/", "else if: :\nq !: (\n)\nbuttons: [{a: 1},\n'b' ->\n/c]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		tags, errs := syntax.Parse("f.sc", source)
		checkTree(t, source, tags, errs)
	})
}

// BenchmarkParse reads a file of 5,000 lines.
func BenchmarkParse(b *testing.B) {
	const part = `    state: Question || modal = true
        q!: * {(сколько|как много) (стоит|цена)} [за] ($Number|штук*) *
        intent: /price || fromState = "/Start", onlyThisState = true
        script:
            $session.price = $session.price || {};
            if ($session.price.value > 10) {
                $reactions.answer("Цена: " + $session.price.value);
            }
        if: $session.price.value > 5
            a: Это стоит {{ $session.price.value }} рублей. || htmlEnabled = true, html = "Это <b>стоит</b>"
        else:
            go!: ./Other
        buttons:
            "Да" -> ./Yes
            {text: "Сайт", url: "https://example.com"}
        event: noMatch || toState = "/Start"

        state: Other
            a: Не знаю.
            # a comment
            random:
                a: Один
                a: Два
                go!: /Start
`
	source := "theme: /\n" + strings.Repeat(part, 5000/strings.Count(part, "\n")+1)
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, errs := syntax.Parse("main.sc", source); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}
