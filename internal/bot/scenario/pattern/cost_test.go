package pattern_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// TestCost counts the steps of what would take longer than the universe with backtracking
// or with every order written out. A step is some nanoseconds.
func TestCost(t *testing.T) {
	t.Parallel()
	doubling, nested := []string{"x0 = [a]"}, []string{"y0 = (a|b)"}
	for i := 1; i <= 60; i++ {
		doubling = append(doubling, fmt.Sprintf("x%d = $x%d $x%d", i, i-1, i-1))
		nested = append(nested, fmt.Sprintf("y%d = ([$y%d] * $y%d|$repeat<$y%d>)", i, i-1, i-1, i-1))
	}
	words, long := strings.Repeat("a ", 200), strings.Repeat("слово ", 9_000)[:50_000]
	for _, tc := range []struct {
		name, pattern, text string
		named               []string
		steps               int // about four times what it takes; 0: all that there are
	}{
		{"stars in a row", strings.Repeat("* ", 100) + "b", words, nil, 10_000},
		{"stars and words", strings.Repeat("* a ", 100) + "b", words, nil, 200_000},
		{"nested stars", strings.Repeat("(* ", 45) + "b" + strings.Repeat(" *)", 45), words, nil, 100_000},
		{"nested stars that fit", strings.Repeat("(* ", 45) + "a" + strings.Repeat(" *)", 45), words, nil, 0},
		{"nested options", strings.Repeat("[", 45) + "a" + strings.Repeat(" a]", 45), words, nil, 500_000},
		{"options in a row", strings.Repeat("[a] ", 400), words, nil, 0},
		{"nested repeats", strings.Repeat("$repeat<[", 20) + "a" + strings.Repeat("]>", 20), words, nil, 0},
		{"repeated options", "$repeat<[a] [b] [a b] [(a|b)]> c", words + "c", nil, 500_000},
		{"any order of ten", "{* [a] * (b|a) * [a*] * a * (a a) * [*] * a * [b] [c] [d]}", words[:40], nil, 0},
		{"any order of what is not there", "{* [q1] [q2] [q3] [q4] [q5] [q6] [q7] [q8] [q9] [q10] a}", words, nil, 20_000},
		{"any order within any order", "{{{a a a a} {a a a a} *} {{a a a a} * {a a a a}} * b}", words + "b", nil, 0},
		{"names that double", "$x60 [b]", words[:60], doubling, 0},
		{"names that double over nothing", "$x60", "", doubling, 10_000},
		{"names that double over little", "$x60", "a a", doubling, 20_000},
		{"names nested deep", "$y30", words[:40], nested, 0},
		{"alternatives without end", "(" + strings.Repeat("a|a a|a*|[a] a|", 500) + "b) b", words[:100] + "b", nil, 500_000},
		{"alternatives of values", "* (" + manyValues(1_000) + ") *", words + "w999", nil, 30_000},
		{"regular expression", "* $regex<(a|aa)+ b> *", words, nil, 500_000},
		{"regular expressions in a row", strings.Repeat("$regex<(a *)+> ", 30) + "b", words + "b", nil, 200_000},
		{"a backtracking expression", "$regexp<(a+)+(?!b)c>", strings.Repeat("a", 60), nil, 0},
		{"a long word", "*a*a*a*a*a*a*a*a*b*", strings.Repeat("a", 50_000), nil, 20_000},
		{"a long text", "* слово * [слово] * слово *", long, nil, 0},
		{"a long text of stars", "* ниче* * слово", long, nil, 0},
		{"a long text and any words", "$AnyText слово", long, nil, 500_000},
		{"a long list of letters", "* б *", strings.Repeat("а ", 25_000), nil, 500_000},
		{"marks", "* b *", strings.Repeat("и\u0306", 20_000), nil, 1_000},
		{"hyphens", "* a-a-a * $AnyWord", strings.Repeat("a-", 10_000), nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := compile(t, "*", tc.named...).Library().CompileLate(tc.pattern) // past the index
			if err != nil {
				t.Fatal(err)
			}
			phrase := pattern.NewPhrase(tc.text)
			m, ok := p.Match(phrase)
			if ok {
				checkTree(t, m.Tree())
			}
			limit := tc.steps
			if limit == 0 {
				limit = pattern.MaxSteps
			}
			if phrase.Steps() > limit {
				t.Errorf("took %d steps, want at most %d", phrase.Steps(), limit)
			}
			t.Logf("match %v in %d steps", ok, phrase.Steps())
		})
	}
}

