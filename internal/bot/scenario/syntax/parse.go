package syntax

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tag is a node of the syntax tree: a tag line with its parameters and what is nested in it.
type Tag struct {
	Name   string     // "q!", "script", "InputText", …
	Pos    Position   // of its first sign
	Line   string     // its line, as it is in the file
	Value  Value      // behind the colon, without the parameters; quotes are kept
	Params []Param    // in the order of the file
	Kids   []*Tag     // nested tags
	Items  []Value    // of buttons, inlineButtons and patterns: the nested lines
	Code   []CodeLine // of script, scriptEs6 and init
}

// Param is k = v behind || or on a line of its own. Its value has no quotes around it.
type Param struct {
	Name  string
	Value Value
}

// CodeLine is a line of a script as it is in the file, with its indentation. A line that is a
// comment of the scenario language is empty.
type CodeLine struct {
	Line int // of the file, from 1
	Text string
}

// Param is the text of a parameter; "" when it is not given.
func (t *Tag) Param(name string) string {
	for _, p := range t.Params {
		if p.Name == name {
			return p.Value.Text
		}
	}
	return ""
}

// Has reports whether a parameter is given, be it without a value.
func (t *Tag) Has(name string) bool {
	for _, p := range t.Params {
		if p.Name == name {
			return true
		}
	}
	return false
}

// Flag reports whether a parameter is given as true.
func (t *Tag) Flag(name string) bool { return strings.EqualFold(t.Param(name), "true") }

// body says what may be nested in a tag.
type body uint8

const (
	bodyText  body = iota // more of the value
	bodyTags              // tags
	bodyItems             // lines that are items
	bodyCode              // lines of a script
	bodyAny               // whatever it is, it is skipped: a tag of a later version
)

// kind is what the reader knows of a tag.
type kind struct {
	body   body
	params []string // names that are parameters on a line of their own too, without ||
}

// kindOf knows the tags of the language.
func kindOf(name string) (kind, bool) {
	trigger := []string{"fromState", "toState", "onlyThisState"}
	switch name {
	case "require":
		return kind{body: bodyText, params: []string{"name", "var", "module", "injector", "type"}}, true
	case "patterns":
		return kind{body: bodyItems}, true
	case "theme":
		return kind{body: bodyTags, params: []string{"modal"}}, true
	case "state":
		return kind{body: bodyTags, params: []string{"noContext", "modal", "sessionResult", "sessionResultColor"}}, true
	case "q", "q!", "event", "event!":
		return kind{body: bodyText, params: trigger}, true
	case "a":
		return kind{body: bodyText, params: []string{"html", "htmlEnabled", "tts", "ttsEnabled", "markdown"}}, true
	case "image", "go", "go!":
		return kind{body: bodyText}, true
	case "buttons":
		return kind{body: bodyItems}, true
	case "random":
		return kind{body: bodyTags}, true
	case "init", "script", "scriptEs6":
		return kind{body: bodyCode}, true
	case "intent", "intent!", "intentGroup", "intentGroup!", "e", "e!", "eg", "eg!":
		return kind{body: bodyText, params: trigger}, true
	case "audio", "video", "timeout":
		return kind{body: bodyText}, true
	case "if", "elseif", "else":
		return kind{body: bodyTags}, true
	case "inlineButtons":
		return kind{body: bodyItems}, true
	case "InputText", "InputNumber", "InputPhoneNumber", "Confirmation", "HttpRequest",
		"TransferToOperator", "EndSession":
		return kind{body: bodyAny}, true
	}
	if strings.HasPrefix(name, "@") {
		return kind{body: bodyAny}, true
	}
	return kind{}, false
}

// TagNames is what a person may write where a tag is expected.
const TagNames = "one of: state, q!, q, event!, event, a, buttons, image, random, go!, go"

// reader makes the syntax tree of one file. It goes on after a mistake, to report them all.
type reader struct {
	lines []line
	next  int
	errs  Errors
}

// Parse reads a .sc file into the tags at its top level. A file with mistakes gives the tags
// that could be read, and every mistake.
func Parse(file, content string) ([]*Tag, Errors) {
	r := &reader{lines: readLines(file, content)}
	var tags []*Tag
	for r.next < len(r.lines) {
		tags = append(tags, r.tags(r.lines[r.next].indent)...)
	}
	return tags, r.errs
}

func (r *reader) fail(pos Position, full, message, expected string) {
	r.errs = append(r.errs, &Error{pos, full, message, expected})
}

