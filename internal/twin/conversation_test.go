package twin_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// These tests run the API over the real domain, store, feed and bots.

func TestConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(w.open, `{"name":"integration_example","clientExternalId":"ivan"}`)
	if bodies(started.Messages) != "B:Hello!" || started.MessageID != "" || strings.Contains(started.text, "messageId") {
		t.Errorf("start: %s", started.text)
	}
	if s := w.session(started.ID); s.WidgetGiven != 1 {
		t.Errorf("the greeting was answered, but %d is marked as given", s.WidgetGiven)
	}
	path := "/sessions/" + started.ID

	went := w.do(201, "PUT", "/chats/"+w.open.ID+"/sessions", `{"clientExternalId":"ivan","messageBody":"Привет 👋🏽 <b>"}`)
	if went.ID != started.ID || went.ClientID != started.ClientID || went.MessageID == "" || bodies(went.Messages) != "B:echo Привет 👋🏽 <b>|B:what else?" {
		t.Errorf("continue: %s", went.text)
	}
	if s := w.session(started.ID); s.WidgetGiven != 3 {
		t.Errorf("%d is marked as given, want 3", s.WidgetGiven)
	}
	async := w.do(201, "PUT", "/chats/"+w.open.ID+"/sessions", `{"sessionId":"`+started.ID+`","messageBody":"later","returnAnswerAsync":true}`)
	if async.ID != started.ID || len(async.Messages) != 0 || !strings.Contains(async.text, `"messages":[]`) {
		t.Errorf("asynchronous: %s", async.text)
	}

	sent := w.do(201, "POST", path+"/messages", `{"body":"an answer","replyToMessageId":"`+started.Messages[0].ID+`"}`)
	if sent.Sequence == 0 || !strings.HasSuffix(sent.CreatedAt, "+00:00") || len(sent.CreatedAt) != len("2018-10-31T11:56:07+00:00") {
		t.Errorf("send: %s", sent.text)
	}
	for _, act := range []string{"read", "typing"} {
		if a := w.do(200, "POST", path+"/"+act, `{"messageId":"`+sent.ID+`","body":"x"}`); !a.Success {
			t.Errorf("%s: %s", act, a.text)
		}
	}
	w.do(201, "POST", path+"/actions", `{"event":"buy","data":{"n":1}}`)
	last := w.do(201, "PUT", "/chats/"+w.open.ID+"/sessions", `{"clientExternalId":"ivan","messageBody":"bye"}`)
	if last.ID != started.ID || !strings.HasSuffix(bodies(last.Messages), "B:Bye!") {
		t.Errorf("the last answer: %s", last.text)
	}
	all := w.do(200, "GET", path+"/messages?limit=100", "")
	got := strings.Split(bodies(all.Items), "|")
	want := []string{"B:Hello!", "B:Bye!", "B:echo Привет 👋🏽 <b>", "B:echo an answer", "B:echo later", "B:what else?", "B:what else?", "B:what else?",
		`B:pressed buy {"n":1}`, "C:Привет 👋🏽 <b>", "C:an answer", "C:bye", "C:later"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || *all.Count != int64(len(want)) {
		t.Errorf("history: %d, %q", *all.Count, got)
	}
	for i, m := range all.Items {
		if i > 0 && m.Sequence <= all.Items[i-1].Sequence || m.SessionID != started.ID || (m.AuthorType == "BOT") != (m.AuthorName == "Говорун") {
			t.Errorf("%d. in the history: %+v", i, m)
		}
		if (m.Body == "an answer") != (m.ReplyToMessage != nil) {
			t.Errorf("%d. in the history replies to %+v", i, m.ReplyToMessage)
		}
	}

	w.do(422, "POST", path+"/messages", `{"body":"too late"}`)
	next := w.do(201, "PUT", "/chats/"+w.open.ID+"/sessions", `{"clientExternalId":"ivan"}`)
	if next.ID == started.ID || next.ClientID != started.ClientID || bodies(next.Messages) != "B:Hello!" {
		t.Errorf("after the end: %s", next.text)
	}
}

func TestSilentChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.start(w.silent, `{"messageBody":"anybody?"}`)
	if a.MessageID == "" || len(a.Messages) != 0 {
		t.Errorf("%s", a.text)
	}
	for _, id := range []string{chat.NoBot, botID} {
		a := w.start(w.open, `{"botId":"`+id+`"}`)
		if (len(a.Messages) == 0) != (id == chat.NoBot) {
			t.Errorf("bot %s: %s", id, a.text)
		}
	}
}

func TestClosedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.start(w.open, ``)
	path := "/sessions/" + a.ID
	for range 2 { // a closed one stays as it is
		w.do(200, "POST", path+"/close", ``)
	}
	for _, tt := range []struct {
		status             int
		method, path, body string
	}{
		{422, "POST", "/messages", `{"body":"a"}`},
		{422, "POST", "/clients/messages", `{"body":"a"}`},
		{422, "POST", "/typing", ``},
		{422, "POST", "/actions", `{"event":"e"}`},
		{200, "POST", "/read", `{"messageId":"` + a.Messages[0].ID + `"}`},
		{200, "GET", "/messages", ``},
	} {
		got := w.do(tt.status, tt.method, path+tt.path, tt.body)
		if tt.status == 422 && got.Error != "Invalid entity state" {
			t.Errorf("%s: %s", tt.path, got.text)
		}
	}
	if b := w.do(201, "POST", "/chats/"+w.open.ID+"/sessions", `{"sessionId":"`+a.ID+`"}`); b.ID == a.ID || b.ClientID != a.ClientID {
		t.Errorf("after a closed session: %s", b.text)
	}
}

// What is well formed may still be wrong; this is the domain's to say.
func TestWrongInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, other := w.start(w.open, ``), w.start(w.silent, ``)
	session, chats := "/sessions/"+a.ID, "/chats/"+w.open.ID+"/sessions"
	for _, tt := range []struct {
		status                    int
		method, path, body, field string
	}{
		{404, "POST", "/chats/" + unknownID + "/sessions", `{}`, ""},
		{404, "PUT", "/chats/" + unknownID + "/sessions", `{}`, ""},
		{404, "POST", "/chats/" + a.ID + "/sessions", `{}`, ""},
		{404, "POST", "/chats/" + w.demo.ID + "/sessions", `{}`, ""},
		{404, "GET", "/sessions/" + unknownID + "/messages", ``, ""},
		{404, "POST", "/sessions/" + unknownID + "/messages", `{"body":"a"}`, ""},
		{404, "POST", "/sessions/" + unknownID + "/clients/messages", `{"body":"a"}`, ""},
		{404, "POST", "/sessions/" + unknownID + "/read", `{"messageId":"` + a.Messages[0].ID + `"}`, ""},
		{404, "POST", "/sessions/" + unknownID + "/typing", ``, ""},
		{404, "POST", "/sessions/" + unknownID + "/actions", `{"event":"e"}`, ""},
		{404, "POST", "/sessions/" + unknownID + "/close", ``, ""},
		{404, "POST", "/sessions/" + a.ClientID + "/messages", `{"body":"a"}`, ""},

		{400, "POST", chats, `{"botId":"` + unknownID + `"}`, "botId"},
		{400, "POST", chats, `{"clientId":"` + unknownID + `"}`, "clientId"},
		{404, "POST", chats, `{"sessionId":"` + unknownID + `"}`, ""},
		{404, "PUT", chats, `{"sessionId":"` + other.ID + `"}`, ""},
		{400, "POST", chats, `{"messageBody":"  "}`, "messageBody"},
		{400, "POST", chats, `{"messageBody":"` + strings.Repeat("я", 50_001) + `"}`, "messageBody"},
		{400, "POST", chats, `{"messageAttachments":["` + unknownID + `"]}`, "messageAttachments[0]"},
		{400, "PUT", chats, `{"messageAttachments":[` + strings.Repeat(`"`+unknownID+`",`, 20) + `"` + unknownID + `"]}`, "messageAttachments"},
		{400, "POST", chats, `{"messageBody":"a","replyToMessageId":"` + unknownID + `"}`, "replyToMessageId"},
		{400, "POST", chats, `{"clientSignature":"00"}`, "clientExternalId"},
		{401, "POST", chats, `{"clientSignature":"00","clientExternalId":"e"}`, "clientSignature"},

		{400, "POST", session + "/messages", ``, "body"},
		{400, "POST", session + "/messages", `{}`, "body"},
		{400, "POST", session + "/messages", `{"body":"","attachments":[]}`, "body"},
		{400, "POST", session + "/clients/messages", `{"body":"\t \u2003\n"}`, "body"},
		{400, "POST", session + "/messages", `{"body":"` + strings.Repeat("👋", 50_001) + `"}`, "body"},
		{400, "POST", session + "/messages", `{"attachments":[{"id":"` + unknownID + `"}]}`, "attachments[0]"},
		{400, "POST", session + "/messages", `{"body":"a","replyToMessageId":"` + unknownID + `"}`, "replyToMessageId"},
		{404, "POST", session + "/read", `{"messageId":"` + unknownID + `"}`, ""},
		{404, "POST", session + "/read", `{"messageId":"` + other.ID + `"}`, ""},
		{400, "POST", session + "/actions", ``, "event"},
		{400, "POST", session + "/actions", `{"event":"` + strings.Repeat("я", 256) + `"}`, "event"},
	} {
		got := w.do(tt.status, tt.method, tt.path, tt.body)
		if got.Details.Field != tt.field || got.Details.Message == "" {
			t.Errorf("%s %s %.60s: %s", tt.method, tt.path, tt.body, got.text)
		}
		if strings.Contains(strings.ToLower(got.text), "sql") {
			t.Errorf("the inside shows: %s", got.text)
		}
	}
	if all := w.do(200, "GET", session+"/messages", ``); bodies(all.Items) != "B:Hello!" {
		t.Errorf("something of it was written: %s", all.text)
	}
	w.do(201, "POST", session+"/messages", `{"body":"`+strings.Repeat("👋", 50_000)+`"}`)
}

func TestSignedIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/chats/" + w.signed.ID + "/sessions"
	good := `{"clientExternalId":"ivan","clientPhone":79990000000,"clientSignature":"` + chat.Sign("secret", "ivan") + `"}`
	a := w.do(201, "PUT", path, good)
	if b := w.do(201, "PUT", path, good); b.ID != a.ID || len(b.Messages) != 0 {
		t.Errorf("with the signature: %s", b.text)
	}
	for _, body := range []string{`{"clientExternalId":"ivan"}`, `{"clientPhone":"79990000000"}`, `{"clientExternalId":"ivan","clientSignature":""}`} {
		if b := w.do(201, "PUT", path, body); b.ID == a.ID || b.ClientID == a.ClientID {
			t.Errorf("%s continues somebody's session", body)
		}
	}
	for _, signature := range []string{chat.Sign("secret", "olga"), chat.Sign("", "ivan"), "Ж", strings.Repeat("0", 64)} {
		if b := w.do(401, "PUT", path, `{"clientExternalId":"ivan","clientSignature":"`+signature+`"}`); b.ID != "" {
			t.Errorf("%s", b.text)
		}
	}
}

// atOnce runs f n times at the same time and returns what came of it.
func atOnce(t *testing.T, n int, f func(i int) (answered, error)) []answered {
	t.Helper()
	got, errs := make([]answered, n), make([]error, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() { got[i], errs[i] = f(i) })
	}
	calls.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func TestContinuesAtOnceMakeOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := atOnce(t, 8, func(int) (answered, error) {
		return w.try("PUT", "/chats/"+w.open.ID+"/sessions", `{"clientExternalId":"olga","returnAnswerAsync":true}`)
	})
	for _, a := range got {
		if a.status != 201 || a.ID != got[0].ID || a.ClientID != got[0].ClientID {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
}

func TestMessagesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/sessions/" + w.start(w.silent, ``).ID
	seen := map[int64]bool{}
	for _, a := range atOnce(t, 10, func(i int) (answered, error) {
		return w.try("POST", path+"/messages", fmt.Sprintf(`{"body":"%d"}`, i))
	}) {
		if a.status != 201 || seen[a.Sequence] {
			t.Errorf("%d %s", a.status, a.text)
		}
		seen[a.Sequence] = true
	}
	all := w.do(200, "GET", path+"/messages?limit=100", ``)
	for i, m := range all.Items {
		if m.Sequence != int64(i+2) || !seen[m.Sequence] { // 1 is the start
			t.Errorf("%d. has sequence %d", i, m.Sequence)
		}
	}
	if len(all.Items) != 10 {
		t.Errorf("%d messages, want 10", len(all.Items))
	}
}

