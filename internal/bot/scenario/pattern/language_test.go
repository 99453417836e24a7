package pattern_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// library has some of everything that patterns may name.
func library(t testing.TB) *pattern.Library {
	t.Helper()
	l := pattern.NewLibrary(pattern.Options{Words: words{}})
	for _, def := range []string{
		"hello = (привет*|здравствуй*)", "num = $regexp<\\d+> || conv = toNumber", "digit = (ноль:0|один:1|два:2|+:plus)",
		"minutes = $digit", "city = $entity<Cities> || conv = cityConverter", "colors = $repeat<$color>",
		"color = (красн*:red|син*:blue|зелен*)", "when = (@duckling.time|сейчас)", "heavy = (очень $weight<2>|слабо)",
	} {
		name, body, _ := strings.Cut(def, " = ")
		body, converter, _ := strings.Cut(body, " || conv = ")
		if err := l.Define(name, body, converter); err != nil {
			t.Fatalf("define $%s: %v", name, err)
		}
	}
	cities := []pattern.Entry{
		{ID: "1", Synonyms: []string{"Санкт-Петербург", "Питер", "спб", "(северн* столиц*)"}, Value: json.RawMessage(`{"name":"Петербург"}`)},
		{ID: "2", Synonyms: []string{"Нижний Новгород", "Нижний"}, Value: json.RawMessage(`{"name":"Нижний Новгород"}`)},
		{ID: "3", Synonyms: []string{"Москва", "нерезинов*", "[город] герой"}, Value: json.RawMessage(`{"name":"Москва"}`)},
	}
	if err := l.AddDictionary("$Cities", cities); err != nil {
		t.Fatal(err)
	}
	streets := []pattern.Entry{
		{ID: "s", Synonyms: []string{"улица @street_name", "@street_name ~улица"}},
		{ID: "b", Synonyms: []string{"бульвар"}, Value: json.RawMessage(`{"kind":"boulevard"}`)},
	}
	names := []pattern.Entry{{ID: "n", Synonyms: []string{"Ленина", "Красная"}}}
	for name, entries := range map[string][]pattern.Entry{"street": streets, "street_name": names} {
		if err := l.AddEntity(name, entries); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// heard is a phrase whose times and numbers somebody found: digits, and "завтра в 5".
func heard(text string) *pattern.Phrase {
	p := pattern.NewPhrase(text)
	p.SetEntities(func(name string) []pattern.Span {
		var spans []pattern.Span
		for _, what := range map[string][]string{"duckling.time": {"завтра в 5", "завтра"}, "duckling.number": {"5", "12"}}[name] {
			if i := strings.Index(p.Text(), what); i >= 0 {
				span := pattern.Span{Start: i, End: i + len(what)}
				if name == "duckling.number" {
					span.Value = json.RawMessage(what)
				}
				spans = append(spans, span)
			}
		}
		return spans
	})
	return p
}

// compileIn links one pattern with the library.
func compileIn(t testing.TB, l *pattern.Library, source string) *pattern.Pattern {
	t.Helper()
	p, err := l.Compile(source)
	if err != nil {
		t.Fatalf("compile %q: %v", source, err)
	}
	if errs := l.Link(); errs != nil {
		t.Fatalf("link %q: %v", source, errs[0])
	}
	return p
}

// TestLanguage has every row of the language's table (scenario language, 4), with what real
// files write and what people say.
func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		cases []struct {
			pattern string
			yes, no []string
		}
	}{
		{"word", []struct {
			pattern string
			yes, no []string
		}{
			{"ПРИВЕТ, Мир!", []string{"привет мир", "Привет, мир!!!", "«привет» — мир"}, []string{"привет", "приветмир"}},
			{`"привет мир"`, []string{"привет мир"}, []string{"привет"}},
			{"# да ?", []string{"да", "да?"}, []string{"нет"}},
			{"кое-что", []string{"кое-что", "Кое‑что!", "кое что"}, []string{"кое", "кое-кто"}},
			{"1.5", []string{"1.5", "1.5."}, []string{"1 5", "15"}},
			{"550.000.000 руб.", []string{"550.000.000 руб"}, nil},
			{"🔥", []string{"🔥", "🔥!"}, []string{"🔥🔥"}},
			{"i'm here", []string{"I'm here", "im here", "i’m here", "i m here"}, []string{"i here"}},
			{"(why ['re/are] you silent/i ['m/am] waiting)", []string{"why are you silent", "why you silent", "I'm waiting", "i am waiting"}, []string{"i waiting for"}},
			{`\(да\) \* \/start`, []string{"да start", "(да) /start"}, []string{"да"}},
			{"2 + 2", []string{"2 + 2", "2+2", "2 2"}, []string{"2 плюс 2"}},
			{"да  нет", []string{"да нет"}, nil},
			{"\u2028да\t", []string{"да"}, nil},
			{"it's", []string{"it´s", "it`s", "its"}, nil},
			{"привет", []string{"при\u00adвет", "\ufeffпривет", "прив\u200bет"}, []string{"при вет"}},
			{"100 ₽", []string{"100₽", "100 ₽"}, []string{"100"}},
			{"да", []string{"да\xff", "\xffда"}, []string{"\xff"}},
		}},
		{"*", []struct {
			pattern string
			yes, no []string
		}{
			{"*", []string{"", "?", "что угодно"}, nil},
			{"* * *", []string{"", "что угодно"}, nil},
			{"*да*нет*", []string{"да-нет", "даже-нету"}, []string{"да нет"}},
			{"* да*", []string{"ну да", "даже"}, []string{"ну да ладно"}},
			{"*(да)*", []string{"ну да ладно"}, []string{"нет"}},
			{"*{да нет}*", []string{"ну нет да конечно"}, []string{"да"}},
			{"*$hello*", []string{"ну привет бот"}, nil},
		}},
		{"pre* *suf *mid*", []struct {
			pattern string
			yes, no []string
		}{
			{"*ход", []string{"вход", "выход", "ход"}, []string{"ходит"}},
			{"ход*", []string{"ходить", "ходунки", "ход"}, []string{"вход"}},
			{"*ход*", []string{"выходить", "ход"}, []string{"хо д"}},
			{"кое*", []string{"кое-что", "коечто"}, []string{"не кое"}},
			{"*нибудь", []string{"чем-нибудь", "нибудь"}, nil},
			{"кое-*", []string{"кое-что"}, []string{"коечто"}},
			{"ех*ел*ент", []string{"ехселлент", "ехелент"}, []string{"ехселлен"}},
			{"ещё*", []string{"еще", "ЕЩЁчто"}, nil},
			{"т*т", []string{"тест", "тт"}, []string{"т"}},
		}},
		{"(a|b) (a/b)", []struct {
			pattern string
			yes, no []string
		}{
			{"(привет | добр* (утро/день/вечер) | здравствуй* )", []string{"привет", "доброе утро", "добрый день"}, []string{"добрый", "утро"}},
			{"(да|нет|)", []string{"да", ""}, []string{"может"}},
			{"|да|нет|", []string{"да", "нет"}, []string{"", "да нет"}},
			{"(a|b/c)", []string{"a", "b", "c"}, []string{"a b"}},
			{"((((да))))", []string{"да"}, nil},
			{"о'кей|o key", []string{"окей", "о'кей", "o key"}, nil},
			{"да/", []string{"да"}, []string{""}},
			{"(один два|один) три", []string{"один два три", "один три"}, []string{"один два"}},
		}},
		{"[x]", []struct {
			pattern string
			yes, no []string
		}{
			{"[[x]] y", []string{"x y", "y"}, []string{"x"}},
			{"[ну] [вот] и [всё]", []string{"и", "ну и все", "ну вот и всё", "вот и"}, []string{"ну"}},
			{"[*] да", []string{"да", "ну да"}, nil},
			{"[a|b] [c]", []string{"", "a", "b c", "c"}, []string{"a b"}},
		}},
		{"{a b}", []struct {
			pattern string
			yes, no []string
		}{
			{"{мне (понятно|ясно) [всё]}", []string{"мне все ясно", "ясно мне", "понятно все мне"}, []string{"ясно", "мне"}},
			{"{да}", []string{"да"}, []string{"ну да"}},
			{"{* да}", []string{"да", "ну да", "да ну"}, []string{"ну"}},
			{"{сколько * стоит * [доставка]}", []string{"сколько стоит", "стоит доставка сколько", "сколько же стоит ваша доставка"}, []string{"сколько доставка"}},
			{"{[a] [b]}", []string{"", "a", "b a"}, []string{"a a"}},
			{"{a b|c d}", []string{"b a", "d c"}, []string{"a c"}},
			{"{(a b) c}", []string{"a b c", "c a b"}, []string{"a c b"}},
			{"{{a b} c}", []string{"b a c", "c b a"}, []string{"a c b"}},
			{"{a a}", []string{"a a"}, []string{"a"}},
			{"{[1] [2] [3] [4] [5] [6] [7] [8] [9] [10] [11] [12] [13] [14] 15}", []string{"3 15 1 14 2"}, []string{"3 1"}},
		}},
		{"~слово", []struct {
			pattern string
			yes, no []string
		}{
			{"~яблоко", []string{"яблоко", "Яблоки", "яблок"}, []string{"яблочко"}},
			{"* ~яблоко *", []string{"дай яблок мне"}, []string{"дай"}},
			{"(~яблоко|груш*)", []string{"яблоком", "груши"}, []string{"слива"}},
			{"~стекло", []string{"стекло", "стекла"}, []string{"стечь"}},
			{"~стали", []string{"сталь", "стала", "стали"}, []string{"стол"}},
			{"~(яблоко|стекло)", []string{"яблок", "стекла"}, []string{"стечь"}},
			{"~[яблоко] да", []string{"да", "яблоки да"}, nil},
			{"~{яблоко стекло}", []string{"стекла яблок"}, nil},
			{"$lemma<яблоко>", []string{"яблок"}, []string{"стекло"}},
			{"~ЯБЛОКО", []string{"яблок"}, nil},
			{"~яблок*", []string{"яблоки"}, []string{"ябло"}},
			{"{~яблоко * ~стекло}", []string{"стекла и яблоки"}, []string{"яблоки"}},
			{"~ да", []string{"да"}, nil},
		}},
		{"$Name", []struct {
			pattern string
			yes, no []string
		}{
			{"$hello", []string{"приветик"}, []string{"пока"}},
			{"[$hello] {$hello $num}", []string{"привет 5", "5 привет", "привет 5 здравствуйте"}, []string{"привет"}},
			{"$hello::Alias $hello", []string{"привет здравствуй"}, nil},
			{"$Cities", []string{"Питер"}, []string{"Псков"}},
			{"$100", []string{"100", "$100"}, []string{"10"}},
		}},
		{"(…):value", []struct {
			pattern string
			yes, no []string
		}{
			{"(да:1|нет:0):5 ладно:\"a b\"", []string{"да ладно", "нет ладно"}, []string{"ладно"}},
			{`(да):{"a": [1, 2]}`, []string{"да"}, nil},
			{"[да]:1 нет", []string{"да нет", "нет"}, nil},
			{"$digit", []string{"ноль", "+"}, []string{"три"}},
		}},
		{"converter", []struct {
			pattern string
			yes, no []string
		}{
			{"$num", []string{"12"}, []string{"двенадцать"}},
		}},
		{"$regexp<re> $regexp_i<re>", []struct {
			pattern string
			yes, no []string
		}{
			{`$regexp<(8|\+?7)-?\(?9\d{2}\)?-?\d{3}-?\d{2}-?\d{2}>`, []string{"+7(912)345-67-89", "89123456789", "8-912-345-67-89"}, []string{"8912345678", "8 912 345 67 89"}},
			{`$regexp<\b([0-9][0-9]?%?)\b|\b100%?\b>`, []string{"50", "100"}, []string{"500"}},
			{`* $regexp<[\w.-]+@\w+\.\w+> *`, []string{"пишите a1-45_oo@just_ai.com!", "a.b@c.ru"}, []string{"a at b.ru"}},
			{"$regexp<.+>", []string{"слово", "чем-нибудь"}, []string{"два слова"}},
			{`$regexp<(?i)ДА>`, []string{"да"}, []string{"ад"}},
			{"$regexp_i<да(?!ша)[а-я]*>", []string{"ДАма", "да"}, []string{"Даша"}},
			{`$regexp<(\d)\1>`, []string{"11"}, []string{"12"}},
			{`$regexp<\w+>`, []string{"abc_1"}, []string{"абв"}},
			{`$regexp<[А-Яа-яЁё]++>`, []string{"Ёж"}, []string{"hedgehog"}},
			{`$regexp<\p{IsCyrillic}{2}\p{Digit}>`, []string{"аб1"}, []string{"ab1"}},
			{`$regexp<(?iu)ПЁ[С-]>`, []string{"пёс"}, nil},
			{`$regexp<(?u:да|нет)+>`, []string{"данет"}, []string{"ДА"}},
			{`$regexp<[^\d\s]{2}\D\W>`, []string{"ябвг"}, []string{"я1вг", "ябвx"}},
			{`$regexp<\Qa.b\E\.(?<tail>\p{Lower}*?)>`, []string{"a.b.c"}, []string{"aab.c"}},
			{`$regexp<[\p{InCyrillic}&&[^а]]>`, nil, []string{"ж7"}},
			{`$regexp<\/?\"?да\"?>`, []string{"/да", `"да"`}, nil},
			{`$regexp<(?>да|дай)>`, []string{"да"}, []string{"дай"}},
			{`$regexp<a<b>c>`, nil, []string{"abc"}},
			{"$regexp<[^>]+>:5", []string{"a"}, nil},
		}},
		{"$regex<re>", []struct {
			pattern string
			yes, no []string
		}{
			{"$regex</start>", []string{"/start", " /start"}, []string{"start", "/start x"}},
			{"$regex_i</Start.*>", []string{"/START x"}, []string{"x"}},
			{"($regex</start>|начать)", []string{"/start", "начать"}, nil},
			{"$regex<(?=.*кот)(?=.*пес).*>", []string{"пес и кот"}, []string{"кот"}},
			{`$regex<.*\bкот\b.*>`, []string{"мой кот."}, []string{"который"}},
			{`$regex<(?<=a)b|c>`, []string{"c"}, []string{"b"}},
		}},
		{"$entity<Dict>", []struct {
			pattern string
			yes, no []string
		}{
			{"$entity<Cities>", []string{"Питер", "санкт петербург", "Санкт-Петербург", "северной столице", "герой", "город герой"}, []string{"петербург", "город"}},
			{"* в $entity<Cities> *", []string{"погода в Санкт-Петербурге?", "я в Нижнем Новгороде", "я в нижнем", "как там в нерезиновой"}, []string{"погода в Пскове"}},
			{"$city $city", []string{"Москва Питер", "Нижний Новгород Москва"}, []string{"Москва"}},
			{"$entity<$Cities>", []string{"спб"}, nil},
		}},
		{"@Entity @duckling.number", []struct {
			pattern string
			yes, no []string
		}{
			{"* @duckling.number *", []string{"дай 5 яблок"}, []string{"дай яблок"}},
			{"приду @duckling.time", []string{"приду завтра в 5", "приду завтра"}, []string{"приду вчера"}},
			{"@duckling.time::from [в @duckling.number]", []string{"завтра в 5", "завтра"}, nil},
			{"* @street *", []string{"это улица Ленина там", "на Красной улице", "какой-то бульвар"}, []string{"улица Пушкина"}},
			{"@unknown", nil, []string{"что угодно", ""}},
			{"a@b", []string{"a b"}, nil},
			{"@", []string{""}, nil},
			{"$when", []string{"сейчас", "завтра"}, []string{"вчера"}},
		}},
		{"$morph<П> $repeat<$x> $weight<1.05>", []struct {
			pattern string
			yes, no []string
		}{
			{"$morph<С>", []string{"мама", "мамы", "Мыла"}, []string{"белая", "неизвестно"}},
			{"$morph<С им ед>", []string{"мама"}, []string{"мамы"}},
			{"$morph<NOUN, plur>", []string{"мамы"}, []string{"мама"}},
			{"$colors", []string{"красный", "красный синий зеленый"}, []string{"", "серый"}},
			{"$repeat<$color>::c", []string{"красный синий"}, nil},
			{"$repeat<[a]> b", []string{"b", "a b", "a a a b"}, []string{"a"}},
			{"$weight<1.05> да", []string{"да"}, []string{"нет"}},
			{"да $weight<-0.5>", []string{"да"}, nil},
		}},
		{"words for any words", []struct {
			pattern string
			yes, no []string
		}{
			{"[$oneWord] не то", []string{"это не то", "не то", "чем-нибудь не то"}, []string{"вот это не то"}},
			{"$nonEmptyGarbage", []string{"a", "a b"}, []string{"", "?"}},
			{"* $Text *", []string{"a"}, []string{""}},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, tc := range row.cases {
				p := compileIn(t, library(t), tc.pattern)
				for _, text := range tc.yes {
					if _, ok := p.Match(heard(text)); !ok {
						t.Errorf("%q does not match %q", tc.pattern, text)
					}
				}
				for _, text := range tc.no {
					if _, ok := p.Match(heard(text)); ok {
						t.Errorf("%q matches %q", tc.pattern, text)
					}
				}
			}
		})
	}
}

