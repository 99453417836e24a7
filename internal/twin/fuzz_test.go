package twin_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// tryBody has an endpoint read a body: whatever it is, the answer is a success or a named
// error of the caller, as JSON, and the domain gets valid text only.
func tryBody(t *testing.T, path, body string, success int, texts func(f *fake) []string) {
	t.Helper()
	f := newFake()
	s := serve(t, f, nil)
	w := s.do("POST", path, body)
	if w.Code != success && w.Code != 400 && w.Code != 413 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if (w.Code == success) != (f.calls() != "") {
		t.Fatalf("%d, but called %q", w.Code, f.calls())
	}
	if !json.Valid(w.Body.Bytes()) {
		t.Fatalf("the answer is not JSON: %q", w.Body)
	}
	if s.log.Len() > 0 {
		t.Fatalf("logged %s", s.log)
	}
	for _, text := range texts(f) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Fatalf("the domain got %q", text)
		}
	}
}

func addSeeds(f *testing.F, inputs ...[]badInput) {
	f.Helper()
	for _, list := range append(inputs, noJSON) {
		for _, in := range list {
			if len(in.body) < 1<<12 {
				f.Add(in.body)
			}
		}
	}
}

func FuzzStart(f *testing.F) {
	addSeeds(f, badStarts)
	f.Add(articleRequest)
	f.Add(`{"variables":[{"name":"a","value":1},{"key":"b","value":null}],"clientMetadata":{"\ud83d":"\udc4b"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		tryBody(t, startPath, body, 201, func(f *fake) []string {
			p := f.start
			if p.TTL != 0 && (p.TTL < chat.MinSessionTTL || p.TTL > chat.MaxSessionTTL) {
				t.Fatalf("life time %v", p.TTL)
			}
			texts := []string{p.ClientID, p.SessionID, p.BotID, p.ExternalID, p.Client.Name, p.Client.Phone, p.Client.Email, p.Details.Name, p.Details.Referer}
			for k, v := range p.Client.Metadata {
				texts = append(texts, k, v)
			}
			variables, err := json.Marshal(p.Details.Variables)
			if err != nil {
				t.Fatalf("variables: %v", err)
			}
			return append(texts, string(variables))
		})
	})
}

func FuzzSend(f *testing.F) {
	addSeeds(f, badMessages)
	f.Fuzz(func(t *testing.T, body string) {
		tryBody(t, sessionPath+"/messages", body, 201, func(f *fake) []string {
			return append(f.send.Message.Attachments, f.send.Message.Body, f.send.Message.ReplyToID)
		})
	})
}

func FuzzPressAction(f *testing.F) {
	addSeeds(f)
	f.Add(`{"event":"buy","data":{"a":[1,"\u0444"]}}`)
	f.Add(`{"event":"buy","data":"{\"a\":1}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		tryBody(t, sessionPath+"/actions", body, 201, func(f *fake) []string {
			if f.press.Data != nil && !json.Valid(f.press.Data) {
				t.Fatalf("data is not JSON: %q", f.press.Data)
			}
			return []string{f.press.Event, string(f.press.Data)}
		})
	})
}

func FuzzReadMessage(f *testing.F) {
	addSeeds(f)
	f.Add(`{"messageId":"` + messageID + `"}`)
	f.Fuzz(func(t *testing.T, body string) {
		tryBody(t, sessionPath+"/read", body, 200, func(f *fake) []string {
			if f.read != "" && len(f.read) != 36 {
				t.Fatalf("read %q", f.read)
			}
			return []string{f.read}
		})
	})
}

func FuzzShowTyping(f *testing.F) {
	addSeeds(f, badMessages)
	f.Fuzz(func(t *testing.T, body string) {
		tryBody(t, sessionPath+"/typing", body, 200, func(f *fake) []string { return []string{f.typed} })
	})
}

func FuzzHistoryQuery(f *testing.F) {
	for _, s := range []string{"limit=5&offset=3&page=2", "after=17&sort=-createdAt,sequence", "withoutCount=&withoutItems=false", "limit=%zz;", "sort=+createdAt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		fk := newFake()
		s := serve(t, fk, nil)
		r := httptest.NewRequest("GET", sessionPath+"/messages", nil)
		r.URL = &url.URL{Path: r.URL.Path, RawQuery: query}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		q := fk.query
		if w.Code == 200 && (q.Limit < 0 || q.Limit > 1000 || q.Offset < 0 || q.After < 0) || (w.Code != 200 && w.Code != 400) || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d %s, asked %+v", w.Code, w.Body, q)
		}
	})
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, s := range []string{"k", "", "\x00", "Ж", "\xff", strings.Repeat("a", 256)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		fk := newFake()
		s := serve(t, fk, nil)
		r := httptest.NewRequest("POST", sessionPath+"/messages", strings.NewReader(`{"body":"a"}`))
		r.Header["Idempotency-Key"] = []string{key}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		switch got := fk.send.Idempotency.Key; {
		case w.Code == 201 && got == key && utf8.ValidString(key) && len(key) >= 1 && len(key) <= 255 && !strings.ContainsRune(key, 0):
		case w.Code == 400 && fk.calls() == "":
		default:
			t.Fatalf("%d, key %q became %q", w.Code, key, got)
		}
	})
}
