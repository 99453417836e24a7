package script

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token of JavaScript is, as far as it matters here.
type kind int

const (
	space   kind = iota // and comments
	word                // names and keywords
	literal             // numbers, strings, templates, regular expressions
	mark                // one character of everything else
)

// token is a piece of source, by its bytes.
type token struct {
	kind       kind
	start, end int
}

// before a word of these a / begins a regular expression, behind other words it divides.
var operators = map[string]bool{
	"return": true, "typeof": true, "case": true, "in": true, "of": true, "delete": true, "void": true,
	"throw": true, "new": true, "instanceof": true, "else": true, "do": true, "await": true, "yield": true,
}

// scan cuts source into tokens that cover it without a gap. It never fails: what is not JavaScript is
// cut somehow, and the engine will say what is wrong with it.
func scan(code string) []token {
	var tokens []token
	last := "" // the last token that is not space
	for at := 0; at < len(code); {
		t := token{start: at}
		t.kind, t.end = next(code, at, last)
		if t.kind != space {
			last = code[t.start:t.end]
			if t.kind == literal {
				last = "0"
			}
		}
		tokens = append(tokens, t)
		at = t.end
	}
	return tokens
}

func next(code string, at int, last string) (kind, int) {
	rest := code[at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "//"):
		return space, at + untilLine(rest)
	case strings.HasPrefix(rest, "/*"):
		if end := strings.Index(rest[2:], "*/"); end >= 0 {
			return space, at + 2 + end + 2
		}
		return space, len(code)
	case c == '"' || c == '\'':
		return literal, at + stringEnd(rest)
	case c == '`':
		return literal, at + templateEnd(rest, 0)
	case c == '/' && begins(last):
		if end := regexpEnd(rest); end > 0 {
			return literal, at + end
		}
	case c >= '0' && c <= '9':
		return literal, at + len(rest) - len(strings.TrimLeftFunc(rest, inWord))
	}
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case unicode.IsSpace(r) || r == '\ufeff':
		return space, at + len(rest) - len(strings.TrimLeftFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }))
	case inWord(r):
		return word, at + len(rest) - len(strings.TrimLeftFunc(rest, inWord))
	}
	return mark, at + size
}

func inWord(r rune) bool {
	return r == '$' || r == '_' || r == '\\' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// begins reports whether a / after a token begins a regular expression.
func begins(last string) bool {
	if last == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(last)
	if inWord(r) {
		return operators[last]
	}
	return last != ")" && last != "]"
}

func untilLine(s string) int {
	if end := strings.IndexAny(s, "\n\r\u2028\u2029"); end >= 0 {
		return end
	}
	return len(s)
}

// stringEnd is where the string ends that s begins with, at the latest at the end of the line.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(s)
}

// maxNesting bounds templates inside templates.
const maxNesting = 50

// templateEnd is where the template ends that s begins with.
func templateEnd(s string, depth int) int {
	if depth > maxNesting {
		return len(s)
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '`':
			return i + 1
		case strings.HasPrefix(s[i:], "${"):
			i += substitutionEnd(s[i:], depth) - 1
		}
	}
	return len(s)
}

// substitutionEnd is where the ${…} ends that s begins with.
func substitutionEnd(s string, depth int) int {
	open := 0
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '{':
			open++
		case s[i] == '}':
			if open--; open == 0 {
				return i + 1
			}
		case s[i] == '"' || s[i] == '\'':
			i += stringEnd(s[i:]) - 1
		case s[i] == '`':
			i += templateEnd(s[i:], depth+1) - 1
		case strings.HasPrefix(s[i:], "//"):
			i += untilLine(s[i:]) - 1
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i:], "*/")
			if end < 0 {
				return len(s)
			}
			i += end + 1
		}
	}
	return len(s)
}

// regexpEnd is where the regular expression ends that s begins with; 0 when it is none.
func regexpEnd(s string) int {
	class := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			return 0
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			i++
			return i + len(s[i:]) - len(strings.TrimLeftFunc(s[i:], inWord))
		}
	}
	return 0
}

// each finds what rewrite has to do anything for.
var each = regexp.MustCompile(`\bfor\s+each\b`)

// rewrite makes of what engines before ES6 took what this one takes, on the same lines:
// for each (x in y), which gives the values.
func rewrite(code string) string {
	if !each.MatchString(code) {
		return code
	}
	tokens := scan(code)
	var b strings.Builder
	at := 0
	put := func(until int, text string, skip int) {
		b.WriteString(code[at:until])
		b.WriteString(text)
		at = until + skip
	}
	closing := map[int]bool{} // tokens before which a call ends
	for i, t := range tokens {
		if closing[i] {
			put(t.start, ")", 0)
		}
		if spelled(code, t) != "for" {
			continue
		}
		name, in, end := forEach(code, tokens, i)
		if end == 0 {
			continue
		}
		put(tokens[name].start, "", len("each"))
		put(tokens[in].start, "of $$.each(", len("in"))
		closing[end] = true
	}
	b.WriteString(code[at:])
	return b.String()
}

func spelled(code string, t token) string { return code[t.start:t.end] }

// forEach finds the parts of "for each (… in …)" whose for is token i: each, in and the closing
// parenthesis; 0 for the last when it is something else.
func forEach(code string, tokens []token, i int) (name, in, end int) {
	name = following(tokens, i)
	open := following(tokens, name)
	if open == 0 || spelled(code, tokens[name]) != "each" || spelled(code, tokens[open]) != "(" {
		return 0, 0, 0
	}
	depth := 0
	for j := open; j < len(tokens); j++ {
		switch spelled(code, tokens[j]) {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 {
				if in == 0 {
					return 0, 0, 0
				}
				return name, in, j
			}
		case "in":
			if depth == 1 && in == 0 {
				in = j
			}
		}
	}
	return 0, 0, 0
}

// following is the next token that is not space; 0 when there is none.
func following(tokens []token, i int) int {
	for i++; i < len(tokens); i++ {
		if tokens[i].kind != space {
			return i
		}
	}
	return 0
}
