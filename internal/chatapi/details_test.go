package chatapi_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chatapi"
)

// TestFormsOfRequests are ways to ask that are as good as the documented ones.
func TestFormsOfRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.http = http.DefaultClient // the document has no such forms
	for _, tt := range []struct{ name, method, path, body, want string }{
		{"a slash at the end", "POST", "/", `{"clientId":"c","query":"a"}`, "echo a\n\nmore"},
		{"a slash behind a method", "GET", "/events/?clientId=c&all=true&after=1", "", ""},
		{"a semicolon", "GET", "?clientId=c&query=a;b", "", "echo a;b\n\nmore"},
		{"a plus", "GET", "?clientId=c&query=a+b%2Bc", "", "echo a b+c\n\nmore"},
		{"an empty event", "POST", "", `{"clientId":"c","query":"a","event":""}`, "echo a\n\nmore"},
		{"a blank event", "POST", "", `{"clientId":"c","query":"a","event":" "}`, "echo a\n\nmore"},
		{"a null event", "POST", "", `{"clientId":"c","query":"a","event":null}`, "echo a\n\nmore"},
		{"a blank query", "POST", "", `{"clientId":"c","query":" \n","event":"e"}`, "echo event e\n\nmore"},
		{"a null query", "POST", "", `{"clientId":"c","query":null,"event":"e"}`, "echo event e\n\nmore"},
		{"nulls", "POST", "", `{"clientId":"c","query":"a","data":null,"cid":null,"uuid":null}`, "echo a\n\nmore"},
		{"fields of other letters", "POST", "", `{"clientId":"c","query":"a","Query":5,"EVENT":"e","ClientID":"x","UUID":[],"Data":7}`, "echo a\n\nmore"},
		{"fields twice", "POST", "", `{"clientId":"x","query":"x","clientId":"c","query":"a"}`, "echo a\n\nmore"},
		{"a lone surrogate", "POST", "", `{"clientId":"c","query":"a\ud800"}`, "echo a\ufffd\n\nmore"},
		{"emoji", "POST", "", `{"clientId":"c","query":"👩‍👩‍👧‍👦"}`, "echo 👩‍👩‍👧‍👦\n\nmore"},
		{"space around", "POST", "", " \n{ \"clientId\" : \"c\" , \"query\":\"a\"}\r\n", "echo a\n\nmore"},
		{"a slash in an id", "POST", "", `{"clientId":"a/b?c#d%2F","query":"a"}`, "echo a\n\nmore"},
		{"… in a path", "GET", "/client/a%2Fb%3Fc%23d%252F/history", "", ""},
		{"points for an id", "GET", "/client/%2E%2E/history", "", ""},
	} {
		a := w.do(tt.method, "/chatapi/"+token+tt.path, tt.body)
		if a.status != http.StatusOK || a.Data.Answer != tt.want {
			t.Errorf("%s: %d %s", tt.name, a.status, a.text)
		}
	}
	if a := w.get("/client/a%2Fb%3Fc%23d%252F/history"); a.TotalCount != 2 {
		t.Errorf("%s", a.text)
	}
	if a := w.get("/client/c/history"); a.TotalCount != 2*14 {
		t.Errorf("%d", a.TotalCount)
	}
	asked := w.get("?clientId=c&query=a")
	if !strings.Contains(asked.text, `"query":"a","event":null`) {
		t.Errorf("%s", asked.text)
	}
}

