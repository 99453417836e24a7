package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// dollar reads what begins with $: a function or the name of another pattern.
func (p *parser) dollar() *node {
	start := p.pos
	p.pos++
	if p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		return p.words() // a price
	}
	name := p.identifier("")
	if name == "" {
		return &node{op: opEmpty} // punctuation
	}
	if p.pos < len(p.src) && p.src[p.pos] == '<' {
		return p.function(start, name)
	}
	return p.valued(p.aliased(&node{op: opName, name: name, offset: start}))
}

// function reads $name<…>.
func (p *parser) function(start int, name string) *node {
	p.pos++
	switch name {
	case "regex", "regexp", "regex_i", "regexp_i":
		return p.valued(p.regexp(name))
	case "repeat":
		return p.repeat(start)
	case "entity":
		of := strings.TrimPrefix(strings.TrimSpace(p.argument(start, name)), "$")
		if of == "" {
			p.fail(start, "$entity<> without a name", "the name of a dictionary")
		}
		return p.valued(p.aliased(&node{op: opDict, name: of, offset: start}))
	case "morph":
		props := strings.FieldsFunc(p.argument(start, name), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		if len(props) == 0 {
			p.fail(start, "$morph<> without properties", "$morph<С> or $morph<С им ед>")
		}
		return p.valued(&node{op: opMorph, props: props, weight: weightMorph, offset: start})
	case "lemma":
		inner := &parser{src: strings.TrimSpace(p.argument(start, name)), forms: 1}
		return p.valued(inner.words())
	case "weight":
		return p.weight(start)
	}
	p.fail(start, fmt.Sprintf("there is no function $%s<>", name),
		"$regex<>, $regexp<>, $regexp_i<>, $repeat<>, $entity<>, $morph<>, $lemma<> or $weight<>")
	return nil
}

// argument reads a plain argument up to >.
func (p *parser) argument(start int, name string) string {
	end := strings.IndexByte(p.src[p.pos:], '>')
	if end < 0 {
		p.fail(start, fmt.Sprintf("$%s< is not closed", name), `">"`)
	}
	arg := p.src[p.pos : p.pos+end]
	p.pos += end + 1
	return arg
}

// repeat reads $repeat<…>. The vendor takes a named pattern only; we take any.
func (p *parser) repeat(start int) *node {
	p.angle++
	n := p.alternatives(p.sequence, false)
	p.angle--
	if p.pos >= len(p.src) || p.src[p.pos] != '>' {
		p.fail(start, "$repeat< is not closed", `">"`)
	}
	p.pos++
	if n.op == opName && n.alias == "" {
		p.aliased(n)
	}
	switch n.op {
	case opEmpty, opStar:
		return n
	case opName, opEntity, opDict:
	default:
		p.warn(start, "$repeat<> of something else than a named pattern", "a name like $repeat<$Number>: other platforms refuse the rest")
	}
	return p.valued(&node{op: opRepeat, kids: []*node{n}})
}

// weight reads $weight<a>, <a+b>, <a-b>, <+b> or <-b>: the score s becomes a·s+b.
func (p *parser) weight(start int) *node {
	arg := strings.ReplaceAll(strings.ReplaceAll(p.argument(start, "weight"), " ", ""), ",", ".")
	factor, addend := arg, ""
	if i := strings.LastIndexAny(arg, "+-"); i >= 0 {
		factor, addend = arg[:i], arg[i:]
	}
	n := &node{op: opWeight, factor: 1, offset: start}
	var err error
	if factor != "" {
		n.factor, err = strconv.ParseFloat(factor, 64)
	}
	if addend != "" && err == nil {
		n.addend, err = strconv.ParseFloat(addend, 64)
	}
	const limit = 1e6
	if err != nil || arg == "" || !(-limit < n.factor && n.factor < limit && -limit < n.addend && n.addend < limit) {
		p.fail(start, fmt.Sprintf("wrong weight %q", arg), "$weight<1.5>, $weight<+0.2> or $weight<1.5-0.2>")
	}
	return n
}

// regexp reads a regular expression.
func (p *parser) regexp(name string) *node {
	start := p.pos
	size := expressionSize(p.src[start:])
	if size < 0 {
		p.fail(start-1, fmt.Sprintf("$%s< is not closed", name), `">"`)
	}
	expr := p.src[start : start+size]
	p.pos += size + 1
	re, err := newExpression(expr, strings.HasSuffix(name, "_i"))
	if err != nil {
		p.fail(start, "wrong regular expression: "+err.Error(), "")
	}
	n := &node{op: opRegex, re: re, weight: weightRegexp}
	if strings.HasPrefix(name, "regexp") {
		n.op = opToken
	}
	switch {
	case re.literal:
		n.weight = weightWord
	case re.any:
		n.weight = weightAny
	}
	return n
}

// expressionSize finds the > that closes a regular expression; -1 if there is none. The
// expression may have < and > in pairs, in classes and in groups like (?<= and (?>.
func expressionSize(s string) int {
	depth, class := 1, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case strings.HasPrefix(s[i:], "(?<=") || strings.HasPrefix(s[i:], "(?<!") || strings.HasPrefix(s[i:], "(?>"):
			i += 2
		case c == '<':
			depth++
		case c == '>':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return strings.IndexByte(s, '>')
}
