package chatapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post("", `{"clientId":"клиент 🙂","query":"Привет","cid":"c-1","uuid":"u-1","unknown":{"a":1}}`)
	if a.Token != token || a.ClientID != "клиент 🙂" || a.QuestionID != "u-1" || a.CID != "c-1" || a.ID == "" {
		t.Errorf("%s", a.text)
	}
	d := a.Data
	if d.NLPClass != "/State" || d.Confidence != 0.5 || d.Answer != "echo Привет\n\nmore" || d.Foo != "bar" || d.DebugData == nil ||
		!d.NewSessionStarted || d.EndSession || len(d.Replies) != 2 {
		t.Errorf("%s", a.text)
	}
	if len(a.Timestamp) != len("2022-09-28T12:32:13.262") || a.BlockForm {
		t.Errorf("%s", a.text)
	}
	if again := w.post("", `{"clientId":"клиент 🙂","event":"fileEvent"}`); again.Data.NewSessionStarted || again.Data.Answer != "echo event fileEvent\n\nmore" {
		t.Errorf("%s", again.text)
	}
	if end := w.post("", `{"clientId":"клиент 🙂","query":"bye"}`); !end.Data.EndSession || end.Data.Answer != "Bye" {
		t.Errorf("%s", end.text)
	}
	if next := w.post("", `{"clientId":"клиент 🙂","query":"again"}`); !next.Data.NewSessionStarted {
		t.Errorf("%s", next.text)
	}
}

