package pattern

import (
	"encoding/json"
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
	mass  []int32 // of the words before each place, in thousandths: a compound has that of one word
	m     machine

	library *Library // whose patterns the phrase is matched against
	fired   *fired   // what the library's index found
	find    func(name string) []Span
	spans   map[string][]span
}

// word is one word of a phrase. A compound ("кое-что", "don't", "a.b@c.ru") is one word and
// several at the same time: its parts stand in the list of words, and the first of them
// knows the whole.
type word struct {
	folded     string // as it is compared: lower case, ё as е, no combining marks
	start, end int    // where it stands in the text, in bytes
	part       bool   // of a compound with hyphens
	sign       bool   // a mathematical sign that stands alone
	wide       int    // parts of the compound that begins here; 0 for none
	joined     string // the compound, folded

	lemmas, joinedLemmas []string // nil until asked for
}

// Span is where an entity stands in a phrase.
type Span struct {
	Start, End int             // in Phrase.Text, in bytes; words that they touch belong to it
	Value      json.RawMessage // nil when the value is the text
}

// span is a Span in words.
type span struct {
	from, to int
	value    json.RawMessage
}

// NewPhrase cuts a text into words.
func NewPhrase(text string) *Phrase {
	p := &Phrase{text: strings.TrimSpace(text)}
	p.words = appendWords(make([]word, 0, 8), p.text, false)
	p.weigh()
	p.m.init(p)
	return p
}

// weigh says how much of the phrase each word is.
func (p *Phrase) weigh() {
	p.mass = make([]int32, len(p.words)+1)
	sum, k := int32(0), 0 // parts left of a compound
	for i := range p.words {
		if p.words[i].wide > 0 {
			k = p.words[i].wide
		}
		k = max(k, 1)
		sum += (weightWord - sum%weightWord) / int32(k)
		k--
		p.mass[i+1] = sum
	}
}

// weight is what the words between two places score at so much for a word.
func (p *Phrase) weight(from, to int, perWord int32) int32 {
	return int32(int64(perWord) * int64(p.mass[to]-p.mass[from]) / weightWord)
}

// size is how many words the phrase has, at least one.
func (p *Phrase) size() int32 { return max(1, p.mass[len(p.words)]/weightWord) }

// Text is the phrase without white space around it.
func (p *Phrase) Text() string { return p.text }

// Words returns how many words the phrase has.
func (p *Phrase) Words() int { return int(p.mass[len(p.words)] / weightWord) }

// List returns the words in lower case, compounds in one piece.
func (p *Phrase) List() []string { return p.said(0, len(p.words)) }

// SetEntities says how to find entities that the library does not define. The function is
// asked once for every name that a pattern needs; before the first match.
func (p *Phrase) SetEntities(find func(name string) []Span) { p.find = find }

// entities are the places of an entity that the caller knows.
func (p *Phrase) entities(name string) []span {
	found, ok := p.spans[name]
	if ok || p.find == nil {
		return found
	}
	for _, s := range p.find(name) {
		from, to := len(p.words), 0
		for i := range p.words {
			if p.words[i].start < s.End && p.words[i].end > s.Start {
				from, to = min(from, i), i+1
			}
		}
		if from < to {
			found = append(found, span{from, to, s.Value})
		}
	}
	if p.spans == nil {
		p.spans = make(map[string][]span)
	}
	p.spans[name] = found
	return found
}

// use binds the phrase to a library; what was found out with another one is forgotten.
func (p *Phrase) use(l *Library) {
	if p.library == l {
		return
	}
	if p.library != nil {
		p.m.memo, p.fired = nil, nil
		for i := range p.words {
			p.words[i].lemmas, p.words[i].joinedLemmas = nil, nil
		}
	}
	p.library = l
}

// lemmas of a word, or of the compound that begins with it.
func (p *Phrase) lemmas(at int, whole bool) []string {
	w := &p.words[at]
	if whole {
		if w.joinedLemmas == nil {
			w.joinedLemmas = p.library.lemmas(w.joined)
		}
		return w.joinedLemmas
	}
	if w.lemmas == nil {
		w.lemmas = p.library.lemmas(w.folded)
	}
	return w.lemmas
}

// span is the text between two words, as it was written.
func (p *Phrase) span(from, to int) string {
	if from >= to {
		return ""
	}
	return p.text[p.words[from].start:p.words[to-1].end]
}

