package script

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Limits of an XML text that a script reads.
const (
	maxXML      = 4 << 20 // bytes
	maxXMLDepth = 200
)

// element is an element while it is read: its attributes and children by name, in order.
type element struct {
	name   string
	names  []string
	values map[string][]any
	text   strings.Builder
}

func (e *element) add(name string, value any) {
	if e.values == nil {
		e.values = make(map[string][]any)
	}
	if _, ok := e.values[name]; !ok {
		e.names = append(e.names, name)
	}
	e.values[name] = append(e.values[name], value)
}

// parseXML gives XML as JSON: an object of elements by name. An element with attributes or
// children is an object, of several of one name a list; others are their text, as number, true or
// false if they look so. Text beside attributes is content.
func parseXML(text string) ([]byte, error) {
	if len(text) > maxXML {
		return nil, fmt.Errorf("parseXml: the text has more than %d bytes", maxXML)
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is text already
	path := []*element{{}}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, column := d.InputPos()
			return nil, fmt.Errorf("parseXml: line %d, column %d: %w", line, column, err)
		}
		if path, err = grow(path, token); err != nil {
			return nil, err
		}
	}
	if len(path) > 1 {
		return nil, fmt.Errorf("parseXml: <%s> is not closed", path[len(path)-1].name)
	}
	return json.Marshal(path[0])
}

func grow(path []*element, token xml.Token) ([]*element, error) {
	top := path[len(path)-1]
	switch t := token.(type) {
	case xml.StartElement:
		if len(path) > maxXMLDepth {
			return nil, fmt.Errorf("parseXml: elements are more than %d deep", maxXMLDepth)
		}
		e := &element{name: full(t.Name)}
		for _, a := range t.Attr {
			e.add(full(a.Name), scalar(a.Value))
		}
		return append(path, e), nil
	case xml.EndElement:
		if name := full(t.Name); len(path) == 1 || top.name != name {
			return nil, fmt.Errorf("parseXml: </%s> closes nothing", name)
		}
		path = path[:len(path)-1]
		path[len(path)-1].add(top.name, top)
	case xml.CharData:
		top.text.Write(t)
	}
	return path, nil
}

func full(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// MarshalJSON writes the element's content.
func (e *element) MarshalJSON() ([]byte, error) {
	text := strings.TrimSpace(e.text.String())
	if len(e.names) == 0 && e.name != "" {
		return json.Marshal(scalar(text))
	}
	var b strings.Builder
	b.WriteByte('{')
	if text != "" && e.name != "" {
		e.add("content", scalar(text))
	}
	for i, name := range e.names {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(name)
		b.Write(key)
		b.WriteByte(':')
		var value any = e.values[name]
		if len(e.values[name]) == 1 {
			value = e.values[name][0]
		}
		data, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		b.Write(data)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// plainNumber leaves out what would lose something as a number: leading zeros, many digits.
var plainNumber = regexp.MustCompile(`^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$`)

func scalar(text string) any {
	switch {
	case text == "true":
		return true
	case text == "false":
		return false
	case plainNumber.MatchString(text):
		return json.Number(text)
	}
	return text
}
