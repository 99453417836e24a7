package syntax

import (
	"slices"
	"strconv"
	"strings"
)

// action reads the parameters of an action, one a line: "prompt = What is your name?" needs
// no quotes, so commas and what looks like more parameters belong to the value. A list or
// an object may go over many lines, and so may a text.
func (r *reader) action(t *Tag, l line, rest int, k *kind) {
	first := l.value(rest)
	if looksLikeParams(strings.TrimLeft(first.Text, "|")) {
		r.params(t, k, first)
	} else {
		t.Value = first.Slice(0, comment(first.Text, bodyValue))
	}
	for {
		next, ok := r.peek()
		if !ok || next.indent <= l.indent || r.tagLine(r.next) {
			return
		}
		r.actionLine(t, l, next)
	}
}

// actionLine reads one parameter with the lines in which its value goes on.
func (r *reader) actionLine(t *Tag, l, next line) {
	name, from := paramName(next.text)
	var b valueBuilder
	r.actionValue(&b, l, next, from)
	for {
		more, ok := r.peek()
		if !ok || more.indent <= l.indent || r.tagLine(r.next) {
			break
		}
		if name, _ := paramName(more.text); name != "" {
			break
		}
		r.next++
		b.add("\n", more.value(0))
	}
	if name == "" {
		t.Value = b.value()
		return
	}
	t.Params = append(t.Params, Param{name, plain(b.value())})
}

// paramName is the name a line of parameters begins with, and where its value does; "" when
// it begins with none.
func paramName(text string) (name string, from int) {
	trimmed := strings.TrimLeft(text, "| ")
	name, tail := cutName(trimmed)
	if name == "" || tail == "" || tail[0] != '=' && tail[0] != ':' || strings.HasPrefix(tail, "://") {
		return "", len(text) - len(trimmed)
	}
	return name, len(text) - len(tail) + 1
}

// actionValue reads a value from an offset of a line on, over the lines in which its
// brackets or its quote are open.
func (r *reader) actionValue(b *valueBuilder, l, first line, from int) {
	r.next++
	v := first.value(from)
	if v.Text == "" {
		next, ok := r.peek()
		if !ok || next.indent <= l.indent || !strings.ContainsAny(next.text[:1], "[{") {
			return
		}
		r.next++
		v = next.value(0)
	}
	b.add("", v)
	switch v.Text[0] {
	case '[', '{':
		var js javaScript
		js.line(v.Text)
		closed := r.closedAt(l, js)
		r.valueLines(b, func(i int) bool {
			name, _ := paramName(r.lines[i].text)
			return i <= closed || closed < r.next && js.inside() && r.lines[i].indent > l.indent && name == ""
		}, func(text string) { js.line(text) })
	case '"':
		s := scan{at: 0, begun: true, fresh: true}
		s.line(v.Text)
		r.valueLines(b, func(i int) bool { return s.quote != 0 && r.lines[i].indent > l.indent }, s.line)
	}
}

// closedAt is the line in which what is open in a value is closed; -1 when the action ends
// before, as when a quote is missing.
func (r *reader) closedAt(l line, js javaScript) int {
	const far = 300
	if !js.inside() {
		return r.next - 1
	}
	js.open = slices.Clone(js.open)
	for i := r.next; i < min(len(r.lines), r.next+far); i++ {
		next := r.lines[i]
		if next.text != "" && next.indent <= l.indent && r.tagLine(i) {
			break
		}
		if js.line(next.text); !js.inside() {
			return i
		}
	}
	return -1
}

// valueLines adds lines to a value while they belong to it.
func (r *reader) valueLines(b *valueBuilder, belongs func(i int) bool, read func(text string)) {
	for i := r.next; i < len(r.lines) && (r.lines[i].text == "" || belongs(i)); i++ {
		if text := r.lines[i].text; text != "" {
			b.add("\n", r.lines[i].value(0))
			read(text)
			r.next = i + 1
		}
	}
}

// plain takes off what stands behind a value that says where it ends, and its quotes. A
// text without quotes goes to the end of its line.
func plain(v Value) Value {
	if v.Text == "" || strings.HasPrefix(v.Text, "{{") || strings.Contains(v.Text, "\n") && !strings.ContainsAny(v.Text[:1], "[{\"'") {
		return v
	}
	if v.Text[0] == '"' || v.Text[0] == '\'' {
		return paramValue(v)
	}
	bare := v.Slice(0, comment(v.Text, bodyValue))
	bare = bare.Slice(0, len(strings.TrimRight(bare.Text, space+",;")))
	if strings.ContainsAny(v.Text[:1], "[{/") || isLiteral(bare.Text) {
		return bare
	}
	return v
}

// isLiteral reports whether a text is a number or a truth value.
func isLiteral(text string) bool {
	if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
		return true
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