// TestOnePatternDoesNotStarveOthers: a phrase has more steps than a pattern may take.
func TestOnePatternDoesNotStarveOthers(t *testing.T) {
	t.Parallel()
	l := pattern.NewLibrary(pattern.Options{})
	var patterns []*pattern.Pattern
	for _, source := range []string{"{[a] [a a] [a*] [*a] [(a|b)] [a a a] [a b] [[a] a] [a] [a] [a] [a] *}", "* a *"} {
		p, err := l.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	if errs := l.Link(); errs != nil {
		t.Fatal(errs[0])
	}
	phrase := pattern.NewPhrase(strings.Repeat("a ", 200))
	found := l.NewSet(patterns).Match(phrase, nil)
	if len(found) != 1 || found[0].Index() != 1 || phrase.Exhausted() {
		t.Errorf("found %d patterns, exhausted %v", len(found), phrase.Exhausted())
	}
}

// TestSlowExpressions: time-outs are counted, so that no number of expressions holds up a
// phrase for long.
func TestSlowExpressions(t *testing.T) {
	t.Parallel()
	l := pattern.NewLibrary(pattern.Options{})
	var patterns []*pattern.Pattern
	for i := range 100 {
		p, err := l.Compile(fmt.Sprintf("$regexp<(a+)+(?!b)%d>", i))
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	if errs := l.Link(); errs != nil {
		t.Fatal(errs[0])
	}
	phrase := pattern.NewPhrase(strings.Repeat("a", 100))
	if found := l.NewSet(patterns).Match(phrase, nil); len(found) > 0 || !phrase.Exhausted() {
		t.Errorf("found %d, exhausted %v", len(found), phrase.Exhausted())
	}
}

func manyValues(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("w%d:%d", i, i)
	}
	return strings.Join(values, "|")
}

// synonyms is a dictionary of n synonyms: "сорт 17 яблок", "w17".
func synonyms(n int) []pattern.Entry {
	entries := make([]pattern.Entry, n/2)
	for i := range entries {
		entries[i] = pattern.Entry{
			ID: fmt.Sprint(i), Synonyms: []string{fmt.Sprintf("сорт %d яблок", i), fmt.Sprintf("w%d", i)},
			Value: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)),
		}
	}
	return entries
}

// TestDictionaryCost: ten times the synonyms, no more steps.
func TestDictionaryCost(t *testing.T) {
	t.Parallel()
	steps := make(map[int]int)
	for _, n := range []int{100, 100_000} {
		l := pattern.NewLibrary(pattern.Options{Words: words{}})
		if err := l.AddDictionary("D", synonyms(n)); err != nil {
			t.Fatal(err)
		}
		p := compileIn(t, l, "* $entity<D> *")
		phrase := pattern.NewPhrase("дайте мне сорта 49 яблоки, сорт яблок и ещё что-нибудь")
		m, ok := p.Match(phrase)
		if !ok || m.Tree().Kids[0].Entry.ID != "49" {
			t.Fatalf("of %d: match %v", n, ok)
		}
		steps[n] = phrase.Steps()
	}
	if steps[100_000] > steps[100] {
		t.Errorf("steps %v", steps)
	}
}

// TestManyPatternsCost: a hundred times the patterns, the same steps, when few of them have
// their words in the phrase.
func TestManyPatternsCost(t *testing.T) {
	t.Parallel()
	steps := make(map[int]int)
	for _, n := range []int{100, 10_000} {
		set := manyPatterns(t, n)
		phrase := pattern.NewPhrase("хочу оформить кредит7 на дом7")
		if found := set.Match(phrase, nil); len(found) != 3 {
			t.Fatalf("of %d: %d match", n, len(found))
		}
		steps[n] = phrase.Steps()
	}
	if steps[10_000] > steps[100] {
		t.Errorf("steps %v", steps)
	}
}

// manyPatterns is a set of n patterns like those of a bank's bot, with one word of their own.
func manyPatterns(t testing.TB, n int) *pattern.Set {
	t.Helper()
	l := pattern.NewLibrary(pattern.Options{Words: words{}})
	if err := l.Define("want", "(хочу|надо|нужн*|~хотеть)", ""); err != nil {
		t.Fatal(err)
	}
	patterns := make([]*pattern.Pattern, n)
	for i := range patterns {
		source := "*"
		if i > 0 {
			source = fmt.Sprintf([]string{
				"* {$want * [оформить] * (кредит%[1]d|*займ%[1]d*)} *", "* ~дом%[1]d [или] *", "* [как] (*отделени%[1]d*|банкомат%[1]d*) *", "{где * ближайш%[1]d*}",
			}[i%4], i)
		}
		if i == 7 {
			source = "* {$want * [оформить] * (кредит7|займ7*)} * на (~дом7|дач*)"
		}
		if i == 11 {
			source = "* ~дом7 [или] *"
		}
		p, err := l.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		patterns[i] = p
	}
	if errs := l.Link(); errs != nil {
		t.Fatal(errs[0])
	}
	return l.NewSet(patterns)
}

func BenchmarkMatch(b *testing.B) {
	p := compile(b, "* {(как|что) * (дела|жизнь)} *", "unused = x")
	for b.Loop() {
		if _, ok := p.Match(pattern.NewPhrase("ну и как твои дела?")); !ok {
			b.Fatal("no match")
		}
	}
}

func BenchmarkSet(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			set := manyPatterns(b, n)
			for b.Loop() {
				if found := set.Match(pattern.NewPhrase("Здравствуйте! Хочу оформить кредит7 на дом7, где ближайшее отделение?"), nil); len(found) == 0 {
					b.Fatal("no match")
				}
			}
		})
	}
}

func BenchmarkDictionary(b *testing.B) {
	entries := synonyms(100_000)
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if err := pattern.NewLibrary(pattern.Options{Words: words{}}).AddDictionary("D", entries); err != nil {
				b.Fatal(err)
			}
		}
	})
	l := pattern.NewLibrary(pattern.Options{Words: words{}})
	if err := l.AddDictionary("D", entries); err != nil {
		b.Fatal(err)
	}
	p := compileIn(b, l, "* $entity<D> *")
	b.Run("match", func(b *testing.B) {
		for b.Loop() {
			if _, ok := p.Match(pattern.NewPhrase("дайте мне сорта 49 яблоки, пожалуйста")); !ok {
				b.Fatal("no match")
			}
		}
	})
}

func BenchmarkLongPhrase(b *testing.B) {
	for _, n := range []int{400, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := compile(b, "* {слов* * [ещё] * конец} *")
			text := strings.Repeat("слово и ещё ", n/12)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				p.Match(pattern.NewPhrase(text + "конец"))
			}
		})
	}
}
