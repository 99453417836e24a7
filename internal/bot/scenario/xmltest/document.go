package xmltest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// maxDepth is how deep the tags of a file may be nested. Tests need five.
const maxDepth = 100

// element is a tag of a document with what stands in it.
type element struct {
	name  string
	line  int
	attrs map[string]string
	nodes []node
}

// node is a piece of text or a tag.
type node struct {
	text string // as meant, or with kid the tag as it was written
	line int
	kid  *element
}

// attr is an attribute's value without white space around it; "" when it is not there.
func (e *element) attr(name string) string { return strings.TrimSpace(e.attrs[name]) }

// content is all that stands in the tag; tags in it are taken as they were written.
func (e *element) content() string {
	var b strings.Builder
	for _, n := range e.nodes {
		b.WriteString(n.text)
	}
	return b.String()
}

// kids are the tags in the tag.
func (e *element) kids() []*element {
	var kids []*element
	for _, n := range e.nodes {
		if n.kid != nil {
			kids = append(kids, n.kid)
		}
	}
	return kids
}

// kid is the first tag of a name in the tag; nil when there is none.
func (e *element) kid(name string) *element {
	for _, kid := range e.kids() {
		if strings.EqualFold(kid.name, name) {
			return kid
		}
	}
	return nil
}

// document reads XML into a nameless element around all roots. It takes what strict readers
// refuse and real files have: a byte order mark, "--" in comments, "&" alone, HTML's
// entities, several roots. When the XML is broken it returns what was whole until there, and
// a note of the place.
func document(name string, content []byte) (*element, *Note) {
	text, err := decode(content)
	if err != nil {
		return &element{}, &Note{name, 1, err.Error()}
	}
	text = cleanComments(blankDeclaration(text))
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	b := builder{text: text, open: []*element{{line: 1}}, from: []int64{0}}
	for {
		line, _ := d.InputPos()
		start := d.InputOffset()
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			at, _ := d.InputPos()
			return b.whole(), &Note{name, at, "not well-formed: " + xmlMessage(err)}
		}
		if message := b.add(token, line, start, d.InputOffset()); message != "" {
			return b.whole(), &Note{name, line, "not well-formed: " + message}
		}
	}
	if last := b.open[len(b.open)-1]; len(b.open) > 1 {
		return b.whole(), &Note{name, last.line, fmt.Sprintf("not well-formed: <%s> is never closed", last.name)}
	}
	return b.open[0], nil
}

// builder makes elements of tokens.
type builder struct {
	text string
	open []*element // from the outermost; never empty
	from []int64    // where each of them began
}

// add takes the next token; it returns what is wrong with it.
func (b *builder) add(token xml.Token, line int, start, end int64) string {
	top := b.open[len(b.open)-1]
	switch t := token.(type) {
	case xml.StartElement:
		if len(b.open) > maxDepth {
			return fmt.Sprintf("more than %d tags in each other", maxDepth)
		}
		e := &element{name: t.Name.Local, line: line, attrs: make(map[string]string, len(t.Attr))}
		for _, a := range t.Attr {
			e.attrs[a.Name.Local] = a.Value
		}
		b.open, b.from = append(b.open, e), append(b.from, start)
	case xml.EndElement:
		switch {
		case len(b.open) == 1:
			return fmt.Sprintf("</%s> closes nothing", t.Name.Local)
		case top.name != t.Name.Local:
			return fmt.Sprintf("</%s> where <%s> of line %d is to be closed", t.Name.Local, top.name, top.line)
		}
		begun := b.from[len(b.from)-1]
		b.open, b.from = b.open[:len(b.open)-1], b.from[:len(b.from)-1]
		around := b.open[len(b.open)-1]
		around.nodes = append(around.nodes, node{text: b.text[begun:end], line: top.line, kid: top})
	case xml.CharData:
		top.nodes = append(top.nodes, node{text: string(t), line: line})
	}
	return ""
}

// whole is what was read when the document broke off, without the case that was being read.
func (b *builder) whole() *element {
	for i := len(b.open) - 1; i > 0; i-- {
		e, around := b.open[i], b.open[i-1]
		if strings.EqualFold(e.name, "test") || strings.EqualFold(e.name, "tests") {
			around.nodes = append(around.nodes, node{line: e.line, kid: e})
		}
	}
	return b.open[0]
}

// xmlMessage is an error of the XML reader without its line, which stands before it anyway.
func xmlMessage(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return err.Error()
}

// declared finds the encoding of an XML declaration.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']`)

// decode makes UTF-8 of a file.
func decode(content []byte) (string, error) {
	for _, mark := range []string{"\xFE\xFF", "\xFF\xFE"} {
		if bytes.HasPrefix(content, []byte(mark)) {
			text, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(content)
			return string(text), err
		}
	}
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	m := declared.FindSubmatch(content)
	if m == nil {
		return string(content), nil
	}
	encoding, err := htmlindex.Get(string(m[1]))
	if err != nil {
		return "", fmt.Errorf("unknown encoding %q", m[1])
	}
	if name, _ := htmlindex.Name(encoding); name == "utf-8" || strings.HasPrefix(name, "utf-16") {
		return string(content), nil // it is not UTF-16, or the declaration could not have been read
	}
	text, err := encoding.NewDecoder().Bytes(content)
	return string(text), err
}

// blankDeclaration replaces the XML declaration by spaces: it has been obeyed, and the XML
// reader bears version 1.0 only.
func blankDeclaration(text string) string {
	start := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	if !strings.HasPrefix(text[start:], "<?xml ") {
		return text
	}
	end := start + after(text[start:], "?>", 0)
	blank := strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, text[start:end])
	return text[:start] + blank + text[end:]
}

// cleanComments takes "--" out of comments, where the XML reader does not bear it. Lines and
// lengths stay.
func cleanComments(text string) string {
	if !strings.Contains(text, "<!--") {
		return text
	}
	out := []byte(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "<![CDATA["):
			i += after(rest, "]]>", len("<![CDATA["))
		case strings.HasPrefix(rest, "<!--"):
			n := after(rest, "-->", len("<!--"))
			for j := i + len("<!--"); j < i+n-len("-->"); j++ {
				if out[j] == '-' {
					out[j] = ' '
				}
			}
			i += n
		default:
			next := strings.IndexByte(rest[1:], '<')
			if next < 0 {
				return string(out)
			}
			i += 1 + next
		}
	}
	return string(out)
}

// after is the length of text up to the end of mark, looked for behind the first skip bytes.
func after(text, mark string, skip int) int {
	if at := strings.Index(text[skip:], mark); at >= 0 {
		return skip + at + len(mark)
	}
	return len(text)
}
