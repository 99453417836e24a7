package xmltest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Read reads a file of tests. It never fails: what cannot be read becomes a case that is
// broken, beside those that can.
func Read(name string, content []byte) *File {
	r := &reader{file: &File{Name: name}}
	root, broken := document(name, content)
	r.tests(root, false)
	for _, c := range r.file.Cases {
		c.shared = r.mocks
	}
	if broken != nil {
		r.file.Cases = append(r.file.Cases, &Case{File: name, Line: broken.Line, ID: "the file itself", Broken: []*Note{broken}})
	}
	return r.file
}

// reader makes cases of a document.
type reader struct {
	file  *File
	mocks []*Mock // those outside of cases
}

func (r *reader) note(line int, format string, args ...any) {
	r.file.Notes = append(r.file.Notes, &Note{r.file.Name, line, fmt.Sprintf(format, args...)})
}

// tests reads <test>, or whatever is around cases.
func (r *reader) tests(e *element, integration bool) {
	if v, ok := e.attrs["integration"]; ok {
		integration = truth(v)
	}
	for _, n := range e.nodes {
		switch kid := n.kid; {
		case kid == nil:
			r.stray(n)
		case strings.EqualFold(kid.name, "test-case"):
			r.file.Cases = append(r.file.Cases, r.testCase(kid, integration))
		case strings.EqualFold(kid.name, string(MockData)):
			mock, err := readMock(kid)
			if err != nil {
				r.outside(kid, err.Error())
				continue
			}
			r.mocks = append(r.mocks, mock)
		case strings.EqualFold(kid.name, "test"), strings.EqualFold(kid.name, "tests"):
			r.tests(kid, integration)
		default:
			r.outside(kid, fmt.Sprintf("<%s> outside of a <test-case>", kid.name))
		}
	}
}

// outside makes a broken case of a tag that would otherwise be lost.
func (r *reader) outside(e *element, message string) {
	broken := &Note{r.file.Name, e.line, message}
	r.file.Cases = append(r.file.Cases, &Case{File: r.file.Name, Line: e.line, ID: fmt.Sprintf("line %d", e.line), Broken: []*Note{broken}})
}

// stray notes text between tags, but for remarks: files have them as "// …".
func (r *reader) stray(n node) {
	text := strings.TrimSpace(n.text)
	if text != "" && !strings.HasPrefix(text, "//") {
		before, _, _ := strings.Cut(n.text, text)
		r.note(n.line+strings.Count(before, "\n"), "text between tags is ignored: %.40q", text)
	}
}

func (r *reader) testCase(e *element, integration bool) *Case {
	c := &Case{File: r.file.Name, Line: e.line, ID: oneLine(e.attr("id")), Integration: integration, Skip: e.attr("skip")}
	if v, ok := e.attrs["integration"]; ok {
		c.Integration = truth(v)
	}
	for _, n := range e.nodes {
		kid := n.kid
		if kid == nil {
			r.stray(n)
			continue
		}
		if kid.name == "mockService" {
			c.Skip = "<mockService> is not supported: integrations of the vendor's cloud are stubs"
			continue
		}
		step, err := r.step(kid)
		if err != nil {
			c.Broken = append(c.Broken, &Note{r.file.Name, kid.line, err.Error()})
			continue
		}
		c.Steps = append(c.Steps, step)
	}
	if c.ID == "" {
		c.ID = fmt.Sprintf("line %d", c.Line)
		if i := slices.IndexFunc(c.Steps, func(s *Step) bool { return s.Kind == Query && s.Text != "" }); i >= 0 {
			c.ID = oneLine(c.Steps[i].Text)
		}
	}
	return c
}

// readers read what stands in a tag into its step.
var readers = map[Kind]func(*element, *Step) error{
	Query:        readText,
	Event:        readEvent,
	Request:      readData,
	Timeout:      readNothing,
	Reply:        readReply,
	ResponseData: readValue,
	TimeoutReply: readTimeoutReply,
	NewSession:   readNewSession,
	Mail:         readNothing,
	State:        readName,
	Context:      readContext,
	DateTime:     readDateTime,
	Random:       readRandom,
	RequestData:  readData,
	RawRequest:   readData,
	MockData: func(e *element, s *Step) (err error) {
		s.Mock, err = readMock(e)
		return err
	},
}

// attributes are those that each tag knows; others are noted.
var attributes = map[Kind][]string{
	Query:        {"lang"},
	Event:        {"name", "value", "data"},
	Reply:        {"state", "class", "contains"},
	ResponseData: {"field"},
	TimeoutReply: {"interval", "targetState"},
	NewSession:   {"message"},
	Mail:         {"recipient", "subject", "body"},
	Context:      {"var"},
}

