package syntax

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Value is text of a file that remembers where it stood, also over several lines.
type Value struct {
	Text  string
	marks []mark
}

// mark says that from an offset of a value on, its text stood in a line of a file. The
// column is counted when somebody asks for it.
type mark struct {
	offset int
	pos    Position // where source begins
	full   string   // the line
	source string   // text of the line
	skip   int      // how much of source, in bytes, stands before the offset
}

// ValueAt is a text that stands at a position, on a line.
func ValueAt(text string, pos Position, full string) Value {
	return Value{Text: text, marks: []mark{{pos: pos, full: full, source: text}}}
}

// Piece is what a value has on one line of its file.
type Piece struct {
	Pos  Position
	Text string
}

// Pieces are the value's lines as they stand in the file.
func (v Value) Pieces() []Piece {
	var pieces []Piece
	for i, m := range v.marks {
		end := len(v.Text)
		if i+1 < len(v.marks) {
			end = v.marks[i+1].offset
		}
		text := strings.TrimRight(v.Text[m.offset:end], "\n")
		if n := len(pieces); n > 0 && pieces[n-1].Pos.Line == m.pos.Line {
			pieces[n-1].Text += text
			continue
		}
		pos, _ := v.At(m.offset)
		pieces = append(pieces, Piece{pos, text})
	}
	return pieces
}

// fileValue is the content of a file.
func fileValue(file, content string) Value {
	v := Value{Text: content}
	offset, number := 0, 0
	for full := range strings.SplitSeq(content, "\n") {
		number++
		v.marks = append(v.marks, mark{offset: offset, pos: Position{file, number, 1}, full: full, source: full})
		offset += len(full) + 1
	}
	return v
}

// space is what may stand around a value.
const space = " \t\n\u00a0\u3000\u200b\f\v"

// At is where the sign at an offset of the value, in bytes, stood, and the line it stood on.
func (v Value) At(offset int) (Position, string) {
	if len(v.marks) == 0 {
		return Position{}, ""
	}
	found := v.marks[0]
	if after := sort.Search(len(v.marks), func(i int) bool { return v.marks[i].offset > offset }); after > 0 {
		found = v.marks[after-1]
	}
	pos := found.pos
	before := min(found.skip+max(0, offset-found.offset), len(found.source))
	pos.Column += utf8.RuneCountInString(found.source[:before])
	return pos, found.full
}

// Slice is the part of the value between two offsets, in bytes, without the white space
// around it.
func (v Value) Slice(from, to int) Value {
	text := v.Text[from:to]
	trimmed := strings.TrimLeft(text, space)
	from += len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, space)
	return v.cut(from, from+len(trimmed))
}

// cut is the part of the value between two offsets as it is.
func (v Value) cut(from, to int) Value {
	part := Value{Text: v.Text[from:to]}
	first := sort.Search(len(v.marks), func(i int) bool { return v.marks[i].offset > from })
	for i := max(0, first-1); i < len(v.marks); i++ {
		m := v.marks[i]
		next := len(v.Text) + 1
		if i+1 < len(v.marks) {
			next = v.marks[i+1].offset
		}
		if next <= from {
			continue
		}
		if m.offset > to {
			break
		}
		if m.offset < from {
			m.skip += from - m.offset
			m.offset = from
		}
		m.offset -= from
		part.marks = append(part.marks, m)
	}
	return part
}

// Unquote takes the quotes off a value that is quoted as a whole, and the backslashes off
// the quotes inside.
func (v Value) Unquote() Value {
	n := len(v.Text)
	for _, curly := range []string{"“", "„"} {
		for _, end := range []string{"”", "“"} {
			if strings.HasPrefix(v.Text, curly) && strings.HasSuffix(v.Text, end) && n >= len(curly)+len(end) {
				return v.Slice(len(curly), n-len(end))
			}
		}
	}
	if n < 2 || v.Text[0] != '"' && v.Text[0] != '\'' || v.Text[n-1] != v.Text[0] {
		return v
	}
	escaped := `\` + v.Text[:1]
	v = v.Slice(1, n-1)
	if !strings.Contains(v.Text, escaped) {
		return v
	}
	var b valueBuilder
	from := 0
	for {
		at := strings.Index(v.Text[from:], escaped)
		if at < 0 {
			b.add("", v.cut(from, len(v.Text)))
			return b.value()
		}
		b.add("", v.cut(from, from+at))
		b.add("", v.cut(from+at+1, from+at+2))
		from += at + 2
	}
}

// valueBuilder puts a value together of many pieces.
type valueBuilder struct {
	text  strings.Builder
	marks []mark
}

// add puts more text behind the value, with a separator between; nothing goes before the
// first piece.
func (b *valueBuilder) add(separator string, more Value) {
	if b.text.Len() > 0 {
		b.text.WriteString(separator)
	}
	for _, m := range more.marks {
		m.offset += b.text.Len()
		b.marks = append(b.marks, m)
	}
	b.text.WriteString(more.Text)
}

func (b *valueBuilder) value() Value {
	return Value{Text: b.text.String(), marks: b.marks}
}
