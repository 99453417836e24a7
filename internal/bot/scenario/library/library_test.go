package library_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// load makes a bot of a scenario.
func load(t testing.TB, main string) *scenario.Bot {
	t.Helper()
	b, err := scenario.Load(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: library\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(main)},
	}, scenario.Options{Understanding: numbers{}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// numbers understands nothing but numbers of digits and the word пять.
type numbers struct{}

func (numbers) Intent(string) (i scenario.Intent, ok bool) { return i, false }

func (numbers) Intents(context.Context, string) ([]scenario.Intent, error) { return nil, nil }

func (numbers) Entities(_ context.Context, text, name string) ([]pattern.Span, error) {
	if name != "duckling.number" {
		return nil, nil
	}
	for said, value := range map[string]string{"пять тысяч": "5000", "twenty one": "21", "пять": "5"} {
		if i := strings.Index(text, said); i >= 0 {
			return []pattern.Span{{Start: i, End: i + len(said), Value: json.RawMessage(value)}}, nil
		}
	}
	return nil, nil
}

// line is one of a table: a phrase, and what is expected of it.
type line struct {
	number       int
	phrase, want string
}

// table reads a file of testdata: a phrase a line, a tab and what is expected.
func table(t *testing.T, name string) []line {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []line
	in := bufio.NewScanner(file)
	for number := 1; in.Scan(); number++ {
		text := in.Text()
		if text == "" || text[0] == '#' {
			continue
		}
		phrase, want, _ := strings.Cut(text, "\t")
		lines = append(lines, line{number, phrase, want})
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestPatterns has phrases, and which of the names they are and are not: "agree !bye".
func TestPatterns(t *testing.T) {
	t.Parallel()
	b := load(t, "require: patterns.sc\n    module = sys.zb-common\ntheme: /\n    state: S\n        q!: *\n        script:\n            $reactions.answer(String($request.data.names.filter(function (n) { return $nlp.matchPatterns($request.query, ['$' + n]); })));\n")
	lines := table(t, "patterns.tsv")
	if len(lines) < 600 {
		t.Errorf("%d phrases only", len(lines))
	}
	c := b.Converse(scenario.ConversationOptions{})
	defer c.Close()
	for _, l := range lines {
		var is, not []string
		for name := range strings.FieldsSeq(l.want) {
			if other, ok := strings.CutPrefix(name, "!"); ok {
				not = append(not, other)
			} else {
				is = append(is, name)
			}
		}
		data, _ := json.Marshal(map[string]any{"names": append(append([]string{}, is...), not...)})
		a := c.React(context.Background(), scenario.Request{Query: l.phrase, Fields: map[string]json.RawMessage{"data": data}})
		if a.Err != nil || len(a.Replies) != 1 {
			t.Fatalf("line %d: %+v", l.number, a)
		}
		if want := strings.Join(is, ","); a.Replies[0].Text != want {
			t.Errorf("line %d: %q is %q, want %q and none of %q", l.number, l.phrase, a.Replies[0].Text, want, not)
		}
	}
}

// TestValues has phrases and what named patterns make of them, on Wednesday 11 February 2026, 14:04.
func TestValues(t *testing.T) {
	t.Parallel()
	main := requireAll() + "require: city/cities-ru.csv\n    name = Towns\n    var = $Towns\n    module = sys.zb-common\npatterns:\n    $Place = * $City * || converter = function (node) { return node.City[0].value; }\n    $Wait = $Number\n    $Minutes = через $Wait минут || converter = function (node) { return node._Wait; }\n    $Town = $entity<Towns> || converter = function (node) { return $Towns[node.Towns[0].value].value.name; }\ntheme: /\n"
	lines := append(table(t, "values.tsv"), table(t, "cities.tsv")...)
	names := map[string]bool{}
	for _, l := range lines {
		name, _, _ := strings.Cut(l.want, " ")
		if !names[name] {
			names[name] = true
			main += "    state: At" + name + "\n        state: It\n            q: $" + name + "\n            script: $reactions.answer(JSON.stringify($parseTree._" + name + "));\n"
		}
	}
	main += "    state: None\n        event!: noMatch\n        a: -\n"
	b := load(t, main)
	c := b.Converse(scenario.ConversationOptions{})
	defer c.Close()
	for _, l := range lines {
		name, want, _ := strings.Cut(l.want, " ")
		c.SetTime(time.Date(2026, 2, 11, 14, 4, 5, 0, time.UTC))
		if err := c.SetContext("/At" + name); err != nil {
			t.Fatal(err)
		}
		a := c.React(context.Background(), scenario.Request{Query: l.phrase})
		if a.Err != nil || len(a.Replies) != 1 {
			t.Fatalf("line %d: %q: %+v", l.number, l.phrase, a)
		}
		if got := a.Replies[0].Text; !covers(t, got, want) {
			t.Errorf("line %d: %s of %q is %s, want %s", l.number, name, l.phrase, got, want)
		}
	}
}

// covers reports whether a value is the one wanted, but for fields that are not named.
func covers(t *testing.T, got, want string) bool {
	t.Helper()
	if got == "-" || want == "-" {
		return got == want
	}
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	object, ok := w.(map[string]any)
	fields, all := g.(map[string]any)
	if !ok || !all {
		return g == w
	}
	for name, v := range object {
		if fields[name] != v {
			return false
		}
	}
	return true
}

func requireAll() string {
	var b strings.Builder
	for _, name := range []string{"text/text.sc", "number/number.sc", "dateTime/dateTime.sc", "dateTime/moment.min.js", "city/city.sc", "name/name.sc",
		"phoneNumber/phoneNumber.sc", "patterns.sc", "common.js", "catchAll/catchAll.sc", "currency/currency.sc", "slotfilling/slotFilling.sc"} {
		b.WriteString("require: " + name + "\n    module = sys.zb-common\n")
	}
	return b.String()
}