func (r *reader) step(e *element) (*Step, error) {
	for kind, read := range readers {
		if !strings.EqualFold(e.name, string(kind)) {
			continue
		}
		s := &Step{Kind: kind, Line: e.line, Attr: e.attrs}
		for _, name := range slices.Sorted(maps.Keys(e.attrs)) {
			if kind != Event && !slices.Contains(attributes[kind], name) {
				r.note(e.line, "<%s> does not know the attribute %q; it is ignored", kind, name)
			}
		}
		if err := read(e, s); err != nil {
			return nil, fmt.Errorf("<%s>: %w", kind, err)
		}
		return s, nil
	}
	return nil, fmt.Errorf("unknown tag <%s>, expected one of %s", e.name, kinds())
}

// kinds lists the tags of a case.
func kinds() string {
	var names []string
	for kind := range readers {
		names = append(names, string(kind))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func readNothing(*element, *Step) error { return nil }

func readText(e *element, s *Step) error {
	s.Text = strings.TrimSpace(e.content())
	return nil
}

func readReply(e *element, s *Step) error {
	s.Text = collapse(e.content())
	return nil
}

func readName(e *element, s *Step) error {
	if s.Text = strings.TrimSpace(e.content()); s.Text == "" {
		return fmt.Errorf("nothing in it, expected the path of a state")
	}
	return nil
}

// readEvent takes the name from the text or an attribute, and its data from <data> or
// <eventData>, the attribute data, or all attributes that it does not know.
func readEvent(e *element, s *Step) error {
	var text strings.Builder
	for _, n := range e.nodes {
		if n.kid == nil {
			text.WriteString(n.text)
		}
	}
	for _, name := range []string{strings.TrimSpace(text.String()), e.attr("name"), e.attr("value")} {
		if s.Text == "" {
			s.Text = name
		}
	}
	if s.Text == "" {
		return fmt.Errorf("nothing in it, expected the name of an event")
	}
	data := e.attr("data")
	for _, name := range []string{"data", "eventData"} {
		if kid := e.kid(name); kid != nil {
			data = kid.content()
		}
	}
	if data != "" {
		return readJSON(data, &s.Data)
	}
	more := map[string]any{}
	for name, value := range e.attrs {
		if !slices.Contains(attributes[Event], name) {
			more[name] = value
		}
	}
	if len(more) > 0 {
		s.Data = more
	}
	return nil
}

// readData reads a JSON object.
func readData(e *element, s *Step) error {
	if err := readJSON(e.content(), &s.Data); err != nil {
		return err
	}
	if _, ok := s.Data.(map[string]any); !ok {
		return fmt.Errorf("expected a JSON object, {…}")
	}
	return nil
}

// readValue reads any JSON; what is none is a text.
func readValue(e *element, s *Step) error {
	if path := e.attr("field"); path != "" {
		if _, err := parsePath(path); err != nil {
			return err
		}
	}
	return readPrimitive(e.content(), &s.Data)
}

func readContext(e *element, s *Step) error {
	s.Text = strings.TrimPrefix(e.attr("var"), "$")
	if s.Text != "session" && s.Text != "client" {
		return fmt.Errorf(`var is %q, expected "session" or "client"`, e.attrs["var"])
	}
	return readData(e, s)
}

func readNewSession(e *element, s *Step) error {
	kid := e.kid("data")
	if kid == nil {
		return nil
	}
	return readData(kid, s)
}

func readTimeoutReply(e *element, s *Step) error {
	if text := e.attr("interval"); text != "" {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return fmt.Errorf("interval is %q, expected a number of seconds", text)
		}
	}
	return nil
}

// readRandom reads the numbers that are drawn next, between commas or white space.
func readRandom(e *element, s *Step) error {
	for _, field := range strings.FieldsFunc(e.content(), func(r rune) bool { return r == ',' || r == ';' || r <= ' ' }) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return fmt.Errorf("%q, expected whole numbers from 0 and commas, as in 1, 2", field)
		}
		s.Numbers = append(s.Numbers, n)
	}
	return nil
}

// layouts are those of <dateTime>, "yyyy-MM-dd HH:mm:ss" and its variants. They are of the time
// zone of the machine, because that is the one that Date of scripts has.
var layouts = []string{
	"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04",
	time.RFC3339, "02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006",
}

func readDateTime(e *element, s *Step) error {
	text := oneLine(e.content())
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			s.Time = t
			return nil
		}
	}
	return fmt.Errorf("%q is no time, expected yyyy-MM-dd HH:mm:ss", text)
}

// truth reads a boolean attribute.
func truth(value string) bool { return strings.EqualFold(strings.TrimSpace(value), "true") }

// collapse takes white space as replies are compared: any of it is one space (scenario
// language, 5).
func collapse(text string) string { return strings.Join(strings.Fields(text), " ") }

// oneLine is for names.
func oneLine(text string) string { return collapse(text) }
