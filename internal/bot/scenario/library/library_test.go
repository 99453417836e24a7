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

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/library"
)

// load makes a bot of a scenario.
func load(t testing.TB, main string) *scenario.Bot {
	t.Helper()
	b, err := scenario.Load(fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: library\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(main)},
	}, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// say starts a conversation with a phrase and returns the answer's text.
func say(t testing.TB, b *scenario.Bot, text string) string {
	t.Helper()
	a := b.Converse(scenario.ConversationOptions{}).React(context.Background(), scenario.Request{Query: text})
	if a.Err != nil {
		t.Fatalf("%q: %v", text, a.Err)
	}
	var said []string
	for _, r := range a.Replies {
		said = append(said, r.Text)
	}
	return strings.Join(said, "\n")
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

func requireAll() string {
	var b strings.Builder
	for _, name := range []string{"text/text.sc", "number/number.sc", "dateTime/dateTime.sc", "dateTime/moment.min.js", "city/city.sc", "city/city-en.sc", "name/name.sc",
		"phoneNumber/phoneNumber.sc", "patterns.sc", "common.js", "catchAll/catchAll.sc", "currency/currency.sc", "slotfilling/slotFilling.sc"} {
		b.WriteString("require: " + name + "\n    module = sys.zb-common\n")
	}
	return b.String()
}

var _ = library.Files
