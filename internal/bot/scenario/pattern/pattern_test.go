package pattern_test

import (
	"fmt"
	"strings"
	"testing"

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
