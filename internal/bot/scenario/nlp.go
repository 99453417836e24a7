package scenario

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// nlpMatchExamples finds the example that a text is most like: the one that has the largest part
// of its words, in whatever form (scenario language, 3). nil when none has any.
func (h *host) nlpMatchExamples(raw json.RawMessage) (any, error) {
	var a struct {
		Text     string
		Examples []string
	}
	_ = json.Unmarshal(raw, &a) // what is no list of texts has none
	said := lemmasOf(a.Text)
	best, weight, aligned := "", 0.0, 0
	for _, example := range a.Examples {
		of := lemmasOf(example)
		if n := alike(said, of); n > 0 {
			if w := float64(n) / float64(max(len(said), len(of))); w > weight {
				best, weight, aligned = example, w, n
			}
		}
	}
	if aligned == 0 {
		return nil, nil
	}
	return map[string]any{"example": best, "weight": weight, "aligned": aligned}, nil
}

// lemmasOf is what each word of a text may be a form of, and the word itself.
func lemmasOf(text string) [][]string {
	var list [][]string
	for _, word := range pattern.NewPhrase(text).List() {
		list = append(list, append([]string{word}, words.Lemmas(word)...))
	}
	return list
}

// alike is how many words of one text have a word of their own in the other.
func alike(a, b [][]string) int {
	rest, n := slices.Clone(b), 0
	for _, word := range a {
		i := slices.IndexFunc(rest, func(other []string) bool {
			return slices.ContainsFunc(other, func(lemma string) bool { return slices.Contains(word, lemma) })
		})
		if i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			n++
		}
	}
	return n
}

// The same keys on an English and a Russian keyboard.
const (
	englishKeys = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>"
	russianKeys = "ёйцукенгшщзхъфывапролджэячсмитьбюЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"
)

// nlpFixKeyboard is a text as it would have been with the Russian keyboard; nil for one that has
// Russian letters already, or none to fix.
func (h *host) nlpFixKeyboard(raw json.RawMessage) (any, error) {
	text := argumentsOf(raw).Text
	if !strings.ContainsFunc(text, unicode.IsLetter) || strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
		return nil, nil
	}
	russian := []rune(russianKeys)
	return strings.Map(func(r rune) rune {
		if i := strings.IndexRune(englishKeys, r); i >= 0 {
			return russian[i]
		}
		return r
	}, text), nil
}
