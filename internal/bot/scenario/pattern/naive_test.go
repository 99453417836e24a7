package pattern_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// rule is a pattern as one would match it without a thought of the cost: from a place in a
// list of words to all places where it may end.
type rule struct {
	source string
	ends   func(words []string, at int) []int
}

// randomRule makes a rule of at most so many levels over the words a, b and c.
func randomRule(r *rand.Rand, depth int) rule {
	kinds := 9
	if depth == 0 {
		kinds = 4
	}
	switch r.IntN(kinds) {
	case 0, 1:
		word := string(rune('a' + r.IntN(3)))
		return rule{word, func(words []string, at int) []int {
			if at < len(words) && words[at] == word {
				return []int{at + 1}
			}
			return nil
		}}
	case 2:
		return rule{"*", func(words []string, at int) []int {
			var to []int
			for i := at; i <= len(words); i++ {
				to = append(to, i)
			}
			return to
		}}
	case 3:
		return rule{"$oneWord", func(words []string, at int) []int {
			if at < len(words) {
				return []int{at + 1}
			}
			return nil
		}}
	case 4:
		return randomSequence(r, depth)
	case 5:
		a, b := randomRule(r, depth-1), randomSequence(r, depth)
		return rule{fmt.Sprintf("(%s|%s)", a.source, b.source), func(words []string, at int) []int {
			return append(a.ends(words, at), b.ends(words, at)...)
		}}
	case 6:
		a := randomSequence(r, depth)
		return rule{"[" + a.source + "]", func(words []string, at int) []int { return append(a.ends(words, at), at) }}
	case 7:
		a := randomSequence(r, depth)
		return rule{"$repeat<" + a.source + ">", func(words []string, at int) []int {
			found := a.ends(words, at)
			for k := 0; k < len(found); k++ {
				for _, to := range a.ends(words, found[k]) {
					if !slices.Contains(found, to) {
						found = append(found, to)
					}
				}
			}
			return found
		}}
	}
	return randomSet(r, depth)
}

func follow(rules []rule, words []string, at int) []int {
	if len(rules) == 0 {
		return []int{at}
	}
	var found []int
	for _, mid := range rules[0].ends(words, at) {
		found = append(found, follow(rules[1:], words, mid)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func randomRules(r *rand.Rand, depth int) (rules []rule, source string) {
	var sources []string
	for range 1 + r.IntN(3) {
		a := randomRule(r, depth-1)
		rules, sources = append(rules, a), append(sources, a.source)
	}
	return rules, strings.Join(sources, " ")
}

func randomSequence(r *rand.Rand, depth int) rule {
	rules, source := randomRules(r, depth)
	return rule{"(" + source + ")", func(words []string, at int) []int { return follow(rules, words, at) }}
}

// randomSet is {}: with a star among its elements any words may stand between them.
func randomSet(r *rand.Rand, depth int) rule {
	rules, source := randomRules(r, depth)
	gaps := slices.ContainsFunc(rules, isStar)
	return rule{"{" + source + "}", func(words []string, at int) []int {
		var found []int
		var order func(left []rule, taken []rule)
		order = func(left []rule, taken []rule) {
			if len(left) == 0 {
				found = append(found, follow(taken, words, at)...)
			}
			for i := range left {
				next := append(slices.Clone(taken), left[i])
				if gaps {
					next = append(next, rule{"*", anyWords})
				}
				order(slices.Delete(slices.Clone(left), i, i+1), next)
			}
		}
		var first []rule
		if gaps {
			first = []rule{{"*", anyWords}}
		}
		order(rules, first)
		slices.Sort(found)
		return slices.Compact(found)
	}}
}

// isStar reports whether a rule is a star with nothing but brackets around it.
func isStar(a rule) bool {
	return strings.Trim(strings.ReplaceAll(a.source, "$repeat", ""), "*()[]{}<> ") == ""
}

func anyWords(words []string, at int) []int {
	var to []int
	for i := at; i <= len(words); i++ {
		to = append(to, i)
	}
	return to
}

// TestAgainstNaive holds the matcher against one that tries everything.
func TestAgainstNaive(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	matched := 0
	for range 1_500 {
		rule := randomRule(r, 3)
		p := compile(t, rule.source)
		for range 4 {
			words := make([]string, r.IntN(6))
			for i := range words {
				words[i] = string(rune('a' + r.IntN(4)))
			}
			text := strings.Join(words, " ")
			want := slices.Contains(rule.ends(words, 0), len(words))
			m, ok := p.Match(pattern.NewPhrase(text))
			if ok != want {
				t.Fatalf("%q on %q: match %v, want %v", rule.source, text, ok, want)
			}
			if ok {
				matched++
				checkTree(t, m.Tree())
				checkWords(t, rule.source, words, m.Tree())
			}
		}
	}
	if matched < 500 {
		t.Errorf("only %d matches", matched)
	}
}

// checkWords: what $oneWord took are words of the phrase, in order.
func checkWords(t *testing.T, source string, words []string, tree *pattern.Node) {
	t.Helper()
	rest := words
	for _, kid := range tree.Kids {
		i := slices.Index(rest, kid.Text)
		if kid.Tag != "oneWord" || i < 0 {
			t.Fatalf("%q on %q: %s", source, words, full(tree))
		}
		rest = rest[i+1:]
	}
}
