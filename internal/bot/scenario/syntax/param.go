package syntax

import (
	"fmt"
	"strings"
)

// FindParams is where the parameters of a text begin, at their ||; -1 when there are none.
func FindParams(text string) int {
	s := scan{at: -1}
	s.line(text)
	return s.at
}

// scan follows a value with its parameters over its lines: where the parameters begin, and
// whether a quote or a bracket of a value goes on in the next line.
type scan struct {
	text  bool // || begins parameters only before a name
	at    int  // offset of the ||, -1 before it
	size  int  // of the lines so far
	depth int  // of brackets
	quote byte // of a quoted value that is not closed
	fresh bool // a value begins here
	begun bool // the first line was read
}

// open reports whether a quote, or a bracket of a parameter, is not closed: whatever the next
// line looks like, it belongs to the value.
func (s *scan) open() bool { return s.quote != 0 || s.at >= 0 && s.depth > 0 }

// line reads the next line.
func (s *scan) line(text string) {
	if !s.begun {
		s.begun, s.fresh = true, true
	}
	ends := closings{text: text}
	opened := -1 // where the quote that is open was opened in this line
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case s.quote != 0:
			if c == s.quote && text[i-min(i, 1)] != '\\' && paramEnds(text[i+1:]) {
				s.quote = 0
			}
			continue
		case c == ' ' || c == '\t' || c == '\n':
			continue
		case s.fresh && (c == '"' || c == '\'' && s.at >= 0):
			s.quote, opened = c, i
		case c == '(' || c == '[' || c == '{':
			s.depth++
		case c == ')' || c == ']' || c == '}':
			s.depth = max(0, s.depth-1)
		case c == '<' && i > 0 && isNameByte(text[i-1]) && s.at < 0:
			i = ends.skip(i, ">")
		case c == '|' && s.at < 0 && s.params(text[i:]):
			s.at, s.depth = s.size+i, 0
			i++
		}
		s.fresh = s.at >= 0 && s.depth == 0 && c == '='
	}
	if s.quote != 0 && opened >= 0 && evenQuotes(text[opened:], s.quote) {
		s.quote = 0
	}
	s.size += len(text)
}

// params reports whether a text begins with the || of parameters.
func (s *scan) params(text string) bool {
	if !strings.HasPrefix(text, "||") {
		return false
	}
	return s.depth == 0 && !s.text || looksLikeParams(text[2:])
}

// evenQuotes reports whether all quotes of a line that are not escaped have a second.
func evenQuotes(text string, quote byte) bool {
	even := true
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			even = !even
		}
	}
	return even
}

// looksLikeParams reports whether a text begins with "name =": in a text with a smiley or a
// bracket that is not closed, || still begins parameters.
func looksLikeParams(text string) bool {
	name, rest := cutName(strings.TrimLeft(text, " \t\n"))
	return name != "" && strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==")
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c >= 0x80
}

// cutName cuts an identifier and the white space behind it off a text.
func cutName(text string) (name, rest string) {
	i := 0
	for i < len(text) && (text[i] == '_' || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z' || i > 0 && text[i] >= '0' && text[i] <= '9') {
		i++
	}
	return text[:i], strings.TrimLeft(text[i:], " \t\n")
}

// splitParams takes the parameters behind || off a value, and those of the tag's own names
// that stand there without it.
func (r *reader) splitParams(t *Tag, k *kind) {
	s := scan{at: -1, text: k.wordy()}
	s.line(t.Value.Text)
	at, skip := s.at, 2
	if own := ownParams(t.Value.Text, k); own >= 0 && (at < 0 || own < at) {
		at, skip = own, 0
	}
	if at < 0 {
		if bare := strings.TrimSuffix(t.Value.Text, "||"); bare != t.Value.Text { // they stand on the next line
			t.Value = t.Value.Slice(0, len(bare))
		}
		return
	}
	r.params(t, k, t.Value.Slice(at+skip, len(t.Value.Text)))
	t.Value = t.Value.Slice(0, at)
	if skip == 0 {
		t.Value = t.Value.Slice(0, len(strings.TrimRight(t.Value.Text, space+"|,")))
	}
}

// ownParams is where parameters with the tag's own names begin though no || stands before
// them; -1 when there are none.
func ownParams(text string, k *kind) int {
	if k.body == bodyText {
		return -1
	}
	for i := range len(text) {
		if i > 0 && strings.IndexByte(" \t\n|,", text[i-1]) < 0 {
			continue
		}
		if name, rest := cutName(text[i:min(len(text), i+64)]); name != "" && k.knows(name) && strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==") {
			return i
		}
	}
	return -1
}

