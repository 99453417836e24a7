package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// dialogue is a session of the client "c-1", with a question and two answers to it.
func dialogue(t *testing.T) (w *world, session string, question *chat.Event) {
	w = newWorld(t)
	session = w.start(as("c-1")).Session.ID
	return w, session, w.ask(session, "?", "one", "two")
}

func as(clientID string) func(*chat.StartParams) {
	return func(p *chat.StartParams) { p.ExternalID = clientID }
}

// ask has the client ask and the bot answer, after it has greeted in silence.
func (w *world) ask(session, question string, answers ...string) *chat.Event {
	w.t.Helper()
	e := w.send(session, question)
	for {
		turn := w.begin(session)
		if turn.Cause.ID != e.ID {
			w.commit(turn)
			continue
		}
		var outputs []chat.Output
		for _, text := range answers {
			outputs = append(outputs, chat.Say{Message: chat.Message{Body: text, QuestionID: e.ID}})
		}
		w.commit(turn, outputs...)
		return e
	}
}

func (w *world) mark(id string, status chat.MessageStatus) chat.MessageStatus {
	w.t.Helper()
	now, err := w.SetStatuses(context.Background(), w.chat, "c-1", []chat.QuestionStatus{{QuestionID: id, Status: status}})
	if err != nil {
		w.t.Fatal(err)
	}
	found, err := w.FindStatus(context.Background(), w.chat, "c-1", id)
	if err != nil || *found != now[0] {
		w.t.Fatalf("found %+v, %v; set %+v", found, err, now[0])
	}
	return now[0].Status
}

func (w *world) unread(want int64) {
	w.t.Helper()
	if n, err := w.CountUnread(context.Background(), w.chat, "c-1"); err != nil || n != want {
		w.t.Fatalf("%d unread, %v, expected %d", n, err, want)
	}
}

func (w *world) kinds(session string) string {
	var kinds []string
	for _, e := range w.events(session) {
		kinds = append(kinds, string(e.Payload.Kind()))
	}
	return strings.Join(kinds, " ")
}

func TestStatusOfAnswersIsThatOfTheirQuestion(t *testing.T) {
	t.Parallel()
	w, session, question := dialogue(t)
	w.unread(2)
	events := w.events(session)
	if got := w.mark(question.ID, chat.MessageDelivered); got != chat.MessageDelivered {
		t.Fatal(got)
	}
	w.unread(2)
	if got := w.mark(events[3].ID, chat.MessageReadBy); got != chat.MessageReadBy { // named by an answer
		t.Fatal(got)
	}
	w.unread(0)
	if got := w.session(session).ClientRead; got != events[3].Sequence {
		t.Fatalf("read up to %d: TWIN's side has not seen it", got)
	}
	const want = "session.started message.created message.created message.created message.status message.status message.read"
	if got := w.kinds(session); got != want {
		t.Fatalf("got %s\nexpected %s", got, want)
	}
	for _, status := range []chat.MessageStatus{chat.MessageReadBy, chat.MessageSent, chat.MessageNotSent, chat.MessageDelivered} {
		if got := w.mark(question.ID, status); got != chat.MessageReadBy {
			t.Fatalf("%s took it back to %s", status, got)
		}
	}
	if got := w.kinds(session); got != want {
		t.Fatalf("nothing changed, and events tell of it: %s", got)
	}
}

func TestReadThroughTWINIsRead(t *testing.T) {
	t.Parallel()
	w, session, question := dialogue(t)
	events := w.events(session)
	for i, want := range []chat.MessageStatus{chat.MessageSent, chat.MessageReadBy} { // one answer, and the other
		if err := w.Read(t.Context(), session, events[2+i].ID); err != nil {
			t.Fatal(err)
		}
		w.unread(int64(1 - i))
		found, err := w.FindStatus(t.Context(), w.chat, "c-1", question.ID)
		if err != nil || found.Status != want {
			t.Fatalf("after %d answers read: %+v, %v, expected %s", i+1, found, err, want)
		}
		items, total, err := w.Dialogue(t.Context(), w.chat, "c-1", chat.DialogueQuery{Limit: 10})
		if err != nil || total != 3 || items[0].Status != want || items[1].Status != chat.MessageReadBy || items[2].Status != want {
			t.Fatalf("%+v, %d, %v", items, total, err)
		}
	}
}

