// Package pattern is the pattern language of scenarios: rules over words that say whether a
// phrase means what a state of a bot is about, how well it fits, and what stood where.
//
// A pattern is parsed, linked with the named patterns it mentions, and then matched any
// number of times, from any goroutine. The package knows nothing of states and scenarios,
// of morphology (the caller lends it) and of how entities are found outside of lists.
//
// # Elements (scenario language, 4)
//
//	word             that word; case, ё or е, stress marks and punctuation do not matter
//	*                any number of words, none too
//	pre* *suf        a word by its beginning or end; *mid* by what is inside
//	(a|b) (a/b)      one of several
//	[x]              x or nothing
//	{a b}            a and b in any order; with a * inside, among other words
//	~word            a word in any of its forms; also ~(a|b) and $lemma<word>
//	$Name            a named pattern; $Name::Alias gives it another name in the parse tree
//	x:value          x, and the named pattern around it gets the value
//	$regexp<re>      one word by a regular expression, $regexp_i<re> in any case
//	$regex<re>       the whole phrase as it was written, or whole words of it; $regex_i<re>
//	$entity<Dict>    what a dictionary lists
//	@Name            an entity, of a list or found by the caller; @Name::Alias
//	$morph<С им ед>  one word by its grammar
//	$repeat<$x>      x once or more
//	$weight<a+b>     nothing; makes of the score s of the pattern a·s+b
//	\x               the sign x, without its meaning in the language
//
// # Cost
//
// There is no backtracking. Every element is asked once for every word it may begin at, and
// answers with all the words it may end at, each with the best score: time grows with the
// product of the pattern's size and the square of the number of words, {} adds a factor of
// 2^n for its elements that are in the phrase at all. A limit of steps per phrase holds for
// what remains. Of many patterns only those are tried that have all their needed words in
// the phrase (Set).
package pattern

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// Words is what the library must know of a language.
type Words interface {
	// Lemmas returns the dictionary forms of a word, at least one; a stem when it is unknown.
	Lemmas(word string) []string
	// Has reports whether a word has all these grammatical properties at once.
	Has(word string, properties ...string) bool
}

// Options of a library.
type Options struct {
	Words Words // nil: every word is its only form and has no properties
}

// Library holds named patterns and compiles the ones that use them. It is filled, linked,
// and not changed afterwards.
type Library struct {
	words        Words
	named        map[string]*named
	dictionaries map[string]*dictionary // of $entity<>
	entities     map[string]*dictionary // of @
	patterns     []*Pattern
	unknown      map[string]struct{} // entities that the caller must find
	warnings     []*LinkError
	index        index
	memos        atomic.Int32 // nodes whose answers are remembered have numbers
}

// named is the body of a named pattern.
type named struct {
	body      *node
	converter string
	warnings  []*Error
	builtin   bool
	used      bool
}

// Pattern is a compiled pattern.
type Pattern struct {
	source   string
	library  *Library
	root     *node
	warnings []*Error
	number   int32 // in the library; -1 for those compiled after linking
	loose    int   // elements that any word fits: of two patterns with one score the stricter wins
}

// NewLibrary returns a library that knows the patterns for any words: $AnyWord, $oneWord
// (one word), $AnyText, $Text and $nonEmptyGarbage (one or more). Definitions replace them.
func NewLibrary(o Options) *Library {
	l := &Library{
		words: o.Words, named: make(map[string]*named), dictionaries: make(map[string]*dictionary),
		entities: make(map[string]*dictionary), unknown: make(map[string]struct{}),
	}
	for _, name := range []string{"AnyWord", "oneWord"} {
		l.named[name] = &named{body: &node{op: opAny, weight: weightAny}, builtin: true}
	}
	for _, name := range []string{"AnyText", "Text", "nonEmptyGarbage"} {
		l.named[name] = &named{body: &node{op: opSome, weight: weightSome}, builtin: true}
	}
	return l
}

