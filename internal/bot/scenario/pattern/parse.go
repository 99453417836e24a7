package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one pattern.
const (
	maxDepth  = 50    // brackets within brackets
	maxSet    = 10    // elements in {}: their orders are tried together, which costs 2^n
	maxSource = 20000 // bytes
)

// Error is a mistake in a pattern.
type Error struct {
	Offset   int    // in the source, in bytes
	Message  string // what is wrong
	Expected string // what would be right; "" when the message says it all
}

func (e *Error) Error() string {
	if e.Expected == "" {
		return e.Message
	}
	return e.Message + ", expected " + e.Expected
}

// parser turns the source of one pattern into nodes. The first mistake ends it, by panic
// with an *Error that parse returns.
type parser struct {
	src   string
	pos   int
	depth int
	angle int // how many $repeat< are open
}

func parse(src string) (n *node, err *Error) {
	if len(src) > maxSource {
		return nil, &Error{Message: fmt.Sprintf("pattern of %d bytes", len(src)), Expected: fmt.Sprintf("at most %d", maxSource)}
	}
	p := &parser{src: src}
	defer func() {
		switch mistake := recover().(type) {
		case nil:
		case *Error:
			n, err = nil, mistake
		default:
			panic(mistake)
		}
	}()
	n = p.alternatives(p.sequence, true)
	if p.pos < len(p.src) {
		p.fail(p.pos, fmt.Sprintf("unexpected %q", p.src[p.pos]), "the end of the pattern")
	}
	return n, nil
}

func (p *parser) fail(offset int, message, expected string) {
	panic(&Error{Offset: offset, Message: message, Expected: expected})
}

// alternatives reads elements up to a closing bracket, separated by | or /. At the top an
// empty alternative is punctuation (q!: /start), inside brackets it matches nothing said.
func (p *parser) alternatives(read func() *node, top bool) *node {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.pos, "brackets are nested too deeply", fmt.Sprintf("at most %d levels", maxDepth))
	}
	defer func() { p.depth-- }()
	var kids []*node
	for {
		if n := read(); n.op != opEmpty || !top {
			kids = append(kids, n)
		}
		if p.pos >= len(p.src) || p.src[p.pos] != '|' && p.src[p.pos] != '/' {
			break
		}
		p.pos++
	}
	return alternative(kids)
}

// alternative makes one node of many; single words become one set, so that a long list of
// synonyms costs one look-up.
func alternative(kids []*node) *node {
	alt := &node{op: opAlt}
	var words *node
	for _, n := range kids {
		switch {
		case n.op == opWord && words != nil:
			for w := range n.words {
				words.words[w] = struct{}{}
			}
			continue
		case n.op == opWord:
			words = n
		}
		alt.kids = append(alt.kids, n)
	}
	return alt.simple()
}

// simple is the node itself, or what it comes to with one child or none.
func (n *node) simple() *node {
	switch len(n.kids) {
	case 0:
		return &node{op: opEmpty}
	case 1:
		return n.kids[0]
	}
	return n
}

// sequence reads elements that follow each other.
func (p *parser) sequence() *node {
	return sequence(p.elements())
}

// sequence makes one node of many. Stars that follow each other are one.
func sequence(kids []*node) *node {
	seq := &node{op: opSeq}
	for _, n := range kids {
		if n.op == opEmpty || n.op == opStar && len(seq.kids) > 0 && seq.kids[len(seq.kids)-1].op == opStar {
			continue
		}
		seq.kids = append(seq.kids, n)
	}
	return seq.simple()
}

// anyOrder reads the elements of a {} group.
func (p *parser) anyOrder() *node {
	set := &node{op: opSet, offset: p.pos}
	for _, n := range p.elements() {
		switch n.op {
		case opStar:
			set.gaps = true
		case opEmpty:
		default:
			set.kids = append(set.kids, n)
		}
	}
	if len(set.kids) > maxSet {
		p.fail(set.offset, fmt.Sprintf("{} with %d elements", len(set.kids)), fmt.Sprintf("at most %d", maxSet))
	}
	switch {
	case len(set.kids) == 0 && set.gaps:
		return star()
	case len(set.kids) == 0:
		return &node{op: opEmpty}
	case len(set.kids) == 1 && !set.gaps:
		return set.kids[0]
	}
	return set
}

func star() *node { return &node{op: opStar} }

// elements reads until a separator, a closing bracket or the end.
func (p *parser) elements() []*node {
	var kids []*node
	for p.pos < len(p.src) {
		start := p.pos
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		switch r {
		case '|', '/', ')', ']', '}', '>':
			if r == '>' && p.angle == 0 {
				p.pos += size
				continue
			}
			return kids
		case '(':
			kids = append(kids, p.valued(p.group(')', p.sequence)))
		case '[':
			kid := p.group(']', p.sequence)
			if kid.op != opEmpty && kid.op != opStar {
				kid = &node{op: opOpt, kids: []*node{kid}}
			}
			kids = append(kids, kid)
		case '{':
			kids = append(kids, p.valued(p.group('}', p.anyOrder)))
		case '$':
			kids = append(kids, p.dollar())
		case '~':
			p.fail(start, "forms of a word (~) are not supported yet in this version", "")
		case '@':
			p.fail(start, "entities (@) are not supported yet in this version", "")
		default:
			if unicode.IsSpace(r) {
				p.pos += size
				continue
			}
			kids = append(kids, p.words())
		}
	}
	return kids
}

