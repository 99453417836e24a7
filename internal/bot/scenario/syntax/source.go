package syntax

import (
	"strings"
	"unicode/utf8"
)

// tabWidth is how deep a tab indents: files mix tabs with the four spaces of a level.
const tabWidth = 4

// line is a line of a scenario file that is neither empty nor a comment.
type line struct {
	pos    Position // of its first sign
	indent int      // in columns, a tab going on to the next multiple of tabWidth
	text   string   // without indentation and white space at the end
	full   string   // as it is in the file
}

// readLines cuts a file into lines. It takes files as they are: with a byte order mark, any
// line ends, any indentation.
func readLines(file, content string) []line {
	content = strings.ToValidUTF8(content, "\uFFFD")
	content = strings.TrimPrefix(content, "\uFEFF")
	content = strings.ReplaceAll(strings.ReplaceAll(content, "\r\n", "\n"), "\r", "\n")
	var lines []line
	number := 0
	for full := range strings.SplitSeq(content, "\n") {
		number++
		text, indent, column := dedent(full)
		if text == "" || text[0] == '#' {
			continue
		}
		lines = append(lines, line{Position{file, number, column}, indent, text, full})
	}
	return lines
}

// dedent takes the white space around a line off and measures it.
func dedent(full string) (text string, indent, column int) {
	column = 1
	for i, r := range full {
		switch r {
		case ' ', '\u00a0', '\u3000':
			indent++
		case '\t':
			indent += tabWidth - indent%tabWidth
		case '\uFEFF', '\u200b', '\f', '\v':
		default:
			return strings.TrimRight(full[i:], " \t\u00a0\u3000\u200b\f\v"), indent, column
		}
		column++
	}
	return "", indent, column
}

// Value is text of a file that remembers where it stood, also over several lines.
type Value struct {
	Text  string
	marks []mark
}

// mark says that from an offset of a value on, its text stood at a position.
type mark struct {
	offset int
	pos    Position
	full   string
}

// At is where the sign at an offset of the value stood.
func (v Value) At(offset int) (Position, string) {
	if len(v.marks) == 0 {
		return Position{}, ""
	}
	found := v.marks[0]
	for _, m := range v.marks {
		if m.offset > offset {
			break
		}
		found = m
	}
	pos := found.pos
	offset = min(max(offset, found.offset), len(v.Text))
	pos.Column += utf8.RuneCountInString(v.Text[found.offset:offset])
	return pos, found.full
}

// Slice is a part of the value without the white space around it.
func (v Value) Slice(from, to int) Value {
	text := v.Text[from:to]
	trimmed := strings.TrimLeft(text, " \t\n")
	from += len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " \t\n")
	to = from + len(trimmed)
	part := Value{Text: trimmed}
	for i, m := range v.marks {
		next := len(v.Text) + 1
		if i+1 < len(v.marks) {
			next = v.marks[i+1].offset
		}
		if next <= from || m.offset > to {
			continue
		}
		if m.offset < from {
			m.pos.Column += utf8.RuneCountInString(v.Text[m.offset:from])
			m.offset = from
		}
		m.offset -= from
		part.marks = append(part.marks, m)
	}
	return part
}

// add puts more text behind the value, with a separator between.
func (v Value) add(separator string, more Value) Value {
	if v.Text == "" {
		return more
	}
	sum := Value{Text: v.Text + separator + more.Text, marks: v.marks[:len(v.marks):len(v.marks)]}
	for _, m := range more.marks {
		m.offset += len(v.Text) + len(separator)
		sum.marks = append(sum.marks, m)
	}
	return sum
}

// textFrom is the part of a line from an offset of its text on.
func (l line) textFrom(offset int) Value {
	whole := Value{Text: l.text, marks: []mark{{0, l.pos, l.full}}}
	return whole.Slice(offset, len(l.text))
}
