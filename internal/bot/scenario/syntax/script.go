package syntax

import (
	"strings"
	"unicode/utf8"
)

// code reads the lines of a script: what stands behind the colon and all deeper lines. It
// ends at the first line indented no deeper than its tag (scenario language, 2); comments do
// not end it, and what would make no sense as a tag does not.
func (r *reader) code(t *Tag, l line, rest int) {
	var js javaScript
	if rest < len(l.text) {
		lead := l.pos.Column - 1 + utf8.RuneCountInString(l.text[:rest])
		t.addCode(l.pos.Line, strings.Repeat(" ", lead)+l.text[rest:], &js)
	}
	for i := r.next; i < len(r.lines); i++ {
		next := r.lines[i]
		if next.idle() && (next.text == "" || next.text[0] == '#' || next.indent <= l.indent) {
			continue
		}
		if next.indent <= l.indent && !r.inScript(l, i, &js) {
			break
		}
		for n := len(t.Code); n > 0 && t.Code[n-1].Line < next.pos.Line-1; n++ {
			t.Code = append(t.Code, CodeLine{Line: t.Code[n-1].Line + 1})
		}
		t.addCode(next.pos.Line, strings.TrimRight(next.full, space), &js)
		r.next = i + 1
	}
}

// inScript reports whether a line indented no deeper than its script's tag still belongs to
// the script: while a bracket is open, or when it is beside the tag and is no tag itself.
func (r *reader) inScript(l line, i int, js *javaScript) bool {
	next := r.lines[i]
	name, rest, colon := tagName(next.text)
	switch {
	case r.tagLine(i):
		return false
	case js.inside():
		return !colon || !isAction(name) || rest != len(next.text)
	}
	return next.indent == l.indent && (name == "" || r.kindAt(i, name, rest, colon) == nil)
}

// addCode puts a line behind the code.
func (t *Tag) addCode(number int, text string, js *javaScript) {
	text = strings.TrimPrefix(text, "\uFEFF")
	t.Code = append(t.Code, CodeLine{number, strings.TrimRight(text[:js.line(text)], space)})
}
