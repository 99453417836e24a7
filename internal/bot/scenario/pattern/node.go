package pattern

import (
	"strings"
	"unicode/utf8"
)

// op is what a node of a compiled pattern does.
type op uint8

const (
	opEmpty  op = iota // no word
	opWord             // one word of a set
	opGlob             // one word by its parts: pre*, *suf, *mid*
	opLemma            // one word by its lemmas: ~word
	opMorph            // one word by its grammar: $morph<>
	opStar             // any words, none too
	opAny              // any one word
	opSome             // one or more of any words
	opToken            // one word by a regular expression: $regexp<>
	opRegex            // whole words by a regular expression: $regex<>
	opDict             // what a dictionary lists: $entity<>
	opEntity           // what the caller found: @name
	opWeight           // nothing; changes the score: $weight<>
	opSeq              // kids in order
	opAlt              // one of the kids
	opOpt              // the kid or nothing
	opSet              // all kids in any order
	opRepeat           // the kid once or more
	opName             // a named pattern; its body is the kid once linked
	opValue            // the kid, which gives the node around it a value
)

// node is one element of a compiled pattern. Nodes of named patterns are shared by all the
// patterns that name them; after linking nothing changes any more.
type node struct {
	op     op
	kids   []*node
	words  map[string]struct{} // of opWord and opLemma: as they are written, folded
	lemmas map[string]struct{} // of opLemma, once linked
	glob   glob
	props  []string // of $morph<>
	re     *expression
	dict   *dictionary
	weight int32 // of a matched word, in thousandths of a word
	factor float64
	addend float64
	gaps   bool // of a set: other words may stand between
	sign   bool // a word that is one mathematical sign
	scores bool // has a $weight<> in it
	name   string
	alias  string
	value  any
	conv   string // converter of the named pattern
	offset int    // in the source, in bytes
	memo   int32  // key under which answers are remembered; 0 when they are not
	shared bool   // asked about single places, again and again

	byWord map[string][]*node // of a long opAlt: the kids that are about one word
	rest   []*node            // and the others
}

// tag is the name under which a named element stands in the parse tree.
func (n *node) tag() string {
	if n.alias != "" {
		return n.alias
	}
	return n.name
}

// bare is the node without the names and values around it, which do not matter to the match.
func (n *node) bare() *node {
	for (n.op == opName || n.op == opValue) && len(n.kids) == 1 {
		n = n.kids[0]
	}
	return n
}

// composite reports whether a node is made of others.
func (n *node) composite() bool {
	switch n.op {
	case opSeq, opAlt, opOpt, opSet, opRepeat:
		return true
	}
	return false
}

// Weights of a matched word, in thousandths: the more a pattern says of a word, the more it
// counts. The vendor names the order (a word costs nothing, parts and forms by how far they
// are from the word), not the numbers, which are ours. A star that swallows words costs
// something, so that a bare * scores -0.011, as in the vendor's samples.
const (
	weightWord   = 1000
	weightPart   = 700 // of weightWord: a word that is only part of a hyphenated one
	weightLemma  = 850 // and up to spanLemma more, by what the form has in common with the word
	spanLemma    = 120
	weightPrefix = 800 // and up to spanGlob more, by the share of the word that is given
	weightGlob   = 650
	spanGlob     = 150
	weightForm   = 950 // a dictionary's word in another form
	weightEntity = 900
	weightRegexp = 600
	weightMorph  = 400
	weightAny    = 20
	weightSome   = 1
	costStar     = 11
)

// glob is a word with stars in it.
type glob struct {
	parts    []string // between the stars
	anyStart bool     // begins with a star
	anyEnd   bool
	runes    int // letters that are given
}

func newGlob(w string) glob {
	g := glob{anyStart: w[0] == '*', anyEnd: w[len(w)-1] == '*'}
	for part := range strings.SplitSeq(w, "*") {
		if part != "" {
			g.parts = append(g.parts, part)
			g.runes += utf8.RuneCountInString(part)
		}
	}
	return g
}

// longest is the longest part.
func (g *glob) longest() string {
	best := ""
	for _, part := range g.parts {
		if len(part) > len(best) {
			best = part
		}
	}
	return best
}

func (g *glob) match(s string) bool {
	parts := g.parts
	if !g.anyStart {
		if !strings.HasPrefix(s, parts[0]) {
			return false
		}
		s, parts = s[len(parts[0]):], parts[1:]
	}
	if !g.anyEnd {
		if len(parts) == 0 {
			return false
		}
		last := parts[len(parts)-1]
		if !strings.HasSuffix(s, last) {
			return false
		}
		s, parts = s[:len(s)-len(last)], parts[:len(parts)-1]
	}
	for _, part := range parts {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}
