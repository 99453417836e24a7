//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore"
)

// faces is one client who is spoken with everywhere at once.
type faces struct {
	server  *server
	channel *channel
	api     *api
	hook    *hook
	client  string
	session string

	mu       sync.Mutex // guards what follows
	answers  []answered // that requests have waited for
	awaited  []string   // questions whose answers go to the webhook
	messages int        // of the client, that were taken
}

// TestOneConversationOnAllFaces: one client is spoken with over TWIN's REST and the Chat API in its forms, by a
// campaign and an operator, at once and through a crash. Every face shows the same, in the same order.
func TestOneConversationOnAllFaces(t *testing.T) {
	t.Parallel()
	const client, each = "клиент/1", 5
	h := newHook(t, 0)
	s := newServer(t, privateWebhooks)
	f := &faces{server: s, channel: newChannel(t, s, object{"webhookUrl": h.url()}), api: newAPI(t, s.url()), hook: h, client: client}
	var pollers []*poller
	for _, cursor := range []string{byTime, byID, byServer} { // nobody knows the client yet
		pollers = append(pollers, polling(t, &poller{channel: f.channel, apis: []*api{newAPI(t, s.url())}, client: client, cid: "poller " + cursor, cursor: cursor}))
	}
	awaitPolls(t, len(pollers), s)
	f.start(t)
	socket := listening(t, &listener{url: s.url(), sessions: []string{f.session}, echo: true})
	widget := listeningAsLegacy(t, s.url(), f.session)
	f.speak(t, "первый", each)

	s.kill()
	s.data.sayAsOperator(t, f.session, "Чем помочь? 🙂")
	s.start(t)
	f.speak(t, "второй", each)
	f.campaign(t, "Скидка")
	awaitSettled(t, s.data, settleWithin)
	if res := f.api.post(t, base+"/sessions/"+f.session+"/close", nil, ""); res.status != http.StatusOK {
		t.Fatalf("close: %d %s", res.status, res.body)
	}
	f.ask(t, "", "после конца") // in another session

	b := readSound(t, s.data)
	var pages []*page
	for _, id := range s.data.sessionsOf(t, client) {
		pages = append(pages, b[id])
	}
	if len(pages) != 2 || pages[0].id != f.session {
		t.Fatalf("%d sessions", len(pages))
	}
	wrong := &complaints{t: t}
	f.checkHistories(t, wrong, pages, b)
	f.checkAnswers(t, wrong, pages)
	for _, p := range pollers {
		p.check(t, wrong, pages)
	}
	widget.check(t, wrong, pages[0])
	socket.awaitOffset(t, settleWithin, "widget:"+f.session, pages[0].widgetNo)
	socket.awaitOffset(t, settleWithin, "session:"+f.session, pages[0].sessionNo)
	b.checkListener(t, wrong, socket)
	said := 0
	for _, p := range pages {
		for _, m := range p.messages() {
			if m.AuthorType == "CLIENT" {
				said++
			}
		}
	}
	if said != f.messages {
		t.Errorf("%d messages of the client were taken, the log has %d", f.messages, said)
	}
}

// start opens the session, on the widget.
func (f *faces) start(t *testing.T) {
	t.Helper()
	res := f.api.post(t, base+"/chats/"+f.channel.id+"/sessions", object{"clientExternalId": f.client, "returnAnswerAsync": true}, "")
	if res.status != http.StatusCreated {
		t.Fatalf("start: %d %s", res.status, res.body)
	}
	var s started
	res.decode(t, &s)
	f.session = s.ID
}