// group reads what is in brackets.
func (p *parser) group(closing byte, read func() *node) *node {
	start := p.pos
	p.pos++
	n := p.alternatives(read, false)
	if p.pos >= len(p.src) || p.src[p.pos] != closing {
		found := "the end of the pattern"
		if p.pos < len(p.src) {
			found = fmt.Sprintf("%q", p.src[p.pos])
		}
		p.fail(start, fmt.Sprintf("%q is not closed: found %s", p.src[start], found), fmt.Sprintf("%q", closing))
	}
	p.pos++
	return n
}

// words reads a run of signs without spaces and brackets: usually one word.
func (p *parser) words() *node {
	start := p.pos
	for p.pos < len(p.src) {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if unicode.IsSpace(r) || strings.ContainsRune("()[]{}|/$>", r) || r == ':' && p.pos > start {
			break
		}
		p.pos += size
	}
	var kids []*node
	for _, w := range appendWords(nil, p.src[start:p.pos], true) {
		kids = append(kids, wordNode(w.folded))
	}
	return p.valued(sequence(kids))
}

// wordNode makes the node of a word that may have stars in it.
func wordNode(w string) *node {
	if !strings.Contains(w, "*") {
		return &node{op: opWord, words: map[string]struct{}{w: {}}, weight: weightWord}
	}
	g := glob{anyStart: w[0] == '*', anyEnd: w[len(w)-1] == '*'}
	for part := range strings.SplitSeq(w, "*") {
		if part != "" {
			g.parts = append(g.parts, part)
		}
	}
	switch {
	case len(g.parts) == 0:
		return star()
	case g.anyStart:
		return &node{op: opGlob, glob: g, weight: weightGlob}
	}
	return &node{op: opGlob, glob: g, weight: weightPrefix}
}

// valued reads the :value behind an element, if there is one.
func (p *parser) valued(n *node) *node {
	rest := p.src[p.pos:]
	if len(rest) < 2 || rest[0] != ':' || rest[1] == ':' {
		return n
	}
	var value string
	if quote := rest[1]; quote == '"' || quote == '\'' {
		end := strings.IndexByte(rest[2:], quote)
		if end < 0 {
			p.fail(p.pos+1, "the value is not closed", fmt.Sprintf("a second %q", quote))
		}
		value = rest[2 : 2+end]
		p.pos += end + 3
	} else {
		end := strings.IndexFunc(rest[1:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()[]{}|/$>", r) })
		if end < 0 {
			end = len(rest) - 1
		}
		value = rest[1 : 1+end]
		p.pos += end + 1
	}
	if value == "" || n.op == opEmpty {
		return n
	}
	return &node{op: opValue, kids: []*node{n}, value: value}
}

// dollar reads what begins with $: a function or the name of another pattern.
func (p *parser) dollar() *node {
	start := p.pos
	p.pos++
	name := p.identifier()
	if name == "" {
		return &node{op: opEmpty} // a price, say: punctuation
	}
	if p.pos < len(p.src) && p.src[p.pos] == '<' {
		return p.function(start, name)
	}
	n := &node{op: opName, name: name, offset: start}
	if strings.HasPrefix(p.src[p.pos:], "::") {
		p.pos += 2
		if n.alias = p.identifier(); n.alias == "" {
			p.fail(p.pos, "the alias is missing", fmt.Sprintf("a name after $%s::", name))
		}
	}
	return n
}

func (p *parser) identifier() string {
	start := p.pos
	for p.pos < len(p.src) {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		p.pos += size
	}
	return p.src[start:p.pos]
}

// function reads $regex<…>, $regexp<…>, $regexp_i<…> and $repeat<…>.
func (p *parser) function(start int, name string) *node {
	p.pos++
	switch name {
	case "regex", "regexp", "regexp_i":
		return p.valued(p.regexp(name))
	case "repeat":
		p.angle++
		n := p.alternatives(p.sequence, false)
		p.angle--
		if p.pos >= len(p.src) || p.src[p.pos] != '>' {
			p.fail(start, "$repeat< is not closed", `">"`)
		}
		p.pos++
		if n.op == opEmpty || n.op == opStar {
			return n
		}
		return p.valued(&node{op: opRepeat, kids: []*node{n}})
	}
	p.fail(start, fmt.Sprintf("$%s<> is not supported yet in this version", name), "$regex<>, $regexp<>, $regexp_i<> or $repeat<>")
	return nil
}

// regexp reads a regular expression up to the > that closes it. Go's expressions take linear
// time; what they lack (look-around, back references) is an error here.
func (p *parser) regexp(name string) *node {
	start, depth := p.pos, 1
	for ; p.pos < len(p.src); p.pos++ {
		switch p.src[p.pos] {
		case '\\':
			p.pos++
		case '<':
			depth++
		case '>':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if p.pos >= len(p.src) {
		p.fail(start-1, fmt.Sprintf("$%s< is not closed", name), `">"`)
	}
	expr := p.src[start:p.pos]
	p.pos++
	flags := ""
	if name == "regexp_i" {
		flags = "(?i)"
	}
	re, err := regexp.Compile(`^(?:` + flags + expr + `)`)
	if err != nil {
		message := err.Error()
		if e := (*syntax.Error)(nil); errors.As(err, &e) {
			message = string(e.Code) + ": " + e.Expr
		}
		p.fail(start, "wrong regular expression: "+message, "")
	}
	re.Longest()
	n := &node{op: opRegex, re: re, weight: weightRegexp}
	if name != "regex" {
		n.op = opToken
	}
	if literal, err := syntax.Parse(expr, syntax.Perl); err == nil && literal.Simplify().Op == syntax.OpLiteral {
		n.weight = weightWord
	}
	return n
}
