package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep tags may be nested. People do not get to a third of it.
const maxDepth = 100

// Options say what a bot adds to the language.
type Options struct {
	CustomTags []string // names of action tags of the bot's own (chatbot.yaml, customTags)
}

// Parse reads a .sc file into the tags at its top level. A file with mistakes gives the tags
// that could be read, and every mistake.
func Parse(file, content string) ([]*Tag, Errors) { return Options{}.Parse(file, content) }

// Parse reads a file as the function of the same name does, with the bot's own tags.
func (o Options) Parse(file, content string) ([]*Tag, Errors) {
	content = normal(content)
	var tags []*Tag
	var errs Errors
	for i, width := range tabWidths {
		r := &reader{lines: readLines(file, content, width), custom: o.CustomTags}
		read := r.file()
		if i == 0 || len(r.errs) < len(errs) {
			tags, errs = read, r.errs
		}
		if len(errs) == 0 || !mixed(r.lines) {
			break
		}
	}
	return tags, errs
}

// reader makes the syntax tree of one file. It goes on after a mistake, to report them all.
type reader struct {
	lines  []line
	next   int
	depth  int
	custom []string
	errs   Errors

	noComment bool // no comment of the scripts' kind ends any more
}

// maxErrors is how many mistakes of one file are told: what is no scenario at all has
// one on every line.
const maxErrors = 1000

func (r *reader) fail(pos Position, full, message, expected string) {
	if len(r.errs) == maxErrors {
		return
	}
	r.errs = append(r.errs, &Error{pos, full, message, expected})
}

func (r *reader) file() []*Tag {
	top := &Tag{}
	for {
		l, ok := r.peek()
		if !ok {
			return top.Kids
		}
		r.tags(top, l.indent)
	}
}

// peek is the next line that says something, if there is one.
func (r *reader) peek() (line, bool) {
	for r.next < len(r.lines) && r.lines[r.next].idle() {
		r.next++
	}
	if r.next == len(r.lines) {
		return line{}, false
	}
	return r.lines[r.next], true
}

// tags reads tag lines that are indented as deep as the first, or deeper, into a parent.
func (r *reader) tags(parent *Tag, indent int) {
	for {
		l, ok := r.peek()
		if !ok || l.indent < indent {
			return
		}
		name, rest, colon := tagName(l.text)
		var k *kind
		if name != "" {
			k = r.kindAt(r.next, name, rest, colon)
		}
		switch {
		case k != nil:
			r.next++
			parent.adopt(r.tag(l, rest, k))
		case strings.HasPrefix(l.text, "/*") && r.skipComment():
		case takesParams(parent) && (looksLikeParams(l.text) || strings.HasPrefix(l.text, "||")):
			r.paramLine(parent, l, vocabulary[parent.Name])
		case colon:
			r.fail(l.pos, l.full, fmt.Sprintf("unknown tag %q", name), TagNames)
			r.skip(l.indent)
		default:
			r.fail(l.pos, l.full, fmt.Sprintf("unexpected text %q", Shorten(l.text)), "a tag, as in \"a: text\"; "+TagNames)
			r.skip(l.indent)
		}
	}
}

// takesParams reports whether a tag may have parameters on lines between its nested tags.
func takesParams(t *Tag) bool { return t.Name == "state" || t.Name == "theme" }

// kindAt finds out what tag a name is where a tag is expected; nil when it is none. An
// unknown name that is an action of the bot's own begins with a capital letter, or
// parameters are nested in it.
func (r *reader) kindAt(i int, name string, rest int, colon bool) *kind {
	k := r.roughly(name)
	if k != nil && (colon || k.alone && rest == len(r.lines[i].text)) {
		if k.name != name && isAction(name) && k.body != bodyParams && r.paramsFollow(i) {
			return &kind{name: name, body: bodyParams}
		}
		return k
	}
	if k == nil && colon && (isAction(name) || r.paramsFollow(i)) {
		return &kind{name: name, body: bodyParams}
	}
	return nil
}

// paramsFollow reports whether the first line nested in a line is a parameter.
func (r *reader) paramsFollow(i int) bool {
	for _, next := range r.lines[i+1:] {
		if !next.idle() {
			return next.indent > r.lines[i].indent && looksLikeParams(next.text)
		}
	}
	return false
}

// adopt takes a tag into another. In a theme and at the top of a file only states and what
// belongs beside them make sense: a state behind an empty theme, and what is part of a
// state behind a state, lost their indentation.
func (t *Tag) adopt(kid *Tag) {
	if n := len(t.Kids); n > 0 && (t.Name == "" || t.Name == "theme") {
		last := t.Kids[n-1]
		switch kid.Name {
		case "state":
			if last.Name == "theme" && (len(last.Kids) == 0 || last.Kids[0].Pos.Column == last.Pos.Column) {
				last.adopt(kid)
				return
			}
		case "theme", "require", "patterns", "init":
		default:
			for last.Name == "theme" && len(last.Kids) > 0 {
				last = last.Kids[len(last.Kids)-1]
			}
			if last.Name == "state" && kid.Name[0] != '@' {
				last.Kids = append(last.Kids, kid)
				return
			}
		}
	}
	t.Kids = append(t.Kids, kid)
}