// TestBadQueryStrings: what cannot be read is said to be, not missed.
func TestBadQueryStrings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.http = http.DefaultClient
	for path, want := range map[string]string{
		"?clientId=c&query=100%":                                 "not escaped",
		"/events?clientId=c&cid=%zz":                             "not escaped",
		"/client/c/history?limit=%":                              "not escaped",
		"?clientId=c":                                            "query: expected a query or an event",
		"?clientId=c&query=+&event=%20":                          "query: expected a query or an event",
		"?clientId=c&query=a&event=e":                            "event: expected a query or an event, not both",
		"?clientId=c&query=a&clientId=":                          "",
		"?clientId=" + strings.Repeat("1", 256) + "&query=a":     "clientId: expected at most 255 characters, got 256",
		"?clientId=c&event=" + strings.Repeat("ы", 256):          "event: expected at most 255 characters, got 256",
		"?clientId=c&query=a&cid=" + strings.Repeat("ы", 256):    "cid: expected at most",
		"?clientId=c&query=a&uuid=" + strings.Repeat("ы", 129):   "uuid: expected at most",
		"?clientId=%20&query=a":                                  "clientId: expected",
		"/state":                                                 "clientId: expected",
		"/state?clientId=%FF":                                    "clientId: expected",
		"/client/%00/state":                                      "clientId: expected",
		"/client/%20/history":                                    "clientId: expected",
		"/client/c/history?limit=0":                              "limit: expected a whole number from 1",
		"/client/c/history?limit=1001":                           "limit: expected a whole number from 1 to 1000",
		"/client/c/history?limit=-1":                             "limit: expected",
		"/client/c/history?limit=1.5":                            "limit: expected",
		"/client/c/history?limit=ten":                            "limit: expected",
		"/client/c/history?limit=99999999999999999999":           "limit: expected",
		"/client/c/history?offset=-1":                            "offset: expected",
		"/client/c/history?offset=99999999999999999999":          "offset: expected",
		"/client/c/history?from=yesterday":                       "from: expected milliseconds since 1970",
		"/client/c/history?to=2022-13-01":                        "to: expected milliseconds since 1970",
		"/client/c/history?from=99999999999999999":               "from: expected",
		"/events?clientId=c&ts=-1":                               "ts: expected",
		"/events?clientId=c&all=yes":                             "all: expected true or false",
		"/events?clientId=c&after=00000000-0000-0000-0000-00000": "after: expected",
		"/events": "clientId: expected",
	} {
		a := w.do(http.MethodGet, "/chatapi/"+token+path, "")
		if want == "" && a.status == http.StatusOK {
			continue
		}
		if a.status != http.StatusBadRequest || !strings.Contains(a.Message, want) {
			t.Errorf("%s: %d %s, want %s", path, a.status, a.text, want)
		}
	}
	for body, want := range map[string]string{
		`{"clientId":"c","query":" ","event":""}`:                   "query: expected a query or an event",
		`{"clientId":"c","query":"\n"}`:                             "query: expected a query or an event",
		`{"clientId":"c","event":"\t"}`:                             "query: expected a query or an event",
		`{"clientId":"c","query":null}`:                             "query: expected a query or an event",
		`{"clientId":"c","query":"a"} {}`:                           "not JSON",
		"\ufeff" + `{"clientId":"c","query":"a"}`:                   "expected a JSON object",
		url.Values{"clientId": {"c"}}.Encode():                      "expected a JSON object",
		`{"clientId":"c","query":"a","event":7}`:                    "event: expected a string",
		`{"clientId":"c","query":"a","uuid":12}`:                    "uuid: expected a string",
		`{"clientId":NaN,"query":"a"}`:                              "not JSON",
		`{"clientId":01,"query":"a"}`:                               "not JSON",
		`{"clientId":"\u0000","query":"a"}`:                         "clientId: expected",
		`{"clientId":"c","query":"a","cid":"a\u0000"}`:              "cid: expected",
		`{"clientId":` + strings.Repeat("1", 256) + `,"query":"a"}`: "clientId: expected at most 255 characters",
	} {
		for _, path := range []string{"", "/async"} {
			a := w.do(http.MethodPost, "/chatapi/"+token+path, body)
			if a.status != http.StatusBadRequest || !strings.Contains(a.Message, want) {
				t.Errorf("%s %.80s: %d %s, want %s", path, body, a.status, a.text, want)
			}
		}
	}
}

// TestNamesThatCannotBeStored: an engine knows nothing of what it could not keep, and keeps the rest.
func TestNamesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.http = http.DefaultClient
	var all sync.WaitGroup
	for range 8 { // a new page polls and asks at once
		all.Go(func() { w.post("", `{"clientId":"c","query":"hi","data":{"a":"\u0000\ud800"}}`) })
		all.Go(func() { w.get("/events?clientId=c&all=true&after=0") })
		all.Go(func() { w.post("/state?clientId=c", `{"a":"\u0000\ud800"}`) })
	}
	all.Wait()
	if h := w.get("/client/c/history"); h.TotalCount != 2*8 {
		t.Errorf("%s", h.text)
	}
	if s := w.get("/client/c/state"); s.text != `{"a":"\u0000\ud800"}` {
		t.Errorf("%s", s.text)
	}
	for path, want := range map[string]int{
		"/chatapi/": 404, "/chatadapter/chatapi/": 404,
		"/chatapi/%00?clientId=c&query=a": 404, "/chatapi/%FF?clientId=c&query=a": 404,
		"/chatapi/" + strings.Repeat("x", 10_000) + "?clientId=c&query=a": 404,
		"/chatapi/" + token + "/client/c/message/%00/status":              404, "/chatapi/" + token + "/client/c/message/%FF/status": 404,
		"/chatapi/" + token + "/client/%FF/message/a/status": 400,
		"/chatapi/" + token + "/events?clientId=c&after=%00": 400,
		"/chatapi/" + token + "/events?clientId=%00":         400,
	} {
		if a := w.do(http.MethodGet, path, ""); a.status != want || a.Message == "" {
			t.Errorf("%.80s: %d %s, want %d", path, a.status, a.text, want)
		}
	}
}

