package pattern_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// compile links one pattern with named ones, given as "name = source" lines.
func compile(t testing.TB, source string, named ...string) *pattern.Pattern {
	t.Helper()
	l := pattern.NewLibrary(pattern.Options{})
	for _, def := range named {
		name, body, _ := strings.Cut(def, " = ")
		if err := l.Define(name, body, ""); err != nil {
			t.Fatalf("define $%s: %v", name, err)
		}
	}
	p, err := l.Compile(source)
	if err != nil {
		t.Fatalf("compile %q: %v", source, err)
	}
	if errs := l.Link(); errs != nil {
		t.Fatalf("link %q: %v", source, errs[0])
	}
	return p
}

func matches(t testing.TB, source, text string, named ...string) bool {
	t.Helper()
	_, ok := compile(t, source, named...).Match(pattern.NewPhrase(text))
	return ok
}

// TestElements has every element of the language, with what fits it and what does not.
func TestElements(t *testing.T) {
	t.Parallel()
	named := []string{"hello = (привет*|здравствуй*|hi)", "num = $regexp<\\d+>", "any = $nonEmptyGarbage"}
	for _, tc := range []struct {
		pattern string
		yes, no []string
	}{
		{"привет", []string{"привет", "Привет!", "  ПРИВЕТ…  ", "«привет»"}, []string{"", "привета", "привет привет"}},
		{"ещё", []string{"еще", "Ещё", "ЕЩЁ?", "еще\u0308"}, []string{"ищо"}},
		{"йод", []string{"йод", "Йод", "и\u0306од"}, []string{"иод"}},
		{"замок", []string{"за\u0301мок"}, nil},
		{"don't", []string{"don't", "Don’t", "dont"}, []string{"do not"}},
		{"чек-войс", []string{"чек-войс", "чек войс"}, []string{"чеквойс"}},
		{"3,14", []string{"3,14"}, []string{"3 14"}},
		{"👍", []string{"👍", "👍🏽", "👍️!"}, []string{"👎", "👍👍"}},
		{"👍 👍", []string{"👍👍", "👍 👍🏿"}, []string{"👍"}},
		{"да 👍", []string{"да👍"}, nil},
		{"🇷🇺", []string{"🇷🇺"}, []string{"🇷🇸", "🇷"}},
		{"👩‍💻", []string{"👩‍💻", "👩🏽‍💻"}, []string{"👩", "💻"}},
		{"日本", []string{"日本"}, []string{"日"}},
		{"*", []string{"", "!", "слово", "много разных слов"}, nil},
		{"* кот *", []string{"кот", "мой кот", "кот мой", "вот мой кот здесь"}, []string{"", "мой", "коты"}},
		{"кот * пёс", []string{"кот пёс", "кот и пёс", "кот кот пес"}, []string{"кот", "пёс кот"}},
		{"погод*", []string{"погода", "погод", "погодой"}, []string{"непогода", "погода завтра"}},
		{"*start", []string{"/start", "start", "restart"}, []string{"starting"}},
		{"*вор*", []string{"говорун", "вор", "разговор"}, []string{"гора"}},
		{"г*н", []string{"говорун", "гн"}, []string{"г", "говоруна"}},
		{"(да|ага)", []string{"да", "ага"}, []string{"да ага", "нет"}},
		{"(да/ага угу)", []string{"да", "ага угу"}, []string{"ага"}},
		{"да|нет", []string{"да", "нет"}, []string{"да нет"}},
		{"/start", []string{"/start", "start"}, []string{"stop"}},
		{"(да|)", []string{"да", ""}, []string{"нет"}},
		{"[ну] да", []string{"да", "ну да"}, []string{"ну", "ну ну да"}},
		{"[я|мы] иду", []string{"я иду", "мы иду", "иду"}, []string{"я мы иду"}},
		{"да[?]", []string{"да", "да?"}, nil},
		{"{как дела}", []string{"как дела", "дела как"}, []string{"как", "как как", "как же дела"}},
		{"{как * дела}", []string{"как дела", "как же дела", "дела вот так как"}, []string{"дела"}},
		{"{(как|что) [у тебя] дела}", []string{"как у тебя дела", "дела как", "у тебя дела что"}, []string{"у тебя дела"}},
		{"{1 2 3 4 5 6 7 8}", []string{"8 7 6 5 4 3 2 1", "1 3 5 7 2 4 6 8"}, []string{"1 2 3 4 5 6 7", "1 2 3 4 5 6 7 7"}},
		{"$hello", []string{"Привет", "здравствуйте", "Hi!"}, []string{"пока"}},
		{"$hello::first * $hello::second", []string{"привет и hi"}, []string{"привет"}},
		{"$AnyWord", []string{"слово"}, []string{"", "два слова"}},
		{"зови $any", []string{"зови меня", "зови меня Васей"}, []string{"зови"}},
		{"$regexp<\\d{4}>", []string{"1999"}, []string{"199", "19999"}},
		{"* $regexp<\\+?7-\\d{3}-\\d{2}> *", []string{"мой +7-123-45!", "7-123-45"}, []string{"7 123 45"}},
		{"$regexp<[a-z]+>", []string{"abc"}, []string{"ABC"}},
		{"$regexp_i<[a-z]+>", []string{"ABC"}, []string{"абв"}},
		{"$regex</start>", []string{"/start", " /start "}, []string{"start", "/start now"}},
		{"$regex<\\d+ (руб|rub)>", []string{"100 руб"}, []string{"100 usd"}},
		{"$num::one + $num::two", []string{"2 + 3", "2 3"}, []string{"2 +"}},
		{"$repeat<(очень|very)> хорошо", []string{"очень хорошо", "очень очень very хорошо"}, []string{"хорошо"}},
		{"$repeat<$num>", []string{"1 2 3"}, []string{"1 a"}},
		{"цена $ большая", []string{"цена большая"}, nil},
	} {
		t.Run(tc.pattern, func(t *testing.T) {
			t.Parallel()
			for _, text := range tc.yes {
				if !matches(t, tc.pattern, text, named...) {
					t.Errorf("%q does not match %q", tc.pattern, text)
				}
			}
			for _, text := range tc.no {
				if matches(t, tc.pattern, text, named...) {
					t.Errorf("%q matches %q", tc.pattern, text)
				}
			}
		})
	}
}

