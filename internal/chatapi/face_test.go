package chatapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/outbox"
	"github.com/govorun/govorun/test/contract"
)

// A number is the client that it is written as (Chat API, 3).
func TestNumericClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.http = http.DefaultClient // what checks the document cannot read the largest
	for _, id := range []string{"0", "-7", "12345678901234567890123", "1", "1.0", "1e3", "1e999"} {
		if a := w.post("", `{"clientId":`+id+`,"query":"hi"}`); a.ClientID != id || !a.Data.NewSessionStarted {
			t.Errorf("%s: %s", id, a.text)
		}
		if a := w.post("", `{"clientId":"`+id+`","query":"hi"}`); a.ClientID != id || a.Data.NewSessionStarted {
			t.Errorf("%q: %s", id, a.text)
		}
	}
}

// What scripts set in $response is not read on its way.
func TestResponseFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.ask("digits"); !strings.Contains(a.text, `"big":12345678901234567890`) || !strings.Contains(a.text, `"exact":1.50`) {
		t.Errorf("%s", a.text)
	}
	if a := w.ask("null"); a.Data.NLPClass != "/State" {
		t.Errorf("%s", a.text)
	}
}

// A field of another type is named with the type that it is to have.
func TestMistypedFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ path, body, want string }{
		{"", `{"clientId":"c","query":5}`, "query: expected a string"},
		{"", `{"clientId":"c","event":[]}`, "event: expected a string"},
		{"", `{"clientId":"c","query":"a","cid":{}}`, "cid: expected a string"},
		{"", `{"clientId":"c","query":"a","uuid":true}`, "uuid: expected a string"},
		{"", `{"clientId":"c","query":"a","uuid":"\u0000"}`, "uuid: "},
		{"", `{"clientId":"c","query":"a","data":"x"}`, "data: expected an object"},
		{"", `{"clientId":[1],"query":"a"}`, "clientId: expected a string or a number"},
		{"/client/c/message-statuses", `{"statuses":{}}`, "statuses: expected an array"},
		{"/client/c/message-statuses", `{"statuses":[5]}`, "statuses[0]: expected an object, got a number"},
		{"/client/c/message-statuses", `{"statuses":[{"questionId":5}]}`, "statuses[0].questionId: expected a string, got a number"},
		{"/client/c/message-statuses", `{}`, "statuses: expected an array"},
		{"/client/c/message-statuses", `{"statuses":null}`, "statuses: expected an array"},
		{"/client/c/message-statuses", `{"statuses":[{},null]}`, "statuses[1]: expected an object, got null"},
		{"/client/c/message-statuses", `{"statuses":[{"questionId":"a","status":"READ"},{"questionId":"a","status":[]}]}`, "statuses[1].status: expected a string, got an array"},
		{"/client/c/message-statuses", `{"statuses":[{"questionId":"a","Status":"READ"}]}`, "status: expected SENT"},
		{"/client/c/message/a/status", `{"status":{}}`, "status: expected a string, got an object"},
		{"/client/c/message/a/status", `{"Status":"READ"}`, "status: expected SENT, DELIVERED, READ or NOT_SENT"},
	} {
		a := w.do(http.MethodPost, "/chatapi/"+token+tt.path, tt.body)
		if a.status != http.StatusBadRequest || !strings.Contains(a.Message, tt.want) {
			t.Errorf("%s %s: %d %s, want %s", tt.path, tt.body, a.status, a.text, tt.want)
		}
	}
	for query, want := range map[string]string{
		"query=a": "clientId: ", "clientId=c": "query: ", "clientId=c&query=a&event=e": "event: ", "clientId=%FF&query=a": "clientId: ",
		"clientId=c&query=%FF": "query: ", "clientId=c&query=a&uuid=%00": "uuid: ", "clientId=c&query=a&cid=%FF": "cid: ",
		"clientId=c&event=%FF": "event: ",
	} {
		a := w.do(http.MethodGet, "/chatapi/"+token+"?"+query, "")
		if a.status != http.StatusBadRequest || !strings.Contains(a.Message, want) {
			t.Errorf("%s: %d %s, want %s", query, a.status, a.text, want)
		}
	}
}

// A long poll that was answered has delivered its messages (Chat API, 2).
func TestPolledIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ask("hi").QuestionID
	status := "/client/c/message/" + id + "/status"
	if a := w.get(status); a.Status != "SENT" {
		t.Fatalf("%s", a.text)
	}
	if a := w.get("/events?clientId=c&all=true&after=1"); !strings.Contains(a.text, "echo hi") {
		t.Fatalf("%s", a.text)
	}
	w.eventually(func() error { return w.wantStatus(status, "DELIVERED") })
}