// skip leaves out a line and what is nested in it.
func (r *reader) skip(indent int) {
	for r.next++; r.next < len(r.lines); r.next++ {
		if l := r.lines[r.next]; !l.idle() && l.indent <= indent {
			return
		}
	}
}

// skipComment leaves out lines that are a comment of the scripts' kind, if it has an end.
func (r *reader) skipComment() bool {
	for i := r.next; i < len(r.lines) && !r.noComment; i++ {
		if strings.Contains(r.lines[i].text, "*/") {
			r.next = i + 1
			return true
		}
	}
	r.noComment = true
	return false
}

// tag reads what belongs to a tag line, which was read.
func (r *reader) tag(l line, rest int, k *kind) *Tag {
	t := &Tag{Name: k.name, Pos: l.pos, Line: l.full}
	switch k.body {
	case bodySkip:
		t.Value = l.value(rest)
		r.skipBlock(l, t.Value.Text)
	case bodyCode:
		r.code(t, l, rest)
	case bodyParams:
		r.action(t, l, rest, k)
	case bodyChoice:
		r.condition(t, l, rest)
		r.kids(t, l)
	case bodyTags:
		r.text(t, l, rest, k)
		r.inline(t, l)
		r.kids(t, l)
	case bodyItems:
		r.items(t, l, rest, k)
	default:
		r.text(t, l, rest, k)
	}
	return t
}

// kids reads the tags nested in a tag.
func (r *reader) kids(t *Tag, l line) {
	if r.depth == maxDepth {
		if next, ok := r.peek(); ok && next.indent > l.indent {
			r.fail(l.pos, l.full, "the tags are nested too deep", fmt.Sprintf("at most %d levels", maxDepth))
			r.next--
			r.skip(l.indent)
		}
		return
	}
	r.depth++
	r.tags(t, l.indent+1)
	r.depth--
}

// inline reads a tag on the line of the random or else around it.
func (r *reader) inline(t *Tag, l line) {
	if t.Name != "random" && t.Name != "else" || t.Value.Text == "" {
		return
	}
	name, rest, colon := tagName(t.Value.Text)
	if k := r.exactly(name); k != nil && colon {
		at, _ := t.Value.At(0)
		inner := line{at, l.indent + 1, t.Value.Text, l.full}
		t.Value = Value{}
		t.Kids = append(t.Kids, r.tag(inner, rest, k))
	}
}

// condition reads an expression in JavaScript that may go on in deeper lines.
func (r *reader) condition(t *Tag, l line, rest int) {
	var js javaScript
	var b valueBuilder
	take := func(l line, from int) {
		l = l.upTo(from + js.line(l.text[from:]))
		b.add("\n", l.value(from))
	}
	take(l, rest)
	for {
		next, ok := r.peek()
		if !ok || b.text.Len() > 0 && !js.goesOn(next.text) {
			break
		}
		if r.tagLine(r.next) && (next.indent <= l.indent || !js.inside()) || next.indent <= l.indent && !js.inside() {
			break
		}
		r.next++
		take(next, 0)
	}
	v := b.value()
	t.Value = v.Slice(0, len(strings.TrimRight(v.Text, space+":")))
}

// text reads a value, whose lines may go on deeper, and its parameters. A deeper line that
// begins like a tag is one: its indentation is a slip.
func (r *reader) text(t *Tag, l line, rest int, k *kind) {
	s := scan{at: -1, text: k.wordy()}
	var b valueBuilder
	take := func(l line, from int, separator string) {
		if s.quote == 0 {
			l = l.upTo(from + comment(l.text[from:], k.body))
		}
		v := l.value(from)
		b.add(separator, v)
		s.line(v.Text)
	}
	take(l, rest, "")
	blanks := 0
	for i := r.next; i < len(r.lines); i++ {
		if next := r.lines[i]; next.text == "" || next.idle() && s.quote == 0 {
			if next.text == "" {
				blanks++
			}
			continue
		}
		if !r.goesOn(i, l, &s, k) {
			break
		}
		separator := " "
		if k.body == bodyText || s.at >= 0 {
			separator = strings.Repeat("\n", 1+blanks) // they part paragraphs
		}
		take(r.lines[i], 0, separator)
		r.next, blanks = i+1, 0
	}
	t.Value = b.value()
	r.splitParams(t, k)
	r.paramLines(t, l, k)
}

