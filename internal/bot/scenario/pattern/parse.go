package pattern

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one pattern.
const (
	maxDepth  = 50    // brackets within brackets
	maxSet    = 16    // elements in {}: their orders are tried together, which costs 2^n
	maxSource = 20000 // bytes
)

// Error is a mistake in a pattern.
type Error struct {
	Offset   int    // in the source, in bytes
	Message  string // what is wrong
	Expected string // what would be right; "" when the message says it all
	Unknown  string // the name of a pattern that is not defined; "" for other mistakes
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
	src      string
	pos      int
	depth    int
	angle    int // how many $repeat< are open
	forms    int // how many ~( are open: their words are lemmas
	warnings []*Error
}

// parse returns the tree of a pattern and what is suspicious in it.
func parse(src string) (n *node, warnings []*Error, err *Error) {
	if len(src) > maxSource {
		return nil, nil, &Error{Message: fmt.Sprintf("pattern of %d bytes", len(src)), Expected: fmt.Sprintf("at most %d", maxSource)}
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
	return n, p.warnings, nil
}

func (p *parser) fail(offset int, message, expected string) {
	panic(&Error{Offset: offset, Message: message, Expected: expected})
}

func (p *parser) warn(offset int, message, expected string) {
	p.warnings = append(p.warnings, &Error{Offset: offset, Message: message, Expected: expected})
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
		start := p.pos
		n := read()
		if n.op != opEmpty || !top {
			kids = append(kids, n)
		} else if strings.HasPrefix(p.src[start:], "|") || start > 0 && p.src[start-1] == '|' {
			p.warn(start, "an alternative is empty", "something on both sides of |")
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
	merged := make(map[op]*node, 2)
	for _, n := range kids {
		n.sign = n.sign && len(kids) == 1
		if n.op == opWord || n.op == opLemma {
			if first := merged[n.op]; first != nil {
				for w := range n.words {
					first.words[w] = struct{}{}
				}
				continue
			}
			merged[n.op] = n
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

// sequence makes one node of many. Stars that follow each other are one. A mathematical
// sign among other elements may be missing: 2+3 is written without spaces as well.
func sequence(kids []*node) *node {
	seq := &node{op: opSeq}
	for _, n := range kids {
		if n.op == opEmpty || n.op == opStar && len(seq.kids) > 0 && seq.kids[len(seq.kids)-1].op == opStar {
			continue
		}
		if n.sign && len(kids) > 1 {
			n = &node{op: opOpt, kids: []*node{n}}
		}
		seq.kids = append(seq.kids, n)
	}
	return seq.simple()
}

// anyOrder reads the elements of a {} group.
func (p *parser) anyOrder() *node {
	set := &node{op: opSet, offset: p.pos}
	var before []*node // elements without a place
	for _, n := range p.elements() {
		switch {
		case n.op == opWeight:
			before = append(before, n)
		case n.op == opStar:
			set.gaps = true
		case n.op == opEmpty:
		case n.sign:
			set.kids = append(set.kids, &node{op: opOpt, kids: []*node{n}})
		default:
			set.kids = append(set.kids, n)
		}
	}
	if len(set.kids) > maxSet {
		p.fail(set.offset, fmt.Sprintf("{} with %d elements", len(set.kids)), fmt.Sprintf("at most %d", maxSet))
	}
	whole := set
	switch {
	case len(set.kids) == 0 && set.gaps:
		whole = star()
	case len(set.kids) == 0:
		whole = &node{op: opEmpty}
	case len(set.kids) == 1 && !set.gaps:
		whole = set.kids[0]
	}
	return sequence(append(before, whole))
}

func star() *node { return &node{op: opStar} }

// elements reads until a separator, a closing bracket or the end.
func (p *parser) elements() []*node {
	var kids []*node
	for p.pos < len(p.src) {
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
			kid := p.valued(p.group(']', p.sequence))
			if kid.op != opEmpty && kid.op != opStar && kid.op != opOpt {
				kid = &node{op: opOpt, kids: []*node{kid}}
			}
			kids = append(kids, kid)
		case '{':
			kids = append(kids, p.valued(p.group('}', p.anyOrder)))
		case '$':
			kids = append(kids, p.dollar())
		case '~':
			kids = append(kids, p.lemma())
		case '@':
			kids = append(kids, p.entity())
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

// lemma reads ~word, or ~ before a group: its words in all their forms.
func (p *parser) lemma() *node {
	start := p.pos
	for p.pos < len(p.src) && (p.src[p.pos] == '~' || p.src[p.pos] == ' ') {
		p.pos++
	}
	if p.pos >= len(p.src) || strings.IndexByte("|/)]}>$@", p.src[p.pos]) >= 0 {
		p.warn(start, "~ without a word", "the first form of a word after ~")
		return &node{op: opEmpty}
	}
	p.forms++
	defer func() { p.forms-- }()
	switch p.src[p.pos] {
	case '(':
		return p.valued(p.group(')', p.sequence))
	case '[':
		return &node{op: opOpt, kids: []*node{p.valued(p.group(']', p.sequence))}}
	case '{':
		return p.valued(p.group('}', p.anyOrder))
	}
	return p.words()
}

// ends reports whether a sign ends a run of words.
func endsWords(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("()[]{}|/$>~", r)
}

// words reads a run of signs without spaces and brackets: usually one word. A sign after \
// is a sign as any other.
func (p *parser) words() *node {
	start := p.pos
	var run strings.Builder
	for p.pos < len(p.src) {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if r == '\\' && p.pos+1 < len(p.src) {
			p.pos++
			r, size = utf8.DecodeRuneInString(p.src[p.pos:])
			if r == '*' {
				r, size = ' ', 1
			}
			run.WriteRune(r)
			p.pos += size
			continue
		}
		if endsWords(r) || r == ':' && p.pos > start {
			break
		}
		run.WriteRune(r)
		p.pos += size
	}
	words := appendWords(nil, run.String(), true)
	var kids []*node
	for i := 0; i < len(words); {
		n, used := p.compound(words[i:])
		kids = append(kids, n...)
		i += used
	}
	if len(kids) > 0 {
		p.checkLetters(start, run.String())
	}
	return p.valued(sequence(kids))
}

// checkLetters warns of a word that mixes alphabets: some letter looks like another one.
func (p *parser) checkLetters(offset int, run string) {
	var cyrillic, latin bool
	for _, r := range run {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic = true
		case unicode.Is(unicode.Latin, r):
			latin = true
		case r != '*' && !unicode.IsDigit(r):
			cyrillic, latin = false, false
		}
		if cyrillic && latin {
			p.warn(offset, fmt.Sprintf("%q has Latin and Cyrillic letters", run), "letters of one alphabet")
			return
		}
	}
}

// compound makes nodes of a word, or of a compound: written in one piece or in its parts.
func (p *parser) compound(words []word) (nodes []*node, used int) {
	w := words[0]
	if w.wide == 0 {
		n := p.wordNode(w.folded)
		n.sign = w.sign
		return []*node{n}, 1
	}
	if strings.Contains(w.joined, "*") && !strings.ContainsAny(w.joined, ".@+:%&") {
		return []*node{p.wordNode(w.joined)}, w.wide
	}
	for _, part := range words[:w.wide] {
		nodes = append(nodes, p.wordNode(part.folded))
	}
	if strings.Contains(w.joined, "*") {
		return nodes, w.wide
	}
	alt := &node{op: opAlt, kids: []*node{p.wordNode(w.joined), {op: opSeq, kids: nodes}}}
	return []*node{alt}, w.wide
}

// wordNode makes the node of a word that may have stars in it.
func (p *parser) wordNode(w string) *node {
	switch {
	case strings.Trim(w, "*") == "":
		return star()
	case strings.Contains(w, "*"):
		return &node{op: opGlob, glob: newGlob(w)}
	case p.forms > 0:
		return &node{op: opLemma, words: map[string]struct{}{w: {}}}
	}
	return &node{op: opWord, words: map[string]struct{}{w: {}}}
}

// valued reads the :value behind an element, if there is one.
func (p *parser) valued(n *node) *node {
	rest := p.src[p.pos:]
	if len(rest) < 2 || rest[0] != ':' || rest[1] == ':' {
		return n
	}
	var value any
	var size int
	switch rest[1] {
	case '"', '\'':
		text, length, ok := quoted(rest[1:])
		if !ok {
			p.fail(p.pos+1, "the value is not closed", fmt.Sprintf("a second %q", rest[1]))
		}
		value, size = text, length
	case '{':
		object := jsonObject(rest[1:])
		if object == "" {
			return n
		}
		value, size = json.RawMessage(object), len(object)
	default:
		end := strings.IndexFunc(rest[1:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()[]{}|/$>", r) })
		if end < 0 {
			end = len(rest) - 1
		}
		value, size = rest[1:1+end], end
	}
	p.pos += 1 + size
	if value == "" || n.op == opEmpty {
		return n
	}
	return &node{op: opValue, kids: []*node{n}, value: value}
}

// quoted reads a text in quotes; a backslash takes the next sign as it is.
func quoted(s string) (text string, size int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == s[0]:
			return b.String(), i + 1, true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// jsonObject is the JSON object that a text begins with; "" when it is something else.
func jsonObject(s string) string {
	d := json.NewDecoder(strings.NewReader(s))
	var object json.RawMessage
	if d.Decode(&object) != nil {
		return ""
	}
	return s[:d.InputOffset()]
}

// identifier reads a name: letters, digits and underscores; in entities also points and
// hyphens between them (duckling.phone-number).
func (p *parser) identifier(inner string) string {
	start := p.pos
	for p.pos < len(p.src) {
		r, size := utf8.DecodeRuneInString(p.src[p.pos:])
		if !isNameRune(r) {
			next, _ := utf8.DecodeRuneInString(p.src[p.pos+size:])
			if p.pos == start || !strings.ContainsRune(inner, r) || !isNameRune(next) {
				break
			}
		}
		p.pos += size
	}
	return p.src[start:p.pos]
}

func isNameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// aliased reads the ::Alias behind a name.
func (p *parser) aliased(n *node) *node {
	if !strings.HasPrefix(p.src[p.pos:], "::") {
		return n
	}
	p.pos += 2
	if n.alias = p.identifier(".-"); n.alias == "" {
		p.fail(p.pos, "the alias is missing", "a name after ::")
	}
	return n
}

// entity reads @name.
func (p *parser) entity() *node {
	start := p.pos
	p.pos++
	name := p.identifier(".-")
	if name == "" {
		return &node{op: opEmpty} // punctuation
	}
	return p.valued(p.aliased(&node{op: opEntity, name: name, weight: weightEntity, offset: start}))
}
