package morph

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// maxLetters is how long a word may be to be read; the longest in the dictionary has 42.
const maxLetters = 64

// minShare is how likely a reading of an unknown word must be, against the likeliest, for its
// lemma to count.
const minShare = 0.1

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
// are forms of one when they share a lemma. They have lower case and е for ё. A word that
// cannot be read is its own lemma; only "" has none.
func (a *Analyzer) Lemmas(word string) []string {
	if word == "" {
		return nil
	}
	var lemmas []string
	word = foldYo(word)
	for _, r := range likely(read(word)) {
		if key := r.key(); !slices.Contains(lemmas, key) {
			lemmas = append(lemmas, key)
		}
	}
	if lemmas == nil {
		return []string{word}
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

// likely leaves out unlikely readings of an unknown word.
func likely(readings []reading) []reading {
	for i, r := range readings {
		if !r.known && r.score < minShare*readings[0].score {
			return readings[:i]
		}
	}
	return readings
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
	for _, r := range likely(read(foldYo(word))) {
		tag := r.grammemes()
		if !slices.ContainsFunc(asked, func(p property) bool { return !p.holds(tag) }) {
			return true
		}
	}
	return false
}

// Property reports whether a name is one of those that Has knows.
func Property(name string) bool {
	_, ok := propertyOf(name)
	return ok
}

// Tags are the properties of each reading of a word, by all their names, separated by one space.
func (a *Analyzer) Tags(word string) []string {
	var tags []string
	for _, r := range read(word) {
		var names []string
		for _, p := range properties {
			if p.holds(r.grammemes()) {
				names = append(names, p.names)
			}
		}
		tags = append(tags, strings.Join(names, " "))
	}
	return tags
}

// Parse reads a word: all ways, the likeliest first. None when it cannot be read.
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

// Agree puts a noun, an adjective or a participle into the form that goes with a number: 1
// яблоко, 2 яблока, 5 яблок; 1 apple, 2 apples. Other words stay as they are.
func (a *Analyzer) Agree(word string, number float64) string {
	for _, r := range spelled(word) {
		tag := r.grammemes()
		if !tag.has(setOf("NOUN")) && !tag.has(setOf("ADJF")) && !tag.has(setOf("PRTF")) {
			continue
		}
		if form, ok := r.inflect(agreement(r, math.Abs(number))); ok {
			return form.text()
		}
	}
	return word
}

// agreement is what a number asks of a word beside it.
func agreement(r reading, number float64) set {
	tag := r.grammemes()
	if r.d.yo == 0 {
		if number == 1 || !tag.has(setOf("NOUN")) {
			return tag
		}
		return setOf("NOUN plur")
	}
	last, lastTwo := math.Mod(number, 10), math.Mod(number, 100)
	whole := number == math.Trunc(number)
	one := whole && last == 1 && lastTwo != 11
	few := !whole || last >= 2 && last <= 4 && (lastTwo < 10 || lastTwo >= 20)
	noun := tag.has(setOf("NOUN"))
	switch {
	case noun && !tag.any(setOf("nomn accs")) && one: // with all forms but these the number is inflected too
		return tag.shared(cases).with(setOf("sing"))
	case noun && !tag.any(setOf("nomn accs")):
		return tag.shared(cases).with(setOf("plur"))
	case one && tag.has(setOf("nomn")):
		return setOf("sing nomn")
	case one:
		return setOf("sing accs")
	case noun && few:
		return setOf("sing gent")
	case few && tag.has(setOf("femn")):
		return setOf("plur nomn")
	}
	return setOf("plur gent")
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
