package xmltest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// HTTPRequest is what a script asks of the network, with the query already in the URL.
type HTTPRequest struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// HTTPResponse is what it gets.
type HTTPResponse struct {
	Status int
	Header http.Header
	Body   []byte
}

// Mock is a made-up answer of a service, <mockData> (scenario language, 5).
type Mock struct {
	Line   int
	method string
	url    address
	body   *mockBody // nil: any
	answer HTTPResponse
}

// mockBody is what the body of a request must be.
type mockBody struct {
	field  string
	strict bool
	want   any
}

// mediaTypes are the types of <response>; scripts get what is neither JSON nor XML as text.
var mediaTypes = map[string]string{"json": "application/json; charset=utf-8", "xml": "application/xml; charset=utf-8"}

// readMock reads <mockData>.
func readMock(e *element) (*Mock, error) {
	query, response := e.kid("query"), e.kid("response")
	if query == nil || response == nil {
		return nil, fmt.Errorf("<mockData> needs a <query> and a <response>")
	}
	m := &Mock{Line: e.line, method: strings.ToUpper(query.attr("method"))}
	if m.method == "" {
		m.method = http.MethodGet
	}
	parameters := map[string]string{}
	if kid := e.kid("parameters"); kid != nil {
		for _, p := range kid.kids() {
			parameters[p.name] = strings.TrimSpace(p.content())
		}
	}
	var err error
	if m.url, err = parseAddress(fill(query.content(), parameters)); err != nil {
		return nil, fmt.Errorf("<mockData>: <query>: %w", err)
	}
	if body := e.kid("body"); body != nil {
		if m.body, err = readMockBody(body); err != nil {
			return nil, fmt.Errorf("<mockData>: <body>: %w", err)
		}
	}
	if m.answer, err = readResponse(response); err != nil {
		return nil, fmt.Errorf("<mockData>: <response>: %w", err)
	}
	return m, nil
}

func readMockBody(e *element) (*mockBody, error) {
	b := &mockBody{field: e.attr("field"), strict: truth(e.attrs["strictMatch"])}
	if b.field != "" {
		if _, err := parsePath(b.field); err != nil {
			return nil, err
		}
	}
	return b, readPrimitive(e.content(), &b.want)
}

// readResponse reads the answer. JSON and XML are cut of the white space around them; a text
// keeps all of it.
func readResponse(e *element) (HTTPResponse, error) {
	kind := strings.ToLower(e.attr("type"))
	if kind == "" {
		kind = "json"
	}
	answer := HTTPResponse{Status: http.StatusOK, Header: http.Header{}}
	if text := e.attr("status"); text != "" {
		status, err := strconv.Atoi(text)
		if err != nil || status < 100 || status > 999 {
			return answer, fmt.Errorf("status is %q, expected a number as 200", text)
		}
		answer.Status = status
	}
	body, media := e.content(), mediaTypes[kind]
	if media == "" {
		media = "text/plain; charset=utf-8"
	} else {
		body = strings.TrimSpace(body)
	}
	answer.Header.Set("Content-Type", media)
	answer.Body = []byte(body)
	return answer, nil
}

// placeholder is a parameter of a URL.
var placeholder = regexp.MustCompile(`\$\{\s*([^}]*?)\s*\}`)

// fill puts parameters into a URL as $http does: escaped, a space in the query as "+".
func fill(template string, parameters map[string]string) string {
	template = strings.TrimSpace(template)
	query := strings.IndexByte(template, '?')
	var b strings.Builder
	last := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		value, ok := parameters[template[m[2]:m[3]]]
		if !ok {
			continue
		}
		b.WriteString(template[last:m[0]])
		if query >= 0 && m[0] > query {
			b.WriteString(url.QueryEscape(value))
		} else {
			b.WriteString(url.PathEscape(value))
		}
		last = m[1]
	}
	b.WriteString(template[last:])
	return b.String()
}

// address is a URL in the form in which two are compared: unescaped, the query in any order.
type address struct {
	site, path string
	query      []string
}

// parseAddress reads a URL; one written over several lines is joined.
func parseAddress(text string) (address, error) {
	text = strings.Join(slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" }), "\n")
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	text = strings.Join(lines, "")
	if text == "" {
		return address{}, fmt.Errorf("nothing in it, expected a URL")
	}
	u, err := url.Parse(text)
	if err != nil {
		return address{}, fmt.Errorf("bad URL: %w", err)
	}
	a := address{site: strings.ToLower(u.Scheme + "://" + u.Host), path: strings.TrimRight(u.Path, "/")}
	for _, pair := range strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' }) {
		if plain, err := url.QueryUnescape(pair); err == nil {
			pair = plain
		}
		a.query = append(a.query, pair)
	}
	slices.Sort(a.query)
	return a, nil
}

func (a address) equal(b address) bool {
	return a.site == b.site && a.path == b.path && slices.Equal(a.query, b.query)
}

// fits reports whether the mock answers a request.
func (m *Mock) fits(r HTTPRequest, to address) bool {
	return strings.EqualFold(m.method, r.Method) && m.url.equal(to) && (m.body == nil || m.body.fits(r))
}

func (b *mockBody) fits(r HTTPRequest) bool {
	var got any
	if readPrimitive(string(r.Body), &got) != nil {
		return false
	}
	if form, err := url.ParseQuery(string(r.Body)); err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		fields := make(map[string]any, len(form))
		for name := range form {
			fields[name] = form.Get(name)
		}
		got = fields
	}
	got, ok := at(got, b.field)
	return ok && within(b.want, got, b.strict)
}

// mocks are the services of one case. Scripts may call while the case goes on.
type mocks struct {
	mu     sync.Mutex // guards what follows
	list   []*Mock    // those declared so far; the last that fits wins
	missed []string   // requests that nothing answered, since the last call of misses
}

func (m *mocks) add(mock *Mock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, mock)
}

// fetch answers a request; without a mock that fits it is an error, never the network.
func (m *mocks) fetch(_ context.Context, r HTTPRequest) (HTTPResponse, error) {
	to, err := parseAddress(r.URL)
	if err != nil {
		return HTTPResponse{}, err
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mock := range slices.Backward(m.list) {
		if mock.fits(r, to) {
			answer := mock.answer
			answer.Header = answer.Header.Clone()
			return answer, nil
		}
	}
	missed := fmt.Sprintf("no <mockData> answers %s %s", strings.ToUpper(r.Method), r.URL)
	m.missed = append(m.missed, missed)
	return HTTPResponse{}, fmt.Errorf("%s", missed)
}

// misses gives what was missed, and forgets it.
func (m *mocks) misses() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	missed := m.missed
	m.missed = nil
	return missed
}
