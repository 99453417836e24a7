package entity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/morph"
)

// kind says what a token is made of.
type kind uint8

const (
	symbol kind = iota // any one character
	word               // letters, with apostrophes between them
	digits             // 0 to 9
)

// token is a piece of the text; white space is none.
type token struct {
	start, end int
	kind       kind
	glued      bool   // no white space before it
	text       string // a word: in lower case, with е for ё

	counted bool // numeral is read
	numeral *cardinal
}

// scan is a text that is being read.
type scan struct {
	text   string
	tokens []token
	Context
	lead  int // the word where a preposition of the last time stands; -1: none
	looks int // how often a token was looked at; tests bound it

	// What was read before, by the place of the word. Several entities ask the same.
	dates    map[int]dateRead
	times    map[int]timeRead
	readings map[int][]morph.Reading
}

// read gives the readings of the word at i.
func (s *scan) read(i int) []morph.Reading {
	r, ok := s.readings[i]
	if !ok {
		r = morph.New().Parse(s.at(i).text)
		s.readings[i] = r
	}
	return r
}

// readJoined gives the readings of the words at i and i+2 with the hyphen between them as one word.
func (s *scan) readJoined(i int) []morph.Reading {
	r, ok := s.readings[-1-i]
	if !ok {
		r = morph.New().Parse(s.at(i).text + "-" + s.at(i+2).text)
		s.readings[-1-i] = r
	}
	return r
}

// none is what stands before the first word and after the last.
var none token

func newScan(text string, c Context) *scan {
	s := &scan{text: text, Context: c, tokens: make([]token, 0, 4+len(text)/5), lead: -1,
		dates: map[int]dateRead{}, times: map[int]timeRead{}, readings: map[int][]morph.Reading{}}
	switch language, _, _ := strings.Cut(c.Language, "-"); language {
	case "ru", "en":
		s.Language = language
	default:
		s.Language = "" // bots of other languages may speak either
	}
	glued := false
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(r) {
			at, glued = at+size, false
			continue
		}
		t := token{start: at, end: at + size, glued: glued}
		switch {
		case r >= '0' && r <= '9':
			t.kind = digits
			for t.end < len(text) && text[t.end] >= '0' && text[t.end] <= '9' {
				t.end++
			}
			t.text = text[t.start:t.end]
		case unicode.IsLetter(r):
			t.kind = word
			t.end = endOfWord(text, t.end)
			t.text = fold(text[t.start:t.end])
		default:
			t.text = text[t.start:t.end]
		}
		s.tokens, at, glued = append(s.tokens, t), t.end, true
	}
	return s
}

func endOfWord(text string, at int) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == '\'' || r == '’' {
			if after, _ := utf8.DecodeRuneInString(text[at+size:]); !unicode.IsLetter(after) {
				return at
			}
		} else if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return at
		}
		at += size
	}
	return at
}

// folding is how words are compared: case, ё and the form of the apostrophe do not count.
var folding = strings.NewReplacer("ё", "е", "’", "'", "\u0306", "", "\u0308", "", "\u0301", "")

func fold(word string) string {
	for _, r := range word {
		if (r < 'а' || r > 'я') && (r < 'a' || r > 'z') {
			// й and ё that are written as a letter and a mark become one letter first.
			word = strings.ReplaceAll(strings.ToLower(word), "и\u0306", "й")
			return folding.Replace(word)
		}
	}
	return word
}

// at gives a token, and an empty one outside of the text.
func (s *scan) at(i int) *token {
	s.looks++
	if i < 0 || i >= len(s.tokens) {
		return &none
	}
	return &s.tokens[i]
}

// is reports whether the token at i is one of these words or symbols.
func (s *scan) is(i int, texts ...string) bool {
	t := s.at(i)
	for _, text := range texts {
		if t.text == text {
			return t.end > t.start
		}
	}
	return false
}

// speaks reports whether words of a language count.
func (s *scan) speaks(language string) bool { return s.Language == "" || s.Language == language }

// russian reports whether customs that differ are the Russian ones.
func (s *scan) russian() bool { return s.Language != "en" }

// glued reports whether a token follows the one before it with nothing between.
func (s *scan) glued(i int) bool { return i > 0 && i < len(s.tokens) && s.tokens[i].glued }

// spaced reports whether one space, no more, stands before a token.
func (s *scan) spaced(i int) bool {
	if i <= 0 || i >= len(s.tokens) {
		return false
	}
	_, size := utf8.DecodeRuneInString(s.text[s.tokens[i-1].end:])
	return !s.tokens[i].glued && s.tokens[i].start-s.tokens[i-1].end == size
}

// capital reports whether a word is written with a capital letter.
func (s *scan) capital(i int) bool {
	r, _ := utf8.DecodeRuneInString(s.text[s.at(i).start:])
	return i >= 0 && i < len(s.tokens) && unicode.IsUpper(r)
}

func latin(text string) bool { return text != "" && text[0] < utf8.RuneSelf }
