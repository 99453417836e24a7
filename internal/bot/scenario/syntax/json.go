package syntax

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxJSONDepth is how deep objects and lists may be nested.
const maxJSONDepth = 200

// ParseLax makes JSON of what bots' authors write for it: with keys and texts in any quotes
// or in none, commas too many or too few, comments and line breaks in texts.
func ParseLax(text string) (json.RawMessage, error) {
	value, err := parseJSON(Value{Text: text})
	if err != nil {
		return nil, errors.New(err.said())
	}
	return value, nil
}

// Field is one of an object's.
type Field struct {
	Name  string
	Value json.RawMessage
}

// ParseObject reads an object as ParseLax does and keeps the order of its fields.
func ParseObject(text string) ([]Field, error) {
	value, err := ParseLax(text)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(value))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("it is not an object")
	}
	var fields []Field
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		f := Field{Name: name.(string)} // JSON has no other names
		if err := d.Decode(&f.Value); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// parseJSON is ParseLax for a text that knows where it stands.
func parseJSON(v Value) (json.RawMessage, *Error) {
	l := &laxJSON{v: v}
	if err := l.value(0); err != nil {
		return nil, err
	}
	if l.space(); l.at < len(v.Text) {
		return nil, l.fail("unexpected text %q behind the value", "nothing more")
	}
	return json.RawMessage(l.out.String()), nil
}

// laxJSON rewrites a text as JSON.
type laxJSON struct {
	v     Value
	at    int
	out   strings.Builder
	first byte // the quote that ends a text wherever it stands; 0 for none
}

func (l *laxJSON) fail(message, expected string) *Error {
	if strings.Contains(message, "%q") {
		message = fmt.Sprintf(message, Shorten(l.v.Text[l.at:]))
	}
	pos, full := l.v.At(l.at)
	return &Error{pos, full, message, expected}
}

// space goes on to the next sign that is neither white space nor in a comment.
func (l *laxJSON) space() {
	for l.at < len(l.v.Text) {
		rest := l.v.Text[l.at:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200b':
			l.at += size
		case strings.HasPrefix(rest, "//"):
			l.at += lineEnd(rest)
		case strings.HasPrefix(rest, "/*"):
			if end := strings.Index(rest, "*/"); end >= 0 {
				l.at += end + len("*/")
			} else {
				l.at = len(l.v.Text)
			}
		default:
			return
		}
	}
}

func lineEnd(text string) int {
	if at := strings.IndexByte(text, '\n'); at >= 0 {
		return at
	}
	return len(text)
}

func (l *laxJSON) peek() byte {
	l.space()
	if l.at == len(l.v.Text) {
		return 0
	}
	return l.v.Text[l.at]
}

func (l *laxJSON) value(depth int) *Error {
	switch c := l.peek(); {
	case depth > maxJSONDepth:
		return l.fail("the value is nested too deep", "")
	case c == 0:
		return l.fail("the value is missing", "an object, a list, a text or a number")
	case c == '{':
		return l.list(depth, '}')
	case c == '[':
		return l.list(depth, ']')
	case c == '"' || c == '\'' || c == '`':
		return l.text(c)
	}
	bare := l.bare(",}]")
	if bare == "" {
		return l.fail("unexpected text %q", "an object, a list, a text or a number")
	}
	l.out.WriteString(bareJSON(bare))
	return nil
}

// list reads an object or a list up to its closing bracket.
func (l *laxJSON) list(depth int, closing byte) *Error {
	start := l.at
	l.out.WriteByte(l.v.Text[l.at])
	l.at++
	for n := 0; ; n++ {
		for l.peek() == ',' || l.peek() == ';' {
			l.at++
		}
		switch l.peek() {
		case closing:
			l.at++
			l.out.WriteByte(closing)
			return nil
		case 0:
			l.at = start
			return l.fail("the bracket is not closed", strconv.Quote(string(closing)))
		}
		if n > 0 {
			l.out.WriteByte(',')
		}
		if closing == '}' {
			if err := l.key(); err != nil {
				return err
			}
		}
		if err := l.value(depth + 1); err != nil {
			return err
		}
	}
}

