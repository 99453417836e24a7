// Package morph knows the forms of Russian and English words: their lemmas, for ~word in
// patterns; what they are, for $morph<…>; how they are inflected and agreed with numbers, for
// $nlp.inflect, $nlp.conform and $nlp.parseMorph (scenario language, 3 and 4). It reads single
// words: it does not split text into words, and does not look at what stands beside them.
//
//	word ─► dictionary ──────────────► readings: lemma, tag, how likely
//	           │ not in it                ▲
//	           └─► смотри-ка, по-…,       │
//	               интернет-магазин,      │
//	               псевдо…, …ный ─────────┘  by words that begin or end like it
//
// The Russian words are OpenCorpora's, the English ones LemmInflect's; NOTICE has their licences.
// Command gen ("make dictionaries") makes the two files russian.lexicon and english.lexicon of
// them, which are part of the program: 2.1 and 0.2 MB, read at the first word of their language, in
// some 50 ms, into 10 and 1 MB of memory. A word takes 2 µs, an unknown one 10.
//
// Unknown words are read in the way of pymorphy, which the platform's documentation names as
// what its scripts work with: the same readings, the same forms, but for ё (see Analyzer) and
// for particles, which are left out of the lemma ("смотри-ка" is "смотреть"). Words of the
// dictionary that are read as if they were not in it share a lemma with their dictionary form in
// 98 of 100 cases (TestGuesses).
//
// BenchmarkWhatStemsLose has the figures of the alternative, comparing stems: it would miss 10% of the
// forms of Russian words and 9% of English ones, and 13% and 21% of what it takes for forms
// would be other words.
package morph

import (
	"slices"
	"strings"
	"unicode"
)

// maxLetters is how long a word may be to be read; the longest in the dictionary has 42.
const maxLetters = 64

// minShare is how likely a reading of an unknown word must be, against the likeliest, to count.
// So a guessed word is read as a form of 1.4 words instead of 1.8, and nearly always of the right one.
const minShare = 0.1

// minSeen is the same for words of the dictionary, when it is asked what they are. It leaves out
// that "в" and "и" can be letters and so nouns.
const minSeen = 0.005

// Analyzer knows the forms of words. A word of Cyrillic letters is Russian, one of Latin
// letters English. Case does not count, and ё is е. Any number of goroutines may use it; all
// analyzers of a process share one set of dictionaries, read at the first word of each language.
type Analyzer struct{}

// New gives an analyzer; it costs nothing.
func New() *Analyzer { return &Analyzer{} }

// Reading is one way to read a word.
type Reading struct {
	Word      string   // as the dictionary writes it: lower case, with ё
	Lemma     string   // the dictionary form
	Grammemes []string // OpenCorpora's names: the part of speech, then what the word is and the form
	Score     float64  // how likely it is, in shares of all readings of the word
	Known     bool     // it stands in the dictionary; else it is read like words that end or begin like it
}

// Form is one form of a lexeme.
type Form struct {
	Word      string
	Grammemes []string
}

// Lemmas are the dictionary forms of a word, of all homonyms, to compare words by: two words
// are forms of one when they share a lemma. They have lower case and е for ё. A word that is
// not in the dictionary is one of its own lemmas too: nobody knows better. Only "" has none.
func (a *Analyzer) Lemmas(word string) []string {
	if word == "" {
		return nil
	}
	word = foldYo(word)
	return lemmasOf(word, read(word))
}

func lemmasOf(word string, readings []reading) []string {
	known := len(readings) > 0 && readings[0].known
	if !known {
		readings = likely(readings, minShare)
	}
	lemmas := make([]string, 0, 2)
	for i, r := range readings {
		if i > 0 && r.sameLexeme(readings[i-1]) {
			continue
		}
		if key := r.key(); !slices.Contains(lemmas, key) {
			lemmas = append(lemmas, key)
		}
	}
	if !known && !slices.Contains(lemmas, word) {
		lemmas = append(lemmas, word)
	}
	return lemmas
}

// foldYo is a word in lower case, with е for ё.
func foldYo(word string) string { return strings.ReplaceAll(lower(word), "ё", "е") }

