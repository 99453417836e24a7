package twin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/govorun/govorun/test/contract"
)

// detail is a field of an error's details.
func detail(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var body struct {
		Error   string
		Details map[string]string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Error == "" {
		t.Errorf("no error body: %v: %s", err, w.Body)
	}
	return body.Details[name]
}

// nested is an array in an array … of a depth, with brackets in a string that do not count.
func nested(depth int) string {
	return strings.Repeat("[", depth) + `"[\"[\\"` + strings.Repeat("]", depth)
}

type badInput struct {
	name, body     string
	status         int
	field, message string
}

// noJSON is what no endpoint takes that reads a body.
var noJSON = []badInput{
	{"half an object", `{"body":"a"`, 400, "", "the body is not valid JSON: unexpected end of JSON input at byte 11"},
	{"no JSON", `body=a`, 400, "", "the body is not valid JSON: invalid character 'b' looking for beginning of value at byte 1"},
	{"trailing garbage", `{} {}`, 400, "", "the body is not valid JSON: invalid character '{' after top-level value at byte 4"},
	{"single quotes", `{'body':'a'}`, 400, "", "the body is not valid JSON: invalid character '\\'' looking for beginning of object key string at byte 2"},
	{"a comment", `{/**/}`, 400, "", "the body is not valid JSON: invalid character '/' looking for beginning of object key string at byte 2"},
	{"byte order mark", "\uFEFF{}", 400, "", "the body is not valid JSON: invalid character 'ï' looking for beginning of value at byte 1"},
	{"invalid UTF-8", "{\"body\":\"a\xff\"}", 400, "", "the body is not valid UTF-8, see byte 11"},
	{"a surrogate in UTF-8", "{\"body\":\"\xed\xa0\xbd\"}", 400, "", "the body is not valid UTF-8, see byte 10"},
	{"UTF-16", "\xff\xfe{\x00}\x00", 400, "", "the body is not valid UTF-8, see byte 1"},
	{"raw NUL", "{\"body\":\"\x00\"}", 400, "", "the body is not valid JSON: invalid character '\\x00' in string literal at byte 10"},
	{"escaped NUL", `{"body":"a\u0000"}`, 400, "", "U+0000 is not allowed in a text, see byte 11"},
	{"escaped NUL after a backslash", `{"x":{"a\\\u0000":1}}`, 400, "", "U+0000 is not allowed in a text, see byte 11"},
	{"an array", `[]`, 400, "", "expected an object, got an array"},
	{"a string", `"a"`, 400, "", "expected an object, got a string"},
	{"a number", `1`, 400, "", "expected an object, got a number"},
	{"a boolean", `true`, 400, "", "expected an object, got a boolean"},
	{"nested too deeply", `{"x":` + nested(10_001) + `}`, 400, "", "the body is not valid JSON: invalid character '[' exceeded max depth at byte 10005"},
	{"huge", `{"body":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "", "the body may have at most 1048576 bytes"},
}

const (
	long    = 256
	tooLong = "expected at most 255 characters"
)

var badStarts = []badInput{
	{"email", `{"clientEmail":1}`, 400, "clientEmail", "expected a string, got a number"},
	{"name", `{"name":{}}`, 400, "name", "expected a string, got an object"},
	{"bool", `{"returnAnswerAsync":"false"}`, 400, "returnAnswerAsync", "expected a boolean, got a string"},
	{"bool as a number", `{"returnAnswerAsync":0}`, 400, "returnAnswerAsync", "expected a boolean, got a number"},
	{"bot id", `{"botId":"demo"}`, 400, "botId", "expected a UUID"},
	{"bot id in braces", `{"botId":"{` + botID + `}"}`, 400, "botId", "expected a UUID"},
	{"session id", `{"sessionId":"` + botID[1:] + `"}`, 400, "sessionId", "expected a UUID"},
	{"client id", `{"clientId":"1 OR 1=1"}`, 400, "clientId", "expected a UUID"},
	{"client id of a type", `{"clientId":5}`, 400, "clientId", "expected a string, got a number"},
	{"phone", `{"clientPhone":[7]}`, 400, "clientPhone", "expected a string or a whole number, got an array"},
	{"phone with a fraction", `{"clientPhone":7.5}`, 400, "clientPhone", "expected a string or a whole number, got a number"},
	{"phone with an exponent", `{"clientPhone":7e10}`, 400, "clientPhone", "expected a string or a whole number, got a number"},
	{"phone negative", `{"clientPhone":-7}`, 400, "clientPhone", "expected a string or a whole number, got a number"},
	{"phone too long", `{"clientPhone":"` + strings.Repeat("7", long) + `"}`, 400, "clientPhone", tooLong},
	{"external id too long", `{"clientExternalId":"` + strings.Repeat("я", long) + `"}`, 400, "clientExternalId", tooLong},
	{"name too long", `{"name":"` + strings.Repeat("👋", long) + `"}`, 400, "name", tooLong},
	{"referer too long", `{"referer":"` + strings.Repeat("a", 16_385) + `"}`, 400, "referer", "expected at most 16384 characters"},
	{"time zone", `{"clientTimezone":"300"}`, 400, "clientTimezone", "expected a whole number, got a string"},
	{"time zone with a fraction", `{"clientTimezone":1.5}`, 400, "clientTimezone", "expected a whole number, got another number"},
	{"time zone out of range", `{"clientTimezone":1441}`, 400, "clientTimezone", "expected minutes from -1440 to 1440"},
	{"life time", `{"sessionTtl":"1h"}`, 400, "sessionTtl", "expected a whole number, got a string"},
	{"life time that does not fit", `{"sessionTtl":1e400}`, 400, "sessionTtl", "expected a whole number, got another number"},
	{"metadata", `{"clientMetadata":"a"}`, 400, "clientMetadata", "expected an object, got a string"},
	{"metadata as an array", `{"clientMetadata":["a"]}`, 400, "clientMetadata", "expected an object, got an array"},
	{"metadata nested", `{"clientMetadata":{"a":{"b":1}}}`, 400, "clientMetadata", "expected an object of strings, got an object in it"},
	{"variables", `{"variables":1}`, 400, "variables", "expected an array or an object, got a number"},
	{"variables that do not fit", `{"variables":{"a":1e999}}`, 400, "variables", "expected numbers that fit 64 bits"},
	{"variables nested", `{"variables":` + nested(101) + `}`, 400, "variables", "expected at most 100 levels of nesting"},
	{"attachments", `{"messageAttachments":"` + unknownID + `"}`, 400, "messageAttachments", "expected an array, got a string"},
	{"an attachment", `{"messageAttachments":["` + unknownID + `",1]}`, 400, "messageAttachments[1]", "expected a UUID or an object with one in id"},
	{"an attachment's id", `{"messageAttachments":[{"id":"x"}]}`, 400, "messageAttachments[0]", "expected a UUID or an object with one in id"},
	{"an attachment of null", `{"messageAttachments":[null]}`, 400, "messageAttachments[0]", "expected a UUID or an object with one in id"},
	{"events", `{"notifyOnEvents":[1]}`, 400, "notifyOnEvents", "expected a string, got a number"},
	{"events as a string", `{"notifyOnEvents":"all"}`, 400, "notifyOnEvents", "expected an array, got a string"},
	{"reply", `{"messageBody":"a","replyToMessageId":"x"}`, 400, "replyToMessageId", "expected a UUID"},
}

var badMessages = []badInput{
	{"body", `{"body":1}`, 400, "body", "expected a string, got a number"},
	{"body of null and a wrong field", `{"body":null,"attachments":{}}`, 400, "attachments", "expected an array, got an object"},
	{"attachments", `{"body":"a","attachments":"x"}`, 400, "attachments", "expected an array, got a string"},
	{"an attachment", `{"body":"a","attachments":["x"]}`, 400, "attachments[0]", "expected a UUID or an object with one in id"},
	{"attachments in an array", `{"body":"a","attachments":[[["` + unknownID + `"]]]}`, 400, "attachments[0]", "expected a UUID or an object with one in id"},
	{"reply", `{"body":"a","replyToMessageId":"Ж"}`, 400, "replyToMessageId", "expected a UUID"},
	{"reply of a type", `{"body":"a","replyToMessageId":{}}`, 400, "replyToMessageId", "expected a string, got an object"},
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, path string
		inputs       []badInput
	}{
		{"POST", startPath, badStarts},
		{"PUT", startPath, badStarts},
		{"POST", sessionPath + "/messages", badMessages},
		{"POST", sessionPath + "/clients/messages", badMessages},
		{"POST", sessionPath + "/read", []badInput{
			{"nothing", ``, 400, "messageId", "expected a UUID"},
			{"no id", `{}`, 400, "messageId", "expected a UUID"},
			{"no UUID", `{"messageId":"1"}`, 400, "messageId", "expected a UUID"},
			{"a type", `{"messageId":1}`, 400, "messageId", "expected a string, got a number"},
		}},
		{"POST", sessionPath + "/typing", []badInput{
			{"a type", `{"body":[]}`, 400, "body", "expected a string, got an array"},
			{"too long", `{"body":"` + strings.Repeat("я", 50_001) + `"}`, 400, "body", "expected at most 50000 characters"},
		}},
		{"POST", sessionPath + "/actions", []badInput{
			{"a type", `{"event":true}`, 400, "event", "expected a string, got a boolean"},
			{"data nested", `{"event":"e","data":` + nested(101) + `}`, 400, "data", "expected at most 100 levels of nesting"},
			{"data that does not fit", `{"event":"e","data":[1e999]}`, 400, "data", "expected numbers that fit 64 bits"},
			{"too much data", `{"event":"e","data":"` + strings.Repeat("a", 64<<10) + `"}`, 400, "data", "expected at most 65536 bytes"},
		}},
		{"POST", sessionPath + "/close", nil},
	} {
		for _, in := range append(noJSON[:len(noJSON):len(noJSON)], tt.inputs...) {
			t.Run(tt.method+tt.path[7:]+"/"+in.name, func(t *testing.T) {
				t.Parallel()
				f := newFake()
				w := serve(t, f, nil).do(tt.method, tt.path, in.body)
				if w.Code != in.status || f.calls() != "" {
					t.Errorf("%d, want %d; called %q", w.Code, in.status, f.calls())
				}
				if field, message := detail(t, w, "field"), detail(t, w, "message"); field != in.field || message != in.message {
					t.Errorf("%q: %s\nwant %q: %s", field, message, in.field, in.message)
				}
			})
		}
	}
}

func TestEncodedBodies(t *testing.T) {
	t.Parallel()
	for encoding, want := range map[string]int{"gzip": 415, "br, gzip": 415, "x": 415, "identity": 201, "Identity": 201} {
		f := newFake()
		w := serve(t, f, nil).do("POST", sessionPath+"/messages", `{"body":"a"}`, "Content-Encoding: "+encoding)
		if w.Code != want || (want == 415 && (f.calls() != "" || detail(t, w, "field") != "Content-Encoding")) {
			t.Errorf("%s: %d %s, called %q", encoding, w.Code, w.Body, f.calls())
		}
	}
}

func TestBadIDsInPaths(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"x", "1", "%00", "%FF", "%D0%96", "%F0%9F%91%8B", "null", "undefined", sessionID[:35], sessionID + "0", "%7B" + sessionID[1:35] + "%7D",
		strings.Repeat("a", 36), strings.ReplaceAll(sessionID, "-", ""), "..%2F..%2F", "'%20OR%201=1--", strings.Repeat("9", 10_000)} {
		for _, tt := range []struct{ method, before, after string }{
			{"POST", "/chats/", "/sessions"}, {"PUT", "/chats/", "/sessions"}, {"GET", "/sessions/", "/messages"}, {"POST", "/sessions/", "/messages"},
			{"POST", "/sessions/", "/clients/messages"}, {"POST", "/sessions/", "/read"}, {"POST", "/sessions/", "/typing"}, {"POST", "/sessions/", "/actions"}, {"POST", "/sessions/", "/close"},
		} {
			f := newFake()
			w := serve(t, f, nil).do(tt.method, "/api/v1"+tt.before+id+tt.after, `{"body":"a","messageId":"`+messageID+`","event":"e"}`)
			if w.Code != 404 || f.calls() != "" || !strings.HasPrefix(w.Body.String(), `{"error":"Entity not found"`) {
				t.Errorf("%s %s%s%s: %d %s, called %q", tt.method, tt.before, id, tt.after, w.Code, w.Body, f.calls())
			}
		}
	}
}

// A body's length may be unknown, a lie, or never come.
func TestBodiesOverTheWire(t *testing.T) {
	t.Parallel()
	f := newFake()
	ts := httptest.NewServer(serve(t, f, nil).mux)
	defer ts.Close()
	client := http.Client{Transport: contract.Transport(t, ts.Client().Transport)}
	post := func(body io.Reader, length int64) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", ts.URL+sessionPath+"/messages", body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		res, err := client.Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	if status, text := post(io.MultiReader(strings.NewReader(`{"body":`), strings.NewReader(`"a"}`)), -1); status != 201 {
		t.Errorf("in chunks: %d %s", status, text)
	}
	// The server does not wait for the rest: on a busy machine a client that is still sending it may
	// find the connection broken before it has seen the answer.
	answered := func(body string, length int64) (status int, text string) {
		for range 10 {
			if status, text = post(strings.NewReader(body), length); status != 0 {
				break
			}
		}
		return status, text
	}
	if status, text := answered(`{"body":"`+strings.Repeat("a", 1<<20)+`"}`, -1); status != 413 || !strings.Contains(text, "Request is too large") {
		t.Errorf("too large in chunks: %d %s", status, text)
	}
	if status, text := answered(`{"body":"`+strings.Repeat("a", 1<<20), 1<<20+9); status != 413 || !strings.Contains(text, "Request is too large") {
		t.Errorf("too large: %d %s", status, text)
	}
}