// tags reads tag lines that are indented as deep as the first, or deeper.
func (r *reader) tags(indent int) []*Tag {
	var tags []*Tag
	for r.next < len(r.lines) && r.lines[r.next].indent >= indent {
		l := r.lines[r.next]
		name, rest, ok := tagName(l.text)
		k, known := kindOf(name)
		switch {
		case !ok:
			r.fail(l.pos, l.full, fmt.Sprintf("unexpected text %q", Shorten(l.text)), "a tag, as in \"a: text\"; "+TagNames)
			r.skip(l.indent)
		case !known:
			r.fail(l.pos, l.full, fmt.Sprintf("unknown tag %q", name), TagNames)
			r.skip(l.indent)
		default:
			tags = append(tags, r.tag(l, name, rest, k))
		}
	}
	return tags
}

// nested reports whether the next line is deeper than indent.
func (r *reader) nested(indent int) bool {
	return r.next < len(r.lines) && r.lines[r.next].indent > indent
}

// skip leaves out a line and what is nested in it.
func (r *reader) skip(indent int) {
	r.next++
	for r.nested(indent) {
		r.next++
	}
}

// tag reads one tag line and what belongs to it.
func (r *reader) tag(l line, name string, rest int, k kind) *Tag {
	t := &Tag{Name: name, Pos: l.pos, Line: l.full, Value: l.textFrom(rest)}
	if k.body == bodyAny {
		r.skip(l.indent)
		return t
	}
	r.next++
	switch k.body {
	case bodyCode:
		for ; r.nested(l.indent); r.next++ {
			t.Code = append(t.Code, CodeLine{r.lines[r.next].pos.Line, r.lines[r.next].full})
		}
		return t
	case bodyText:
		r.text(t, l, k)
	default:
		r.splitParams(t)
		r.paramLines(t, l, k)
	}
	if k.body == bodyItems {
		r.items(t, l)
	}
	if k.body == bodyTags && r.nested(l.indent) {
		t.Kids = r.tags(l.indent + 1)
	}
	return t
}

// text reads the lines of a value that goes on. A deeper line that begins like a tag is one:
// its indentation is a slip.
func (r *reader) text(t *Tag, l line, k kind) {
	separator := " "
	if t.Name == "a" {
		separator = "\n"
	}
	for r.nested(l.indent) {
		next := r.lines[r.next]
		open := openQuote(t.Value.Text)
		if name, _, ok := tagName(next.text); ok && !open {
			if _, known := kindOf(name); known {
				break
			}
		}
		if !open && isParamLine(next.text, k.params) {
			break
		}
		t.Value = t.Value.add(separator, next.textFrom(0))
		r.next++
	}
	r.splitParams(t)
	r.paramLines(t, l, k)
	if t.Name != "a" {
		t.Value = t.Value.Uncomment()
	}
}

// paramLines reads parameters that stand on deeper lines, with or without ||.
func (r *reader) paramLines(t *Tag, l line, k kind) {
	for r.nested(l.indent) {
		next := r.lines[r.next]
		from := 0
		switch {
		case strings.HasPrefix(next.text, "||"):
			from = 2
		case isParamLine(next.text, k.params):
		default:
			return
		}
		r.next++
		text := next.textFrom(from)
		for r.nested(l.indent) && openQuote(text.Text) {
			text = text.add("\n", r.lines[r.next].textFrom(0))
			r.next++
		}
		t.Params = append(t.Params, r.params(text)...)
	}
}

// items reads nested lines; what is deeper than an item belongs to it.
func (r *reader) items(t *Tag, l line) {
	if t.Value.Text != "" {
		t.Items = append(t.Items, t.Value)
	}
	for r.nested(l.indent) {
		item := r.lines[r.next]
		if name, _, ok := tagName(item.text); ok {
			if _, known := kindOf(name); known {
				return
			}
		}
		v := item.textFrom(0)
		for r.next++; r.nested(item.indent); r.next++ {
			v = v.add(" ", r.lines[r.next].textFrom(0))
		}
		t.Items = append(t.Items, v)
	}
}

// tagName reads the name of a tag at the beginning of a line and says where its value
// begins. It takes "state::" and "state :" too.
func tagName(text string) (name string, rest int, ok bool) {
	i := 0
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && (r != '@' || i > 0) {
			break
		}
		i += size
	}
	if i == 0 || unicode.IsDigit(rune(text[0])) {
		return "", 0, false
	}
	if i < len(text) && text[i] == '!' {
		i++
	}
	name = text[:i]
	for i < len(text) && text[i] == ' ' {
		i++
	}
	if name[0] == '@' && len(name) > 1 {
		return name, i, true
	}
	if i == len(text) || text[i] != ':' {
		return name, i, false
	}
	for i < len(text) && text[i] == ':' {
		i++
	}
	return name, i, true
}

// splitParams takes the parameters behind || off a value. || inside brackets, substitutions
// and quotes is none.
func (r *reader) splitParams(t *Tag) {
	at := FindParams(t.Value.Text)
	if at < 0 || t.Name == "a" && !looksLikeParams(t.Value.Text[at+2:]) {
		return
	}
	t.Params = append(t.Params, r.params(t.Value.Slice(at+2, len(t.Value.Text)))...)
	t.Value = t.Value.Slice(0, at)
}