// TestScore has for one phrase patterns in the order in which they win.
func TestScore(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text   string
		ranked []string
	}{
		{"привет", []string{"привет", "* привет *", "прив*", "*иве*", "$regexp<п.*>", "$AnyWord", "$AnyText", "*"}},
		{"как твои дела", []string{"как твои дела", "{дела твои как}", "как [твои] дел*", "как * дела", "как $AnyText", "* дел* *", "*"}},
		{"/start", []string{"$regex</start>", "*start", "*"}},
	} {
		phrase := pattern.NewPhrase(tc.text)
		for i := range len(tc.ranked) - 1 {
			better, ok1 := compile(t, tc.ranked[i]).Match(phrase)
			phrase = pattern.NewPhrase(tc.text)
			worse, ok2 := compile(t, tc.ranked[i+1]).Match(phrase)
			phrase = pattern.NewPhrase(tc.text)
			if !ok1 || !ok2 || !better.Better(worse) && better.Score() != worse.Score() || worse.Better(better) {
				t.Errorf("%q: %q (%v, %.3f) is not better than %q (%v, %.3f)", tc.text,
					tc.ranked[i], ok1, better.Score(), tc.ranked[i+1], ok2, worse.Score())
			}
		}
	}
	if m, _ := compile(t, "*").Match(pattern.NewPhrase("что угодно")); m.Score() != -0.011 {
		t.Errorf("a bare star scores %v", m.Score())
	}
	if m, _ := compile(t, "* тест 1 *").Match(pattern.NewPhrase("тест 1")); m.Score() != 1 {
		t.Errorf("stars that take nothing score %v", m.Score())
	}
}

