// Package pattern is the pattern language of scenarios: rules over words that say whether a
// phrase means what a state of a bot is about, how well it fits, and what stood where.
//
// A pattern is parsed, linked with the named patterns it mentions, and then matched any
// number of times, from any goroutine. The package knows nothing of states and scenarios.
//
// # Elements
//
//	word          that word; case, ё or е, stress marks and punctuation do not matter
//	*             any number of words, none too
//	pre* *suf     a word by its beginning or end; *mid* by what is inside
//	(a|b) (a/b)   one of several
//	[x]           x or nothing
//	{a b}         a and b in any order; with a * inside, among other words
//	$Name         a named pattern; $Name::Alias gives it another name in the parse tree
//	x:value       x, and the named pattern around it gets the value
//	$regexp<re>   one word by a regular expression, $regexp_i<re> in any case
//	$regex<re>    whole words by a regular expression, and the whole phrase as it was written
//	$repeat<x>    x once or more
//
// # Cost
//
// There is no backtracking. Every element is asked once for every word it may begin at, and
// answers with all the words it may end at, each with the best score: time grows with the
// product of the pattern's size and the square of the number of words, {} adds a factor of
// 2^n for at most ten elements. A limit of steps per phrase holds for what remains.
package pattern

import (
	"fmt"
	"slices"
)

// Library holds named patterns and compiles the ones that use them. It is filled, linked,
// and not changed afterwards.
type Library struct {
	named    map[string]*node
	patterns []*Pattern
	memos    int32
	sieve    sieve
}

// Pattern is a compiled pattern.
type Pattern struct {
	source  string
	library *Library
	root    *node
	needs   []int32 // leaves of which a phrase must fit one; nil for none
	loose   int     // elements that any word fits: of two patterns with one score the stricter wins
}

// NewLibrary returns a library that knows the patterns for any words: $AnyWord, $oneWord
// (one word), $AnyText, $Text and $nonEmptyGarbage (one or more). Definitions replace them.
func NewLibrary() *Library {
	l := &Library{named: make(map[string]*node)}
	for _, name := range []string{"AnyWord", "oneWord"} {
		l.named[name] = &node{op: opAny, weight: weightAny}
	}
	for _, name := range []string{"AnyText", "Text", "nonEmptyGarbage"} {
		l.named[name] = &node{op: opSome, weight: weightSome}
	}
	return l
}

// Define adds a named pattern, $name = source. What it mentions may be defined later.
func (l *Library) Define(name, source string) *Error {
	n, err := parse(source)
	if err != nil {
		return err
	}
	l.named[name] = &node{op: opSeq, kids: []*node{n}, source: source}
	return nil
}

// Compile parses a pattern. It may be matched once the library is linked.
func (l *Library) Compile(source string) (*Pattern, *Error) {
	n, err := parse(source)
	if err != nil {
		return nil, err
	}
	p := &Pattern{source: source, library: l, root: n}
	l.patterns = append(l.patterns, p)
	return p, nil
}

// Source is the text the pattern was compiled from.
func (p *Pattern) Source() string { return p.source }

// LinkError is a mistake that shows when all patterns are known.
type LinkError struct {
	Name    string   // the named pattern it is in; "" when it is in Pattern
	Pattern *Pattern // the pattern it is in
	Err     *Error
}

func (e *LinkError) Error() string { return e.Err.Error() }

// Link binds names to patterns. It returns every name that is not defined or that is
// defined by itself.
func (l *Library) Link() []*LinkError {
	var errs []*LinkError
	names := make([]string, 0, len(l.named))
	for name := range l.named {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, err := range l.bind(l.named[name]) {
			errs = append(errs, &LinkError{Name: name, Err: err})
		}
	}
	for _, p := range l.patterns {
		for _, err := range l.bind(p.root) {
			errs = append(errs, &LinkError{Pattern: p, Err: err})
		}
	}
	errs = append(errs, l.findCycles(names)...)
	if len(errs) > 0 {
		return errs
	}
	known := make(map[*node][]int32)
	for _, p := range l.patterns {
		l.finish(p.root, askedOnce)
		p.loose, p.needs = looseness(p.root), needs(p.root, known)
	}
	return nil
}