// TestParseTree has what scripts find in $parseTree.
func TestParseTree(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ pattern, text, tree string }{
		{"сколько $num::a и $num::b", "Сколько 5 и 12?", `root (a<num>="5"!toNumber) (b<num>="12"!toNumber)`},
		{"$num и $num", "5 и 12", `root (num="5"!toNumber) (num="12"!toNumber)`},
		{"* $city *", "Погода в Нижнем Новгороде", `root (city="Нижнем Новгороде"!cityConverter (Cities="Нижнем Новгороде":2@2))`},
		{"* $entity<Cities>::from *", "из спб", `root (from<Cities>="спб":1@1)`},
		{"* $city *", "северной столицы", `root (city="северной столицы"!cityConverter (Cities="северной столицы":1@1))`},
		{"@duckling.number яблок", "5 яблок", `root (duckling.number="5":5)`},
		{"приду @duckling.time::t", "приду завтра в 5", `root (t<duckling.time>="завтра в 5")`},
		{"$when", "завтра", `root (when="завтра" (duckling.time="завтра"))`},
		{"* @street", "на Красной улице", `root (street="Красной улице"@s)`},
		{"* @street", "на бульваре", `root (street="бульваре":{"kind":"boulevard"}@b)`},
		{"$minutes минут*", "два минуты", `root (minutes="два" (digit="два":2))`},
		{"$digit", "+", `root (digit="+":plus)`},
		{"(да|нет):yes", "да", `root:yes`},
		{`да:{"a": 1}`, "да", `root:{"a": 1}`},
		{"$colors", "синий красный", `root (colors="синий красный" (color="синий":blue) (color="красный":red))`},
		{"$repeat<$color>::c", "синий красный", `root (c<color>="синий":blue) (c<color>="красный":red)`},
		{"{$num * $color [$city]}", "красный такой спб 5", `root (color="красный":red) (city="спб"!cityConverter (Cities="спб":1@1)) (num="5"!toNumber)`},
		{"* $AnyWord", "это кое-что", `root (AnyWord="кое-что")`},
		{"$hello $heavy", "привет очень", `root (hello="привет") (heavy="очень")`},
		{"[$hello] да", "да", `root`},
	} {
		m, ok := compileIn(t, library(t), tc.pattern).Match(heard(tc.text))
		if !ok {
			t.Errorf("%q does not match %q", tc.pattern, tc.text)
			continue
		}
		if got := full(m.Tree()); got != tc.tree {
			t.Errorf("%q on %q\n got %s\nwant %s", tc.pattern, tc.text, got, tc.tree)
		}
	}
}