func TestRepeatedCreates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start(w.silent, ``).ID
	for _, tt := range []struct{ method, path, body, other string }{
		{"POST", "/chats/" + w.open.ID + "/sessions", `{"messageBody":"a"}`, `{"messageBody":"b"}`},
		{"PUT", "/chats/" + w.open.ID + "/sessions", `{"clientExternalId":"i","messageBody":"a"}`, `{"clientExternalId":"i","messageBody":"b"}`},
		{"POST", "/sessions/" + session + "/messages", `{"body":"a"}`, `{"body":"b"}`},
		{"POST", "/sessions/" + session + "/actions", `{"event":"a"}`, `{"event":"a","data":1}`},
	} {
		for _, key := range []string{"k" + tt.method, strings.Repeat("ключ ", 20) + tt.method} {
			header := "Idempotency-Key: " + key
			got := atOnce(t, 6, func(int) (answered, error) { return w.try(tt.method, tt.path, tt.body, header) })
			got = append(got, w.do(201, tt.method, tt.path, " "+tt.body, header))
			for _, a := range got {
				if a.status != 201 || a.ID != got[0].ID || a.Sequence != got[0].Sequence || a.MessageID != got[0].MessageID || bodies(a.Messages) != bodies(got[0].Messages) {
					t.Errorf("%s %s: a repeat says %s, the first %s", tt.method, tt.path, a.text, got[0].text)
				}
			}
			if a := w.do(422, tt.method, tt.path, tt.other, header); a.Details.Field != "Idempotency-Key" {
				t.Errorf("%s %s with another body: %s", tt.method, tt.path, a.text)
			}
		}
	}
	all := w.do(200, "GET", "/sessions/"+session+"/messages", ``)
	if *all.Count != 2 { // one for each key
		t.Errorf("%d messages were written: %s", *all.Count, all.text)
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/sessions/" + w.start(w.silent, ``).ID + "/messages"
	for i := range 25 {
		w.do(201, "POST", path, fmt.Sprintf(`{"body":"%d"}`, i))
	}
	for _, tt := range []struct {
		query       string
		first, last int // first and last message, in this order; -1: none
	}{
		{"", 0, 9},
		{"?limit=25", 0, 24},
		{"?limit=1000&offset=20", 20, 24},
		{"?page=2", 10, 19},
		{"?page=3", 20, 24},
		{"?page=4", -1, -1},
		{"?after=3", 2, 11}, // message 0 has sequence 2
		{"?after=3&offset=10&limit=5", 12, 16},
		{"?after=26", -1, -1},
		{"?after=999999", -1, -1},
		{"?offset=1125899906842624", -1, -1},
		{"?limit=0", -1, -1},
		{"?sort=-createdAt", 24, 15},
		{"?sort=-createdAt&page=2&limit=20", 4, 0},
		{"?sort=-createdAt&after=20", 24, 19},
	} {
		a := w.do(200, "GET", path+tt.query, ``)
		if a.Count == nil || (*a.Count != 25 && !strings.Contains(tt.query, "after")) {
			t.Errorf("%s: count %v", tt.query, a.Count)
		}
		step, want := 1, []string{}
		if tt.last < tt.first {
			step = -1
		}
		for i := tt.first; tt.first >= 0 && i != tt.last+step; i += step {
			want = append(want, fmt.Sprintf("C:%d", i))
		}
		if got := bodies(a.Items); got != strings.Join(want, "|") {
			t.Errorf("%s: %s, want %s", tt.query, got, want)
		}
	}
	for query, keys := range map[string]string{"?withoutCount": "items", "?withoutItems=1": "count", "": "count items"} {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(w.do(200, "GET", path+query, ``).text), &object); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"count", "items"} {
			if _, ok := object[key]; ok != strings.Contains(keys, key) {
				t.Errorf("%s: %s is there: %v", query, key, ok)
			}
		}
	}
}

// Reading page after page marks the widget stream as given; looking at the end does not.
func TestHistoryMarksAsGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(w.open, `{"returnAnswerAsync":true}`).ID
	w.settle(id)
	for _, text := range []string{"a", "b", "c"} {
		w.do(201, "PUT", "/chats/"+w.open.ID+"/sessions", `{"sessionId":"`+id+`","messageBody":"`+text+`"}`)
	}
	top := w.session(id)
	if top.WidgetGiven != 0 || top.WidgetNo != 7 {
		t.Fatalf("answers that leave out the greeting marked %d of %d", top.WidgetGiven, top.WidgetNo)
	}
	for _, tt := range []struct {
		query string
		given int64
	}{{"?sort=-createdAt&limit=3", 0}, {"?withoutItems=1", 0}, {"?limit=4", 3}, {"?limit=4&page=3", 3}, {"?limit=4&page=2", 5}, {"?after=8", 7}} {
		w.do(200, "GET", "/sessions/"+id+"/messages"+tt.query, ``)
		if got := w.session(id).WidgetGiven; got != tt.given {
			t.Errorf("%s: %d is marked as given, want %d", tt.query, got, tt.given)
		}
	}
}

// TestMessagesThatShowNothing are for the Chat API alone.
func TestMessagesThatShowNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.start(w.open, `{"messageBody":"hush"}`)
	if bodies(started.Messages) != "B:hushed" {
		t.Errorf("start: %s", started.text)
	}
	if s := w.session(started.ID); s.WidgetGiven != 1 || s.WidgetNo != 1 || s.SessionNo != 2 || s.Sequence != 5 {
		t.Errorf("session %+v", s)
	}
	all := w.do(200, "GET", "/sessions/"+started.ID+"/messages", "")
	if bodies(all.Items) != "C:hush|B:hushed" || *all.Count != 2 {
		t.Errorf("history: %s", all.text)
	}
}
