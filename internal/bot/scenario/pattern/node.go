package pattern

import (
	"regexp"
	"strings"
)

// op is what a node of a compiled pattern does.
type op uint8

const (
	opEmpty  op = iota // no word
	opWord             // one word of a set
	opGlob             // one word by its parts: pre*, *suf, *mid*
	opStar             // any words, none too
	opAny              // any one word
	opSome             // one or more of any words
	opToken            // one word by a regular expression: $regexp<>
	opRegex            // whole words by a regular expression: $regex<>
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
	words  map[string]struct{}
	glob   glob
	re     *regexp.Regexp
	weight int32 // of the matched words, in thousandths of a word
	gaps   bool  // of a set: other words may stand between
	name   string
	alias  string
	value  string
	source string // of a named pattern's body
	offset int    // in the source, in bytes
	leaf   int32  // number in the sieve; 0 for nodes that are not words
	memo   int32  // key under which results are remembered; 0 when they are not
}

// tag is the name under which a named element stands in the parse tree.
func (n *node) tag() string {
	if n.alias != "" {
		return n.alias
	}
	return n.name
}

// Weights of a matched word, in thousandths: the more a pattern says of a word, the more it
// counts. A star that swallows words costs something, so that a bare * scores -0.011, as in
// the vendor's samples.
const (
	weightWord   = 1000
	weightPrefix = 900
	weightGlob   = 800
	weightRegexp = 700
	weightAny    = 20
	weightSome   = 1
	costStar     = 11
)

// glob is a word with stars in it.
type glob struct {
	parts    []string // between the stars
	anyStart bool     // begins with a star
	anyEnd   bool
}

func (g *glob) match(s string) bool {
	parts := g.parts
	if !g.anyStart {
		if len(s) < len(parts[0]) || s[:len(parts[0])] != parts[0] {
			return false
		}
		s, parts = s[len(parts[0]):], parts[1:]
	}
	if !g.anyEnd {
		last := parts[len(parts)-1]
		if len(s) < len(last) || s[len(s)-len(last):] != last {
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
