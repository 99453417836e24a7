package syntax

import "strings"

// javaScript follows code over its lines, as far as needed to know whether it goes on: in
// which brackets, texts and comments its end is.
type javaScript struct {
	open  []byte // what is not closed: ( [ { and ` for a text, $ for a ${ in it
	block bool   // in a /* comment
	quote byte   // of a text that goes on behind a backslash at the end of a line
	last  byte   // the last sign of code, 0 at the beginning
	word  string // the word that ended there
	end   int    // offset behind the first brace of the line that closed all; 0 while there is none
}

// inside reports whether the code cannot end here.
func (j *javaScript) inside() bool { return j.block || j.quote != 0 || len(j.open) > 0 }

func (j *javaScript) top() byte {
	if len(j.open) == 0 {
		return 0
	}
	return j.open[len(j.open)-1]
}

// line reads a line of code. It returns where the comment of the scenario language (#) at
// its end begins; the line's length when there is none.
func (j *javaScript) line(text string) int {
	j.end = 0
	divides := false
	i := 0
	if j.quote != 0 {
		i = j.text(text, -1, j.quote) + 1
	}
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case j.block:
			if strings.HasPrefix(text[i:], "*/") {
				j.block = false
				i++
			}
		case j.top() == '`':
			i = j.template(text, i)
		case c == '"' || c == '\'':
			i = j.text(text, i, c)
		case c == '/' && strings.HasPrefix(text[i:], "//"):
			return len(text)
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			j.block = true
			i++
		case c == '/' && !divides && j.beforeValue():
			end := endOfRegexp(text, i)
			divides = end == i // so would those behind it
			i = end
			j.last, j.word = '/', ""
		case c == '#' && hashComment(text, i):
			return i
		default:
			i = j.sign(text, i)
		}
	}
	return len(text)
}

// sign reads a sign or a word of code and returns the offset of its end.
func (j *javaScript) sign(text string, i int) int {
	c := text[i]
	if isNameByte(c) {
		from := i
		for i+1 < len(text) && isNameByte(text[i+1]) {
			i++
		}
		j.last, j.word = c, text[from:i+1]
		return i
	}
	switch c {
	case ' ', '\t', '\n', '\r':
		return i
	case '(', '[', '{', '`':
		j.open = append(j.open, c)
	case ')', ']', '}':
		if len(j.open) > 0 {
			j.open = j.open[:len(j.open)-1]
		}
		if len(j.open) == 0 && c == '}' && j.end == 0 {
			j.end = i + 1
		}
	}
	j.last, j.word = c, ""
	return i
}

// template reads a sign of a text in backticks.
func (j *javaScript) template(text string, i int) int {
	switch {
	case text[i] == '\\':
		return i + 1
	case text[i] == '`':
		j.open = j.open[:len(j.open)-1]
		j.last, j.word = '`', ""
	case strings.HasPrefix(text[i:], "${"):
		j.open = append(j.open, '$')
		j.last, j.word = '{', ""
		return i + 1
	}
	return i
}

// beforeValue reports whether a slash here begins a regular expression: behind a value it
// divides.
func (j *javaScript) beforeValue() bool {
	switch j.word {
	case "return", "typeof", "case", "in", "of", "delete", "void", "new", "else", "do":
		return true
	}
	return j.last == 0 || strings.IndexByte("(,=:[!&|?{};+-*%<>~^", j.last) >= 0
}

// text reads a text in quotes behind an offset and returns the offset of its end.
func (j *javaScript) text(text string, from int, quote byte) int {
	end := endOfString(text, from, quote)
	j.last, j.word, j.quote = quote, "", 0
	if end == len(text) && strings.HasSuffix(text, `\`) {
		j.quote = quote
	}
	return end
}

// endOfString is the closing quote of a text, or the end of the line.
func endOfString(text string, from int, quote byte) int {
	for i := from + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return len(text)
}

// endOfRegexp is the closing slash of a regular expression; from when there is none.
func endOfRegexp(text string, from int) int {
	class := false
	for i := from + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			return i
		}
	}
	return from
}

// hashComment reports whether a # in code begins a comment: JavaScript has it in the names
// of private members only, without white space behind.
func hashComment(text string, i int) bool {
	before := strings.TrimRight(text[:i], space)
	if before == "" {
		return true
	}
	if i+1 < len(text) && strings.IndexByte(space+"#", text[i+1]) < 0 {
		return strings.HasSuffix(before, ";") && i > len(before)
	}
	return i > len(before) || strings.IndexByte(";{}", before[len(before)-1]) >= 0
}

// goesOn reports whether an expression that ends so far is continued in a line.
func (j *javaScript) goesOn(next string) bool {
	if j.inside() || strings.IndexByte("&|=<>+-*/%!?:,.^~(", j.last) >= 0 && j.last != 0 {
		return true
	}
	switch j.word {
	case "typeof", "in", "instanceof", "new", "void":
		return true
	}
	return next != "" && strings.IndexByte("&|=<>+-*/%?:,.^)]}", next[0]) >= 0
}