// FindParams is where the parameters of a text begin, at their ||; -1 when there are none.
func FindParams(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '|':
			if strings.HasPrefix(text[i:], "||") && (depth == 0 || looksLikeParams(text[i+2:])) {
				return i
			}
		}
	}
	return -1
}

// looksLikeParams reports whether a text begins with "name =": in a text with a smiley or a
// bracket that is not closed, || still begins parameters.
func looksLikeParams(text string) bool {
	name, rest := cutName(strings.TrimLeft(text, " \t\n"))
	return name != "" && strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==")
}

func isParamLine(text string, names []string) bool {
	if strings.HasPrefix(text, "||") {
		return true
	}
	name, rest := cutName(text)
	return slices.Contains(names, name) && strings.HasPrefix(rest, "=")
}

// cutName cuts an identifier and the white space behind it off a text.
func cutName(text string) (name, rest string) {
	i := 0
	for i < len(text) && (text[i] == '_' || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z' || i > 0 && text[i] >= '0' && text[i] <= '9') {
		i++
	}
	return text[:i], strings.TrimLeft(text[i:], " \t\n")
}

// params reads "k = v, k2 = v2".
func (r *reader) params(v Value) []Param {
	var params []Param
	for i := 0; i < len(v.Text); {
		if strings.ContainsRune(" \t\n,|", rune(v.Text[i])) {
			i++
			continue
		}
		name, rest := cutName(v.Text[i:])
		if name == "" || !strings.HasPrefix(rest, "=") {
			pos, full := v.At(i)
			r.fail(pos, full, fmt.Sprintf("unexpected text %q in the parameters", Shorten(v.Text[i:])), "name = value")
			return params
		}
		from := len(v.Text) - len(rest) + 1
		to := from + endOfParam(v.Text[from:])
		params = append(params, Param{name, v.Slice(from, to).Uncomment().Unquote()})
		i = to
	}
	return params
}

// endOfParam finds where the value of a parameter ends: before a comma or || that another
// name follows. Quotes inside quotes occur in real files, so a quote closes only where the
// parameter can end.
func endOfParam(text string) int {
	lead := len(text) - len(strings.TrimLeft(text, " \t\n"))
	quote := byte(0)
	if lead < len(text) && (text[lead] == '"' || text[lead] == '\'') {
		quote = text[lead]
	}
	depth := 0
	for i := lead; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && i > lead && c == quote && text[i-1] != '\\' && paramEnds(text[i+1:]):
			return i + 1
		case quote != 0:
		case c == '[' || c == '{' || c == '(':
			depth++
		case c == ']' || c == '}' || c == ')':
			depth--
		case depth <= 0 && (c == ',' || c == '|') && paramEnds(text[i:]):
			return i
		}
	}
	return len(text)
}

// paramEnds reports whether nothing or another parameter follows.
func paramEnds(rest string) bool {
	rest = strings.TrimLeft(rest, " \t\n")
	if rest == "" || rest[0] == '#' {
		return true
	}
	if rest[0] != ',' && !strings.HasPrefix(rest, "||") {
		return false
	}
	rest = strings.TrimLeft(rest, " \t\n,|")
	return rest == "" || looksLikeParams(rest)
}

// openQuote reports whether a text has a quoted value that goes on in the next line: it
// begins with a quote, or a parameter's value does.
func openQuote(text string) bool {
	if at := FindParams(text); at >= 0 {
		text = strings.TrimSpace(text[at+2:])
	}
	if i := strings.LastIndex(text, `= "`); i >= 0 {
		text = text[i+2:]
	} else if i := strings.LastIndex(text, `="`); i >= 0 {
		text = text[i+1:]
	}
	return strings.HasPrefix(text, `"`) && strings.Count(text, `"`)%2 == 1
}

// Unquote takes the quotes off a value that is quoted as a whole.
func (v Value) Unquote() Value {
	n := len(v.Text)
	if n >= 2 && (v.Text[0] == '"' || v.Text[0] == '\'') && v.Text[n-1] == v.Text[0] {
		return v.Slice(1, n-1)
	}
	return v
}

// Uncomment takes a comment off the end of a value: a # behind white space and outside
// quotes and regular expressions.
func (v Value) Uncomment() Value {
	quoted, depth := false, 0
	for i := 0; i < len(v.Text); i++ {
		switch v.Text[i] {
		case '"':
			quoted = !quoted
		case '<':
			depth++
		case '>':
			depth--
		case '#':
			if !quoted && depth <= 0 && i > 0 && (v.Text[i-1] == ' ' || v.Text[i-1] == '\t') {
				return v.Slice(0, i)
			}
		}
	}
	return v
}

// Shorten cuts a text for a message.
func Shorten(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
