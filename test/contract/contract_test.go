package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

const (
	session  = "0d15fc34-4191-4977-a700-ab842fa71206"
	starts   = "/api/v1/chats/11111111-1111-4111-8111-111111111111/sessions"
	reads    = "/api/v1/sessions/" + session + "/messages"
	asks     = "/chatapi/DemoChat:0000000000000000000000000000000000000000"
	answered = `{"id":"a","token":"t","clientId":"u","questionId":"q","data":{"nlpClass":"","confidence":0,"replies":[],"answer":"",` +
		`"newSessionStarted":true,"debugData":[],"endSession":false,"foo":1},"timestamp":"2022-09-28T12:32:13.262","blockForm":false}`
	chatError = `{"timestamp":"2022-09-28T12:32:13.262","status":405,"error":"Method Not Allowed","exception":"method","message":"","path":"/"}`
	created   = `{"id":"` + session + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":4}`
	message   = `{"id":"` + session + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":4,"authorId":"","authorType":"CLIENT","body":"",` +
		`"answers":[],"keyboard":null,"actions":[],"attachments":[],"sessionId":"` + session + `","authorName":"","type":"REGULAR"}`
)

// complaints is a test that only notes what is reported to it.
type complaints struct {
	testing.TB
	told []string
}

func (c *complaints) Helper() {}
func (c *complaints) Errorf(format string, args ...any) {
	c.told = append(c.told, fmt.Sprintf(format, args...))
}

// exchange is a request and the answer of a server that answers whatever it is told to.
type exchange struct {
	name               string
	method, path, sent string
	status             int
	headers            string // "Name: value", parted by semicolons
	body               string
	complaint          string // part of it; "" when all is documented
}

var exchanges = []exchange{
	{"as documented", "POST", reads, `{"body":"hi"}`, 201, "", created, ""},
	{"under the other base path", "POST", strings.Replace(reads, "/v1/", "/chats/v1/", 1), `{"body":"hi"}`, 201, "", created, ""},
	{"unknown fields of a request", "POST", reads, `{"body":"hi","x":1}`, 201, "", created, ""},
	{"a head", "HEAD", reads, ``, 200, "", "", ""},
	{"a preflight", "OPTIONS", reads, ``, 204, "Allow: GET, HEAD, OPTIONS, POST", "", ""},
	{"an unknown path", "GET", "/api/v1/nothing", ``, 404, "", `{"error":"Entity not found"}`, ""},
	{"an unknown method", "PUT", reads, ``, 405, "Allow: GET, HEAD, OPTIONS, POST", `{"error":"Method not allowed"}`, ""},
	{"a page", "GET", "/webui/x.css", ``, 200, "Content-Type: text/css", "x", ""},
	{"some fields", "GET", reads + "?fields=body", ``, 200, "", `{"items":[{"body":"a"}]}`, ""},
	{"all fields", "GET", reads, ``, 200, "", `{"count":1,"items":[` + message + `]}`, ""},
	{"an unknown method of the Chat API", "PUT", asks, ``, 405, "Allow: GET, HEAD, OPTIONS, POST", chatError, ""},
	{"a preflight of the Chat API", "OPTIONS", asks, ``, 204, "Allow: GET, HEAD, OPTIONS, POST", "", ""},
	{"the Chat API's second prefix", "GET", "/chatadapter" + asks + "/stash?clientId=u", ``, 200, "", `{"a":[1]}`, ""},
	{"a reply of an unknown type", "POST", asks, `{"clientId":5,"query":"hi"}`, 200, "", strings.Replace(answered, "[]", `[{"type":"alien","x":[null]}]`, 1), ""},
	{"a wait", "POST", reads, `{"body":"hi"}`, 429, "Retry-After: 3", `{"error":"Too many requests"}`, ""},
	{"more than is kept", "POST", reads, `{"body":7,"x":"` + strings.Repeat("x", maxSeen) + `"}`, 201, "", created, ""},
	{"bad input is nobody's fault", "POST", reads, `{"body":7}`, 400, "", `{"error":"Invalid input parameters"}`, ""},

	{"an unknown method of the Chat API in another shape", "PUT", asks, ``, 405, "Allow: GET, HEAD, OPTIONS, POST", `{"error":"Method not allowed"}`, "timestamp"},
	{"an error of the Chat API in another shape", "POST", asks, `{}`, 400, "", `{"error":"Invalid input parameters"}`, "timestamp"},
	{"a question and an event", "POST", asks, `{"clientId":"u","query":"hi","event":"e"}`, 200, "", answered, "anyOf"},
	{"no client", "POST", asks, `{"query":"hi"}`, 200, "", answered, "clientId"},
	{"an undocumented field of the Chat API", "POST", asks, `{"clientId":"u","query":"hi"}`, 200, "", strings.Replace(answered, "{", `{"type":"bot",`, 1), "type"},
	{"an undocumented field", "POST", reads, `{"body":"hi"}`, 201, "", strings.Replace(created, "{", `{"secret":1,`, 1), "secret"},
	{"a missing field", "POST", reads, `{"body":"hi"}`, 201, "", `{"id":"` + session + `","sequence":4}`, "createdAt"},
	{"a field of another type", "POST", reads, `{"body":"hi"}`, 201, "", strings.Replace(created, "4}", `"4"}`, 1), "sequence"},
	{"no UUID", "POST", reads, `{"body":"hi"}`, 201, "", strings.Replace(created, session, "17", 1), "UUID"},
	{"a time in another form", "POST", reads, `{"body":"hi"}`, 201, "", strings.Replace(created, "+00:00", "Z", 1), "createdAt"},
	{"an answer to more than is kept", "POST", reads, strings.Repeat(" ", maxSeen+1), 201, "", strings.Replace(created, "4}", `"4"}`, 1), "sequence"},
	{"an undocumented status", "POST", reads, `{"body":"hi"}`, 202, "", created, "status is not supported"},
	{"another content type", "POST", reads, `{"body":"hi"}`, 201, "Content-Type: text/plain", created, "Content-Type"},
	{"no JSON", "POST", reads, `{"body":"hi"}`, 201, "", "created", "decode"},
	{"a wait without an end", "POST", reads, `{"body":"hi"}`, 429, "", `{"error":"Too many requests"}`, "Retry-After"},
	{"a wait until a date", "POST", reads, `{"body":"hi"}`, 503, "Retry-After: tomorrow", `{"error":"Service is unavailable"}`, "Retry-After"},
	{"an error of another shape", "POST", reads, `{"body":7}`, 400, "", `{"message":"wrong"}`, "error"},
	{"an error with more in it", "POST", reads, `{"body":7}`, 500, "", `{"error":"Internal error","details":{"message":"x","stack":"y"}}`, "stack"},
	{"some fields unasked", "GET", reads, ``, 200, "", `{"items":[{"body":"a"}]}`, "answers"},
	{"an accepted type", "POST", starts, `{"clientEmail":7}`, 201, "", `{"id":"` + session + `","clientId":"` + session + `","startedAt":"2018-10-31T11:56:07+00:00","ttl":1,"messages":[]}`, "clientEmail"},
	{"an accepted query", "GET", reads + "?limit=-1", ``, 200, "", `{}`, "limit"},
	{"an accepted path", "POST", "/api/v1/sessions/17/close", ``, 200, "", `{"success":true}`, "UUID"},
	{"an accepted nothing", "POST", reads, ``, 201, "", created, "body"},
	{"an undocumented path", "GET", "/api/v1/secrets", ``, 200, "", `{}`, "not documented"},
	{"an unknown path in another shape", "GET", "/api/v1/nothing", ``, 404, "Content-Type: text/plain", "404 page not found", "Content-Type"},
	{"an undocumented method", "DELETE", reads, ``, 200, "", `{}`, "not documented"},
	{"an unknown method in another shape", "DELETE", reads, ``, 405, "Allow: GET, HEAD, OPTIONS, POST", `{}`, "error"},
	{"Allow names too much", "DELETE", reads, ``, 405, "Allow: GET, HEAD, OPTIONS, POST, PUT", `{"error":"Method not allowed"}`, "Allow"},
	{"Allow is missing", "DELETE", reads, ``, 405, "", `{"error":"Method not allowed"}`, "Allow"},
	{"a preflight with another Allow", "OPTIONS", reads, ``, 204, "Allow: GET", "", "Allow"},
	{"a preflight that succeeds otherwise", "OPTIONS", reads, ``, 200, "Allow: GET, POST", "", "not documented"},
	{"a head of an undocumented status", "HEAD", reads, ``, 299, "", "", "status is not supported"},
}