// params reads "k = v, k2 = v2" into the tag's parameters.
func (r *reader) params(t *Tag, k *kind, v Value) {
	for i := 0; i < len(v.Text); {
		if strings.IndexByte(space+",|;", v.Text[i]) >= 0 {
			i++
			continue
		}
		name, rest := cutName(v.Text[i:])
		from := len(v.Text) - len(rest)
		switch {
		case name == "" || rest != "" && strings.IndexByte("=:,|;", rest[0]) < 0 && from == i+len(name):
			pos, full := v.At(i)
			r.fail(pos, full, fmt.Sprintf("unexpected text %q in the parameters", Shorten(v.Text[i:])), "name = value")
			return
		case rest == "" || rest[0] != '=' && rest[0] != ':': // a flag
			flag := v.cut(i, i+len(name))
			t.Params = append(t.Params, Param{name, Value{Text: "true", marks: flag.marks[:min(1, len(flag.marks))]}})
			i = from
			continue
		}
		from++
		to := from + endOfParam(v.Text[from:], k)
		t.Params = append(t.Params, Param{name, paramValue(v.Slice(from, to))})
		i = to
	}
}

// paramValue is a parameter's value without its quotes and the comment behind it.
func paramValue(v Value) Value {
	if v.Text == "" || v.Text[0] != '"' && v.Text[0] != '\'' {
		if at := comment(v.Text, bodyPattern); at > 0 && !strings.Contains(v.Text, "\n") {
			v = v.Slice(0, at)
		}
		return v.Unquote()
	}
	if at := endOfQuote(v.Text); at < len(v.Text) {
		rest := strings.TrimLeft(v.Text[at:], space+",;")
		if rest == "" || rest[0] == '#' || strings.HasPrefix(rest, "//") {
			v = v.Slice(0, at)
		}
	}
	return v.Unquote()
}

// endOfQuote is where a quoted value ends. Quotes inside quotes occur in real files, so a
// quote closes only where the parameter can end.
func endOfQuote(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] == text[0] && text[i-1] != '\\' && paramEnds(text[i+1:]) {
			return i + 1
		}
	}
	return len(text)
}

// endOfParam finds where the value of a parameter ends: before a comma or || that another
// name follows, or before the name of a parameter of the tag's own.
func endOfParam(text string, k *kind) int {
	lead := len(text) - len(strings.TrimLeft(text, " \t\n"))
	if lead < len(text) && (text[lead] == '"' || text[lead] == '\'') {
		return lead + endOfQuote(text[lead:])
	}
	if strings.HasPrefix(text[lead:], "function") {
		return lead + endOfFunction(text[lead:])
	}
	depth := 0
	for i := lead; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'':
			if depth > 0 {
				i = endOfString(text, i, c)
			}
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			depth--
		case ',', '|', ';':
			if depth <= 0 && paramEnds(text[i:]) {
				return i
			}
		case ' ', '\t', '\n':
			if depth <= 0 && ownFollows(text[i+1:], k) {
				return i
			}
		}
	}
	return len(text)
}

// ownFollows reports whether a parameter of the tag's own follows.
func ownFollows(text string, k *kind) bool {
	name, rest := cutName(text[:min(len(text), 64)])
	return name != "" && k.knows(name) && strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==")
}

// endOfFunction is where the body of a function in JavaScript ends.
func endOfFunction(text string) int {
	var js javaScript
	size := 0
	for l := range strings.SplitAfterSeq(text, "\n") {
		js.line(strings.TrimSuffix(l, "\n"))
		if js.end > 0 {
			return size + js.end
		}
		size += len(l)
	}
	return len(text)
}

// paramEnds reports whether nothing or another parameter follows.
func paramEnds(rest string) bool {
	rest = rest[:min(len(rest), 256)] // names are not longer, and time is not to grow with lines
	rest = strings.TrimLeft(rest, " \t\n")
	if rest == "" || rest[0] == '#' || strings.HasPrefix(rest, "//") {
		return true
	}
	if rest[0] != ',' && rest[0] != ';' && !strings.HasPrefix(rest, "||") {
		return false
	}
	rest = strings.TrimLeft(rest, " \t\n,|;")
	return rest == "" || looksLikeParams(rest)
}
