package nlu

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// shop reads the corpus of an invented shop and its samples.
func shop(t testing.TB, language string) (*Corpus, []Sample) {
	t.Helper()
	read := func(ending string) (string, []byte) {
		file := filepath.Join("testdata", "shop."+language+ending)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return file, content
	}
	c, err := ReadCorpus(read(".json"))
	if err != nil {
		t.Fatal(err)
	}
	samples, err := ReadSamples(read(".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	return c, samples
}

func plain(c *Corpus) Classifier { return Train(c, Options{}) }

// corpus makes a corpus of lines "path: phrase; phrase".
func corpus(lines ...string) *Corpus {
	c := &Corpus{}
	for _, line := range lines {
		path, phrases, _ := strings.Cut(line, ": ")
		c.Add(path, strings.Split(phrases, "; ")...)
	}
	return c
}

// TestQuality holds what was measured when this was written with some room: ten phrases an
// intent in either language, other people's wordings and what no shop is asked.
func TestQuality(t *testing.T) {
	t.Parallel()
	for language, least := range map[string]struct{ accuracy, recall, precision float64 }{
		"ru": {0.87, 0.78, 0.78},
		"en": {0.90, 0.82, 0.88},
	} {
		c, samples := shop(t, language)
		r := Evaluate(c, plain, samples, DefaultThreshold)
		if r.AccuracyInScope < least.accuracy || r.OOSRecall < least.recall || r.OOSPrecision < least.precision {
			t.Errorf("%s: in scope %.3f, out of scope %.3f, precision %.3f; at least %v wanted", language, r.AccuracyInScope, r.OOSRecall, r.OOSPrecision, least)
		}
	}
}

// top is the best intent for a text, and its score.
func top(c Classifier, text string) (string, float64) {
	list := c.Classify(text)
	if len(list) == 0 {
		return OutOfScope, 0
	}
	return list[0].Intent, list[0].Score
}

// TestStrangeContent: function words alone tell little of an intent, when a text is about something that
// no phrase is about.
func TestStrangeContent(t *testing.T) {
	t.Parallel()
	m := Train(corpus("/well: я здорова; мы в порядке; проблем нет; всё хорошо", "/no: нет; не хочу; не надо"), Options{})
	for text, want := range map[string]bool{
		"всё запутанно": true, "мы в цирке": true, "цирк": true, "всё прекрасно хорошо": false, "не очень": false, "нет": false, "": false,
	} {
		if got := m.words.strange(words(text, nil)); got != want {
			t.Errorf("%q: strange %v", text, got)
		}
	}
	_, usual := top(m, "всё и у нас")
	_, strange := top(m, "всё и у цирка")
	if strange > usual-0.1 {
		t.Errorf("scores %.3f and, about something strange, %.3f", usual, strange)
	}
}

// TestExactPhrase: a phrase of an intent gives this intent, however few phrases there are.
func TestExactPhrase(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ru", "en"} {
		c, _ := shop(t, language)
		m := Train(c, Options{})
		for _, intent := range c.Intents {
			for _, p := range intent.Phrases {
				for _, text := range []string{p.Text, strings.ToUpper(p.Text), p.Text + "!", "  " + p.Text + " ?"} {
					if got, score := top(m, text); got != intent.Path || score < 0.99 {
						t.Errorf("%q: %s %.3f, %s wanted", text, got, score, intent.Path)
					}
				}
			}
		}
	}
}

// TestFewPhrases: intents of one to three phrases, often of one word, as real bots have them.
func TestFewPhrases(t *testing.T) {
	t.Parallel()
	m := Train(corpus(
		"/yes: да; давай; ага", "/no: нет; не хочу; не надо", "/search: search for; find images; lookup pictures",
		"/bye: bye", "/hello: hello", "/pizza: хочу заказать пиццу", "/weather: какая погода в городе",
		"/smile: 👍; 🙂", "/what: ???", "/one: 1",
	), Options{})
	for text, want := range map[string]string{
		"да": "/yes", "Давай!": "/yes", "не хочу": "/no", "нет": "/no", "bye": "/bye", "Hello.": "/hello",
		"заказать пиццу": "/pizza", "хочу пиццу": "/pizza", "закажите мне пиццу": "/pizza", "заказать пицу": "/pizza",
		"какая сегодня погода": "/weather", "погода": "/weather", "find some pictures": "/search",
		"👍": "/smile", "???": "/what", "7": "/one",
	} {
		if got, score := top(m, text); got != want || score < DefaultThreshold {
			t.Errorf("%q: %s %.3f, %s wanted", text, got, score, want)
		}
	}
	for _, text := range []string{"", "   ", "!", "продаю гараж", "ёжик", "\xff\xfe", "🚀"} {
		if got, score := top(m, text); score >= DefaultThreshold {
			t.Errorf("%q is taken for %s %.3f", text, got, score)
		}
	}
}

// TestTypos: one letter too many, missing, wrong or moved.
func TestTypos(t *testing.T) {
	t.Parallel()
	c, _ := shop(t, "ru")
	m := Train(c, Options{})
	for text, want := range map[string]string{
		"отмените закас": "/Заказ/Отмена", "адресс магазина": "/Магазин/Адрес", "здраствуйте": "/Приветствие",
		"сколько стоит дастовка": "/Доставка/Цена", "соедините с аператором": "/Оператор", "хочу вренуть товар": "/Возврат",
		"есть скидкии": "/Скидки", "где мой закз": "/Заказ/Статус", "оформите заказк": "/Заказ/Оформить",
	} {
		if got, score := top(m, text); got != want || score < DefaultThreshold {
			t.Errorf("%q: %s %.3f, %s wanted", text, got, score, want)
		}
	}
}

// TestSharedPhrase: a phrase of two intents gives both near 1, in an order that stays.
func TestSharedPhrase(t *testing.T) {
	t.Parallel()
	m := Train(corpus("/a: закрыть счёт; закрыть", "/b: закрыть; захлопнуть окно; закрыть форточку"), Options{})
	list := m.Classify("закрыть")
	if len(list) != 2 || list[0].Score < 0.98 || list[1].Score < 0.98 {
		t.Errorf("both intents should be near 1: %v", list)
	}
}

func TestClassifyOrdersAndBounds(t *testing.T) {
	t.Parallel()
	c := &Corpus{}
	for i := range 30 {
		c.Add(strings.Repeat("/x", i+1), "общая фраза номер "+strings.Repeat("а", i+1), "ещё одна")
	}
	m := Train(c, Options{})
	list := m.Classify("общая фраза")
	if len(list) == 0 || len(list) > maxScored {
		t.Fatalf("%d intents", len(list))
	}
	for i, s := range list {
		if s.Score < 0 || s.Score > 1 || i > 0 && s.Score > list[i-1].Score {
			t.Errorf("score %d of %v", i, list)
		}
	}
	if n := len(m.Classify("ещё одна")); n > maxScored {
		t.Errorf("%d intents for a phrase of all 30", n)
	}
}

// TestHugeText: a long text costs no more than its first words.
func TestHugeText(t *testing.T) {
	t.Parallel()
	m := Train(corpus("/a: привет; "+strings.Repeat("длинно ", 500)+"; "+strings.Repeat("я", 5000), "/b: пока"), Options{})
	if got, _ := top(m, strings.Repeat("длинно ", 200_000)); got != "/a" {
		t.Errorf("taken for %s", got)
	}
	if got, _ := top(m, strings.Repeat("я", 100_000)); got != "/a" {
		t.Errorf("taken for %s", got)
	}
}

// TestNothingToLearn: a bot without intents, or with empty or disabled ones, has a model too.
func TestNothingToLearn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*Corpus{
		"no intents": {},
		"no phrases": {Intents: []IntentData{{Path: "/a", Enabled: true}, {Path: "/b", Enabled: true, Phrases: []Phrase{{Text: " "}}}}},
		"disabled":   {Intents: []IntentData{{Path: "/a", Phrases: []Phrase{{Text: "привет"}}}}},
	} {
		m := Train(c, Options{})
		if list := m.Classify("привет"); len(list) > 0 {
			t.Errorf("%s: %v", name, list)
		}
		if x := m.Explain("привет"); len(x.Intents) > 0 || !strings.Contains(x.String(), "no intent") {
			t.Errorf("%s: %v", name, x)
		}
		if _, err := Decode(m.Encode(), Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := Train(corpus("/only: привет; здравствуй друг"), Options{})
	if got, score := top(one, "здравствуйте"); got != "/only" || score < DefaultThreshold {
		t.Errorf("a single intent: %s %.3f", got, score)
	}
	if _, score := top(one, "сколько стоит слон"); score >= DefaultThreshold {
		t.Errorf("a single intent takes all: %.3f", score)
	}
}

// TestSamePathTwice: phrases of two objects with one path are one intent's.
func TestSamePathTwice(t *testing.T) {
	t.Parallel()
	c := &Corpus{Intents: []IntentData{
		{Path: "/a", Enabled: true, Phrases: []Phrase{{Text: "раз"}}},
		{Path: "/b", Enabled: true, Phrases: []Phrase{{Text: "три"}}},
		{Path: "/a", Enabled: true, Phrases: []Phrase{{Text: "два"}}},
	}}
	if got := Train(c, Options{}).Intents(); !slices.Equal(got, []string{"/a", "/b"}) {
		t.Errorf("intents %v", got)
	}
}

// annotator writes @fruit for apples.
type annotator struct{}

func (annotator) Annotate(text string) []string {
	if other := strings.ReplaceAll(text, "яблок", "@fruit"); other != text {
		return []string{other}
	}
	return nil
}

// TestEntities: an entity in a phrase stands for all its values, when somebody finds them.
func TestEntities(t *testing.T) {
	t.Parallel()
	c := corpus("/buy: хочу @fruit; дайте мне @fruit", "/talk: хочу поболтать; дайте мне поговорить")
	c.Intents[1].Phrases = append(c.Intents[1].Phrases, Phrase{Text: "обсудим груши", Entities: []Annotation{{Entity: "fruit", From: 8, To: 13}}})
	m := Train(c, Options{Annotate: annotator{}})
	if got, score := top(m, "хочу яблок"); got != "/buy" || score < 0.99 {
		t.Errorf("хочу яблок: %s %.3f", got, score)
	}
	if got, score := top(m, "обсудим яблок"); got != "/talk" || score < 0.99 {
		t.Errorf("обсудим яблок: %s %.3f", got, score)
	}
	if got, score := top(m, "обсудим груши"); got != "/talk" || score < 0.99 {
		t.Errorf("обсудим груши: %s %.3f", got, score)
	}
}

// lemmas knows one irregular word.
type lemmas struct{}

func (lemmas) Lemmas(word string) []string {
	if word == "людей" || word == "люди" {
		return []string{"человек"}
	}
	return []string{word}
}

func TestLemmatizer(t *testing.T) {
	t.Parallel()
	c := corpus("/people: покажи людей", "/cats: покажи котов")
	if got, score := top(Train(c, Options{Lemmas: lemmas{}}), "человек"); got != "/people" || score < DefaultThreshold {
		t.Errorf("with lemmas: %s %.3f", got, score)
	}
	if got, _ := top(Train(c, Options{}), "человек"); got == "/people" {
		t.Errorf("without lemmas: %s", got)
	}
}

// fingerprint is of all scores of a model for the samples, to the last bit.
func fingerprint(m *Model, samples []Sample) string {
	h := sha256.New()
	for _, s := range samples {
		for _, scored := range m.Classify(s.Text) {
			fmt.Fprintf(h, "%s %016x\n", scored.Intent, math.Float64bits(scored.Score))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// TestSameAnswers: the scores are the same to the bit in every run and on every machine. A
// change of the method changes them: then put in the new fingerprints, and a new format.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"ru": "50e8ceef7525fdbc", "en": "7f19658ae0df8b27"} {
		c, samples := shop(t, language)
		m := Train(c, Options{})
		if got := fingerprint(m, samples); got != want {
			t.Errorf("%s: fingerprint %s, %s wanted", language, got, want)
		}
		again, err := Decode(m.Encode(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(again, samples); got != want {
			t.Errorf("%s, decoded: fingerprint %s, %s wanted", language, got, want)
		}
	}
}

// TestManyAtOnce: goroutines share a model.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c, samples := shop(t, "ru")
	m := Train(c, Options{})
	want := fingerprint(m, samples)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := fingerprint(m, samples); got != want {
				t.Errorf("fingerprint %s, %s wanted", got, want)
			}
		})
	}
	wg.Wait()
}

// TestManyFeatures: a corpus that is too large for its memory loses its rarest features, not
// its mind.
func TestManyFeatures(t *testing.T) {
	t.Parallel()
	var phrases [][]word
	var labels []int32
	c, _ := shop(t, "ru")
	for i, intent := range c.Intents {
		for _, p := range intent.Phrases {
			labels = append(labels, int32(i))
			phrases = append(phrases, words(p.Text, nil))
		}
	}
	all := newVocabulary(phrases, math.MaxInt, labels, len(c.Intents))
	few := newVocabulary(phrases, 300, labels, len(c.Intents))
	if n := len(few.weight); n > 300 || n < 100 || n != len(few.ids) {
		t.Errorf("%d features of %d", n, len(all.weight))
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	c, _ := shop(t, "ru")
	m := Train(c, Options{})
	x := m.Explain("отмените заказ квазара")
	if len(x.Intents) == 0 || x.Intents[0].Intent != "/Заказ/Отмена" || !slices.Contains(x.Words, "квазар?") {
		t.Fatalf("%v", x)
	}
	first := x.Intents[0]
	if len(first.Features) == 0 || len(first.Features) > maxInfluences || len(first.Examples) == 0 || len(first.Evidence) == 0 || first.Exact {
		t.Errorf("%+v", first)
	}
	if !strings.Contains(first.Examples[0].Phrase, "заказ") {
		t.Errorf("nearest: %v", first.Examples)
	}
	for _, part := range []string{"отмен", "/Заказ/Отмена", "like "} {
		if !strings.Contains(x.String(), part) {
			t.Errorf("no %q in %s", part, x)
		}
	}
	if x := m.Explain("где мой заказ"); !x.Intents[0].Exact {
		t.Errorf("%v", x)
	}
}

func TestOneEdit(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]bool{
		{"слово", "слово"}: true, {"слво", "слово"}: true, {"словоо", "слово"}: true, {"славо", "слово"}: true, {"солво", "слово"}: true,
		{"словы", "слова"}: true, {"слов", "слава"}: false, {"солов", "слово"}: false, {"вослово", "слово"}: false, {"", "а"}: true, {"аб", "бав"}: false,
	} {
		if got := oneEdit(pair[0], pair[1]); got != want {
			t.Errorf("%q: %v", pair, got)
		}
		if got := oneEdit(pair[1], pair[0]); got != want {
			t.Errorf("%q turned: %v", pair, got)
		}
	}
}

// TestCorrectionCosts: a corrected phrase is worth less than the phrase itself.
func TestCorrectionCosts(t *testing.T) {
	t.Parallel()
	m := Train(corpus("/a: показать каталог", "/b: показать корзину"), Options{})
	if got, score := top(m, "показать катлог"); got != "/a" || score < 0.9 || score > misspelled {
		t.Errorf("%s %.3f", got, score)
	}
}

// FuzzClassify: no text makes the classifier fail, or score outside 0 to 1.
func FuzzClassify(f *testing.F) {
	c, _ := shop(f, "ru")
	c.Add("/@", "@duckling.number.x рублей", "d'Artagnan", "по-русски", "١٢٣", "é")
	m := Train(c, Options{})
	for _, text := range []string{"хочу @duckling.number", "\xff\xf0's -", "ааааааааааааааа", "running ies", "👩‍👧 ё́", "@", "-'’."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range m.Classify(text) {
			if !(s.Score >= 0 && s.Score <= 1) {
				t.Fatalf("%q: %v", text, s)
			}
		}
		_ = m.Explain(text).String()
	})
}
