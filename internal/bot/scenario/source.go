package scenario

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

// value is text of a file that remembers where it stood, also over several lines.
type value struct {
	text  string
	marks []mark
}

// mark says that from an offset of a value on, its text stood at a position.
type mark struct {
	offset int
	pos    Position
	full   string
}

// at is where the sign at an offset of the value stood.
func (v value) at(offset int) (Position, string) {
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
	offset = min(max(offset, found.offset), len(v.text))
	pos.Column += utf8.RuneCountInString(v.text[found.offset:offset])
	return pos, found.full
}

// slice is a part of the value without the white space around it.
func (v value) slice(from, to int) value {
	text := v.text[from:to]
	trimmed := strings.TrimLeft(text, " \t\n")
	from += len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " \t\n")
	to = from + len(trimmed)
	part := value{text: trimmed}
	for i, m := range v.marks {
		next := len(v.text) + 1
		if i+1 < len(v.marks) {
			next = v.marks[i+1].offset
		}
		if next <= from || m.offset > to {
			continue
		}
		if m.offset < from {
			m.pos.Column += utf8.RuneCountInString(v.text[m.offset:from])
			m.offset = from
		}
		m.offset -= from
		part.marks = append(part.marks, m)
	}
	return part
}

// add puts more text behind the value, with a separator between.
func (v value) add(separator string, more value) value {
	if v.text == "" {
		return more
	}
	sum := value{text: v.text + separator + more.text, marks: v.marks[:len(v.marks):len(v.marks)]}
	for _, m := range more.marks {
		m.offset += len(v.text) + len(separator)
		sum.marks = append(sum.marks, m)
	}
	return sum
}

// textFrom is the part of a line from an offset of its text on.
func (l line) textFrom(offset int) value {
	whole := value{text: l.text, marks: []mark{{0, l.pos, l.full}}}
	return whole.slice(offset, len(l.text))
}