// Both prefixes, the colon escaped or not, and the simple form.
func TestWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range []string{"/chatapi/", "/chatadapter/chatapi/"} {
		for _, token := range []string{token, strings.Replace(token, ":", "%3A", 1)} {
			a := w.do(http.MethodPost, prefix+token, `{"clientId":42,"query":"hi"}`)
			if a.status != http.StatusOK || a.ClientID != "42" || a.Data.Answer != "echo hi\n\nmore" {
				t.Errorf("%d %s", a.status, a.text)
			}
			a = w.do(http.MethodGet, prefix+token+"?clientId=42&query=hi", "")
			if a.status != http.StatusOK || a.Query != "hi" || a.ClientID != "42" || a.Data.Answer != "echo hi\n\nmore" {
				t.Errorf("%d %s", a.status, a.text)
			}
		}
	}
	if a := w.get("?clientId=42&query=&event=e"); a.Event != "e" || a.Data.Answer != "echo event e\n\nmore" {
		t.Errorf("%s", a.text)
	}
	if a := w.get("/client/42/history"); a.TotalCount != 2*9 {
		t.Errorf("%s", a.text)
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Settings.DisableTextInput = true })
	if a := w.ask("buttons"); !a.BlockForm || string(a.Data.Replies[1]) != `{"type":"buttons","buttons":[{"text":"A","x":[1]}]}` {
		t.Errorf("%s", a.text)
	}
	if a := w.ask("strange"); a.BlockForm || string(a.Data.Replies[0]) != `{"type":"alien","deep":{"ы":[null,1.50]}}` {
		t.Errorf("%s", a.text)
	}
	if a := w.ask("silence"); len(a.Data.Replies) != 0 || a.Data.Answer != "" || !strings.Contains(a.text, `"replies":[]`) {
		t.Errorf("%s", a.text)
	}
	a := w.ask("plain")
	replies, err := json.Marshal(a.Data.Replies)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"text":"Plain","type":"text"},{"imageUrl":"https://a.example/b","type":"image"},` +
		`{"audioName":"A","audioUrl":"https://a.example/a","type":"audio"},{"type":"video","videoName":"V","videoUrl":"https://a.example/v"},` +
		`{"fileName":"F","fileUrl":"https://a.example/f","mimeType":"text/plain","type":"file"},{"buttons":[{"text":"Yes"}],"type":"buttons"},` +
		`{"buttons":[{"text":"Open","url":"https://a.example"},{"callback_data":"do","text":"Do"},{"text":"Nothing"}],"type":"inlineButtons"}]`
	if string(replies) != want {
		t.Errorf("%s, want %s", replies, want)
	}
}

// While people have the session nobody answers at once.
func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask("people")
	if a := w.ask("is anybody there?"); len(a.Data.Replies) != 0 {
		t.Errorf("%s", a.text)
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.do(http.MethodPost, "/chatapi/"+token, `{"clientId":"c","query":"fail"}`)
	if a.status != http.StatusInternalServerError || a.Message == "" {
		t.Errorf("%d %s", a.status, a.text)
	}
	polite := newWorld(t, func(c *chat.Chat) { c.Settings.BotFailureMessage = "Sorry" })
	if a := polite.ask("fail"); a.Data.Answer != "Sorry" {
		t.Errorf("%s", a.text)
	}
}

// A question of one id is asked once, however often and by however many.
func TestRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		all.Go(func() { answers[i] = w.post("", `{"clientId":"c","query":"once","uuid":"u"}`) })
	}
	all.Wait()
	for _, a := range answers {
		if a.ID != answers[0].ID || a.Data.Answer != "echo once\n\nmore" {
			t.Errorf("%s", a.text)
		}
	}
	if h := w.get("/client/c/history"); h.TotalCount != 2 {
		t.Errorf("%s", h.text)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string]string{
		``:                                   "expected a JSON object",
		`[]`:                                 "expected a JSON object",
		`{`:                                  "not JSON",
		`{"query":"a"}`:                      "clientId: ",
		`{"clientId":"","query":"a"}`:        "clientId: ",
		`{"clientId":null,"query":"a"}`:      "clientId: ",
		`{"clientId":true,"query":"a"}`:      "clientId: ",
		`{"clientId":{},"query":"a"}`:        "clientId: ",
		`{"clientId":"a\u0000","query":"a"}`: "clientId: ",
		`{"clientId":"c"}`:                   "query: ",
		`{"clientId":"c","query":"a\u0000"}`: "query: ",
		`{"clientId":"c","event":"a\u0000"}`: "event: ",
		`{"clientId":"c","query":""}`:        "query: ",
		`{"clientId":"c","query":"a","event":"e"}`: "event: ",
		`{"clientId":"c","query":5}`:               "query: ",
		`{"clientId":"c","query":"a","data":[]}`:   "data: ",
		`{"clientId":"c","query":"a","data":{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}}`: "data: ",
		`{"clientId":"c","query":"a","cid":{}}`:                                  "cid: ",
		`{"clientId":"c","query":"a","uuid":"` + strings.Repeat("ы", 129) + `"}`: "uuid: ",
		`{"clientId":"` + strings.Repeat("ы", 256) + `","query":"a"}`:            "clientId: ",
		`{"clientId":"c","query":"` + strings.Repeat("ы", 50_001) + `"}`:         "query: ",
		"{\"clientId\":\"c\",\"query\":\"\xff\"}":                                "UTF-8",
	} {
		for _, path := range []string{"", "/async"} {
			a := w.do(http.MethodPost, "/chatapi/"+token+path, body)
			if a.status != http.StatusBadRequest || !strings.Contains(a.Message, want) {
				t.Errorf("%.80s: %d %s", body, a.status, a.text)
			}
		}
	}
	for path, want := range map[string]int{
		"/chatapi/unknown":                                    404,
		"/chatapi/" + token + "/nothing":                      404,
		"/chatapi/" + token + "/async":                        405,
		"/chatapi/" + token + "/client/c/message/x/status":    404,
		"/chatapi/" + token + "/client/c/history?limit=0":     400,
		"/chatapi/" + token + "/client/c/history?from=always": 400,
		"/chatapi/" + token + "/state":                        400,
	} {
		if a := w.do(http.MethodGet, path, ""); a.status != want {
			t.Errorf("GET %s: %d %s", path, a.status, a.text)
		}
	}
	large := `{"clientId":"c","query":"` + strings.Repeat("a", 2<<20) + `"}`
	if a := w.do(http.MethodPost, "/chatapi/"+token, large); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.status, a.text)
	}
	if h := w.get("/client/c/history"); h.TotalCount != 0 {
		t.Errorf("%s", h.text)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("", `{"clientId":"c","query":"one","uuid":"q 1"}`)
	own := w.ask("two").QuestionID
	const status = "/client/c/message/q%201/status"
	if a := w.get(status); a.Status != "SENT" || a.QuestionID != "q 1" {
		t.Errorf("%s", a.text)
	}
	if a := w.get("/client/c/message-not-read-count"); a.Count != 2 {
		t.Errorf("%s", a.text)
	}
	if a := w.post(status, `{"status":"READ"}`); a.Status != "READ" || a.QuestionID != "q 1" {
		t.Errorf("%s", a.text)
	}
	if a := w.post(status, `{"status":"DELIVERED"}`); a.Status != "READ" {
		t.Errorf("%s", a.text)
	}
	if a := w.get("/client/c/message-not-read-count"); a.Count != 1 {
		t.Errorf("%s", a.text)
	}
	a := w.post("/client/c/message-statuses", `{"statuses":[{"questionId":"`+own+`","status":"DELIVERED"},{"questionId":"q 1","status":"SENT"}]}`)
	if want := `{"statuses":[{"questionId":"` + own + `","status":"DELIVERED"},{"questionId":"q 1","status":"READ"}]}`; a.text != want {
		t.Errorf("%s, want %s", a.text, want)
	}
	for body, want := range map[string]int{`{"status":"SEEN"}`: 400, `{}`: 400, `{"status":1}`: 400, `x`: 400} {
		if a := w.do(http.MethodPost, "/chatapi/"+token+status, body); a.status != want {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	h := w.get("/client/c/history?limit=2")
	if h.TotalCount != 4 || len(h.Messages) != 2 || h.Messages[1].Author != "BOT" || h.Messages[1].QuestionID != "q 1" ||
		h.Messages[1].Status != "READ" || len(h.Messages[1].Replies) != 2 {
		t.Errorf("%s", h.text)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.get("/client/c/state"); a.text != "{}" {
		t.Errorf("%s", a.text)
	}
	w.post("/client/c/stash", `{"a": [1, "ы"]}`)
	for _, path := range []string{"/client/c/state", "/client/c/restore", "/state?clientId=c"} {
		if a := w.get(path); a.text != `{"a": [1, "ы"]}` && a.text != `{"a":[1,"ы"]}` {
			t.Errorf("%s: %s", path, a.text)
		}
	}
	if a := w.do(http.MethodPost, "/chatapi/"+token+"/client/c/state", `[1]`); a.status != http.StatusBadRequest {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := w.do(http.MethodPost, "/chatapi/"+token+"/client/c/state", `{"a":"`+strings.Repeat("a", 1<<20)+`"}`); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %.200s", a.status, a.text)
	}
}

// What is asked synchronously shows to other pages, less what the page asked itself.
func TestOtherPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("", `{"clientId":"c","query":"mine","cid":"one"}`)
	w.post("", `{"clientId":"c","query":"yours","cid":"two"}`)
	a := w.get("/events?clientId=c&all=true&cid=one")
	var objects []struct {
		Type, QuestionID string
		Sequence, TS     int64
		Data             struct{ Query, Answer string }
	}
	if err := json.Unmarshal([]byte(a.text), &objects); err != nil {
		t.Fatalf("%s: %v", a.text, err)
	}
	if len(objects) != 2 || objects[0].Type != "client" || objects[0].Data.Query != "yours" || objects[1].Type != "bot" ||
		objects[1].Data.Answer != "echo yours\n\nmore" || objects[0].QuestionID != objects[1].QuestionID || objects[1].TS <= objects[0].TS {
		t.Errorf("%s", a.text)
	}
}

// A page of another origin may post JSON: its browser asks first.
func TestPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Origins = []string{"https://shop.example"} })
	for path, allow := range map[string]string{
		"": "GET, HEAD, OPTIONS, POST", "/async": "OPTIONS, POST", "/events": "GET, OPTIONS",
		"/client/c/state": "GET, HEAD, OPTIONS, POST", "/client/c/history": "GET, HEAD, OPTIONS",
	} {
		for origin, want := range map[string]int{"": 204, "https://shop.example": 204, "https://evil.example": 403} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, w.url+"/chatapi/"+token+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = got.Body.Close()
			methods := got.Header.Get("Access-Control-Allow-Methods")
			if got.StatusCode != want || (want == 204 && got.Header.Get("Allow") != allow) || (methods == allow) != (want == 204 && origin != "") {
				t.Errorf("OPTIONS %s of %q: %d %v", path, origin, got.StatusCode, got.Header)
			}
		}
	}
}

// What is compressed is said to be, not taken for bad JSON.
func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"", "/async", "/client/c/state", "/client/c/message-statuses"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/chatapi/"+token+path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Encoding", "gzip")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("POST %s: %d", path, got.StatusCode)
		}
	}
}
