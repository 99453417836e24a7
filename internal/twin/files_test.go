package twin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/twin"
)

// The answer to an upload is a list of the vendor's file objects (TWIN, section 7).
func TestUploadAnswer(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := serve(t, f, nil)
	s.Handler = s.mux // there is no file in it, which the fake does not see
	w := s.do("POST", sessionPath+"/files", "", "Idempotency-Key: key")
	const want = `[{"id":"` + unknownID + `","isPrivate":true,"createdAt":"2018-10-31T11:56:07+00:00","contentType":"application/x-gzip",
		"name":"мяч.tar.gz","baseName":"мяч.tar","extension":"gz","sugestedExtension":"gz","suggestedExtension":"gz","path":"","size":3,
		"url":"/files/` + unknownID + `","downloadLink":"/files/` + unknownID + `?d=1","ownerId":"` + clientID + `"}]`
	if w.Code != 201 || !sameJSON(t, w.Body.String(), want) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if f.upload.Key != "key" {
		t.Errorf("%+v", f.upload)
	}
}

func TestUploadIsRefused(t *testing.T) {
	t.Parallel()
	for code, status := range map[chat.Code]int{
		chat.CodeInvalid: 400, chat.CodeTooLarge: 413, chat.CodeState: 422, chat.CodeRateLimited: 429, chat.CodeUnavailable: 503,
	} {
		f := newFake()
		f.err = chat.Errorf(code, "why")
		w := serve(t, f, nil).do("POST", sessionPath+"/files", "")
		if w.Code != status || !strings.Contains(w.Body.String(), "why") {
			t.Errorf("%s: %d %s", code, w.Code, w.Body)
		}
	}
	f := newFake()
	f.chat.Origins = []string{"https://shop.example"}
	s := serve(t, f, nil)
	for name, headers := range map[string][]string{
		"credentials":  {"Authorization: Bearer x"},
		"other origin": {"Origin: https://evil.example"},
		"empty key":    {"Idempotency-Key: "},
	} {
		if w := s.do("POST", sessionPath+"/files", "", headers...); w.Code < 400 || f.calls() != "" {
			t.Errorf("%s: %d, called %s", name, w.Code, f.calls())
		}
	}
	if w := s.do("OPTIONS", sessionPath+"/files", "", "Origin: https://shop.example", "Access-Control-Request-Method: POST"); w.Code != 204 {
		t.Errorf("preflight: %d %s", w.Code, w.Body)
	}
}

func TestIsUpload(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{
		"POST /api/v1/sessions/x/files": true, "POST /api/chats/v1/sessions/x/files": true,
		"GET /api/v1/sessions/x/files": false, "POST /api/v1/sessions/x/messages": false, "POST /files": false, "POST /api/v1/files": false,
	} {
		method, path, _ := strings.Cut(target, " ")
		r, err := http.NewRequest(method, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if twin.IsUpload(r) != want {
			t.Error(target)
		}
	}
}

// A file that was sent up is part of the message, of the history, and of what the bot gets.
func TestFileInAConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start(w.open, `{}`).ID
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file[]", "снимок.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, "\x89PNG\r\n\x1a\n"+strings.Repeat("x", 900_000)); err != nil {
		t.Fatal(err)
	}
	form.Close()
	res, err := http.Post(w.url+"/api/v1/sessions/"+session+"/files", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made []struct{ ID, URL string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != 201 || len(made) != 1 {
		t.Fatal(res.StatusCode, err, made)
	}
	if !strings.HasPrefix(made[0].URL, "http://files.example/files/"+made[0].ID+"?") {
		t.Error(made[0].URL)
	}
	w.do(201, "POST", "/sessions/"+session+"/messages", `{"attachments":[{"id":"`+made[0].ID+`"}]}`)
	w.settle(session)
	list := w.do(200, "GET", "/sessions/"+session+"/messages?limit=100", "")
	if got := bodies(list.Items); got != "B:Hello!|C:|B:echo |B:what else?" {
		t.Error(got)
	}
	if !strings.Contains(list.text, `"name":"снимок.png"`) || !strings.Contains(list.text, "http://files.example/files/"+made[0].ID) {
		t.Error(list.text)
	}
	again := w.do(201, "PUT", "/chats/"+w.open.ID+"/sessions", `{"sessionId":"`+session+`","messageAttachments":["`+made[0].ID+`"]}`)
	if again.MessageID == "" || bodies(again.Messages) != "B:echo |B:what else?" {
		t.Error(again.text)
	}
	refused := w.do(400, "POST", "/chats/"+w.open.ID+"/sessions", `{"messageAttachments":["`+made[0].ID+`"]}`)
	if refused.Details.Field != "messageAttachments[0]" {
		t.Error(refused.text)
	}
}
