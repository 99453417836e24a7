package library_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/library"
)

// load makes a bot of a scenario, for one test.
func load(t testing.TB, main string) *scenario.Bot {
	t.Helper()
	b := loaded(t, main)
	t.Cleanup(func() { b.Close() })
	return b
}

// loaded makes a bot that the caller closes.
func loaded(t testing.TB, main string) *scenario.Bot {
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

// wednesday is the time of the tests.
var wednesday = time.Date(2026, 2, 11, 14, 4, 5, 0, time.UTC)

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
	b := load(t, required("patterns.sc")+"theme: /\n    state: S\n        q!: *\n        script:\n            $reactions.answer(String($request.data.names.filter(function (n) { return $nlp.matchPatterns($request.query, ['$' + n]); })));\n")
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
	main := required(files...) + "require: city/cities-ru.csv\n    name = Towns\n    var = $Towns\n    module = sys.zb-common\npatterns:\n    $Place = * $City * || converter = function (node) { return node.City[0].value; }\n    $Wait = $Number\n    $Minutes = через $Wait минут || converter = function (node) { return node._Wait; }\n    $Town = $entity<Towns> || converter = function (node) { return $Towns[node.Towns[0].value].value.name; }\ntheme: /\n"
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
		c.SetTime(wednesday)
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

// files are those that a bot of Russian requires to have everything.
var files = []string{
	"text/text.sc", "number/number.sc", "dateTime/dateTime.sc", "dateTime/moment.min.js", "city/city.sc", "name/name.sc",
	"phoneNumber/phoneNumber.sc", "patterns.sc", "common.js", "catchAll/catchAll.sc", "currency/currency.sc", "slotfilling/slotFilling.sc",
}

// required asks for files of the library.
func required(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("require: " + name + "\n    module = sys.zb-common\n")
	}
	return b.String()
}

// TestFiles has a bot require each file of the library alone.
func TestFiles(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(library.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := load(t, required(name)+"theme: /\n    state: S\n        q!: hello\n        a: hello\n")
			if w := b.Warnings(); len(w) > 0 {
				t.Errorf("warnings: %v", w)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// answers says phrases in one conversation, given as pairs of what is said and what is answered.
func answers(t *testing.T, b *scenario.Bot, pairs ...string) {
	t.Helper()
	c := b.Converse(scenario.ConversationOptions{})
	defer c.Close()
	c.SetTime(wednesday)
	for i := 0; i+1 < len(pairs); i += 2 {
		a := c.React(context.Background(), scenario.Request{Query: pairs[i]})
		var said []string
		for _, r := range a.Replies {
			said = append(said, r.Text)
		}
		if got := strings.Join(said, "\n"); a.Err != nil || got != pairs[i+1] {
			t.Errorf("%q: answered %q (%v), want %q", pairs[i], got, a.Err, pairs[i+1])
		}
	}
}

// TestOwnNames has a bot that gives names of the library a meaning of its own.
func TestOwnNames(t *testing.T) {
	t.Parallel()
	b := load(t, required("patterns.sc", "city/city.sc")+`
patterns:
    $hello = (мяу|гав)
    $City = $entity<Cities> || converter = function (pt) { var id = pt.Cities[0].value; return $Cities[id].value.timezone; }
theme: /
    state: Hello
        q!: $hello
        a: привет
    state: City
        q!: * $City *
        a: {{$parseTree._City}} {{$parseTree.City[0].text}}
    state: Other
        event!: noMatch
        a: что?
`)
	answers(t, b, "мяу", "привет", "здравствуйте", "что?", "я в омске", "Asia/Omsk омске")
}

// TestEnglishCity has cities whose values are English.
func TestEnglishCity(t *testing.T) {
	t.Parallel()
	b := load(t, required("city/city-en.sc")+"theme: /\n    state: City\n        q!: * $City *\n        a: {{$parseTree._City.name}}, {{$parseTree._City.country}}\n    state: Other\n        event!: noMatch\n        a: what?\n")
	answers(t, b, "i am in moscow now", "Moscow, Russia", "from Saint Petersburg to here", "Saint Petersburg, Russia", "flights to new york city", "New York City, United States",
		"london", "London, United Kingdom", "have a nice day", "what?", "i like reading", "what?", "trains to Reading", "Reading, United Kingdom")
}

// TestCommon has the functions of common.js.
func TestCommon(t *testing.T) {
	t.Parallel()
	b := load(t, required("common.js")+`theme: /
    state: S
        q!: go
        script:
            $reactions.answer([hasValue(''), hasValue([]), hasValue({}), hasValue(0), hasValue('a'), hasValue({a: 1}), hasValue(null)].join());
            $reactions.answer(formatString('{0} и {1}, {2}', 'раз', 'два'));
            $reactions.answer([1, 2, 5, 11, 12, 21, 22, 111].map(function (n) { return pluralize(n, 'рубль', 'рубля', 'рублей'); }).join());
            $reactions.answer([pluralize(1, 'day', 'days'), pluralize(2, 'day', 'days'), leadingZeros(7, 3), leadingZeros(1234, 3), thousands(1234567), thousands(999)].join());
`)
	answers(t, b, "go", "false,false,false,true,true,true,false\nраз и два, {2}\nрубль,рубля,рублей,рублей,рублей,рубль,рубля,рублей\nday,days,007,1234,1 234 567,999")
}

// TestCatchAll counts misunderstandings.
func TestCatchAll(t *testing.T) {
	t.Parallel()
	b := load(t, required("catchAll/catchAll.sc")+`theme: /
    state: Hello
        q!: привет
        script: catchAll.reset();
        a: привет
    state: CatchAll
        q!: $catchAll
        script: $temp.n = catchAll.count();
        a: не понял {{$temp.n}}
`)
	answers(t, b, "а", "не понял 1", "!!!", "не понял 2", "привет", "привет", "б", "не понял 1")
}

// TestAmongWords has the names between stars, as bots ask for them: the one that says more wins.
func TestAmongWords(t *testing.T) {
	t.Parallel()
	b := load(t, required("patterns.sc", "phoneNumber/phoneNumber.sc", "dateTime/dateTime.sc")+`theme: /
    state: Yes
        q!: * ($yes|$agree) *
        a: yes
    state: No
        q!: * ($no|$disagree) *
        a: no
    state: Hello
        q!: * $hello *
        a: hello
    state: Bye
        q!: * $bye *
        a: bye
    state: Thanks
        q!: * $thanks *
        a: thanks
    state: DontKnow
        q!: * $dontKnow *
        a: dontKnow
    state: Operator
        q!: * $switchToOperator *
        a: operator
    state: Obscene
        q!: * $obsceneWord *
        a: obscene
    state: NotNow
        q!: * $notNow *
        a: notNow
    state: Email
        q!: * $email *
        a: {{$parseTree._email}}
    state: Phone
        q!: * $mobilePhoneNumber *
        a: {{$parseTree._mobilePhoneNumber}}
    state: When
        q!: * $DateTime *
        script: $reactions.answer($parseTree._DateTime.day + ($parseTree._DateTime.hour ? " " + $parseTree._DateTime.hour + ":" + $parseTree._DateTime.minute : ""));
    state: CatchAll
        q!: *
        a: other
`)
	var pairs []string
	for _, l := range table(t, "among.tsv") {
		pairs = append(pairs, l.phrase, l.want)
	}
	answers(t, b, pairs...)
}