// Define adds a named pattern, $name = source || converter = converter; an earlier one of
// this name goes. What it mentions may be defined later. The converter is not looked at: the
// nodes of the parse tree carry it.
func (l *Library) Define(name, source, converter string) *Error {
	n, warnings, err := parse(source)
	if err != nil {
		return err
	}
	if before := l.named[name]; before != nil && !before.builtin {
		warnings = append(warnings, &Error{Message: fmt.Sprintf("pattern $%s is defined twice", name), Expected: "one definition: the last one counts"})
	}
	l.named[name] = &named{body: n, converter: converter, warnings: warnings}
	return nil
}

// Compile parses a pattern. It may be matched once the library is linked.
func (l *Library) Compile(source string) (*Pattern, *Error) {
	n, warnings, err := parse(source)
	if err != nil {
		return nil, err
	}
	p := &Pattern{source: source, library: l, root: n, warnings: warnings, number: int32(len(l.patterns))}
	l.patterns = append(l.patterns, p)
	return p, nil
}

// CompileLate parses a pattern of a library that is linked already: one that comes in a
// script. Unlike the rest it may be called at any time from any goroutine.
func (l *Library) CompileLate(source string) (*Pattern, *Error) {
	n, _, err := parse(source)
	if err != nil {
		return nil, err
	}
	b := binder{library: l, late: true}
	if b.bind(n); len(b.errs) > 0 {
		return nil, b.errs[0]
	}
	l.finish(n, false)
	n.markScores(nil)
	return &Pattern{source: source, library: l, root: n, number: -1, loose: looseness(n)}, nil
}

// Source is the text the pattern was compiled from.
func (p *Pattern) Source() string { return p.source }

// Match is how a pattern fits a phrase.
type Match struct {
	pattern *Pattern
	phrase  *Phrase
	index   int
	score   float64
}

// Match reports how well the pattern fits the whole phrase.
func (p *Pattern) Match(phrase *Phrase) (Match, bool) {
	phrase.use(p.library)
	if p.number >= 0 && !phrase.fires(p.number) {
		return Match{}, false
	}
	return p.try(phrase)
}

// try matches without asking the index first.
func (p *Pattern) try(phrase *Phrase) (Match, bool) {
	score, ok := phrase.m.best(p.root)
	if !ok {
		return Match{}, false
	}
	m := Match{pattern: p, phrase: phrase, score: float64(score) / float64(weightWord*phrase.size())}
	if p.root.scores {
		m.score = phrase.m.weigh(p.root, m.score)
	}
	return m, true
}

// Score is 1 when every word was asked for, less the looser the pattern, and about 0 for a
// bare star; what $weight<> made of that.
func (m Match) Score() float64 { return m.score }

// Pattern is the pattern that fits.
func (m Match) Pattern() *Pattern { return m.pattern }

// Index is the pattern's place in the set that was asked; 0 without a set.
func (m Match) Index() int { return m.index }

// Better reports whether m fits better than another match of the same phrase.
func (m Match) Better(other Match) bool {
	if m.score != other.score {
		return m.score > other.score
	}
	return m.pattern.loose < other.pattern.loose
}

// lemmas of a folded word.
func (l *Library) lemmas(word string) []string {
	if l.words != nil {
		if lemmas := l.words.Lemmas(word); len(lemmas) > 0 {
			return lemmas
		}
	}
	return []string{word}
}

// Entities lists the @names that patterns mention and that no list defines: the caller has
// to find them (Phrase.SetEntities). Sorted.
func (l *Library) Entities() []string { return sortedKeys(l.unknown) }

// Lists lists the @names that lists define, sorted.
func (l *Library) Lists() []string { return sortedKeys(l.entities) }

// Unused lists the named patterns that nothing mentions, sorted.
func (l *Library) Unused() []string {
	names := make(map[string]struct{})
	for name, of := range l.named {
		if !of.used && !of.builtin {
			names[name] = struct{}{}
		}
	}
	return sortedKeys(names)
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
