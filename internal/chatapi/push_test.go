package chatapi_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/contract"
)

// operate has an operator say something to client c, as whoever lets operators speak is to do it: the
// message, and what is to leave, in one transaction.
func (w *world) operate(body string) (id string) {
	w.Helper()
	client, err := w.store.FindClientByAlias(w.Context(), w.channel.Key, chat.Alias{Kind: chat.AliasExternal, Value: "c"})
	if err != nil {
		w.Fatal(err)
	}
	id = uuid.Must(uuid.NewV7()).String()
	err = w.store.Update(w.Context(), func(tx chat.Tx) error {
		s, err := tx.LockOpenSession(w.channel.Key, client.Key)
		if err != nil {
			return err
		}
		s.Sequence, s.WidgetNo, s.SessionNo, s.LastAt = s.Sequence+1, s.WidgetNo+1, s.SessionNo+1, s.LastAt.Add(time.Millisecond)
		m := &chat.Message{ID: id, AuthorType: chat.AuthorOperator, AuthorID: "o-1", AuthorName: "Анна", Type: chat.MessageRegular, Body: body}
		e := chat.Event{ID: id, Session: s.Ref(), Sequence: s.Sequence, WidgetNo: s.WidgetNo, SessionNo: s.SessionNo, At: s.LastAt, Payload: m}
		to := w.channel.Settings.WebhookURL
		ring := chat.Ring{Session: s.Ref(), Client: s.ClientRef(), Sequence: s.Sequence, Settled: s.Sequence, Events: []chat.Event{e}}
		if to != "" {
			now := time.Now()
			ring.Receivers = []string{chat.Receiver(to)}
			err = tx.AppendDeliveries([]chat.Delivery{{
				ID: uuid.NewString(), ClientKey: s.ClientKey, Session: s.Ref(), ChatID: s.ChatID, Kind: chat.DeliveryAnswer, URL: to,
				First: e.Sequence, Last: e.Sequence, State: chat.DeliveryPending, CreatedAt: now, Since: now,
			}})
		}
		tx.OnCommit(func() { w.service.Ring(ring) })
		return errors.Join(err, tx.UpdateSession(s), tx.AppendEvents([]chat.Event{e}))
	})
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// event is an object of /events.
type event struct {
	answer
	Type         string
	TS, Sequence int64
}

// polled reads an answer of /events.
func (w *world) polled(query string) (events []event) {
	w.Helper()
	a := w.get("/events?clientId=c" + query)
	if err := json.Unmarshal([]byte(a.text), &events); err != nil {
		w.Fatalf("%s: %v", a.text, err)
	}
	for i := range events {
		events[i].text = a.text
	}
	return events
}

// TestOperators: what one says reaches the webhook and the long poll that asks for nothing else (Chat API, 8).
func TestOperators(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldWithWebhook(t)
	w.ask("people")
	if a := w.ask("is anybody there?"); len(a.Data.Replies) != 0 {
		t.Errorf("the bot answers: %s", a.text)
	}
	id := w.operate("Я здесь 🙂")
	body := <-bodies
	contract.Event(t, "chatapi", "chatAnswers", []byte(body))
	const employee = `"livechat":{"employee":{"id":"o-1","name":"Анна"}}`
	var pushed []answer
	if json.Unmarshal([]byte(body), &pushed) != nil || len(pushed) != 1 || !strings.Contains(body, employee) {
		t.Fatalf("%s", body)
	}
	check := func(o *answer) {
		t.Helper()
		if o.QuestionID != id || o.ClientID != "c" || o.Token != token || o.Data.Answer != "Я здесь 🙂" || len(o.Data.Replies) != 1 ||
			string(o.Data.Replies[0]) != `{"text":"Я здесь 🙂","type":"text"}` {
			t.Errorf("%+v", o)
		}
	}
	check(&pushed[0])
	events := w.polled("")
	if len(events) != 1 || events[0].Type != "operator" || !strings.Contains(events[0].text, employee) || events[0].Sequence == 0 {
		t.Fatalf("%+v", events)
	}
	check(&events[0].answer)
	w.eventually(func() error { return w.wantStatus("/client/c/message/"+id+"/status", "DELIVERED") })
	if a := w.get("/client/c/message-not-read-count"); a.Count != 3 { // wait, a person is asked for, I am here
		t.Errorf("%s", a.text)
	}
	h := w.get("/client/c/history")
	if last := h.Messages[len(h.Messages)-1]; last.Author != "OPERATOR" || last.QuestionID != id || last.TextMessage != "Я здесь 🙂" || len(last.Replies) != 1 {
		t.Errorf("%s", h.text)
	}
	if n := len(bodies); n != 0 {
		t.Errorf("%d more bodies", n)
	}
}

// TestTimers: what a bot says by itself reaches the webhook and long polls as one object, with a questionId
// by which all of it has a status.
func TestTimers(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldWithWebhook(t)
	w.ask("remind")
	timers, err := w.service.ClaimTimers(t.Context(), 10)
	if err != nil || len(timers) != 1 {
		t.Fatal(timers, err)
	}
	if outcome, err := w.service.FireTimer(t.Context(), &timers[0]); err != nil || outcome != chat.TimerDone {
		t.Fatal(outcome, err)
	}
	body := <-bodies
	contract.Event(t, "chatapi", "chatAnswers", []byte(body))
	var pushed []answer
	if json.Unmarshal([]byte(body), &pushed) != nil || len(pushed) != 1 || pushed[0].QuestionID == "" || pushed[0].Data.Answer != "tick\n\ntack" {
		t.Fatalf("%s", body)
	}
	id := pushed[0].QuestionID
	events := w.polled("&all=true")
	if len(events) != 1 || events[0].Type != "bot" || events[0].QuestionID != id || events[0].Data.Answer != "tick\n\ntack" {
		t.Errorf("%+v", events)
	}
	if a := w.get("/client/c/message-not-read-count"); a.Count != 2 {
		t.Errorf("%s", a.text)
	}
	if a := w.post("/client/c/message/"+id+"/status", `{"status":"READ"}`); a.Status != "READ" {
		t.Errorf("%s", a.text)
	}
	if a := w.get("/client/c/message-not-read-count"); a.Count != 0 {
		t.Errorf("half of it is not READ: %s", a.text)
	}
	h := w.get("/client/c/history")
	for _, m := range h.Messages[1:] {
		if m.QuestionID != id || m.Status != "READ" {
			t.Errorf("%s", h.text)
		}
	}
}

// TestAsyncEvents: an event may be told asynchronously, and nobody is told twice.
func TestAsyncEvents(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldWithWebhook(t)
	w.post("/async", `{"clientId":"c","event":"fileEvent","data":{"a":1},"uuid":"u"}`)
	w.post("/async", `{"clientId":"c","event":"fileEvent","data":{"a":1},"uuid":"u"}`)
	if body := <-bodies; !strings.Contains(body, `"answer":"echo event fileEvent\n\nmore"`) || !strings.Contains(body, `"questionId":"u"`) {
		t.Errorf("%s", body)
	}
	if a := w.post("", `{"clientId":"c","event":"fileEvent","uuid":"u"}`); a.Data.Answer != "echo event fileEvent\n\nmore" { // synchronously, then
		t.Errorf("%s", a.text)
	}
	w.post("/async", `{"clientId":"c","query":"silence","uuid":"s"}`)
	if body := <-bodies; !strings.Contains(body, `"replies":[]`) || !strings.Contains(body, `"questionId":"s"`) {
		t.Errorf("%s", body)
	}
	events := w.polled("&all=true&after=0")
	if len(events) < 2 || events[0].Type != "client" || !strings.Contains(events[0].text, `"event":"fileEvent","eventData":{"a":1}`) || events[1].Type != "bot" {
		t.Errorf("%+v", events)
	}
	if n := len(bodies); n != 0 {
		t.Errorf("%d more bodies", n)
	}
}