// bind gives every name in a pattern its body.
func (l *Library) bind(n *node) []*Error {
	if n.op == opName {
		body, ok := l.named[n.name]
		if !ok {
			return []*Error{{Offset: n.offset, Message: fmt.Sprintf("there is no pattern $%s", n.name), Expected: "a name defined in a patterns tag"}}
		}
		n.kids = []*node{body}
		return nil
	}
	var errs []*Error
	for _, kid := range n.kids {
		errs = append(errs, l.bind(kid)...)
	}
	return errs
}

// findCycles reports named patterns that mention themselves.
func (l *Library) findCycles(names []string) []*LinkError {
	var errs []*LinkError
	done := make(map[string]bool) // false while its body is being looked at
	var visit func(in string, n *node)
	visit = func(in string, n *node) {
		if n.op != opName {
			for _, kid := range n.kids {
				visit(in, kid)
			}
			return
		}
		finished, seen := done[n.name]
		switch {
		case seen && !finished:
			errs = append(errs, &LinkError{Name: in, Err: &Error{Offset: n.offset, Message: fmt.Sprintf("pattern $%s is defined by itself", n.name)}})
		case !seen && l.named[n.name] != nil:
			done[n.name] = false
			for _, kid := range l.named[n.name].kids {
				visit(n.name, kid)
			}
			done[n.name] = true
		}
	}
	for _, name := range names {
		visit(name, &node{op: opName, name: name})
	}
	return errs
}

// How often a node may be asked about a phrase.
const (
	askedOnce  = iota // about one word
	askedEach         // about every word, once
	askedOften        // about a word again and again: the answers are remembered
)

// finish numbers the words for the sieve and marks the nodes whose answers are worth
// remembering.
func (l *Library) finish(n *node, asked int) {
	if n.memo != 0 {
		return
	}
	switch n.op {
	case opWord, opGlob:
		l.sieve.add(n)
	case opSeq, opAlt, opOpt, opSet, opRepeat, opRegex, opToken:
		if asked == askedOften {
			l.memos++
			n.memo = l.memos
		}
	}
	switch n.op {
	case opSeq, opRepeat:
		asked = min(asked+1, askedOften)
	case opSet, opName:
		asked = askedOften
	}
	for _, kid := range n.kids {
		l.finish(kid, asked)
	}
}

// looseness counts the elements of a pattern that any word fits, those in named patterns
// not counted.
func looseness(n *node) int {
	switch n.op {
	case opStar, opAny, opSome:
		return 1
	case opName:
		return 0
	}
	sum := 0
	if n.gaps {
		sum = 1
	}
	for _, kid := range n.kids {
		sum += looseness(kid)
	}
	return sum
}

// Match is how a pattern fits a phrase.
type Match struct {
	pattern *Pattern
	phrase  *Phrase
	score   int32 // in thousandths of a word, summed over the words
}

// Match reports how well the pattern fits the whole phrase.
func (p *Pattern) Match(phrase *Phrase) (Match, bool) {
	if !p.passes(phrase) {
		return Match{}, false
	}
	score, ok := phrase.m.best(p.root)
	return Match{p, phrase, score}, ok
}

// Score is 1 when every word was asked for, less the looser the pattern, and about 0 for a
// bare star.
func (m Match) Score() float64 {
	return float64(m.score) / float64(weightWord*max(1, len(m.phrase.words)))
}

// Better reports whether m fits better than another match of the same phrase.
func (m Match) Better(other Match) bool {
	if m.score != other.score {
		return m.score > other.score
	}
	return m.pattern.loose < other.pattern.loose
}