// TestSilentAnswerNeedsNoReading: what shows people nothing keeps nothing from being READ.
func TestSilentAnswerNeedsNoReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.start(as("c-1")).Session.ID
	question := w.send(session, "?")
	turn := w.begin(session)
	if turn.Cause.ID != question.ID { // the greeting
		w.commit(turn)
		turn = w.begin(session)
	}
	silent := chat.Message{Replies: []json.RawMessage{json.RawMessage(`{"type":"alien"}`)}}
	w.commit(turn, chat.Say{Message: chat.Message{Body: "one"}}, chat.Say{Message: silent})
	for _, e := range w.events(session) {
		if m := e.Message(); m != nil && m.Body == "one" {
			if err := w.Read(t.Context(), session, e.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, err := w.FindStatus(t.Context(), w.chat, "c-1", question.ID)
	if err != nil || found.Status != chat.MessageReadBy {
		t.Errorf("%+v, %v", found, err)
	}
	items, _, err := w.Dialogue(t.Context(), w.chat, "c-1", chat.DialogueQuery{Limit: 1})
	if err != nil || items[0].Status != chat.MessageReadBy {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestReadInAnyOrderIsCaughtUp(t *testing.T) {
	t.Parallel()
	w, session, first := dialogue(t)
	second := w.ask(session, "??", "three")
	w.mark(second.ID, chat.MessageReadBy)
	w.unread(2)
	if got := w.session(session).ClientRead; got != 0 {
		t.Fatalf("read up to %d, though what came first is not", got)
	}
	w.mark(first.ID, chat.MessageReadBy)
	w.unread(0)
	if got := w.session(session).ClientRead; got < second.Sequence {
		t.Fatalf("read up to %d only", got)
	}
}

func TestLateAnswerIsUnread(t *testing.T) {
	t.Parallel()
	w, session, question := dialogue(t)
	w.mark(question.ID, chat.MessageReadBy)
	w.ask(session, "more") // nothing is said
	turn := func() *chat.Turn { w.send(session, "and?"); return w.begin(session) }()
	w.commit(turn, chat.Say{Message: chat.Message{Body: "late", QuestionID: turn.Cause.ID}})
	w.unread(1)
}

func TestStatusesOfTheSystem(t *testing.T) {
	t.Parallel()
	w, session, question := dialogue(t)
	events := w.events(session)
	status := func(want chat.MessageStatus) {
		t.Helper()
		if found, err := w.FindStatus(t.Context(), w.chat, "c-1", question.ID); err != nil || found.Status != want {
			t.Fatalf("%+v, %v, expected %s", found, err, want)
		}
	}
	mark := func(f func(context.Context, []chat.Event) error) {
		t.Helper()
		if err := f(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	mark(w.MarkNotSent)
	status(chat.MessageNotSent)
	mark(w.MarkDelivered)
	status(chat.MessageDelivered)
	mark(w.MarkNotSent)
	status(chat.MessageDelivered)
	n := len(w.events(session))
	mark(w.MarkDelivered)
	if got := len(w.events(session)); got != n {
		t.Fatalf("%d events for nothing", got-n)
	}
	w.mark(question.ID, chat.MessageReadBy)
	mark(w.MarkDelivered)
	mark(w.MarkNotSent)
	status(chat.MessageReadBy)
	if e := w.events(session)[4].Payload.(*chat.StatusChanged); e.By != chat.AuthorSystem || e.QuestionID != question.ID {
		t.Fatalf("%+v", e)
	}
}

func TestStatusesAreRefused(t *testing.T) {
	t.Parallel()
	w, _, question := dialogue(t)
	other := w.start(as("c-2")).Session.ID
	started := w.events(other)[0]
	for _, c := range []struct {
		client, id string
		status     chat.MessageStatus
		code       chat.Code
	}{
		{"", question.ID, chat.MessageReadBy, chat.CodeInvalid},
		{"\x00", question.ID, chat.MessageReadBy, chat.CodeInvalid},
		{"\xff", question.ID, chat.MessageReadBy, chat.CodeInvalid},
		{strings.Repeat("x", chat.MaxClientID+1), question.ID, chat.MessageReadBy, chat.CodeInvalid},
		{"nobody", question.ID, chat.MessageReadBy, chat.CodeNotFound},
		{"c-2", question.ID, chat.MessageReadBy, chat.CodeNotFound},
		{"c-2", started.ID, chat.MessageReadBy, chat.CodeNotFound},
		{"c-1", "", chat.MessageReadBy, chat.CodeNotFound},
		{"c-1", "a\x00", chat.MessageReadBy, chat.CodeNotFound},
		{"c-1", question.ID, "read", chat.CodeInvalid},
		{"c-1", question.ID, "", chat.CodeInvalid},
	} {
		_, err := w.SetStatuses(t.Context(), w.chat, c.client, []chat.QuestionStatus{{QuestionID: question.ID, Status: chat.MessageDelivered}, {QuestionID: c.id, Status: c.status}})
		expectCode(t, err, c.code)
	}
	_, err := w.SetStatuses(t.Context(), w.chat, "c-1", make([]chat.QuestionStatus, chat.MaxStatuses+1))
	expectField(t, err, "statuses")
	if found, err := w.FindStatus(t.Context(), w.chat, "c-1", question.ID); err != nil || found.Status != chat.MessageSent {
		t.Fatalf("%+v, %v: a refused call has changed it", found, err)
	}
}

// TestStatusNeverGoesBack has many change statuses of several sessions at once.
func TestStatusNeverGoesBack(t *testing.T) {
	t.Parallel()
	w, session, question := dialogue(t)
	answers := w.events(session)[2:4]
	ids := []string{question.ID}
	for range 2 {
		ids = append(ids, w.ask(w.start(as("c-1")).Session.ID, "?", "!").ID)
	}
	all := []chat.MessageStatus{chat.MessageSent, chat.MessageDelivered, chat.MessageReadBy, chat.MessageNotSent}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			read := map[string]bool{}
			for range 30 {
				random.Shuffle(len(ids), func(int, int) {})
				var changes []chat.QuestionStatus
				for range 3 {
					changes = append(changes, chat.QuestionStatus{QuestionID: ids[random.IntN(len(ids))], Status: all[random.IntN(len(all))]})
				}
				now, err := w.SetStatuses(context.Background(), w.chat, "c-1", changes)
				if err == nil && random.IntN(3) == 0 {
					err = w.MarkDelivered(context.Background(), answers)
				}
				if err != nil {
					t.Error(err)
					return
				}
				for _, s := range now {
					if read[s.QuestionID] && s.Status != chat.MessageReadBy {
						t.Errorf("%s went back to %s", s.QuestionID, s.Status)
					}
					read[s.QuestionID] = read[s.QuestionID] || s.Status == chat.MessageReadBy
				}
			}
		})
	}
	group.Wait()
	last := map[string]chat.MessageStatus{}
	for _, e := range w.events(session) {
		if c, ok := e.Payload.(*chat.StatusChanged); ok {
			if last[c.QuestionID] == c.Status || last[c.QuestionID] == chat.MessageReadBy {
				t.Errorf("an event tells of %s after %s", c.Status, last[c.QuestionID])
			}
			last[c.QuestionID] = c.Status
		}
	}
}

func TestDialogueOverSessions(t *testing.T) {
	t.Parallel()
	w, session, question := dialogue(t)
	w.pass(time.Hour)
	if _, err := w.PressAction(t.Context(), chat.PressParams{SessionID: w.start(as("c-1")).Session.ID, Event: "e"}); err != nil {
		t.Fatal(err)
	}
	items, total, err := w.Dialogue(t.Context(), w.chat, "c-1", chat.DialogueQuery{Offset: 1, Limit: 3})
	if err != nil || total != 4 || len(items) != 3 {
		t.Fatalf("%+v, %d, %v", items, total, err)
	}
	if items[0].QuestionID != question.ID || items[0].Session.ID != session || items[2].QuestionID != items[2].ID || items[2].Status != chat.MessageSent {
		t.Fatalf("%+v", items)
	}
	items, total, err = w.Dialogue(t.Context(), w.chat, "nobody", chat.DialogueQuery{Limit: 3})
	if err != nil || total != 0 || len(items) != 0 {
		t.Fatalf("of nobody: %+v, %d, %v", items, total, err)
	}
}

func TestWidgetState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	state := func(want string) {
		t.Helper()
		if got, err := w.FindWidgetState(t.Context(), w.chat, "c-1"); err != nil || string(got) != want {
			t.Fatalf("got %s, %v, expected %s", got, err, want)
		}
	}
	state(`{}`)
	var group sync.WaitGroup
	for range 4 { // the client is created once
		group.Go(func() {
			if err := w.SaveWidgetState(context.Background(), w.chat, "c-1", "", json.RawMessage(` {"a":1}`)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	state(` {"a":1}`)
	session := w.start(as("c-1")).Session.ID
	if err := w.SaveWidgetState(t.Context(), w.chat, "c-1", "", json.RawMessage(`{"a":2}`)); err != nil {
		t.Fatal(err)
	}
	state(`{"a":2}`)
	if got := w.kinds(session); got != "session.started widget.state_changed" {
		t.Fatal(got)
	}
}

func TestWidgetStateIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, bad := range []string{"", "{", "[]", `"x"`, "1", "null", "{} {}", "{\xff}"} {
		expectField(t, w.SaveWidgetState(t.Context(), w.chat, "c-1", "", json.RawMessage(bad)), "state")
	}
	large := json.RawMessage(fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", chat.MaxWidgetState)))
	expectCode(t, w.SaveWidgetState(t.Context(), w.chat, "c-1", "", large), chat.CodeTooLarge)
	expectField(t, w.SaveWidgetState(t.Context(), w.chat, "", "", json.RawMessage(`{}`)), "clientId")
}
