package pattern

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Phrase is what a client said, cut into words, with what has been found out about it so
// far: one phrase is matched against many patterns, and parts they share are tried once.
// A phrase belongs to one goroutine.
type Phrase struct {
	text  string // trimmed
	words []word
	m     machine

	library *Library // whose sieve has seen the phrase
	fitting []bool   // what it found
}

// word is one word of a phrase.
type word struct {
	folded     string // as it is compared: lower case, ё as е, no combining marks
	start, end int    // where it stands in the text, in bytes
}

// NewPhrase cuts a text into words.
func NewPhrase(text string) *Phrase {
	p := &Phrase{text: strings.TrimSpace(text)}
	p.words = appendWords(make([]word, 0, 8), p.text, false)
	p.m.init(p)
	return p
}

// Words returns how many words the phrase has.
func (p *Phrase) Words() int { return len(p.words) }

// span is the text between two words, as it was written.
func (p *Phrase) span(from, to int) string {
	if from >= to {
		return ""
	}
	return p.text[p.words[from].start:p.words[to-1].end]
}

// piece is the text without white space around a word.
func (p *Phrase) piece(w word) (from, to int) {
	from = strings.LastIndexFunc(p.text[:w.start], unicode.IsSpace) + 1
	if from > 0 {
		_, size := utf8.DecodeRuneInString(p.text[from-1:])
		from += size - 1
	}
	to = strings.IndexFunc(p.text[w.end:], unicode.IsSpace)
	if to < 0 {
		return from, len(p.text)
	}
	return from, w.end + to
}

// appendWords cuts a text into words. Letters, digits and underscores make words; a point
// or comma between digits belongs to the number, an apostrophe between letters to the word
// (as in Unicode's word boundaries, UAX 29); every emoji is a word of its own; everything
// else is punctuation and dropped. With stars, * is a letter too: the words of a pattern.
func appendWords(words []word, text string, stars bool) []word {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isLetter(r) || stars && r == '*':
			end := letters(text, i, stars)
			if folded := fold(text[i:end]); folded != "" {
				words = append(words, word{folded, i, end})
			}
			i = end
		case isSymbol(r):
			end := symbol(text, i)
			words = append(words, word{emojiBase(text[i:end]), i, end})
			i = end
		default:
			i += size
		}
	}
	return words
}

// letters returns where the word that begins at i ends.
func letters(text string, i int, stars bool) int {
	prev := utf8.RuneError
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isLetter(r), unicode.Is(unicode.Mn, r), stars && r == '*':
		case joins(prev, r, text[i+size:]):
		default:
			return i
		}
		prev = r
		i += size
	}
	return i
}

// joins reports whether r holds together the word it stands in.
func joins(prev, r rune, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	switch r {
	case '.', ',':
		return unicode.IsDigit(prev) && unicode.IsDigit(next)
	case '\'', '’', 'ʼ':
		return unicode.IsLetter(prev) && unicode.IsLetter(next)
	}
	return false
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r)
}

// isSymbol reports whether a rune is a word by itself: emoji and other signs that are not ASCII.
func isSymbol(r rune) bool {
	return r >= utf8.RuneSelf && r != utf8.RuneError && unicode.IsSymbol(r)
}

const (
	zeroWidthJoiner = '\u200d'
	variation16     = '\ufe0f'
)

// symbol returns where the emoji that begins at i ends: with its variation selector and skin
// tone, with what is joined to it, and with the second letter of a flag.
func symbol(text string, i int) int {
	first, size := utf8.DecodeRuneInString(text[i:])
	i += size
	flag := isFlagLetter(first)
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == variation16, isSkinTone(r):
		case flag && isFlagLetter(r):
			flag = false
		case r == zeroWidthJoiner:
			if joined, n := utf8.DecodeRuneInString(text[i+size:]); isSymbol(joined) {
				size += n
			}
		default:
			return i
		}
		i += size
	}
	return i
}

func isFlagLetter(r rune) bool { return 0x1f1e6 <= r && r <= 0x1f1ff }
func isSkinTone(r rune) bool   { return 0x1f3fb <= r && r <= 0x1f3ff }

// emojiBase drops variation selectors and skin tones: a thumb is a thumb.
func emojiBase(s string) string {
	base := strings.Map(func(r rune) rune {
		if r == variation16 || isSkinTone(r) {
			return -1
		}
		return r
	}, s)
	if base == "" {
		return s
	}
	return base
}

// fold gives a word the form in which it is compared. Written ё and е are the same letter:
// most people type е. Combining marks (a stress over a vowel) go, but й typed in two parts
// stays й. An apostrophe inside a word goes: don't is dont.
func fold(s string) string {
	if isFolded(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	prev := rune(0)
	for _, r := range s {
		r = unicode.ToLower(r)
		switch {
		case r == 'ё':
			r = 'е'
		case r == '\u0306' && prev == 'и':
			b, r = b[:len(b)-len("и")], 'й'
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ':
			continue
		}
		b = utf8.AppendRune(b, r)
		prev = r
	}
	return string(b)
}

// isFolded reports, for the common alphabets, that fold would change nothing.
func isFolded(s string) bool {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', 'а' <= r && r <= 'я', r == '_', r == '*':
		default:
			return false
		}
	}
	return true
}
