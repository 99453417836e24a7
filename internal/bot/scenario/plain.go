package scenario

import (
	"html"
	"strings"
)

// plainText is what a text with HTML markup says: messages are never HTML (design, 10). Where a line
// ends is kept, and where links lead; what is no markup stays.
func plainText(markup string) string {
	var b strings.Builder
	var links []string // of the elements that are open, "" when it is in the text already
	for rest := markup; rest != ""; {
		start := strings.IndexByte(rest, '<')
		if start < 0 {
			b.WriteString(html.UnescapeString(rest))
			break
		}
		b.WriteString(html.UnescapeString(rest[:start]))
		rest = rest[start:]
		t, length := readTag(rest)
		if length == 0 {
			b.WriteByte('<')
			rest = rest[1:]
			continue
		}
		rest = rest[length:]
		switch {
		case t.name == "a" && !t.closing:
			links = append(links, html.UnescapeString(t.attribute("href")))
		case t.name == "a" && len(links) > 0:
			link := links[len(links)-1]
			links = links[:len(links)-1]
			if webURL(link) != nil && !strings.HasSuffix(b.String(), link) {
				b.WriteString(" (" + link + ")")
			}
		case (t.name == "script" || t.name == "style") && !t.closing:
			rest = after(rest, t.name)
		case t.name == "li" && !t.closing:
			b.WriteString("\n• ")
		case breaks[t.name]:
			b.WriteByte('\n')
		}
	}
	return tidy(b.String())
}

// breaks are the elements that begin or end a line.
var breaks = map[string]bool{
	"br": true, "p": true, "div": true, "tr": true, "ul": true, "ol": true, "table": true, "blockquote": true, "pre": true, "hr": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
}

// htmlTag is a piece of markup.
type htmlTag struct {
	name    string // lower case; "" for a comment
	closing bool
	rest    string // attributes
}

// readTag reads the markup that a text begins with; length 0 when it is none.
func readTag(text string) (t htmlTag, length int) {
	if strings.HasPrefix(text, "<!--") {
		if end := strings.Index(text, "-->"); end >= 0 {
			return t, end + len("-->")
		}
		return t, len(text)
	}
	i := 1
	if t.closing = strings.HasPrefix(text, "</"); t.closing {
		i++
	}
	begin := i
	for i < len(text) && isNameByte(text[i], i == begin) {
		i++
	}
	if i == begin {
		return t, 0
	}
	t.name = strings.ToLower(text[begin:i])
	quote := byte(0)
	for j := i; j < len(text); j++ {
		switch c := text[j]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			t.rest = text[i:j]
			return t, j + 1
		}
	}
	return t, 0 // it does not end: it is text
}

func isNameByte(c byte, first bool) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	return letter || (!first && c >= '0' && c <= '9')
}

// attribute is the value of an attribute, as it is written.
func (t htmlTag) attribute(name string) string {
	lower := strings.ToLower(t.rest)
	for from := 0; ; {
		at := strings.Index(lower[from:], name)
		if at < 0 {
			return ""
		}
		begin := from + at
		from = begin + len(name)
		value, ok := strings.CutPrefix(strings.TrimLeft(t.rest[from:], " \t\r\n"), "=")
		if !ok || begin == 0 || !strings.ContainsRune(" \t\r\n/\"'", rune(lower[begin-1])) {
			continue
		}
		value = strings.TrimLeft(value, " \t\r\n")
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			value, _, _ = strings.Cut(value[1:], value[:1])
			return strings.TrimSpace(value)
		}
		if end := strings.IndexAny(value, " \t\r\n"); end >= 0 {
			value = value[:end]
		}
		return value
	}
}

// after is what follows the end of an element whose content is not for people.
func after(text, name string) string {
	end := strings.Index(strings.ToLower(text), "</"+name)
	if end < 0 || end > len(text) {
		return ""
	}
	_, rest, _ := strings.Cut(text[end:], ">")
	return rest
}

// tidy takes away what markup has left: spaces at the ends of lines, and more than one blank line.
func tidy(text string) string {
	var lines []string
	blank := true // at the beginning
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" && blank {
			continue
		}
		blank = line == ""
		lines = append(lines, line)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