// speak has the client say so much on each face that takes something, at once.
func (f *faces) speak(t *testing.T, round string, each int) {
	t.Helper()
	ways := []func(t *testing.T, text string){
		func(t *testing.T, text string) {
			f.count(t, f.api.post(t, messagesOf(f.session), object{"body": text}, ""), http.StatusCreated, 1)
		},
		func(t *testing.T, _ string) {
			f.count(t, f.api.post(t, base+"/sessions/"+f.session+"/actions", object{"event": "press"}, ""), http.StatusCreated, 0)
		},
		func(t *testing.T, text string) { f.ask(t, "", text) },
		func(t *testing.T, text string) { f.ask(t, "/async", text) },
		func(t *testing.T, text string) {
			query := url.Values{"clientId": {f.client}, "query": {text}}
			f.keep(t, f.count(t, f.api.get(t, f.channel.path+"?"+query.Encode()), http.StatusOK, 1))
		},
		func(t *testing.T, _ string) {
			f.keep(t, f.count(t, f.api.post(t, f.channel.path, object{"clientId": f.client, "event": "press", "cid": "page"}, ""), http.StatusOK, 0))
		},
	}
	atOnce(len(ways), func(i int) {
		for n := range each {
			ways[i](t, fmt.Sprintf("%s круг, %d по пути %d", round, n, i))
		}
	})
}