// serve answers an exchange.
func (x exchange) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	for header := range strings.SplitSeq(x.headers, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(header), ": "); ok {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(x.status)
	_, _ = io.WriteString(w, x.body)
}

func (x exchange) judge(t *testing.T, c *complaints) {
	t.Helper()
	if x.complaint == "" && len(c.told) > 0 {
		t.Errorf("complains of what is documented: %v", c.told)
	}
	if x.complaint != "" && (len(c.told) != 1 || !strings.Contains(c.told[0], x.complaint)) {
		t.Errorf("complaints %q, want one of %q", c.told, x.complaint)
	}
}

func TestTransportSeesWhatIsNotDocumented(t *testing.T) {
	t.Parallel()
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			ts := httptest.NewServer(http.HandlerFunc(x.serve))
			defer ts.Close()
			c := &complaints{TB: t}
			r, err := http.NewRequestWithContext(t.Context(), x.method, ts.URL+x.path, strings.NewReader(x.sent))
			if err != nil {
				t.Fatal(err)
			}
			res, err := Transport(c, ts.Client().Transport).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || (string(body) != x.body && x.method != "HEAD") {
				t.Errorf("the answer arrives as %q, %v", body, err)
			}
			x.judge(t, c)
		})
	}
}

func TestHandlerSeesWhatIsNotDocumented(t *testing.T) {
	t.Parallel()
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			c := &complaints{TB: t}
			w := httptest.NewRecorder()
			Handler(c, http.HandlerFunc(x.serve)).ServeHTTP(w, httptest.NewRequest(x.method, x.path, strings.NewReader(x.sent)))
			if w.Code != x.status || w.Body.String() != x.body {
				t.Errorf("the answer arrives as %d %q", w.Code, w.Body)
			}
			x.judge(t, c)
		})
	}
}

// An answer that is cut off is the client's to judge.
func TestACutAnswerStaysCut(t *testing.T) {
	t.Parallel()
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, created)
	}))
	defer ts.Close()
	c := &complaints{TB: t}
	r, err := http.NewRequestWithContext(t.Context(), "GET", ts.URL+reads, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := Transport(c, ts.Client().Transport).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil || !bytes.Equal(body, []byte(created)) || len(c.told) > 0 {
		t.Errorf("%q, %v; complaints %q", body, err, c.told)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"no YAML":     "a: [",
		"no document": "openapi: 3.0.3",
		"a reference": "openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n        '200': {$ref: '#/components/responses/None'}\n",
	} {
		if _, err := Parse([]byte(document)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	routes := load(t).Routes()
	for _, want := range []string{"POST /api/v1/chats/{chatId}/sessions", "POST /api/chats/v1/chats/{chatId}/sessions", "GET /chatadapter/chatapi/{token}/restore", "GET /healthz"} {
		if !slices.Contains(routes, want) {
			t.Errorf("%s is not among %v", want, routes)
		}
	}
}
