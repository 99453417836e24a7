package chat_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func (w *world) trySend(session, body string, idem chat.Idempotency) (*chat.SendResult, error) {
	return w.Send(context.Background(), chat.SendParams{SessionID: session, Message: chat.MessageParams{Body: body}, Idempotency: idem})
}

func TestTenMessagesInTheSameInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("0")).Session.ID
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { w.send(id, "x") })
	}
	all.Wait()
	if n := len(w.events(id)); n != 12 {
		t.Fatalf("%d events", n)
	}
	if s := w.session(id); s.WidgetNo != 0 || s.SessionNo != 11 {
		t.Fatalf("the client's messages cost the widget stream %d numbers", s.WidgetNo)
	}
}

func TestSendIsIdempotent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("0")).Session.ID
	var all sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for range 8 {
		all.Go(func() {
			r, err := w.trySend(id, "once", chat.Idempotency{Key: "k", BodyHash: "h"})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[r.Event.ID] = true
		})
	}
	all.Wait()
	if len(ids) != 1 || len(w.events(id)) != 3 {
		t.Fatalf("%d ids, %d events", len(ids), len(w.events(id)))
	}
	_, err := w.trySend(id, "else", chat.Idempotency{Key: "k", BodyHash: "other"})
	expectCode(t, err, chat.CodeKeyReused)

	other := w.start().Session.ID
	if r, err := w.trySend(other, "once", chat.Idempotency{Key: "k", BodyHash: "h"}); err != nil || ids[r.Event.ID] {
		t.Fatal("a key of one session counts in another")
	}
	if err := w.Close(t.Context(), id, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	if r, err := w.trySend(id, "once", chat.Idempotency{Key: "k", BodyHash: "h"}); err != nil || !ids[r.Event.ID] {
		t.Fatalf("a repeat after the session closed: %v", err)
	}
}

func TestIdempotencyKeysAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(func(p *chat.StartParams) { p.TTL = chat.MaxSessionTTL }).Session.ID
	idem := chat.Idempotency{Key: "k", BodyHash: "h"}
	first, err := w.trySend(id, "x", idem)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1200 { // more than one transaction removes
		w.update(func(tx chat.Tx) error {
			return tx.CreateIdempotency(&chat.IdempotencyRecord{Scope: "other", Key: fmt.Sprint(i), CreatedAt: w.clock()})
		})
	}
	w.pass(chat.IdempotencyTTL - time.Microsecond)
	if err := w.ForgetKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := w.trySend(id, "x", idem); err != nil || again.Event.ID != first.Event.ID {
		t.Fatal("forgotten too early")
	}
	w.send(id, "keeps the session open")
	w.pass(2 * time.Microsecond)
	if err := w.ForgetKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := w.trySend(id, "x", idem); err != nil || again.Event.ID == first.Event.ID {
		t.Fatal("not forgotten")
	}
	w.update(func(tx chat.Tx) error {
		if _, err := tx.FindIdempotency("other", "1199"); chat.CodeOf(err) != chat.CodeNotFound {
			t.Errorf("the last of many is not forgotten: %v", err)
		}
		return nil
	})
}

func TestSendRefusesBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start().Session.ID
	other := w.start(saying("of another session"))
	for name, c := range map[string]struct {
		p     chat.MessageParams
		field string
	}{
		"empty":                  {chat.MessageParams{}, "body"},
		"blank":                  {chat.MessageParams{Body: " \n\t"}, "body"},
		"invalid UTF-8":          {chat.MessageParams{Body: "a\xff"}, "body"},
		"too long":               {chat.MessageParams{Body: strings.Repeat("ж", chat.MaxBodyRunes+1)}, "body"},
		"unknown file":           {chat.MessageParams{Attachments: []string{uuid.NewString()}}, "attachments[0]"},
		"too many files":         {chat.MessageParams{Attachments: make([]string, chat.MaxAttachments+1)}, "attachments"},
		"reply to nothing":       {chat.MessageParams{Body: "x", ReplyToID: uuid.NewString()}, "replyToMessageId"},
		"reply into another one": {chat.MessageParams{Body: "x", ReplyToID: other.Message.ID}, "replyToMessageId"},
	} {
		_, err := w.Send(t.Context(), chat.SendParams{SessionID: id, Message: c.p})
		expectCode(t, err, chat.CodeInvalid)
		if !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v does not name %s", name, err, c.field)
		}
	}
	_, err := w.trySend(uuid.NewString(), "x", chat.Idempotency{})
	expectCode(t, err, chat.CodeNotFound)
	if n := len(w.events(id)); n != 1 {
		t.Fatalf("bad input left %d events", n)
	}
	longest := strings.Repeat("😀", chat.MaxBodyRunes)
	if e := w.send(id, longest); e.Message().Body != longest {
		t.Fatal("the longest body was changed")
	}
}

func TestReplyKeepsWhatWasAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(saying("question"))
	r, err := w.Send(t.Context(), chat.SendParams{SessionID: first.Session.ID, Message: chat.MessageParams{Body: "answer", ReplyToID: first.Message.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Event.Message().ReplyTo; got == nil || got.Body != "question" || got.AuthorType != chat.AuthorClient {
		t.Fatalf("got %+v", got)
	}
}

func TestReadNeverGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.start()
	turn := w.begin(r.Session.ID)
	w.commit(turn, say("one"), say("two"))
	events := w.events(r.Session.ID)
	one, two := events[1].ID, events[2].ID
	for _, id := range []string{two, one, two} {
		if err := w.Read(t.Context(), r.Session.ID, id); err != nil {
			t.Fatal(err)
		}
	}
	events = w.events(r.Session.ID)
	if len(events) != 4 || w.session(r.Session.ID).ClientRead != 3 || events[3].WidgetNo != 0 {
		t.Fatalf("got %d events, read up to %d", len(events), w.session(r.Session.ID).ClientRead)
	}
	expectCode(t, w.Read(t.Context(), r.Session.ID, uuid.NewString()), chat.CodeNotFound)
}

func TestLifeTimeCountsTheClientsSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start().Session.ID
	w.pass(chat.DefaultSessionTTL - time.Microsecond)
	w.send(id, "still here")
	w.pass(chat.DefaultSessionTTL - time.Microsecond)
	if _, _, err := w.CloseExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.session(id).Status != chat.StatusOpen {
		t.Fatal("closed though the client spoke")
	}
	w.pass(time.Microsecond)
	_, err := w.trySend(id, "too late", chat.Idempotency{})
	expectCode(t, err, chat.CodeState)
	if n, _, err := w.CloseExpired(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if got := lastClosed(t, w, id); got.By != chat.ClosedByLifetime || got.ChatID != w.chat.ID {
		t.Fatalf("got %+v", got)
	}
	if n, _, err := w.CloseExpired(t.Context()); err != nil || n != 0 {
		t.Fatal("looked at a closed session again", n, err)
	}
}

func TestMarkGivenNeverGoesBackNorBeyond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.start()
	w.commit(w.begin(r.Session.ID), say("1"), say("2"), say("3"))
	for _, c := range [][2]int64{{2, 2}, {1, 2}, {99, 3}} {
		if err := w.MarkGiven(t.Context(), r.Session.Ref(), c[0]); err != nil {
			t.Fatal(err)
		}
		if got := w.session(r.Session.ID).WidgetGiven; got != c[1] {
			t.Fatalf("after marking %d it is %d, expected %d", c[0], got, c[1])
		}
	}
}
