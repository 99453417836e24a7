package pattern

import (
	"slices"
	"unicode/utf8"
)

// sieve finds out cheaply which patterns a phrase cannot match: most of a bot's patterns
// need some word that is not there. Every node of words (opWord, opGlob) is a leaf with a
// number; of a phrase the sieve notes once which leaves its words fit, and a pattern tells
// at linking one of which leaves it needs.
type sieve struct {
	leaves int32
	words  map[string][]int32
	globs  map[rune][]*node // by the first letter
	loose  []*node          // globs that begin with a star
}

// add numbers a leaf.
func (s *sieve) add(n *node) {
	if n.leaf != 0 {
		return
	}
	s.leaves++
	n.leaf = s.leaves
	switch {
	case n.op == opWord:
		if s.words == nil {
			s.words = make(map[string][]int32)
		}
		for w := range n.words {
			s.words[w] = append(s.words[w], n.leaf)
		}
	case n.glob.anyStart:
		s.loose = append(s.loose, n)
	default:
		if s.globs == nil {
			s.globs = make(map[rune][]*node)
		}
		r, _ := utf8.DecodeRuneInString(n.glob.parts[0])
		s.globs[r] = append(s.globs[r], n)
	}
}

// fitting notes the leaves that the words of a phrase fit, by number.
func (s *sieve) fitting(words []word) []bool {
	found := make([]bool, s.leaves+1)
	for i := range words {
		w := words[i].folded
		for _, leaf := range s.words[w] {
			found[leaf] = true
		}
		r, _ := utf8.DecodeRuneInString(w)
		for _, n := range s.globs[r] {
			found[n.leaf] = found[n.leaf] || n.glob.match(w)
		}
		for _, n := range s.loose {
			found[n.leaf] = found[n.leaf] || n.glob.match(w)
		}
	}
	return found
}

// maxNeeds is how many leaves a pattern may have to choose from: beyond it, trying the
// pattern costs no more.
const maxNeeds = 32

// needs returns leaves of which a phrase must fit at least one; nil when it need not. What
// the bodies of named patterns need is kept in known, or names of names would take for ever.
func needs(n *node, known map[*node][]int32) []int32 {
	switch n.op {
	case opWord, opGlob:
		return []int32{n.leaf}
	case opValue, opRepeat:
		return needs(n.kids[0], known)
	case opName:
		of, ok := known[n.kids[0]]
		if !ok {
			of = needs(n.kids[0], known)
			known[n.kids[0]] = of
		}
		return of
	case opSeq, opSet:
		var fewest []int32
		for _, kid := range n.kids {
			if of := needs(kid, known); of != nil && (fewest == nil || len(of) < len(fewest)) {
				fewest = of
			}
		}
		return fewest
	case opAlt:
		var all []int32
		for _, kid := range n.kids {
			of := needs(kid, known)
			if of == nil || len(all)+len(of) > maxNeeds {
				return nil
			}
			all = append(all, of...)
		}
		return all
	}
	return nil
}

// passes reports whether a phrase has what the pattern needs.
func (p *Pattern) passes(phrase *Phrase) bool {
	if p.needs == nil {
		return true
	}
	if phrase.library != p.library {
		phrase.library, phrase.fitting = p.library, p.library.sieve.fitting(phrase.words)
	}
	return slices.ContainsFunc(p.needs, func(leaf int32) bool { return phrase.fitting[leaf] })
}