// full writes a parse tree with all it has in one line.
func full(n *pattern.Node) string {
	s := n.Tag
	if n.Tag != n.Pattern {
		s += "<" + n.Pattern + ">"
	}
	if n.Tag != "root" {
		s += fmt.Sprintf("=%q", n.Text)
	}
	switch v := n.Value.(type) {
	case nil:
	case json.RawMessage:
		s += ":" + string(v)
	default:
		s += fmt.Sprintf(":%v", v)
	}
	if n.Entry != nil {
		s += "@" + n.Entry.ID
	}
	if n.Converter != "" {
		s += "!" + n.Converter
	}
	for _, kid := range n.Kids {
		s += " (" + full(kid) + ")"
	}
	return s
}

func TestParseTreeWords(t *testing.T) {
	t.Parallel()
	m, ok := compileIn(t, library(t), "* $AnyText").Match(heard("Ещё КОЕ-что, don't!"))
	if !ok {
		t.Fatal("no match")
	}
	tree := m.Tree()
	if got := strings.Join(tree.Words, "|"); got != "ещё|кое-что|don't" || tree.Text != "Ещё КОЕ-что, don't!" {
		t.Errorf("words %s of %q", got, tree.Text)
	}
	for _, tc := range []struct {
		pattern, text string
		said          any
	}{
		{"$minutes", "два", "2"}, {"$color", "зеленый", "зеленый"}, {"$colors", "красный синий", "красный синий"},
	} {
		m, ok := compileIn(t, library(t), tc.pattern).Match(heard(tc.text))
		if !ok {
			t.Fatalf("%q does not match %q", tc.pattern, tc.text)
		}
		if said := m.Tree().Kids[0].Said(); said != tc.said {
			t.Errorf("%q on %q: said %v, want %v", tc.pattern, tc.text, said, tc.said)
		}
	}
}