// The answer to an asynchronous question goes to the channel's webhook, that to a synchronous one does not.
func TestWebhook(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldWithWebhook(t)
	w.ask("at once")
	a := w.post("/async", `{"clientId":"c","query":"later","cid":"c-1","uuid":"u"}`)
	if a.text != `{"id":"u","questionId":"u"}` {
		t.Errorf("%s", a.text)
	}
	var objects []answer
	body := <-bodies
	if json.Unmarshal([]byte(body), &objects) != nil || len(objects) != 1 {
		t.Fatalf("%s", body)
	}
	contract.Event(t, "chatapi", "chatAnswers", []byte(body))
	o := objects[0]
	if o.QuestionID != "u" || o.CID != "c-1" || o.ClientID != "c" || o.Token != token || o.Data.Answer != "echo later\n\nmore" ||
		o.Data.NLPClass != "/State" || o.Data.Foo != "bar" || len(o.Data.Replies) != 2 {
		t.Errorf("%+v", o)
	}
	w.eventually(func() error { return w.wantStatus("/client/c/message/u/status", "DELIVERED") })
	w.post("/async", `{"clientId":"c","query":"refuse","uuid":"no"}`)
	<-bodies
	w.eventually(func() error { return w.wantStatus("/client/c/message/no/status", "NOT_SENT") })
	if n := len(bodies); n != 0 {
		t.Errorf("%d more bodies", n)
	}
}

// newWorldWithWebhook is a world whose channel has a webhook, and what that receives. It refuses, for
// good, what speaks of refusing.
func newWorldWithWebhook(t *testing.T) (*world, <-chan string) {
	t.Helper()
	w, bodies := newWorldBeforeWebhook(t)
	w.deliver(w.service)
	return w, bodies
}

// newWorldBeforeWebhook is one that delivers nothing yet.
func newWorldBeforeWebhook(t *testing.T) (*world, <-chan string) {
	t.Helper()
	bodies := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		if strings.Contains(string(data), "refuse") {
			rw.WriteHeader(http.StatusGone)
		}
		bodies <- string(data)
	}))
	t.Cleanup(receiver.Close)
	return newWorld(t, func(c *chat.Chat) { c.Settings.WebhookURL = receiver.URL }), bodies
}

// unsettled is a domain of a program that dies whenever it has delivered something.
type unsettled struct{ *chat.Service }

func (unsettled) SettleDelivery(context.Context, *chat.Delivery, chat.Outcome, chat.Settlement) (kept, due bool, err error) {
	return false, false, errors.New("the program is gone")
}

// TestDeliveredBeforeACrash: what a receiver has taken is DELIVERED, also when nobody could note that the
// delivery itself is done: it comes again.
func TestDeliveredBeforeACrash(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldBeforeWebhook(t)
	w.deliver(unsettled{w.service})
	w.post("/async", `{"clientId":"c","query":"hi","uuid":"u"}`)
	<-bodies
	w.eventually(func() error { return w.wantStatus("/client/c/message/u/status", "DELIVERED") })
}

// deliver starts an outbox.
func (w *world) deliver(service outbox.Service) {
	w.Helper()
	links := func(a chat.Attachment) (string, string) { return a.URL, a.URL }
	b := outbox.New(outbox.Options{
		Service: service, Bell: w.bell, Client: egress.Client(true, time.Minute), Version: "v1", Log: slog.New(slog.DiscardHandler),
		Render: map[chat.DeliveryKind]outbox.Render{
			chat.DeliveryAnswer: func(o *chat.Outgoing) ([]byte, error) { return chatapi.Webhook(o, links), nil },
		},
		Key:   func(*chat.Outgoing) []byte { return []byte("0123456789abcdef0123456789abcdef") },
		Sweep: 20 * time.Millisecond,
	})
	w.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			w.Error(err)
		}
	})
}

func (w *world) wantStatus(path, want string) error {
	if a := w.get(path); a.Status != want {
		return fmt.Errorf("%s, want %s", a.text, want)
	}
	return nil
}

// eventually waits until ok returns nil.
func (w *world) eventually(ok func() error) {
	w.Helper()
	err := ok()
	for end := time.Now().Add(patience); err != nil; err = ok() {
		if time.Now().After(end) {
			w.Fatal(err)
		}
		<-time.After(5 * time.Millisecond)
	}
}