// lower is a word in lower case. Most words are already.
func lower(word string) string {
	for _, letter := range word {
		if (letter < 'а' || letter > 'я') && (letter < 'a' || letter > 'z') && letter != '-' && letter != 'ё' {
			return strings.ToLower(word)
		}
	}
	return word
}

// likely leaves out readings that are less likely than the likeliest by a factor.
func likely(readings []reading, factor float64) []reading {
	most := 0.0
	for _, r := range readings {
		most = max(most, r.score)
	}
	return slices.DeleteFunc(readings, func(r reading) bool { return r.score < factor*most })
}

// Has reports whether a word can be read so that it has all these properties: parts of speech
// and grammemes by the letters of AOT (С, П, Г, им, ед, …), OpenCorpora's Russian names (СУЩ,
// ПРИЛ, …) or its own (NOUN, nomn, …). An unknown property is one no word has.
func (a *Analyzer) Has(word string, names ...string) bool {
	asked := make([]property, len(names))
	for i, name := range names {
		p, ok := propertyOf(name)
		if !ok {
			return false
		}
		asked[i] = p
	}
	readings := read(foldYo(word))
	least := minShare
	if len(readings) > 0 && readings[0].known {
		least = minSeen
	}
	for _, r := range likely(readings, least) {
		tag := r.grammemes()
		if !slices.ContainsFunc(asked, func(p property) bool { return !p.holds(tag) }) {
			return true
		}
	}
	return false
}

// Parse reads a word: all ways, the best guess first. None when it cannot be read.
func (a *Analyzer) Parse(word string) []Reading {
	var readings []Reading
	for _, r := range spelled(word) {
		readings = append(readings, Reading{
			Word: r.text(), Lemma: r.lemma(), Grammemes: r.grammemes().names(), Score: r.score, Known: r.known,
		})
	}
	return readings
}

// Forms are all forms of the words whose dictionary form this is, of all homonyms; if it is
// none, those of the likeliest word it is a form of.
func (a *Analyzer) Forms(lemma string) []Form {
	readings := spelled(lemma)
	if len(readings) == 0 {
		return nil
	}
	lexemes := slices.DeleteFunc(slices.Clone(readings), func(r reading) bool { return r.form != 0 })
	if len(lexemes) == 0 {
		lexemes = readings[:1]
	}
	var forms []Form
	for _, lexeme := range lexemes {
		for form := range lexeme.paradigmForms() {
			r := lexeme.as(form)
			forms = append(forms, Form{Word: r.text(), Grammemes: r.grammemes().names()})
		}
	}
	return forms
}

// Inflect puts a word into the form that has these grammemes, named as OpenCorpora does, and
// for the rest is like the form it is in: ("питер", "gent") → "питера". Where a word lacks a rare
// case, the usual one is taken. False when no reading of the word has such a form, or for an
// unknown grammeme.
func (a *Analyzer) Inflect(word string, names ...string) (string, bool) {
	required, err := parseSet(strings.Join(names, " "))
	if err != nil {
		return word, false
	}
	for _, r := range spelled(word) {
		if form, ok := r.inflect(required); ok {
			return form.text(), true
		}
	}
	return word, false
}

// read reads a word by the dictionary of its letters.
func read(word string) []reading {
	if len(word) > 4*maxLetters {
		return nil
	}
	word = lower(word)
	letters, cyrillic, latin := 0, false, false
	for _, letter := range word {
		letters++
		cyrillic = cyrillic || unicode.Is(unicode.Cyrillic, letter)
		latin = latin || unicode.Is(unicode.Latin, letter)
	}
	switch {
	case letters > maxLetters || cyrillic == latin:
		return nil
	case cyrillic:
		return russian().parse(word, 0)
	}
	return english().parse(strings.ReplaceAll(word, "’", "'"), 0)
}

// spelled reads a word and leaves, when it has a ё, only the readings that are written like it,
// if any is: "всё" is not "все".
func spelled(word string) []reading {
	readings := read(word)
	if !strings.ContainsAny(word, "ёЁ") || !slices.ContainsFunc(readings, func(r reading) bool { return r.spelled }) {
		return readings
	}
	return slices.DeleteFunc(readings, func(r reading) bool { return !r.spelled })
}
