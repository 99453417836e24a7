// Package lexicon is the dictionary of a language in the form package morph looks words up in,
// and the file that form is kept in. It knows nothing of grammar: a tag is a list of names.
//
// A lexeme, all forms of one word, is a stem and a paradigm. The paradigm lists the forms, each
// as what stands before the stem, what stands behind it and its tag; the first form is the
// lemma. Paradigms are shared by many lexemes, so that 390,000 Russian lexemes with 5.1
// million forms need 3,500 of them:
//
//	stem "ябло", paradigm 42:   ·ко NOUN sing nomn   (the lemma)
//	                            ·ка NOUN sing gent
//	                            ·ки NOUN plur nomn …
//
// All text in it is in symbols, one byte a letter, by the lexicon's alphabet.
package lexicon

import (
	"fmt"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/morph/automaton"
)

// Lexicon is a dictionary. Nothing in it changes after it is built or read.
type Lexicon struct {
	Alphabet  []rune     // Alphabet[i] is the letter of symbol i+1
	Grammemes []string   // their names; a tag counts them from 0
	Tags      [][]uint16 // each a list of grammemes
	Prefixes  []string   // what may stand before a stem; the first is ""
	Suffixes  []string   // what may stand behind one
	Paradigms [][]Form
	Stems     *Table   // a stem → its paradigms, rising
	Endings   []*Table // by prefix: the end of a word, reversed → how unknown words with it are read: count, paradigm, form, …
	Weights   *Table   // a word → how often its tags were seen in texts: tag, weight, …
}

// Form is one form of a paradigm: indexes into the lists of the lexicon.
type Form struct{ Prefix, Suffix, Tag uint16 }

// Symbols is a word in symbols; false when it has a letter the alphabet has not.
func (l *Lexicon) Symbols(word string) (string, bool) {
	var b strings.Builder
	for _, letter := range word {
		symbol := l.symbol(letter)
		if symbol == 0 {
			return "", false
		}
		b.WriteByte(symbol)
	}
	return b.String(), true
}

func (l *Lexicon) symbol(letter rune) byte {
	for i, known := range l.Alphabet {
		if known == letter {
			return byte(i + 1)
		}
	}
	return 0
}

// Text is the word that symbols stand for.
func (l *Lexicon) Text(symbols string) string {
	var b strings.Builder
	b.Grow(2 * len(symbols))
	for i := range len(symbols) {
		b.WriteRune(l.Alphabet[symbols[i]-1])
	}
	return b.String()
}

// check holds every index of the lexicon against what it points into.
func (l *Lexicon) check() error {
	if len(l.Alphabet) > automaton.MaxSymbol {
		return fmt.Errorf("an alphabet of %d letters", len(l.Alphabet))
	}
	for _, list := range [][]string{l.Prefixes, l.Suffixes} {
		for _, text := range list {
			if strings.IndexFunc(text, func(r rune) bool { return r == 0 || int(r) > len(l.Alphabet) }) >= 0 {
				return fmt.Errorf("%q has letters outside the alphabet", text)
			}
		}
	}
	for i, tag := range l.Tags {
		for _, grammeme := range tag {
			if int(grammeme) >= len(l.Grammemes) {
				return fmt.Errorf("tag %d has an unknown grammeme", i)
			}
		}
	}
	for i, paradigm := range l.Paradigms {
		if len(paradigm) == 0 {
			return fmt.Errorf("paradigm %d has no form", i)
		}
		for _, form := range paradigm {
			if int(form.Prefix) >= len(l.Prefixes) || int(form.Suffix) >= len(l.Suffixes) || int(form.Tag) >= len(l.Tags) {
				return fmt.Errorf("paradigm %d has an unknown part", i)
			}
		}
	}
	return l.checkTables()
}

func (l *Lexicon) checkTables() error {
	if len(l.Endings) != len(l.Prefixes) {
		return fmt.Errorf("endings for %d prefixes of %d", len(l.Endings), len(l.Prefixes))
	}
	for _, paradigms := range l.Stems.lists {
		for _, paradigm := range paradigms {
			if int(paradigm) >= len(l.Paradigms) {
				return fmt.Errorf("a stem has the unknown paradigm %d", paradigm)
			}
		}
	}
	for _, endings := range l.Endings {
		for _, list := range endings.lists {
			if len(list)%3 != 0 {
				return fmt.Errorf("an ending has %d numbers", len(list))
			}
			for i := 0; i < len(list); i += 3 {
				if int(list[i+1]) >= len(l.Paradigms) || int(list[i+2]) >= len(l.Paradigms[list[i+1]]) {
					return fmt.Errorf("an ending has the unknown paradigm %d, form %d", list[i+1], list[i+2])
				}
			}
		}
	}
	for _, list := range l.Weights.lists {
		if len(list)%2 != 0 {
			return fmt.Errorf("a word has %d numbers for weights", len(list))
		}
	}
	return nil
}
