package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	callbackURL = "https://a.example/callback"
	eventsURL   = "https://a.example/events"
	chatURL     = "http://B.example:8080/chat"
)

// hooked has a start ask for webhooks.
func hooked(callback, events string, names ...string) func(*chat.StartParams) {
	return func(p *chat.StartParams) {
		p.Details = chat.SessionDetails{
			CallbackURL: callback, CallbackData: "c-data", EventCallbackURL: events, EventCallbackData: "e-data", NotifyOnEvents: names,
		}
	}
}

// named gives events their kinds as names.
func (w *world) named() { w.EventName = func(p chat.Payload) string { return string(p.Kind()) } }

// expectDeliveries compares what was written to leave, the oldest first.
func (w *world) expectDeliveries(want ...string) {
	w.t.Helper()
	list, _, err := w.ListDeliveries(context.Background(), chat.DeliveriesQuery{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	got := make([]string, len(list))
	for i, d := range list {
		got[len(list)-1-i] = fmt.Sprintf("%s %s %d-%d %s", d.Kind, d.URL, d.First, d.Last, d.Data)
	}
	byURL := func(a, b string) int { return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1]) } // the order counts for each
	slices.SortStableFunc(got, byURL)
	slices.SortStableFunc(want, byURL)
	if !slices.Equal(got, want) {
		w.t.Fatalf("to leave:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestACallbackGetsWhatABotSaysInOneTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("1"), hooked(callbackURL, "")).Session.ID // events 1 and 2
	w.expectDeliveries()
	w.commit(w.begin(id), say("a"), say("b"))               // 3 and 4
	w.send(id, "2")                                         // 5
	w.commit(w.begin(id))                                   // says nothing
	w.send(id, "3")                                         // 6
	w.commit(w.begin(id), say("c"), chat.End{Result: "ok"}) // 7 and 8
	w.expectDeliveries("callback "+callbackURL+" 3-4 c-data", "callback "+callbackURL+" 7-8 c-data")
}

func TestEventsGoToTheSessionsAndTheChatsWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Settings.EventCallbackURL, c.Settings.EventCallbackData = chatURL, "chat" })
	w.named()
	r := w.start(saying("1"), hooked(callbackURL, eventsURL, "message.created", "no such name"))
	w.commit(w.begin(r.Session.ID), say("a"), chat.HandOver{GroupID: "7"}) // to a queue, which no client hears of
	if err := w.Close(t.Context(), r.Session.ID, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	w.expectDeliveries(
		"event "+chatURL+" 1-1 chat",
		"event "+eventsURL+" 2-2 e-data", "event "+chatURL+" 2-2 chat",
		"event "+eventsURL+" 3-3 e-data", "event "+chatURL+" 3-3 chat",
		"event "+eventsURL+" 4-4 e-data", "event "+chatURL+" 4-4 chat",
		"callback "+callbackURL+" 3-5 c-data",
		"event "+chatURL+" 6-6 chat",
	)
	last := w.rings[len(w.rings)-1]
	if !slices.Equal(last.Receivers, []string{"b.example:8080"}) {
		t.Errorf("the ring names %v", last.Receivers)
	}
}

// TestOneURLIsToldOnce, as the chat has it, whatever a client names at its start or later.
func TestOneURLIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) {
		c.Settings.EventCallbackURL, c.Settings.EventCallbackData = eventsURL, "chat"
		c.Settings.NotifyOnEvents = []string{"session.started", "message.created"}
	})
	w.named()
	id := w.start(hooked("", eventsURL, "none")).Session.ID
	w.send(id, "2")
	w.start(func(p *chat.StartParams) { p.SessionID = id }, hooked("", eventsURL, "session.closed"))
	w.send(id, "3")
	if err := w.Close(t.Context(), id, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	w.expectDeliveries("event "+eventsURL+" 1-1 chat", "event "+eventsURL+" 2-2 chat", "event "+eventsURL+" 3-3 chat")
}

