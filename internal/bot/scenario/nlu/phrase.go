package nlu

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/russian"

	"github.com/govorun/govorun/internal/bot/scenario/nlu/meaning"
)

// maxWords is how many words of a phrase count: intents are told apart by fewer, and a text of
// a megabyte must not cost a second.
const maxWords = 64

// maxLetters is how many letters of a word count.
const maxLetters = 32

// word is one word of a phrase as the classifier sees it.
type word struct {
	text string // lower case, е for ё; "#" for each digit of a number
	stem string
	weak bool // a function word: it says little of what is wanted
	// meaning is what the word means (package meaning); nil when that is not known.
	meaning []int8
}

// Lemmatizer gives the dictionary forms of a word, likeliest first, in lower case and with е
// for ё. Package morph has one.
type Lemmatizer interface {
	Lemmas(word string) []string
}

// words cuts a text into words. Punctuation is dropped, case does not count, digits are all one
// digit, and an entity of an annotated phrase ("@duckling.number") is a word of its own.
func words(text string, lemmas Lemmatizer) []word {
	var all []word
	var env snowballstem.Env
	for len(all) < maxWords {
		var token string
		if token, text = cut(text); token == "" {
			break
		}
		all = append(all, newWord(token, lemmas, &env))
	}
	return all
}

// cut takes the first word off a text, folded; "" when there is none.
func cut(text string) (token, rest string) {
	start := strings.IndexFunc(text, inWord)
	if start < 0 {
		return "", ""
	}
	text = text[start:]
	end := strings.IndexFunc(text, func(r rune) bool { return !inWord(r) && r != '.' && r != '-' && r != '\'' && r != '’' })
	if end < 0 {
		end = len(text)
	}
	token = text[:end]
	if !strings.HasPrefix(token, "@") {
		// Apostrophes and hyphens hold a word together, points do only inside an entity's name.
		if point := strings.IndexByte(token, '.'); point > 0 {
			token, end = token[:point], point
		}
	}
	return fold(token), text[end:]
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || r == '_' || r == '@' || symbol(r)
}

// symbol: an emoji is a word too, for some phrases are nothing else.
func symbol(r rune) bool { return r >= 0x2190 && unicode.Is(unicode.So, r) }

// fold writes a word as all its spellings are.
func fold(token string) string {
	var b strings.Builder
	letters := 0
	for _, r := range token {
		switch {
		case unicode.IsDigit(r):
			r = '#'
		case r == 'ё' || r == 'Ё':
			r = 'е'
		case r == '\'' || r == '’' || r == '-' || r == '.' || r == utf8.RuneError:
			continue
		default:
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
		if letters++; letters == maxLetters {
			break
		}
	}
	return b.String()
}

func newWord(text string, lemmas Lemmatizer, env *snowballstem.Env) word {
	w := word{text: text, stem: text}
	if strings.HasPrefix(text, "@") {
		return w
	}
	_, w.weak = functionWords[text]
	w.stem = stem(text, env)
	w.meaning = meaning.Of(w.stem)
	if lemmas != nil {
		if forms := lemmas.Lemmas(text); len(forms) > 0 {
			w.stem = forms[0]
		}
	}
	return w
}

// stem is a word less its ending.
func stem(text string, env *snowballstem.Env) string {
	switch first, _ := utf8.DecodeRuneInString(text); {
	case unicode.Is(unicode.Cyrillic, first):
		env.SetCurrent(text)
		russian.Stem(env)
	case first < utf8.RuneSelf:
		env.SetCurrent(text)
		english.Stem(env)
	default:
		return text
	}
	return env.Current()
}
