package pattern_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

func TestWeight(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, text string
		score         float64
	}{
		{"да", "да", 1},
		{"да $weight<1.05>", "да", 1.05},
		{"$weight<0,8> да", "да", 0.8},
		{"да $weight<+0.4>", "да", 1.4},
		{"да $weight<-1>", "да", 0},
		{"да $weight<2-0.5>", "да", 1.5},
		{"да $weight<2> $weight<+1>", "да", 3},
		{"* да [не $weight<-1>] *", "да", 1},
		{"* да [не $weight<-1>] *", "да не", 0},
		{"* (да $weight<+1>|нет) *", "нет", 1},
		{"{да $weight<0.5> нет}", "нет да", 0.5},
		{"[ну|вот $weight<+1>] да", "вот да", 2},
		{"$heavy", "очень", 2},
		{"$heavy", "слабо", 1},
		{"$heavy", "слабо очень", math.NaN()},
		{"$repeat<$heavy>", "слабо очень", 2},
	} {
		m, ok := compileIn(t, library(t), tc.pattern).Match(heard(tc.text))
		if ok == math.IsNaN(tc.score) || ok && math.Abs(m.Score()-tc.score) > 1e-9 {
			t.Errorf("%q on %q scores %v (%v), want %v", tc.pattern, tc.text, m.Score(), ok, tc.score)
		}
	}
}

// TestSet holds the set against its patterns, one by one.
func TestSet(t *testing.T) {
	t.Parallel()
	l := library(t)
	sources := []string{
		"*", "* да *", "да", "[ну] да", "{ну * да}", "~яблоко", "* (~яблоко|груш*) *", "* $city *", "* $entity<Cities>", "$hello",
		"* @street *", "* @duckling.number *", "* *ок* *", "* *о* *", "* я*", "$regexp<я.*>", "$AnyText", "кое-что", "* что *",
		"кое*", "$digit * да", "(да|*)", "[да]", "{[да] [ну]}", "* $repeat<$color> *", "$morph<С>", "да $weight<+1>", "г*рой", "* герой *",
	}
	patterns := make([]*pattern.Pattern, len(sources))
	for i, source := range sources {
		p, err := l.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		patterns[i] = p
	}
	if errs := l.Link(); errs != nil {
		t.Fatal(errs[0])
	}
	all, odd := l.NewSet(patterns), func(i int) bool { return i%2 == 1 }
	for _, text := range []string{
		"", "да", "ну да", "да ну", "яблок", "дай яблок", "ок", "привет", "улица Ленина", "5", "кое-что", "я в Питере", "спб", "герой",
		"красный синий да", "мама", "ноль да", "что-то", "город герой", "о", "в северной столице",
	} {
		var want []string
		for i, p := range patterns {
			if m, ok := p.Match(heard(text)); ok {
				want = append(want, fmt.Sprintf("%d %.4f", i, m.Score()))
			}
		}
		found := all.Match(heard(text), nil)
		got := make([]string, len(patterns))
		for k, m := range found {
			got[m.Index()] = fmt.Sprintf("%d %.4f", m.Index(), m.Score())
			if m.Pattern() != patterns[m.Index()] {
				t.Errorf("%q: %q is not the pattern at %d", text, m.Pattern().Source(), m.Index())
			}
			if k > 0 && (m.Better(found[k-1]) || !found[k-1].Better(m) && m.Index() < found[k-1].Index()) {
				t.Errorf("%q: %q stands behind %q", text, m.Pattern().Source(), found[k-1].Pattern().Source())
			}
		}
		if got := strings.Fields(strings.Join(got, " ")); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q: the set found %q, its patterns %q", text, got, want)
		}
		for _, m := range all.Match(heard(text), odd) {
			if !odd(m.Index()) {
				t.Errorf("%q: %q is not active", text, m.Pattern().Source())
			}
		}
	}
}

