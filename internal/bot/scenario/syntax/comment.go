package syntax

import "strings"

// comment is where the comment at the end of a line begins; the line's length when it has
// none. A comment is a # or // behind white space, outside of quotes, substitutions and
// regular expressions. In a text people write both without meaning a comment, so there it
// must stand apart: behind two spaces and before one.
func comment(text string, b body) int {
	depth := 0
	ends := closings{text: text}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			i = ends.skip(i, `"`)
		case '{':
			if strings.HasPrefix(text[i:], "{{") {
				i = ends.skip(i, "}}")
			}
		case '<':
			if i > 0 && isNameByte(text[i-1]) {
				i = ends.skip(i, ">")
			}
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case '#', '/':
			if (c == '#' || depth <= 0 && strings.HasPrefix(text[i:], "//")) && beginsComment(text, i, b) {
				return i
			}
		}
	}
	return len(text)
}

// closings finds what closes in a text. It looks for what is not there once only.
type closings struct {
	text string
	none [3]string // what does not follow any more
}

// skip is the end of what closes behind an offset; the offset itself when it does not.
func (c *closings) skip(from int, closing string) int {
	for i, none := range c.none {
		if none == closing {
			break
		}
		if none != "" {
			continue
		}
		if at := strings.Index(c.text[from+1:], closing); at >= 0 {
			return from + at + len(closing)
		}
		c.none[i] = closing
		break
	}
	return from
}

// beginsComment reports whether the # or // at an offset begins a comment, from what stands
// around it. "Order #5", a color and a hash tag in a pattern are none.
func beginsComment(text string, i int, b body) bool {
	before := text[:i]
	trimmed := strings.TrimRight(before, space)
	apart := len(before) - len(trimmed)
	wide := apart > 1 || apart == 1 && before[i-1] == '\t'
	rest := strings.TrimLeft(text[i:], "#/")
	loose := rest == "" || strings.IndexByte(space, rest[0]) >= 0
	switch {
	case strings.HasSuffix(trimmed, "="):
		return false
	case trimmed == "":
		return loose || b == bodyValue || b == bodyTags
	case apart == 0:
		return false
	case b == bodyText:
		return wide && loose
	case b == bodyPattern && text[i] == '#':
		return wide || loose
	}
	return rest == "" || rest[0] < '0' || rest[0] > '9'
}
