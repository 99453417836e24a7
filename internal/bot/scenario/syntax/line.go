package syntax

import "strings"

// tabWidths are how deep a tab may indent, the most likely first. Files mix tabs with the
// four spaces of a level; some were written where a tab is as wide as two or eight.
var tabWidths = [...]int{4, 2, 8}

// line is a line of a scenario file.
type line struct {
	pos    Position // of its first sign
	indent int      // in columns
	text   string   // without indentation and white space at the end
	full   string   // as it is in the file
}

// idle reports whether a line says nothing: it is empty or a comment.
func (l line) idle() bool {
	return l.text == "" || l.text[0] == '#' || strings.HasPrefix(l.text, "//")
}

// value is the part of a line from an offset of its text on.
func (l line) value(offset int) Value {
	return ValueAt(l.text, l.pos, l.full).Slice(min(offset, len(l.text)), len(l.text))
}

// upTo is the line without what stands from an offset of its text on.
func (l line) upTo(offset int) line {
	l.text = strings.TrimRight(l.text[:offset], space)
	return l
}

// normal makes the text of a file UTF-8 with \n at the ends of lines and no byte order mark.
func normal(content string) string {
	content = strings.ToValidUTF8(content, "\uFFFD")
	content = strings.TrimPrefix(content, "\uFEFF")
	return strings.ReplaceAll(strings.ReplaceAll(content, "\r\n", "\n"), "\r", "\n")
}

// readLines cuts a file into lines. It takes files as they are: with any line ends, any
// indentation.
func readLines(file, content string, tabWidth int) []line {
	var lines []line
	number := 0
	for full := range strings.SplitSeq(content, "\n") {
		number++
		text, indent, column := dedent(full, tabWidth)
		lines = append(lines, line{Position{file, number, column}, indent, text, full})
	}
	return lines
}

// dedent takes the white space around a line off and measures it. A tab goes on to the next
// multiple of its width.
func dedent(full string, tabWidth int) (text string, indent, column int) {
	column = 1
	for i, r := range full {
		switch r {
		case ' ', '\u00a0', '\u3000':
			indent++
		case '\t':
			indent += tabWidth - indent%tabWidth
		case '\uFEFF', '\u200b', '\f', '\v':
		default:
			return strings.TrimRight(full[i:], space), indent, column
		}
		column++
	}
	return "", indent, column
}

// mixed reports whether a file indents with tabs and with spaces, so that the width of a
// tab says what is nested in what.
func mixed(lines []line) bool {
	tabs, spaces := false, false
	for _, l := range lines {
		if l.text == "" || l.full == "" {
			continue
		}
		lead := l.full[:len(l.full)-len(strings.TrimLeft(l.full, " \t"))]
		tabs = tabs || strings.Contains(lead, "\t")
		spaces = spaces || strings.Contains(lead, " ")
	}
	return tabs && spaces
}