// show writes a parse tree in one line.
func show(n *pattern.Node) string {
	s := n.Tag
	if n.Tag != "root" {
		s += fmt.Sprintf("=%q", n.Text)
	}
	if n.Value != nil {
		s += fmt.Sprintf(":%v", n.Value)
	}
	for _, kid := range n.Kids {
		s += " (" + show(kid) + ")"
	}
	return s
}

func TestTree(t *testing.T) {
	t.Parallel()
	named := []string{
		"color = (красн*:red|син*:blue|(не очень)*:none)", "num = $regexp<\\d+>", "sum = $num::a + $num::b",
		"size = (больш*/огромн*):big",
	}
	for _, tc := range []struct{ pattern, text, tree string }{
		{"* $color *", "хочу Синий шар", `root (color="Синий":blue)`},
		{"$color::first [и] $color::second", "красный и синий", `root (first="красный":red) (second="синий":blue)`},
		{"сколько $sum", "сколько 2 + 3?", `root (sum="2 + 3" (a="2") (b="3"))`},
		{"{$size * $color}", "синий, огромный", `root (color="синий":blue) (size="огромный":big)`},
		{"{$size * $color}", "вот красный такой большой шар", `root (color="красный":red) (size="большой":big)`},
		{"$repeat<$num>", "1 22 333", `root (num="1") (num="22") (num="333")`},
		{"меня зовут $AnyText [спасибо]", "Меня зовут Анна-Мария", `root (AnyText="Анна-Мария")`},
		{"[$size] $color", "красный", `root (color="красный":red)`},
		{"($num|$AnyWord)", "42", `root (num="42")`},
	} {
		m, ok := compile(t, tc.pattern, named...).Match(pattern.NewPhrase(tc.text))
		if !ok {
			t.Errorf("%q does not match %q", tc.pattern, tc.text)
			continue
		}
		if got := show(m.Tree()); got != tc.tree {
			t.Errorf("%q on %q\n got %s\nwant %s", tc.pattern, tc.text, got, tc.tree)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern string
		offset  int
		message string
	}{
		{"привет (мир", len("привет "), `'(' is not closed`},
		{"привет [мир)", len("привет "), `'[' is not closed`},
		{"{a b", 0, `'{' is not closed`},
		{"a ) b", 2, "unexpected"},
		{"да $nothing<x>", len("да "), "there is no function $nothing<>"},
		{"$entity< >", 0, "without a name"},
		{"$entity<City", 0, "is not closed"},
		{"$morph<>", 0, "without properties"},
		{"$weight<big>", 0, `wrong weight "big"`},
		{"$weight<1e300>", 0, "wrong weight"},
		{"@city::", len("@city::"), "alias is missing"},
		{`(да):"нет`, len("(да):"), "value is not closed"},
		{"$regexp<(?<=a>", 8, "wrong regular expression"},
		{"$regex<(>", 7, "wrong regular expression"},
		{"$regexp<abc", 7, "is not closed"},
		{"$repeat<a", 0, "is not closed"},
		{"$x::", 4, "alias is missing"},
		{"{1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17}", 1, "{} with 17 elements"},
		{strings.Repeat("(", 60) + strings.Repeat(")", 60), 50, "nested too deeply"},
		{strings.Repeat("a", 30000), 0, "pattern of 30000 bytes"},
	} {
		_, err := pattern.NewLibrary(pattern.Options{}).Compile(tc.pattern)
		if err == nil || err.Offset != tc.offset || !strings.Contains(err.Error(), tc.message) {
			t.Errorf("%.40q: got %+v, want %q at %d", tc.pattern, err, tc.message, tc.offset)
		}
	}
}

func TestLinkMistakes(t *testing.T) {
	t.Parallel()
	l := pattern.NewLibrary(pattern.Options{})
	for name, body := range map[string]string{"a": "x $b", "b": "[y] $c", "c": "$a z", "self": "($self|w)"} {
		if err := l.Define(name, body, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Compile("* $nothing *"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, err := range l.Link() {
		got = append(got, fmt.Sprintf("%s:%d %v", err.Name, err.Err.Offset, err))
	}
	want := []string{
		":2 there is no pattern $nothing, expected a name defined in a patterns tag",
		"c:0 pattern $a is defined by itself",
		"self:1 pattern $self is defined by itself",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
}

// TestCost shows that no pattern and no phrase takes long: each of these would take longer
// than the universe with backtracking or with every order written out.
func TestCost(t *testing.T) {
	t.Parallel()
	doubling := []string{"x0 = [a]"}
	for i := 1; i <= 60; i++ {
		doubling = append(doubling, fmt.Sprintf("x%d = $x%d $x%d", i, i-1, i-1))
	}
	words := strings.Repeat("a ", 400)
	for _, tc := range []struct {
		name, pattern, text string
		named               []string
	}{
		{"stars in a row", strings.Repeat("* a ", 200) + "b", words, nil},
		{"nested stars", strings.Repeat("(* ", 45) + "b" + strings.Repeat(" *)", 45), words, nil},
		{"nested repeats", strings.Repeat("$repeat<[", 20) + "a" + strings.Repeat("]>", 20) + " b", words, nil},
		{"nested options", strings.Repeat("[", 45) + "a" + strings.Repeat(" a]", 45) + " b", words, nil},
		{"any order of the same", "{(a|*a) * (a|a*) (a|*) [a] [a*] a (a a) [*] a [b]} c", words, nil},
		{"any order within any order", "{{{a a a a} {a a a a} *} {{a a a a} * {a a a a}} * b}", words, nil},
		{"names that double", "$x60 b", words, doubling},
		{"names that double over nothing", "$x60", "", doubling},
		{"names that double over little", "$x60", "a a", doubling},
		{"regular expression", "* $regex<(a|aa)+ b> *", words, nil},
		{"regular expressions in a row", strings.Repeat("$regex<(a *)+> ", 30) + "b", words, nil},
		{"a long word", "*a*a*a*a*a*a*a*a*b*", strings.Repeat("a", 50_000), nil},
		{"a long text", "* a * b *", strings.Repeat("a ", 25_000), nil},
		{"marks", "* b *", strings.Repeat("и\u0306", 20_000), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := compile(t, tc.pattern, tc.named...)
			start := time.Now()
			phrase := pattern.NewPhrase(tc.text)
			m, ok := p.Match(phrase)
			if ok {
				m.Tree()
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("match %v in %v, exhausted %v", ok, took, phrase.Exhausted())
			}
		})
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"* (привет|hi) *", "{a * b}", "[$x] $regexp<\\d+>", "$repeat<a|b>:v", "слово* *мид*"} {
		f.Add(seed, "привет a b 12")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		l := pattern.NewLibrary(pattern.Options{})
		if err := l.Define("x", "(a|b c):1", ""); err != nil {
			t.Fatal(err)
		}
		p, err := l.Compile(source)
		if err != nil {
			if err.Offset < 0 || err.Offset > len(source) {
				t.Fatalf("offset %d of %d", err.Offset, len(source))
			}
			return
		}
		if l.Link() != nil {
			return
		}
		phrase := pattern.NewPhrase(text)
		m, ok := p.Match(phrase)
		if !ok {
			return
		}
		if s := m.Score(); s > 1 {
			t.Fatalf("%q on %q scores %v", source, text, s)
		}
		checkTree(t, m.Tree(), 0)
	})
}

// checkTree: kids stand in order and take some of their parent's words.
func checkTree(t *testing.T, n *pattern.Node, depth int) {
	taken := 0
	for _, kid := range n.Kids {
		if len(kid.Words) == 0 {
			t.Fatalf("%s took no word", kid.Tag)
		}
		taken += len(kid.Words)
		checkTree(t, kid, depth+1)
	}
	if taken > len(n.Words) {
		t.Fatalf("%s has %d words, its kids %d", n.Tag, len(n.Words), taken)
	}
}

func BenchmarkMatch(b *testing.B) {
	p := compile(b, "* {(как|что) * (дела|жизнь)} *", "unused = x")
	for b.Loop() {
		if _, ok := p.Match(pattern.NewPhrase("ну и как твои дела?")); !ok {
			b.Fatal("no match")
		}
	}
}
