package morph

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/govorun/govorun/internal/bot/scenario/morph/automaton"
	"github.com/govorun/govorun/internal/bot/scenario/morph/lexicon"
)

//go:embed russian.lexicon
var russianFile []byte

//go:embed english.lexicon
var englishFile []byte

// russian and english are read at the first word of their language. What they give never
// changes, so that all bots of the process share it.
var (
	russian = sync.OnceValue(func() *dictionary { return mustLoad(russianFile) })
	english = sync.OnceValue(func() *dictionary { return mustLoad(englishFile) })
)

func mustLoad(file []byte) *dictionary {
	d, err := load(file)
	if err != nil {
		panic(fmt.Errorf("morph: the dictionary in this program: %w", err)) // it is part of it, and tested
	}
	return d
}

// dictionary is a lexicon with what makes looking words up fast.
type dictionary struct {
	*lexicon.Lexicon
	symbol  [0x460]byte // of the letters up to the Cyrillic ones
	rare    map[rune]byte
	e, yo   byte              // symbols of е and ё, 0 in English
	classes map[string]uint16 // suffixes with е for ё, numbered
	uses    [][]use           // by the number of a suffix: where it is used
	tags    []set
	prefix  []string // prefixes with е for ё
}

// use is a form of a paradigm.
type use struct{ paradigm, form uint16 }

func load(file []byte) (*dictionary, error) {
	l, err := lexicon.Read(file)
	if err != nil {
		return nil, err
	}
	d := &dictionary{Lexicon: l, rare: map[rune]byte{}, classes: make(map[string]uint16, len(l.Suffixes))}
	for i, letter := range l.Alphabet {
		if int(letter) < len(d.symbol) {
			d.symbol[letter] = byte(i + 1)
		} else {
			d.rare[letter] = byte(i + 1)
		}
	}
	d.e, d.yo = d.symbol['е'], d.symbol['ё']
	for _, prefix := range l.Prefixes {
		d.prefix = append(d.prefix, d.fold(prefix))
	}
	bits := make([]set, len(l.Grammemes))
	for i, name := range l.Grammemes {
		if bits[i], err = parseSet(name); err != nil {
			return nil, err
		}
	}
	d.tags = make([]set, len(l.Tags))
	for i, tag := range l.Tags {
		for _, grammeme := range tag {
			d.tags[i] = d.tags[i].with(bits[grammeme])
		}
	}
	d.index()
	return d, nil
}

// index notes for each suffix which forms of which paradigms have it, in rising order.
func (d *dictionary) index() {
	class := make([]uint16, len(d.Suffixes))
	for i, suffix := range d.Suffixes {
		folded := d.fold(suffix)
		number, ok := d.classes[folded]
		if !ok {
			number = uint16(len(d.classes))
			d.classes[folded] = number
		}
		class[i] = number
	}
	counts, total := make([]int, len(d.classes)), 0
	for _, paradigm := range d.Paradigms {
		for _, form := range paradigm {
			counts[class[form.Suffix]]++
			total++
		}
	}
	all := make([]use, total)
	d.uses = make([][]use, len(d.classes))
	for i, n := range counts {
		d.uses[i], all = all[:0:n], all[n:]
	}
	for i, paradigm := range d.Paradigms {
		for j, form := range paradigm {
			uses := &d.uses[class[form.Suffix]]
			*uses = append(*uses, use{uint16(i), uint16(j)})
		}
	}
}

// fold writes е for ё.
func (d *dictionary) fold(symbols string) string {
	if d.yo == 0 || strings.IndexByte(symbols, d.yo) < 0 {
		return symbols
	}
	return strings.ReplaceAll(symbols, string(rune(d.yo)), string(rune(d.e)))
}

// symbolsOf is a word in lower case in symbols; false when it has other letters.
func (d *dictionary) symbolsOf(word string) (string, bool) {
	var buffer [maxLetters]byte
	n := 0
	for _, letter := range word {
		var symbol byte
		if int(letter) < len(d.symbol) {
			symbol = d.symbol[letter]
		} else {
			symbol = d.rare[letter]
		}
		if symbol == 0 || n == maxLetters {
			return "", false
		}
		buffer[n] = symbol
		n++
	}
	return string(buffer[:n]), true
}