// key reads the name of a field and the colon behind it.
func (l *laxJSON) key() *Error {
	if c := l.peek(); c == '"' || c == '\'' || c == '`' {
		if err := l.text(c); err != nil {
			return err
		}
	} else {
		name := l.bare(":=,{}[]\n")
		if name == "" {
			return l.fail("unexpected text %q", "the name of a field")
		}
		l.out.WriteString(encodeText(name))
	}
	if c := l.peek(); c != ':' && c != '=' {
		return l.fail("unexpected text %q", "a colon and a value")
	}
	l.at++
	l.out.WriteByte(':')
	return nil
}

// bare reads a text without quotes, up to one of the signs or the end of the line.
func (l *laxJSON) bare(stop string) string {
	rest := l.v.Text[l.at:]
	end := len(rest)
	if i := strings.IndexAny(rest, stop+"\n"); i >= 0 {
		end = i
	}
	l.at += end
	return strings.TrimSpace(rest[:end])
}

// bareJSON is a number or a word of JSON as it is, anything else as a text.
func bareJSON(bare string) string {
	switch bare {
	case "true", "false", "null":
		return bare
	case "True", "False":
		return strings.ToLower(bare)
	case "undefined", "None", "NaN":
		return "null"
	}
	if json.Valid([]byte(bare)) {
		return bare
	}
	if n, err := strconv.ParseFloat(bare, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		if data, err := json.Marshal(n); err == nil && !strings.HasPrefix(bare, "0x") {
			return string(data)
		}
	}
	return encodeText(bare)
}

// text reads a text in quotes. A quote inside a text is one when what follows could not be
// there otherwise; when no end is found that way, the first quote is the end.
func (l *laxJSON) text(quote byte) *Error {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.v.Text); l.at++ {
		switch c := l.v.Text[l.at]; {
		case c == '\\':
			l.escape(&b)
		case c == quote && (l.first == quote || l.closes()):
			l.at++
			l.out.WriteString(encodeText(b.String()))
			return nil
		default:
			b.WriteByte(c)
		}
	}
	l.at = start
	if l.first == 0 {
		l.first = quote
		return l.text(quote)
	}
	return l.fail("the text is not closed", strconv.Quote(string(quote)))
}

// closes reports whether the quote here ends its text, from what follows.
func (l *laxJSON) closes() bool {
	rest := l.v.Text[l.at+1 : min(len(l.v.Text), l.at+65)]
	rest = strings.TrimLeft(rest, space+"\r")
	return rest == "" || strings.IndexByte(",:}];=/\"'", rest[0]) >= 0
}

// escape reads a backslash and what it stands for.
func (l *laxJSON) escape(b *strings.Builder) {
	l.at++
	if l.at == len(l.v.Text) {
		return
	}
	switch c := l.v.Text[l.at]; c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'u':
		l.unicode(b)
	case '\n': // a text that goes on in the next line
	default:
		b.WriteByte(c)
	}
}

// unicode reads four hexadecimal digits, and four more when they are half of a sign.
func (l *laxJSON) unicode(b *strings.Builder) {
	end := l.at + 5
	if end <= len(l.v.Text) {
		if end+6 <= len(l.v.Text) && strings.HasPrefix(l.v.Text[end:], `\u`) {
			var s string
			if json.Unmarshal([]byte(`"\u`+l.v.Text[l.at+1:end+6]+`"`), &s) == nil && !strings.ContainsRune(s, utf8.RuneError) {
				b.WriteString(s)
				l.at = end + 5
				return
			}
		}
		if n, err := strconv.ParseUint(l.v.Text[l.at+1:end], 16, 32); err == nil {
			b.WriteRune(rune(n))
			l.at = end - 1
			return
		}
	}
	b.WriteByte('u')
}

// encodeText is a text as JSON. Texts of a file that was read are UTF-8.
func encodeText(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