// goesOn reports whether a line belongs to the value of the tag line before it.
func (r *reader) goesOn(i int, l line, s *scan, k *kind) bool {
	next := r.lines[i]
	switch {
	case next.indent <= l.indent:
		return (s.open() || s.depth > 0 && k.body != bodyText) && r.closes(i, *s)
	case s.open():
		return true
	case k.body == bodyTags || r.tagLine(i):
		return false
	}
	return !isParamLine(next.text, k)
}

// closes reports whether a line or one of those behind it, before any tag, closes what is
// open: such lines belong to a value though they are not indented.
func (r *reader) closes(i int, s scan) bool {
	const far = 100
	for end := min(len(r.lines), i+far); i < end && !r.tagLine(i); i++ {
		if s.line(r.lines[i].text); s.quote == 0 && s.depth == 0 {
			return true
		}
	}
	return false
}

// isParamLine reports whether a line, deeper than a tag, is a parameter.
func isParamLine(text string, k *kind) bool {
	if strings.HasPrefix(text, "||") {
		return true
	}
	if k.body == bodyValue || k.body == bodyTags {
		return looksLikeParams(text)
	}
	return ownFollows(text, k)
}

// paramLines reads parameters that stand on deeper lines, with or without ||. Those of
// require may stand right below it.
func (r *reader) paramLines(t *Tag, l line, k *kind) {
	for {
		next, ok := r.peek()
		deep := ok && (next.indent > l.indent || k.name == "require" && next.indent == l.indent && ownFollows(next.text, k))
		if !deep || !isParamLine(next.text, k) {
			return
		}
		r.paramLine(t, next, k)
	}
}

// paramLine reads a line of parameters, and those behind it in which a value goes on.
func (r *reader) paramLine(t *Tag, l line, k *kind) {
	s := scan{at: 0, begun: true}
	var b valueBuilder
	from := 0
	if strings.HasPrefix(l.text, "||") {
		from = 2
	}
	v := l.upTo(from + comment(l.text[from:], bodyPattern)).value(from)
	b.add("", v)
	s.line(v.Text)
	r.next++
	for i := r.next; i < len(r.lines); i++ {
		next := r.lines[i]
		if next.text == "" || next.idle() && s.quote == 0 {
			continue
		}
		if next.indent <= l.indent && (!s.open() || (next.indent != l.indent || r.tagLine(i)) && !r.closes(i, s)) {
			break
		}
		if !s.open() && (r.tagLine(i) || isParamLine(next.text, k)) {
			break
		}
		b.add("\n", next.value(0))
		s.line(next.text)
		r.next = i + 1
	}
	r.params(t, k, b.value())
}

// skipBlock leaves out the JSON behind a tag of the visual editor: from its { to the } that
// closes it, wherever they stand; without that, what is nested.
func (r *reader) skipBlock(l line, value string) {
	next, ok := r.peek()
	if !ok {
		return
	}
	var js javaScript
	js.line(value)
	if js.inside() || strings.HasPrefix(next.text, "{") {
		for i := r.next; i < len(r.lines) && !r.tagLine(i); i++ {
			if js.line(r.lines[i].text); !js.inside() {
				r.next = i + 1
				return
			}
		}
	}
	r.next--
	r.skip(l.indent)
}

// tagLine reports whether a line begins as the language spells its tags.
func (r *reader) tagLine(i int) bool {
	text := r.lines[i].text
	name, _, colon := tagName(text)
	if name == "" {
		return false
	}
	if name[0] == '@' {
		for i++; i < len(r.lines) && r.lines[i].idle(); i++ {
		}
		return name == text && i < len(r.lines) && strings.HasPrefix(r.lines[i].text, "{")
	}
	return colon && r.exactly(name) != nil
}

// tagName reads the name of a tag at the beginning of a line and says where its value
// begins, and whether a colon stands between. It takes "state::" and "state :" too.
func tagName(text string) (name string, rest int, colon bool) {
	i := 0
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && (r != '@' || i > 0) {
			break
		}
		i += size
	}
	if i == 0 || text[0] >= '0' && text[0] <= '9' || text[:i] == "@" {
		return "", 0, false
	}
	name = text[:i]
	if tail := strings.TrimLeft(text[i:], " \t"); name == "else" && strings.HasPrefix(tail, "if") && !strings.HasPrefix(strings.TrimLeft(tail[2:], " \t"), "=") {
		name, i = "else if", len(text)-len(tail)+2
	}
	tail := strings.TrimLeft(text[i:], " \t\u00a0")
	if strings.HasPrefix(tail, "!") {
		name += "!"
		tail = strings.TrimLeft(tail[1:], " \t\u00a0")
	}
	value := strings.TrimLeft(tail, ":：")
	if len(value) == len(tail) {
		return name, len(text) - len(tail), name[0] == '@'
	}
	return name, len(text) - len(value), true
}

// Shorten cuts a text for a message.
func Shorten(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