// said lists the words between two places in lower case, compounds in one piece.
func (p *Phrase) said(from, to int) []string {
	words := make([]string, 0, to-from)
	for i := from; i < to; {
		n := max(1, p.words[i].wide)
		if i+n > to {
			n = 1
		}
		words = append(words, strings.ToLower(p.span(i, i+n)))
		i += n
	}
	return words
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
// or comma between digits belongs to the number; every emoji is a word of its own, and so
// is one of the signs + = % & that stands alone; everything else is punctuation and dropped
// (as in Unicode's word boundaries, UAX 29). With stars, * is a letter too: the words of a
// pattern.
func appendWords(words []word, text string, stars bool) []word {
	first := len(words)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isLetter(r) || stars && r == '*':
			end := letters(text, i, stars)
			if folded := fold(text[i:end]); folded != "" {
				words = append(words, word{folded: folded, start: i, end: end})
			}
			i = end
		case isSymbol(r):
			end := symbol(text, i)
			words = append(words, word{folded: emojiBase(text[i:end]), start: i, end: end})
			i = end
		case isSign(r) && standsAlone(text, i, size):
			words = append(words, word{folded: text[i : i+size], start: i, end: i + size, sign: true})
			i += size
		default:
			i += size
		}
	}
	join(words[first:], text)
	return words
}

// letters returns where the word that begins at i ends.
func letters(text string, i int, stars bool) int {
	prev := utf8.RuneError
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isLetter(r), isSilent(r), stars && r == '*':
		case (r == '.' || r == ',') && unicode.IsDigit(prev) && digitAt(text, i+size):
		default:
			return i
		}
		prev = r
		i += size
	}
	return i
}

func digitAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return unicode.IsDigit(r)
}

// join finds the compounds: words with one of the joining signs between them and nothing
// else. The vendor's tokens are the same; that their parts are words too is ours.
func join(words []word, text string) {
	for i := 0; i < len(words); {
		k, hyphens := i+1, false
		for k < len(words) {
			joins, hyphen := joiner(text[words[k-1].end:words[k].start])
			if !joins {
				break
			}
			hyphens = hyphens || hyphen
			k++
		}
		if k > i+1 {
			words[i].wide = k - i
			words[i].joined = joined(text[words[i].start:words[k-1].end])
			for j := i; hyphens && j < k; j++ {
				words[j].part = true
			}
		}
		i = k
	}
}

// joiner reports whether what stands between two words makes them one.
func joiner(between string) (joins, hyphen bool) {
	switch between {
	case "-", "\u2010", "\u2011":
		return true, true
	case ".", "@", "+", ":", "%", "&":
		return true, false
	}
	r, size := utf8.DecodeRuneInString(between)
	return size > 0 && size == len(between) && strings.ContainsRune(apostrophes, r), false
}

const apostrophes = "'’ʼ`´"

// joined folds a compound: hyphens are one sign, apostrophes go.
func joined(s string) string {
	return strings.NewReplacer("\u2010", "-", "\u2011", "-").Replace(fold(s))
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r)
}

// isSilent reports whether a rune inside a word makes no difference: combining marks, soft
// hyphens, joiners.
func isSilent(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Cf) }

// isSymbol reports whether a rune is a word by itself: emoji and other signs that are not
// ASCII and not an accent alone.
func isSymbol(r rune) bool {
	return r >= utf8.RuneSelf && r != utf8.RuneError && unicode.IsSymbol(r) && (r >= 0x2000 || !unicode.Is(unicode.Sk, r))
}

func isSign(r rune) bool { return r == '+' || r == '=' || r == '%' || r == '&' }

// standsAlone reports whether there is white space around a sign.
func standsAlone(text string, i, size int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+size:])
	return (i == 0 || unicode.IsSpace(before)) && (i+size == len(text) || unicode.IsSpace(after))
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
// most people type е. Combining marks (a stress over a vowel) and other silent signs go, but й
// typed in two parts stays й. An apostrophe inside a word goes: don't is dont.
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
		case isSilent(r), strings.ContainsRune(apostrophes, r):
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
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', 'а' <= r && r <= 'я', r == '_', r == '*', r == '-':
		default:
			return false
		}
	}
	return true
}
