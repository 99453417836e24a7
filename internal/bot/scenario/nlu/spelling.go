package nlu

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// spelling corrects words that no phrase has to one that differs in a letter: one more, one
// less, another one, or two neighbours swapped.
type spelling struct {
	known   []word
	indexOf map[string]int32
	// deletions leads from a known word less one letter, as a hash, to the word: two words that
	// differ in a letter are equal without it. The most frequent word wins.
	deletions map[uint64]int32
}

// minCorrected is how many letters a word needs to be corrected: of shorter ones too many are
// like each other.
const minCorrected = 5

// misspelled is what a score is worth when a word had to be corrected for it.
const misspelled = 0.95

// newSpelling learns the words of the phrases.
func newSpelling(phrases [][]word) *spelling {
	s := &spelling{indexOf: map[string]int32{}, deletions: map[uint64]int32{}}
	var counts []int
	for _, phrase := range phrases {
		for _, w := range phrase {
			i, ok := s.indexOf[w.text]
			if !ok {
				i = int32(len(s.known))
				s.indexOf[w.text] = i
				s.known = append(s.known, w)
				counts = append(counts, 0)
			}
			counts[i]++
		}
	}
	order := make([]int32, 0, len(s.known))
	for i, w := range s.known {
		if w.correctable() {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(counts[b], counts[a]) })
	for _, i := range order {
		eachDeletion(s.known[i].text, func(h uint64) {
			if _, taken := s.deletions[h]; !taken {
				s.deletions[h] = i
			}
		})
	}
	return s
}

func (w word) correctable() bool {
	return utf8.RuneCountInString(w.text) >= minCorrected && w.text[0] != '@' && w.text[0] != '#'
}

// eachDeletion calls with the word itself and with it less each of its letters.
func eachDeletion(text string, f func(uint64)) {
	f(hash(kinds, text, ""))
	for i, r := range text {
		f(hash(kinds, text[:i]+text[i+utf8.RuneLen(r):], ""))
	}
}

// correct gives a phrase with its unknown words corrected; ok is false when there is nothing to
// correct.
func (s *spelling) correct(phrase []word) (corrected []word, ok bool) {
	for i, w := range phrase {
		if _, known := s.indexOf[w.text]; known || !w.correctable() {
			continue
		}
		found, near := s.near(w.text)
		if !near {
			continue
		}
		if !ok {
			corrected, ok = slices.Clone(phrase), true
		}
		corrected[i] = found
	}
	return corrected, ok
}

// near finds the known word that differs in a letter; the most frequent one of several.
func (s *spelling) near(text string) (found word, ok bool) {
	eachDeletion(text, func(h uint64) {
		i, hit := s.deletions[h]
		if hit && !ok && oneEdit(text, s.known[i].text) {
			found, ok = s.known[i], true
		}
	})
	return found, ok
}

// oneEdit tells if two words differ in one letter, or by a swap of neighbours.
func oneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	start := 0
	for start < len(x) && x[start] == y[start] {
		start++
	}
	x, y = x[start:], y[start:]
	for len(x) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	switch {
	case len(x) == 0:
		return len(y) <= 1
	case len(x) == 1:
		return len(y) == 1
	default:
		return len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
	}
}