// TestStatesThatCannotBeKept: a state comes back as it was sent, or is refused; never does it spoil the log.
func TestStatesThatCannotBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.http = http.DefaultClient
	w.ask("hi") // there is a session to tell
	for _, state := range []string{
		`{}`, `{"a":1e400,"b":12345678901234567890,"a":2}`, `{"":{"ы":"🙂\u0000"}}`,
		`{"a":` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}`,
		`{"a":"` + strings.Repeat("a", 1<<20-8) + `"}`,
	} {
		w.post("/client/c/state", state)
		if got := w.get("/client/c/state"); got.text != state {
			t.Errorf("%.80s, want %.80s", got.text, state)
		}
	}
	for state, want := range map[string]string{
		``: "state: expected a JSON object", `null`: "state: expected a JSON object", `[]`: "state: expected a JSON object", `"a"`: "state: expected a JSON object",
		`{`: "no JSON", `{} {}`: "no JSON", `{"a":}`: "no JSON", `a=b`: "no JSON", "{\"a\":\"\xff\"}": "UTF-8",
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`:       "at most 100 levels",
		`{"a":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) + `}`:     "at most 100 levels",
		`{"a":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001): "at most 100 levels",
	} {
		a := w.do(http.MethodPost, "/chatapi/"+token+"/client/c/state", state)
		if a.status != http.StatusBadRequest || !strings.Contains(a.Message, want) {
			t.Errorf("%.40s: %d %s, want %s", state, a.status, a.text, want)
		}
	}
	if a := w.do(http.MethodPost, "/chatapi/"+token+"/client/c/state", `{"a":"`+strings.Repeat("a", 1<<20-7)+`"}`); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %.200s", a.status, a.text)
	}
	if a := w.get("/events?clientId=c&all=true&after=0"); strings.Count(a.text, `"type":"widget"`) != 5 {
		t.Errorf("%.2000s", a.text)
	}
}

// TestStateOnOtherPages: a page that waits is told of what another one saves, and not of its own
// (Chat API, 2).
func TestStateOnOtherPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, cid := range []string{"one", "two"} {
		w.post("", `{"clientId":"c","query":"hi","cid":"`+cid+`"}`)
	}
	w.get("/events?clientId=c&all=true&cid=one")
	var other answer
	var waiting sync.WaitGroup
	waiting.Go(func() { other = w.get("/events?clientId=c&all=true&cid=one") })
	w.post("/state?clientId=c&cid=one", `{"a":1}`) // its own
	w.post("/client/c/state?cid=two", `{"a":2}`)
	waiting.Wait()
	if strings.Count(other.text, `"type":"widget"`) != 1 || !strings.Contains(other.text, `"state":{"a":2}`) || !strings.Contains(other.text, `"cid":"two"`) {
		t.Errorf("%s", other.text)
	}
	if a := w.get("/events?clientId=c&all=true&after=0"); strings.Count(a.text, `"type":"widget"`) != 2 {
		t.Errorf("who has no connection: %s", a.text)
	}
	if a := w.do("POST", "/chatapi/"+token+"/client/c/state?cid=%FF", `{}`); a.status != 400 || !strings.Contains(a.Message, "cid: ") {
		t.Errorf("%s", a.text)
	}
}

// TestFailuresKeepSecrets: a fault of ours is logged, without the token; outside nothing is said of it.
func TestFailuresKeepSecrets(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/chatapi/" + token: "method=/ ", "/chatadapter/chatapi/" + token + "/events": "method=/events ", "/chatapi/" + token + "/client/c/history": "method=/client/c/history ",
	} {
		var log strings.Builder
		api := chatapi.New(chatapi.Params{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), MaxWaiting: 1})
		a := api.Failure(path, errors.New("the disk is on fire"))
		if a.Status != 500 || strings.Contains(string(a.Body), "disk") || !strings.Contains(string(a.Body), `"path":"`+path+`"`) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if strings.Contains(log.String(), token) || !strings.Contains(log.String(), want) || !strings.Contains(log.String(), "disk") {
			t.Errorf("%s", &log)
		}
	}
}
