package syntax

import (
	"strings"
	"unicode"
)

// items reads the lines nested in buttons and patterns.
func (r *reader) items(t *Tag, l line, rest int, k *kind) {
	if t.Value = l.upTo(rest + comment(l.text[rest:], bodyValue)).value(rest); t.Value.Text != "" {
		r.splitParams(t, k)
	}
	g := &gatherer{reader: r, patterns: k.name == "patterns"}
	if t.Value.Text != "" {
		g.begin(t.Value)
	}
	for {
		next, ok := r.peek()
		if !ok || (next.indent <= l.indent || r.tagLine(r.next)) && !g.open() || next.indent <= l.indent && r.tagLine(r.next) {
			break
		}
		r.next++
		g.line(next)
	}
	g.end()
	t.Items = g.items
}

// gatherer puts items together of their lines.
type gatherer struct {
	reader   *reader
	patterns bool
	items    []Value
	item     valueBuilder
	js       javaScript // brackets of an object or a converter
	scan     scan       // brackets of a pattern, and its ||
	begun    bool
	arrow    bool // the item ends with ->
}

// open reports whether a bracket of the item is.
func (g *gatherer) open() bool {
	return g.begun && (g.js.inside() || g.patterns && g.scan.at < 0 && g.scan.depth > 0)
}

// line reads a line: a new item, or more of the one before.
func (g *gatherer) line(l line) {
	if g.patterns {
		g.pattern(l)
		return
	}
	if g.js.inside() {
		g.more("\n", l.value(0))
		return
	}
	v := l.upTo(comment(l.text, bodyValue)).value(0)
	if g.begun && (g.arrow || strings.HasPrefix(l.text, "->") || strings.HasPrefix(l.text, ",")) {
		g.more(" ", v)
		return
	}
	if bare := strings.TrimLeft(l.text, "-* "); bare != l.text && faces(bare) { // a list's bullet
		v = v.Slice(len(l.text)-len(bare), len(v.Text))
	}
	g.end()
	g.begin(v)
}

// pattern reads a line of named patterns. A pattern begins with "$name ="; a converter may
// be a function over many lines, in which that is an assignment.
func (g *gatherer) pattern(l line) {
	converter := g.scan.at >= 0 && g.js.inside()
	if !converter {
		l = l.upTo(comment(l.text, bodyPattern))
	}
	v := l.value(0)
	switch {
	case g.begun && converter:
		g.more("\n", v)
	case g.begun && strings.HasPrefix(l.text, "converter") && looksLikeParams(l.text) && g.scan.at < 0:
		g.scan.at = g.scan.size
		g.more(" || ", v)
	case !g.begun || patternHead(l.text) || looksLikeParams(l.text):
		g.end()
		g.begin(v)
	default:
		g.more(" ", v)
	}
}

// patternHead reports whether a line begins with "$name =".
func patternHead(text string) bool {
	if text == "" || text[0] != '$' {
		return false
	}
	rest := strings.TrimLeftFunc(text[1:], func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.", r)
	})
	return len(rest) < len(text)-1 && strings.HasPrefix(strings.TrimLeft(rest, space), "=")
}

func (g *gatherer) begin(v Value) {
	g.begun, g.js, g.scan = true, javaScript{}, scan{at: -1}
	g.more("", v)
}

// more adds a piece to the item.
func (g *gatherer) more(separator string, v Value) {
	switch {
	case g.patterns && g.scan.at >= 0:
		v = v.Slice(0, g.js.line(v.Text))
	case g.patterns:
		before := g.scan.size
		if g.scan.line(v.Text); g.scan.at >= 0 {
			from := g.scan.at - before + len("||")
			v = v.Slice(0, from+g.js.line(v.Text[from:]))
		}
	default:
		g.arrow = strings.HasSuffix(v.Text, "->")
		if g.js.inside() || strings.HasPrefix(v.Text, "{") || strings.HasPrefix(v.Text, "[") {
			g.js.line(v.Text)
		}
	}
	g.item.add(separator, v)
}

// end closes the item and adds what it is: one, or several with commas between.
func (g *gatherer) end() {
	if !g.begun {
		return
	}
	v := g.item.value()
	g.item, g.begun = valueBuilder{}, false
	if g.patterns {
		g.items = append(g.items, v.Slice(0, len(strings.TrimRight(v.Text, space+";"))))
		return
	}
	g.items = append(g.items, splitButtons(v)...)
}