// TestWebhooksFollowTheSettings: of the chat, which may be read two seconds late; of a start that goes on
// in a session; of a message.
func TestWebhooksFollowTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("1")).Session.ID
	w.update(func(tx chat.Tx) error {
		c, err := tx.LockChat(w.chat.ID)
		if err != nil {
			return err
		}
		c.Settings.EventCallbackURL = chatURL
		return tx.UpdateChat(c)
	})
	w.pass(2 * time.Second)
	w.send(id, "2") // event 3
	w.start(func(p *chat.StartParams) { p.SessionID = id }, hooked("", eventsURL))
	w.send(id, "3") // 4
	to, data := callbackURL, "now"
	if _, err := w.Send(t.Context(), chat.SendParams{SessionID: id, Message: chat.MessageParams{Body: "4"}, CallbackURL: &to, CallbackData: &data}); err != nil {
		t.Fatal(err) // 5
	}
	w.commit(w.begin(id), say("a")) // 6
	w.expectDeliveries(
		"event "+chatURL+" 3-3 ",
		"event "+eventsURL+" 4-4 e-data", "event "+chatURL+" 4-4 ",
		"event "+eventsURL+" 5-5 e-data", "event "+chatURL+" 5-5 ",
		"event "+eventsURL+" 6-6 e-data", "event "+chatURL+" 6-6 ",
		"callback "+callbackURL+" 6-6 now",
	)
	none := ""
	if _, err := w.Send(t.Context(), chat.SendParams{SessionID: id, Message: chat.MessageParams{Body: "5"}, CallbackURL: &none}); err != nil {
		t.Fatal(err)
	}
	if h := w.session(id).Hooks; h == nil || h.CallbackURL != "" || h.EventURL != eventsURL {
		t.Errorf("webhooks %+v", h)
	}
}

func TestARepeatedWriteLeavesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	again := func(p *chat.StartParams) { p.Idempotency = chat.Idempotency{Key: "0123456789abcdef", BodyHash: "h"} }
	w.start(saying("1"), hooked("", eventsURL), again)
	w.start(saying("1"), hooked("", eventsURL), again)
	w.expectDeliveries("event "+eventsURL+" 1-1 e-data", "event "+eventsURL+" 2-2 e-data")
}

func TestURLsOfWebhooksAreJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("1")).Session.ID
	for _, bad := range []string{
		"a.example", "ftp://a.example", "http://", "http:///x", "javascript:alert(1)", "http://a.example/%zz", "http://[::1", "https://:80/",
		"http://a.example/\x00", "http://a b/", "\xff", "https://a.example/" + strings.Repeat("я", 2000),
	} {
		for field, edit := range map[string]func(*chat.StartParams){"callbackUrl": hooked(bad, ""), "eventCallbackUrl": hooked("", bad)} {
			_, err := w.tryStart(edit)
			expectField(t, err, field)
		}
		_, err := w.Send(t.Context(), chat.SendParams{SessionID: id, Message: chat.MessageParams{Body: "x"}, CallbackURL: &bad})
		expectField(t, err, "callbackUrl")
	}
	for _, good := range []string{"http://a.example", "HTTPS://user:pass@a.example:1/x?y=z", "http://127.0.0.1", "http://[::1]:80/", "https://пример.example/я"} {
		if _, err := w.tryStart(hooked(good, good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestReceiver(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://A.example/x": "a.example:80", "https://a.example": "a.example:443", "HTTP://a.example:8080": "a.example:8080",
		"https://u:p@[::1]/": "[::1]:443", "https://пример.example": "пример.example:443",
	} {
		if got := chat.Receiver(url); got != want {
			t.Errorf("receiver of %s is %s, want %s", url, got, want)
		}
	}
}

// kill has everything of a world dead.
func (w *world) kill() {
	w.t.Helper()
	list, _, err := w.ListDeliveries(context.Background(), chat.DeliveriesQuery{State: chat.DeliveryPending, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range list {
		d.State, d.EndedAt, d.Reason, d.Attempts = chat.DeliveryDead, w.clock(), "dead", 4
		w.update(func(tx chat.Tx) error { return tx.UpdateDelivery(&d) })
	}
}

func TestAllDeadOfAChatAreReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := *w.chat
	other.ID, other.Token = otherBot, ""
	w.update(func(tx chat.Tx) error { return tx.CreateChat(&other) })
	for range 3 {
		id := w.start(hooked("", eventsURL)).Session.ID
		for range 50 { // more than one batch
			w.send(id, "x")
		}
	}
	w.start(hooked("", eventsURL), func(p *chat.StartParams) { p.ChatID = other.ID })
	w.kill()
	w.pass(time.Second)
	n, err := w.ReplayDead(t.Context(), w.chat.ID)
	if err != nil || n != 153 {
		t.Fatalf("%d replayed, %v", n, err)
	}
	counts, err := w.CountDeliveries(t.Context())
	if err != nil || counts != (chat.DeliveryCounts{Pending: 153, Dead: 1}) {
		t.Errorf("counts %+v, %v", counts, err)
	}
	if due, err := w.ListDueReceivers(t.Context()); err != nil || len(due) != 1 {
		t.Errorf("due: %v, %v", due, err)
	}
	_, err = w.ReplayDead(t.Context(), eventsURL)
	expectCode(t, err, chat.CodeNotFound)
}

func TestOldDeliveriesAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(hooked("", eventsURL))
	w.kill()
	forget := func() error { return w.ForgetDeliveries(t.Context(), time.Minute, time.Hour) }
	w.pass(time.Hour)
	if err := forget(); err != nil {
		t.Fatal(err)
	}
	w.expectDeliveries("event " + eventsURL + " 1-1 e-data")
	w.pass(time.Second)
	if err := forget(); err != nil {
		t.Fatal(err)
	}
	w.expectDeliveries()
}

func TestQueriesOfDeliveriesAreJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, q := range map[string]chat.DeliveriesQuery{"state": {State: "умер"}, "offset": {Offset: -1}, "limit": {Limit: 1001}} {
		_, _, err := w.ListDeliveries(t.Context(), q)
		expectField(t, err, field)
	}
	for _, id := range []string{"", "x", "\xff", strings.Repeat("9", 10_000)} {
		_, err := w.FindDelivery(t.Context(), id)
		expectCode(t, err, chat.CodeNotFound)
		_, err = w.ReplayDelivery(t.Context(), id)
		expectCode(t, err, chat.CodeNotFound)
		expectCode(t, w.DropDelivery(t.Context(), id), chat.CodeNotFound)
	}
}

// TestNobodyWakesWhatBacksOff: a delivery that waits for its time is not tried before, whatever is done
// to others of its stream.
func TestNobodyWakesWhatBacksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(hooked("", eventsURL)).Session.ID
	w.send(id, "2")
	w.send(id, "3")
	claim := func() (chat.StreamLease, []chat.Delivery) {
		t.Helper()
		leases, err := w.ClaimStreams(t.Context(), []chat.StreamClaim{{Receiver: chat.Receiver(eventsURL), Limit: 1}}, time.Minute)
		if err != nil || len(leases[0]) != 1 {
			t.Fatalf("claimed %v, %v", leases, err)
		}
		list, err := w.ListPending(t.Context(), leases[0][0], 10)
		if err != nil {
			t.Fatal(err)
		}
		return leases[0][0], list
	}
	idle := func(when string) {
		t.Helper()
		if due, err := w.ListDueReceivers(t.Context()); err != nil || len(due) > 0 {
			t.Errorf("%s: due are %v, %v", when, due, err)
		}
	}
	l, list := claim()
	dead, waits, last := &list[0], &list[1], &list[2]
	kept, _, err := w.SettleDelivery(t.Context(), dead, chat.Outcome{Permanent: true}, chat.Settlement{Lease: l, Next: waits.Key})
	if err != nil || !kept {
		t.Fatalf("kept %t, %v", kept, err)
	}
	_, due, err := w.SettleDelivery(t.Context(), waits, chat.Outcome{RetryAfter: time.Minute}, chat.Settlement{Lease: l, Next: last.Key, GiveUp: time.Hour})
	if err != nil || due {
		t.Fatalf("due %t, %v", due, err)
	}
	idle("after a failure")
	if err := w.DropDelivery(t.Context(), dead.ID); err != nil {
		t.Fatal(err)
	}
	idle("after a dead one was dropped")
	if err := w.DropDelivery(t.Context(), last.ID); err != nil {
		t.Fatal(err)
	}
	if l, list = claim(); len(list) > 0 {
		t.Errorf("to be tried before its time: %+v", list)
	}
	if err := w.GiveBackStream(t.Context(), l, 0); err != nil {
		t.Fatal(err)
	}
	idle("after one that waits was dropped")
	w.pass(time.Minute)
	if _, list = claim(); len(list) != 1 || list[0].ID != waits.ID {
		t.Errorf("when its time has come: %+v", list)
	}
}

// TestMessagesThatShowNothingLeaveNowhere: they are in the log alone.
func TestMessagesThatShowNothingLeaveNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.named()
	id := w.start(saying("1"), hooked(callbackURL, eventsURL)).Session.ID
	silent := chat.Say{Message: chat.Message{Replies: []json.RawMessage{json.RawMessage(`{"type":"hangup"}`)}}}
	w.commit(w.begin(id), silent)
	w.expectDeliveries("event "+eventsURL+" 1-1 e-data", "event "+eventsURL+" 2-2 e-data")
	events := w.events(id)
	if m := events[2].Message(); m == nil || len(m.Replies) != 1 || events[2].SessionNo != 0 || events[2].WidgetNo != 0 {
		t.Fatalf("got %+v", events[2])
	}
	w.send(id, "2")
	w.commit(w.begin(id), silent, say("a"), silent)
	w.expectDeliveries(
		"event "+eventsURL+" 1-1 e-data", "event "+eventsURL+" 2-2 e-data", "event "+eventsURL+" 4-4 e-data", "event "+eventsURL+" 6-6 e-data",
		"callback "+callbackURL+" 6-7 c-data",
	)
}