func TestLinkErrors(t *testing.T) {
	t.Parallel()
	l := pattern.NewLibrary(pattern.Options{})
	for name, body := range map[string]string{"a": "x $b", "b": "[y] $c", "c": "$a z", "self": "($self|w)", "loop": "@loop"} {
		if err := l.Define(name, body, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.AddEntity("loop", []pattern.Entry{{ID: "1", Synonyms: []string{"a @inner"}}}); err != nil {
		t.Fatal(err)
	}
	if err := l.AddEntity("inner", []pattern.Entry{{ID: "1", Synonyms: []string{"@loop b", "$none"}}}); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"* $nothing *", "да $entity<Towns>"} {
		if _, err := l.Compile(source); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, err := range l.Link() {
		got = append(got, fmt.Sprintf("%s%s:%d %v", err.Name, err.List, err.Err.Offset, err))
	}
	want := []string{
		"inner:0 there is no pattern $none, expected a name defined in a patterns tag",
		":2 there is no pattern $nothing, expected a name defined in a patterns tag",
		":5 there is no dictionary Towns, expected the name of a require of a CSV file",
		"c:0 pattern $a is defined by itself",
		"inner:0 entity loop is defined by itself",
		"self:1 pattern $self is defined by itself",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, message string
		offset           int
	}{
		{"да || нет", "an alternative is empty", len("да |")},
		{"$repeat<(a|b)>", "$repeat<> of something else than a named pattern", 0},
		{"* ~ *", "", 0},
		{"(да|~)", "~ without a word", len("(да|")},
		{"привет сoвет", `"сoвет" has Latin and Cyrillic letters`, len("привет ")},
		{"(да|нет) iPhone-ом 5км", "", 0},
		{"/start", "", 0},
		{"(да|)", "", 0},
	} {
		l := library(t)
		compileIn(t, l, tc.pattern)
		warnings := l.Warnings()
		if tc.message == "" {
			if len(warnings) != 0 {
				t.Errorf("%q: warned of %v", tc.pattern, warnings[0])
			}
			continue
		}
		if len(warnings) != 1 || warnings[0].Err.Message != tc.message || warnings[0].Err.Offset != tc.offset || warnings[0].Pattern.Source() != tc.pattern {
			t.Errorf("%q: warned of %v, want %q at %d", tc.pattern, warnings, tc.message, tc.offset)
		}
	}
	l := library(t)
	if err := l.Define("num", "раз", ""); err != nil {
		t.Fatal(err)
	}
	compileIn(t, l, "$num @City $city")
	if w := l.Warnings(); len(w) != 1 || w[0].Name != "num" || !strings.Contains(w[0].Error(), "defined twice") {
		t.Errorf("warned of %v", w)
	}
	if unused := l.Unused(); strings.Join(unused, " ") != "colors heavy hello minutes when" {
		t.Errorf("unused: %v", unused)
	}
	if entities := l.Entities(); strings.Join(entities, " ") != "City duckling.time" {
		t.Errorf("entities: %v", entities)
	}
	if lists := l.Lists(); strings.Join(lists, " ") != "street street_name" {
		t.Errorf("lists: %v", lists)
	}
}

func TestDictionaryMistakes(t *testing.T) {
	t.Parallel()
	l := pattern.NewLibrary(pattern.Options{})
	err := l.AddDictionary("D", []pattern.Entry{{Synonyms: []string{"a"}}, {Synonyms: []string{"b", "(c", "d"}}})
	if err == nil || err.Entry != 1 || err.Synonym != 1 || err.Err.Offset != 0 || !strings.Contains(err.Error(), "is not closed") {
		t.Errorf("got %+v", err)
	}
	if err := l.AddDictionary("Empty", []pattern.Entry{{}, {Synonyms: []string{"", "?!", "[]"}}}); err != nil {
		t.Fatal(err)
	}
	p := compileIn(t, l, "[a] $entity<Empty>")
	for _, text := range []string{"", "a", "?"} {
		if _, ok := p.Match(pattern.NewPhrase(text)); ok {
			t.Errorf("an empty dictionary matches %q", text)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	l := library(t)
	compileIn(t, l, "*")
	for _, tc := range []struct{ name, text, found string }{
		{"Cities", "из Питера в Нижний Новгород, потом в спб", "Питера=1 Нижний Новгород=2 спб=1"},
		{"$Cities", "северной столицы герой", "северной столицы=1 герой=3"},
		{"street", "на Красной улице", "Красной улице=s"},
		{"street", "никуда", ""},
		{"nothing", "Питер", ""},
	} {
		p := pattern.NewPhrase(tc.text)
		var found []string
		for _, f := range l.Find(p, tc.name) {
			found = append(found, p.Text()[f.Start:f.End]+"="+f.Entry.ID)
		}
		if got := strings.Join(found, " "); got != tc.found {
			t.Errorf("@%s in %q: %s, want %s", tc.name, tc.text, got, tc.found)
		}
	}
}

// TestEntitiesAreAskedOnce: finding entities may be dear.
func TestEntitiesAreAskedOnce(t *testing.T) {
	t.Parallel()
	l := pattern.NewLibrary(pattern.Options{})
	p := compileIn(t, l, "* @a * [@a] * @b [@c]")
	asked := map[string]int{}
	phrase := pattern.NewPhrase("раз два три")
	phrase.SetEntities(func(name string) []pattern.Span {
		asked[name]++
		switch name {
		case "a":
			return []pattern.Span{{Start: 1, End: 3}, {Start: -5, End: 0}, {Start: 100, End: 200}} // inside of "раз"
		case "b":
			return []pattern.Span{{Start: len("раз два "), End: len("раз два три"), Value: json.RawMessage(`3`)}}
		}
		return nil
	})
	m, ok := p.Match(phrase)
	if !ok {
		t.Fatal("no match")
	}
	if got := full(m.Tree()); got != `root (a="раз") (b="три":3)` {
		t.Errorf("got %s", got)
	}
	if p.Match(phrase); asked["a"] != 1 || asked["b"] != 1 || asked["c"] > 1 {
		t.Errorf("asked %v", asked)
	}
}

// TestCompileLate compiles patterns of a script while others match.
func TestCompileLate(t *testing.T) {
	t.Parallel()
	l := library(t)
	early := compileIn(t, l, "* $city *")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, source := range []string{"* $city *", "$colors", "~яблоко", "* (да|$hello::h|{a [b]})", "$heavy", "@street"} {
				late, err := l.CompileLate(source)
				if err != nil {
					t.Errorf("%q: %v", source, err)
					continue
				}
				phrase := heard("погода в Питере")
				m1, ok1 := early.Match(phrase)
				m2, ok2 := late.Match(phrase)
				if !ok1 || ok2 != (source == "* $city *") || ok2 && m1.Score() != m2.Score() {
					t.Errorf("%q: %v %v, %v %v", source, ok1, m1.Score(), ok2, m2.Score())
				}
			}
		})
	}
	wg.Wait()
	if _, err := l.CompileLate("да $nothing"); err == nil || err.Offset != len("да ") {
		t.Errorf("got %v", err)
	}
	late, err := l.CompileLate("$AnyText")
	if err != nil {
		t.Fatal(err)
	}
	if found := l.NewSet([]*pattern.Pattern{early, late}).Match(heard("ну и Питер"), nil); len(found) != 2 || found[0].Index() != 0 {
		t.Errorf("found %v", found)
	}
}

// TestTwoLibraries: what a phrase has learnt of one library does not hold for another.
func TestTwoLibraries(t *testing.T) {
	t.Parallel()
	phrase := pattern.NewPhrase("a b a b")
	for range 2 {
		for body, want := range map[string]bool{"$repeat<(a b)>": true, "$repeat<(b a)>": false, "$repeat<(a|b)> [c]": true} {
			if _, ok := compile(t, "$x", "x = "+body).Match(phrase); ok != want {
				t.Errorf("%q: %v", body, ok)
			}
		}
	}
}

func TestKnows(t *testing.T) {
	t.Parallel()
	l := library(t)
	compileIn(t, l, "* (~яблоко|Груша) *")
	for word, want := range map[string]bool{
		"Яблок": true, "груша": true, "груши": false, "Питере": true, "новгороде": true, "слон": false, "": false,
	} {
		if l.Knows(word) != want {
			t.Errorf("knows %q: %v", word, !want)
		}
	}
	if list := strings.Join(pattern.NewPhrase("Кое-что, I don't…").List(), "|"); list != "кое-что|i|don't" {
		t.Errorf("words %s", list)
	}
}
