package morph

import (
	"maps"
	"slices"
	"testing"

	"github.com/blevesearch/snowballstem"
	stemEnglish "github.com/blevesearch/snowballstem/english"
	stemRussian "github.com/blevesearch/snowballstem/russian"

	"github.com/govorun/govorun/internal/bot/scenario/morph/automaton"
)

// allWords are all words of a set that begin so, in order.
func allWords(set *automaton.Set, beginning string) []string {
	var all []string
	var walk func(p automaton.Place, word []byte)
	walk = func(p automaton.Place, word []byte) {
		if _, ok := p.Word(); ok {
			all = append(all, string(word))
		}
		for symbol := byte(1); symbol <= automaton.MaxSymbol; symbol++ {
			if next, ok := set.Step(p, symbol); ok {
				walk(next, append(word, symbol))
			}
		}
	}
	place, ok := set.Root(), true
	for i := 0; i < len(beginning) && ok; i++ {
		place, ok = set.Step(place, beginning[i])
	}
	if ok {
		walk(place, []byte(beginning))
	}
	return all
}

// comparison counts pairs of a lemma and a word.
type comparison struct {
	forms, missed int // forms of the lemma, and those that have another stem
	alike, wrong  int // words with the lemma's stem, and those that are none of its forms
}

// compare asks for each lemma which words of a list are its forms, by the dictionary and by
// stems, and gives some examples of each mistake that stems make.
func compare(list []string, stem func(string) string) (c comparison, missed, wrong []string) {
	a := New()
	lemmas, byLemma, byStem := map[string][]string{}, map[string][]string{}, map[string][]string{}
	for _, word := range list {
		lemmas[word] = a.Lemmas(word)
		for _, lemma := range lemmas[word] {
			byLemma[lemma] = append(byLemma[lemma], word)
		}
		byStem[stem(word)] = append(byStem[stem(word)], word)
	}
	for _, lemma := range slices.Sorted(maps.Keys(byLemma)) {
		if len(byLemma[lemma]) < 3 {
			continue
		}
		for _, word := range byLemma[lemma] {
			c.forms++
			if stem(word) != stem(lemma) {
				c.missed++
				missed = append(missed, lemma+"/"+word)
			}
		}
		for _, word := range byStem[stem(lemma)] {
			c.alike++
			if !slices.Contains(lemmas[word], lemma) {
				c.wrong++
				wrong = append(wrong, lemma+"/"+word)
			}
		}
	}
	return c, missed, wrong
}

func snowball(algorithm func(*snowballstem.Env) bool) func(string) string {
	return func(word string) string {
		env := snowballstem.NewEnv(foldYo(word))
		algorithm(env)
		return env.Current()
	}
}

// every takes every nth of a list.
func every(n int, list []string) []string {
	var some []string
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}

// wordLists are the words that OpenCorpora's texts hold and the forms of English words, those that
// begin so, with what makes stems of them.
func wordLists(russianLetter, englishLetter string) map[string]wordList {
	ru, en := russian(), english()
	russianSymbol, _ := ru.Symbols(russianLetter)
	englishSymbol, _ := en.Symbols(englishLetter)
	var russianWords, englishWords []string
	for _, word := range allWords(ru.Weights.Words, russianSymbol) {
		russianWords = append(russianWords, ru.Text(word))
	}
	for _, stem := range allWords(en.Stems.Words, englishSymbol) {
		for _, paradigm := range en.Stems.Find(stem) {
			for _, form := range en.Paradigms[paradigm] {
				englishWords = append(englishWords, en.Text(stem+en.Suffixes[form.Suffix]))
			}
		}
	}
	slices.Sort(englishWords)
	return map[string]wordList{
		"Russian": {russianWords, snowball(stemRussian.Stem)},
		"English": {slices.Compact(englishWords), snowball(stemEnglish.Stem)},
	}
}

type wordList struct {
	words []string
	stem  func(string) string
}

// BenchmarkWhatStemsLose measures what comparing words by stems would lose against lemmas, over
// all lemmas that have three forms in the list or more. The package comment quotes its figures.
func BenchmarkWhatStemsLose(b *testing.B) {
	for language, list := range wordLists("", "") {
		b.Run(language, func(b *testing.B) {
			var got comparison
			for b.Loop() {
				got, _, _ = compare(list.words, list.stem)
			}
			b.ReportMetric(100*float64(got.missed)/float64(got.forms), "%missed")
			b.ReportMetric(100*float64(got.wrong)/float64(got.alike), "%wrong")
			b.ReportMetric(float64(got.forms), "forms")
		})
	}
}

// TestWhatStemsLose is the same for the words with one first letter, to hold the package comment
// against; with -v it shows examples.
func TestWhatStemsLose(t *testing.T) {
	t.Parallel()
	for language, list := range wordLists("о", "s") {
		got, missed, wrong := compare(list.words, list.stem)
		t.Logf("%s, %d words: of %d forms stems miss %d; of %d words they take %d are none of the lemma's",
			language, len(list.words), got.forms, got.missed, got.alike, got.wrong)
		t.Logf("missed: %v", every(1+len(missed)/20, missed))
		t.Logf("taken wrongly: %v", every(1+len(wrong)/20, wrong))
		if 100*got.missed < 7*got.forms || 100*got.wrong < 9*got.alike {
			t.Errorf("%s: stems are better than this package says", language)
		}
	}
}
