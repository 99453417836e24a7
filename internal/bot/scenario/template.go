package scenario

import (
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// template is a text with {{ }} in it.
type template struct {
	fixed string // the whole text when nothing is to be put in
	parts []templatePart
}

// templatePart is a piece of text, or an expression.
type templatePart struct {
	text  string
	block int // of the expression; noBlock for a piece of text
}

// isFixed reports whether the text is known before the bot runs.
func (t *template) isFixed() bool { return t.parts == nil }

// template compiles a text.
func (c *compiler) template(v syntax.Value) template {
	if !strings.Contains(v.Text, "{{") {
		return template{fixed: v.Text}
	}
	var t template
	add := func(text string) {
		if text != "" {
			t.parts = append(t.parts, templatePart{text, noBlock})
		}
	}
	for i := 0; ; {
		open := strings.Index(v.Text[i:], "{{")
		if open < 0 {
			add(v.Text[i:])
			return t
		}
		add(v.Text[i : i+open])
		open += i
		pos, full := v.At(open)
		length := expressionLength(v.Text[open+2:])
		if length < 0 {
			c.fail(pos, full, `"{{" is not closed`, `"}}"`)
			return t
		}
		if expr := strings.TrimSpace(v.Text[open+2 : open+2+length]); expr != "" {
			pos, _ := v.At(open + 2 + strings.Index(v.Text[open+2:], expr))
			t.parts = append(t.parts, templatePart{block: c.code.expression(placed(pos), expr)})
		}
		i = open + 2 + length + 2
	}
}

// placed is a position that has a line: what is made up, as of a default, stands in the first.
func placed(pos Position) Position {
	pos.Line, pos.Column = max(1, pos.Line), max(1, pos.Column)
	return pos
}

// expressionLength is how far an expression goes up to its }}, or -1. Braces inside of it
// come in pairs, those in quotes do not count.
func expressionLength(text string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}' && strings.HasPrefix(text[i:], "}}"):
			return i
		}
	}
	return strings.Index(text, "}}") // a quote or a brace is missing
}

// expand fills in the expressions.
func (t *turn) expand(of *template) (string, error) {
	if of.isFixed() {
		return of.fixed, nil
	}
	var b strings.Builder
	for _, p := range of.parts {
		if p.block == noBlock {
			b.WriteString(p.text)
			continue
		}
		vm, err := t.js()
		if err != nil {
			return "", err
		}
		text, err := vm.Text(t.ctx, p.block)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	if !strings.Contains(b.String(), "{{") {
		return b.String(), nil
	}
	return t.vm.Expand(t.ctx, b.String()) // texts that are data of the bot may have expressions too
}