// lookup finds how the dictionary reads a word: its stems by one walk along the automaton for
// each prefix, what is left of the word among the suffixes of their paradigms. ё and е are the
// same. The first reading is the one that is written like the word, then by paradigm.
func (d *dictionary) lookup(word string) []reading {
	s := search{d: d}
	folded := d.fold(word)
	for i, prefix := range d.prefix {
		if rest, ok := strings.CutPrefix(folded, prefix); ok {
			s.prefix, s.word, s.spelling = uint16(i), rest, word[len(prefix):]
			s.walk(d.Stems.Words.Root(), 0)
		}
	}
	if len(s.found) > 1 {
		slices.SortStableFunc(s.found, func(a, b reading) int {
			if a.spelled != b.spelled {
				if a.spelled {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(a.paradigm, b.paradigm), cmp.Compare(a.form, b.form))
		})
	}
	return s.found
}

// search walks the stems that a word begins with.
type search struct {
	d        *dictionary
	prefix   uint16
	word     string           // behind the prefix, with е for ё
	spelling string           // behind the prefix, as it is
	stem     [maxLetters]byte // as the dictionary has it
	found    []reading
}

func (s *search) walk(p automaton.Place, at int) {
	if paradigms := s.d.Stems.At(p); paradigms != nil {
		if class, ok := s.d.classes[s.word[at:]]; ok {
			s.match(string(s.stem[:at]), paradigms, s.d.uses[class])
		}
	}
	if at == len(s.word) {
		return
	}
	symbol := s.word[at]
	s.step(p, at, symbol)
	if symbol == s.d.e && symbol != 0 {
		s.step(p, at, s.d.yo)
	}
}

func (s *search) step(p automaton.Place, at int, symbol byte) {
	if next, ok := s.d.Stems.Words.Step(p, symbol); ok {
		s.stem[at] = symbol
		s.walk(next, at+1)
	}
}

// match notes the forms that have this suffix in the paradigms of the stem.
func (s *search) match(stem string, paradigms []uint16, uses []use) {
	if len(paradigms) > len(uses) {
		for _, u := range uses {
			if _, ok := slices.BinarySearch(paradigms, u.paradigm); ok {
				s.note(stem, u)
			}
		}
		return
	}
	for _, paradigm := range paradigms {
		at, _ := slices.BinarySearchFunc(uses, paradigm, func(u use, p uint16) int { return cmp.Compare(u.paradigm, p) })
		for ; at < len(uses) && uses[at].paradigm == paradigm; at++ {
			s.note(stem, uses[at])
		}
	}
}

func (s *search) note(stem string, u use) {
	form := s.d.Paradigms[u.paradigm][u.form]
	if form.Prefix == s.prefix {
		spelled := s.spelling[:len(stem)] == stem && s.spelling[len(stem):] == s.d.Suffixes[form.Suffix]
		s.found = append(s.found, reading{d: s.d, stem: stem, use: u, spelled: spelled, known: true})
	}
}

// weigh gives the readings of a word of the dictionary their shares, as they were counted in
// texts; a word that was not seen there gets equal ones.
func (d *dictionary) weigh(word string, readings []reading) {
	weights, total := d.Weights.Find(word), 0.0
	for i := range readings {
		readings[i].score = 0
		for j := 0; j < len(weights); j += 2 {
			if weights[j] == readings[i].tag() {
				readings[i].score = float64(weights[j+1]) / 0xffff
			}
		}
		total += readings[i].score
	}
	if total == 0 {
		for i := range readings {
			readings[i].score = 1 / float64(len(readings))
		}
		return
	}
	byScore(readings)
}

func byScore(readings []reading) {
	slices.SortStableFunc(readings, func(a, b reading) int { return cmp.Compare(b.score, a.score) })
}