// count notes what was taken.
func (f *faces) count(t *testing.T, res *answer, status, messages int) *answer {
	t.Helper()
	if res.status != status {
		t.Errorf("%d %s, expected %d", res.status, res.body, status)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages += messages
	return res
}

// ask is a query over the Chat API.
func (f *faces) ask(t *testing.T, way, text string) {
	t.Helper()
	id := uuid.NewString()
	res := f.count(t, f.api.post(t, f.channel.path+way, object{"clientId": f.client, "query": text, "uuid": id, "cid": "page"}, ""), http.StatusOK, 1)
	if way == "" {
		f.keep(t, res)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.awaited = append(f.awaited, id)
}

// keep keeps an answer.
func (f *faces) keep(t *testing.T, res *answer) {
	t.Helper()
	var o answered
	if err := json.Unmarshal(res.body, &o); err != nil {
		t.Errorf("%v: %s", err, res.body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, o)
}

// campaign sends the client two replies, and waits until it has.
func (f *faces) campaign(t *testing.T, text string) {
	t.Helper()
	admin := f.channel.admin
	made := admin.do(http.StatusCreated, "POST", "/campaigns", object{
		"name": "c", "chatId": f.channel.id, "recipients": []string{f.client}, "start": true,
		"replies": []object{{"type": "text", "text": text}, {"type": "text", "text": "и ещё"}},
	})
	var sent object
	eventually(t, settleWithin, "the campaign is sent", func() bool {
		sent = admin.do(http.StatusOK, "GET", "/campaigns/"+made["id"].(string), nil)
		return sent["state"] == "SENT"
	})
	list := admin.do(http.StatusOK, "GET", "/campaigns/"+made["id"].(string)+"/recipients", nil)
	recipient := list["items"].([]any)[0].(map[string]any)
	if sent["sent"] != 1.0 || recipient["sessionId"] != f.session {
		t.Errorf("sent %v to %v", sent, recipient)
	}
	f.awaited = append(f.awaited, recipient["questionId"].(string))
}

// checkHistories compares the histories of both families with the log.
func (f *faces) checkHistories(t *testing.T, wrong *complaints, pages []*page, b book) {
	t.Helper()
	var want, got []string
	for _, p := range pages {
		b.checkHistory(wrong, p.id, f.api.wholeHistory(t, p.id))
		for i := range p.entries {
			switch e := &p.entries[i]; e.kind {
			case "message.created":
				want = append(want, e.author+" "+e.body)
			case "action.pressed":
				want = append(want, "CLIENT event "+e.event)
			}
		}
	}
	for _, item := range f.channel.history(t, f.api, f.client) {
		text := item.Author + " " + item.TextMessage
		if item.EventData != nil {
			text = item.Author + " event " + item.EventData.Event
		}
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		wrong.add("the history of the Chat API is %q, the log has %q", got, want)
	}
}

// checkAnswers compares what was answered to requests, and what the webhook got, with the log.
func (f *faces) checkAnswers(t *testing.T, wrong *complaints, pages []*page) {
	t.Helper()
	eventually(t, settleWithin, "the webhook gets all", func() bool { return f.hook.ids() >= len(f.awaited) })
	pushed := map[string]answered{}
	var order []int64
	for _, call := range f.hook.all() {
		var objects []answered
		if err := json.Unmarshal(call.body, &objects); err != nil || len(objects) != 1 {
			t.Fatalf("%v: %s", err, call.body)
		}
		o := objects[0]
		pushed[o.QuestionID] = o
		e := entryOf(pages, o.ID)
		if e == nil {
			t.Fatalf("the log has no %s", call.body)
		}
		if n := len(order) - 1; n < 0 || order[n] != e.sequence { // else it is a repeat
			order = append(order, e.sequence)
		}
		if want := turnFrom(pages, e.id); !slices.Equal(o.texts(), want) {
			wrong.add("pushed %s, the log has %q", call.body, want)
		}
	}
	if !slices.IsSorted(order) || len(order) != len(f.awaited) {
		wrong.add("the webhook got %d in the order %v", len(f.awaited), order)
	}
	for _, id := range f.awaited {
		if _, ok := pushed[id]; !ok {
			wrong.add("the webhook was not told of question %s", id)
		}
	}
	for _, o := range f.answers {
		question := entryOf(pages, o.ID)
		if question == nil {
			t.Fatalf("the log has no question %s", o.ID)
		}
		if want := answersTo(pages, question); !slices.Equal(o.texts(), want) {
			wrong.add("answered %q, the log has %q", o.texts(), want)
		}
	}
}

// entryOf finds an event by its id.
func entryOf(pages []*page, id string) *entry {
	for _, p := range pages {
		for i := range p.entries {
			if p.entries[i].id == id {
				return &p.entries[i]
			}
		}
	}
	return nil
}

// turnFrom is what was said by a message and those after it that belong to it.
func turnFrom(pages []*page, id string) (texts []string) {
	for _, p := range pages {
		from := slices.IndexFunc(p.entries, func(e entry) bool { return e.id == id })
		for i := from; i >= 0 && i < len(p.entries); i++ {
			if e := &p.entries[i]; e.author != "BOT" || e.cause != p.entries[from].cause {
				break
			}
			texts = append(texts, p.entries[i].body)
		}
	}
	return texts
}

// answersTo is what the bot said to a question.
func answersTo(pages []*page, question *entry) (texts []string) {
	for _, p := range pages {
		if entryOf([]*page{p}, question.id) == nil {
			continue
		}
		for i := range p.entries {
			if e := &p.entries[i]; e.author == "BOT" && e.cause == question.sequence {
				texts = append(texts, e.body)
			}
		}
	}
	return texts
}

// sayAsOperator writes what an operator says into data that no server uses.
func (d data) sayAsOperator(t *testing.T, session, body string) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: d.dir, PostgresURL: d.url, Connections: 6, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Update(t.Context(), func(tx chat.Tx) error {
		s, err := tx.LockSession(session)
		if err != nil {
			return err
		}
		s.Sequence, s.WidgetNo, s.SessionNo = s.Sequence+1, s.WidgetNo+1, s.SessionNo+1
		s.LastAt = s.LastAt.Truncate(time.Millisecond).Add(time.Millisecond)
		e := chat.Event{ID: uuid.Must(uuid.NewV7()).String(), Session: s.Ref(), Sequence: s.Sequence, WidgetNo: s.WidgetNo, SessionNo: s.SessionNo, At: s.LastAt}
		e.Payload = &chat.Message{ID: e.ID, AuthorType: chat.AuthorOperator, AuthorID: "389", AuthorName: "Ann", Type: chat.MessageRegular, Body: body}
		return errors.Join(tx.UpdateSession(s), tx.AppendEvents([]chat.Event{e}))
	}); err != nil {
		t.Fatal(err)
	}
}
