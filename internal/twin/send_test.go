package twin_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func TestSend(t *testing.T) {
	t.Parallel()
	const want = `{"id":"` + messageID + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":7}`
	for _, path := range []string{"/messages", "/clients/messages"} {
		for _, tt := range []struct {
			body string
			want chat.MessageParams
		}{
			{`{"body":"string","attachments":["` + unknownID + `"],"replyToMessageId":"` + messageID + `"}`,
				chat.MessageParams{Body: "string", Attachments: []string{unknownID}, ReplyToID: messageID}},
			{`{"body":"Привет 👋","attachments":[]}`, chat.MessageParams{Body: "Привет 👋"}},
			{`{"attachments":[{"id":"` + unknownID + `"}],"replyToMessageId":""}`, chat.MessageParams{Attachments: []string{unknownID}}},
			{`{"body":"x","authorType":"OPERATOR","authorId":"1","id":"1"}`, chat.MessageParams{Body: "x"}},
		} {
			f := newFake()
			w := serve(t, f, nil).do("POST", sessionPath+path, tt.body)
			if w.Code != 201 || !sameJSON(t, w.Body.String(), want) {
				t.Errorf("%s %s: %d %s", path, tt.body, w.Code, w.Body)
			}
			if p := (chat.SendParams{SessionID: sessionID, Message: tt.want}); !reflect.DeepEqual(f.send, p) {
				t.Errorf("%s %s: sent %+v, want %+v", path, tt.body, f.send, p)
			}
		}
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	const success = `{"success":true}`
	for _, tt := range []struct{ path, body, want, call string }{
		{"/read", `{"messageId":"` + strings.ToUpper(messageID) + `"}`, success, "read"},
		{"/typing", ``, success, "type"},
		{"/typing", `{"body":"При"}`, success, "type"},
		{"/close", ``, success, "close by client"},
		{"/close", `{"result":"sold"}`, success, "close by client"},
		{"/actions", `{"event":"buy","data":{"a": [1, "\u0444"]}}`, `{"id":"` + messageID + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":8}`, "press"},
	} {
		f := newFake()
		w := serve(t, f, nil).do("POST", sessionPath+tt.path, tt.body)
		if !sameJSON(t, w.Body.String(), tt.want) || f.calls() != tt.call {
			t.Errorf("%s %s: %d %s, called %q", tt.path, tt.body, w.Code, w.Body, f.calls())
		}
		switch {
		case tt.call == "read" && f.read != messageID:
			t.Errorf("read %q", f.read)
		case strings.Contains(tt.body, "При") && f.typed != "При":
			t.Errorf("typed %q", f.typed)
		case tt.call == "press" && (f.press.Event != "buy" || string(f.press.Data) != `{"a":[1,"\u0444"]}` || f.press.SessionID != sessionID):
			t.Errorf("pressed %+v", f.press)
		}
	}
}

func TestActionData(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"event":"e"}`:                            "",
		`{"event":"e","data":null}`:                "",
		`{"event":"e","data":"{\"key\": 1}"}`:      `"{\"key\": 1}"`,
		`{"event":"e","data":1e2}`:                 "1e2",
		`{"event":"e","data":false}`:               "false",
		`{"event":"e","data":` + nested(100) + `}`: nested(100),
		"{\"event\":\"e\",\"data\":[\n\t1\n]}":     "[1]",
	} {
		f := newFake()
		if w := serve(t, f, nil).do("POST", sessionPath+"/actions", body); w.Code != 201 || string(f.press.Data) != want {
			t.Errorf("%s: %d, data %q, want %q", body, w.Code, f.press.Data, want)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	creates := []struct {
		method, path, body, same, other string
		got                             func(f *fake) chat.Idempotency
	}{
		{"POST", startPath, `{"name":"a","sessionTtl":3600}`, "{ \"sessionTtl\" :3600,\n\"name\": \"a\" }", `{"name":"b"}`, func(f *fake) chat.Idempotency { return f.start.Idempotency }},
		{"PUT", startPath, ``, " ", `{}`, func(f *fake) chat.Idempotency { return f.start.Idempotency }},
		{"POST", sessionPath + "/messages", `{"body":"a"}`, `{"body": "a"}`, `{"body":"a "}`, func(f *fake) chat.Idempotency { return f.send.Idempotency }},
		{"POST", sessionPath + "/clients/messages", `{"body":"a"}`, `{"body": "a"}`, `{"body":"a "}`, func(f *fake) chat.Idempotency { return f.send.Idempotency }},
		{"POST", sessionPath + "/actions", `{"event":"a"}`, ` {"event":"a"}`, `{"event":"b"}`, func(f *fake) chat.Idempotency { return f.press.Idempotency }},
	}
	for _, tt := range creates {
		ask := func(body string, headers ...string) (int, chat.Idempotency) {
			f := newFake()
			w := serve(t, f, nil).do(tt.method, tt.path, body, headers...)
			return w.Code, tt.got(f)
		}
		key := "k-" + strings.Repeat("Ж", 126)
		status, first := ask(tt.body, "Idempotency-Key: "+key)
		if status != 201 || first.Key != key || first.Caller != "192.0.2.1" || len(first.BodyHash) != 64 {
			t.Errorf("%s %s: %d %+v", tt.method, tt.path, status, first)
		}
		if _, again := ask(tt.same, "Idempotency-Key: "+key); again != first {
			t.Errorf("%s %s: the same request is another one", tt.method, tt.path)
		}
		if _, other := ask(tt.other, "Idempotency-Key: "+key); other.BodyHash == first.BodyHash && tt.other != "{}" {
			t.Errorf("%s %s: another request is the same", tt.method, tt.path)
		}
		if _, none := ask(tt.body); none != (chat.Idempotency{}) {
			t.Errorf("%s %s: without a key: %+v", tt.method, tt.path, none)
		}
		for _, bad := range []string{"", strings.Repeat("a", 256), "a\x00b", "a\tb", "a\x7f", "\xff", "\u0085"} {
			if status, _ := ask(tt.body, "Idempotency-Key: "+bad); status != 400 {
				t.Errorf("%s %s with key %q: %d", tt.method, tt.path, bad, status)
			}
		}
		if status, _ := ask(tt.body, "Idempotency-Key: a", "Idempotency-Key: b"); status != 400 {
			t.Errorf("%s %s with two keys: %d", tt.method, tt.path, status)
		}
	}
}
