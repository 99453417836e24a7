package chat_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func external(id string) func(*chat.StartParams) {
	return func(p *chat.StartParams) { p.ExternalID = id }
}

func continued(p *chat.StartParams) { p.Continue = true }

func saying(text string) func(*chat.StartParams) {
	return func(p *chat.StartParams) { p.Message = &chat.MessageParams{Body: text} }
}

func keyed(key, caller, hash string) func(*chat.StartParams) {
	return func(p *chat.StartParams) { p.Idempotency = chat.Idempotency{Key: key, Caller: caller, BodyHash: hash} }
}

func TestStartHasTheBotGreet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.start()
	if r.Cause != 1 || !r.Started || r.Message != nil {
		t.Fatalf("got %+v", r)
	}
	turn := w.begin(r.Session.ID)
	if _, ok := turn.Cause.Payload.(*chat.SessionStarted); !ok {
		t.Fatalf("the turn is about %T", turn.Cause.Payload)
	}
	if w.commit(turn, say("hello")) {
		t.Fatal("another turn is due")
	}
	events := w.events(r.Session.ID)
	if len(events) != 2 || events[1].WidgetNo != 1 || events[1].Message().AuthorName != "Робот" {
		t.Fatalf("got %+v", events)
	}
}

func TestStartWithAMessageHasTheBotReactToItAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.start(saying("hi"))
	if r.Cause != 2 || r.Message == nil || r.Message.Sequence != 2 || r.Message.WidgetNo != 0 || r.Message.SessionNo != 1 {
		t.Fatalf("got %+v", r)
	}
	if turn := w.begin(r.Session.ID); turn.Cause.Sequence != 2 {
		t.Fatalf("the turn is about event %d", turn.Cause.Sequence)
	}
}

func TestStartWhenTheBotWaitsOrThereIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Settings.AnswerOnFirstClientMessage = true })
	if r := w.start(); r.Cause != 0 || w.begin(r.Session.ID) != nil {
		t.Fatal("the bot is to greet though it should wait for the client")
	}
	r := w.start(func(p *chat.StartParams) { p.BotID = chat.NoBot })
	w.send(r.Session.ID, "anybody?")
	if w.begin(r.Session.ID) != nil || w.session(r.Session.ID).Owner.Kind != chat.OwnerNobody {
		t.Fatal("a bot owns a session that has none")
	}
	_, err := w.tryStart(func(p *chat.StartParams) { p.BotID = uuid.NewString() })
	expectCode(t, err, chat.CodeInvalid)
}

func TestContinueFindsTheClientByEachName(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]func(*chat.StartParams){
		"external id": external("u-1"),
		"messenger":   func(p *chat.StartParams) { p.Details.MessengerType, p.Details.MessengerUserID = "TELEGRAM", "77" },
		"phone":       func(p *chat.StartParams) { p.Client.Phone = "79990000000" },
		"e-mail":      func(p *chat.StartParams) { p.Client.Email = "Ann@example.org" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := newWorld(t)
			first, again := open.start(who, continued), open.start(who, continued, saying("again"))
			if first.Session.ID != again.Session.ID || again.Started || again.Message == nil {
				t.Fatal("an open chat did not continue the session")
			}
			signed := newWorld(t, func(c *chat.Chat) { c.Identity = chat.IdentitySigned })
			first, again = signed.start(who, continued), signed.start(who, continued)
			if first.Session.ID == again.Session.ID || first.Session.ClientID == again.Session.ClientID {
				t.Fatal("a signed chat continued a session without a signature")
			}
		})
	}
}

func TestContinueBySignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Identity = chat.IdentitySigned })
	signed := func(p *chat.StartParams) { p.ExternalID, p.Signature = "u-1", chat.Sign("s3cret", "u-1") }
	first := w.start(signed, continued)
	if again := w.start(signed, continued); again.Session.ID != first.Session.ID {
		t.Fatal("the signature did not continue the session")
	}
	if stranger := w.start(external("u-1"), continued); stranger.Session.ClientID == first.Session.ClientID {
		t.Fatal("a stranger who knows the external id became the client")
	}
	_, err := w.tryStart(external("u-1"), func(p *chat.StartParams) { p.Signature = chat.Sign("wrong", "u-1") })
	expectCode(t, err, chat.CodeUnauthenticated)
	_, err = w.tryStart(func(p *chat.StartParams) { p.Signature = chat.Sign("s3cret", "") })
	expectCode(t, err, chat.CodeInvalid)
}

func TestASignatureDecidesAboveANamedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Identity = chat.IdentitySigned })
	signed := func(id string) func(*chat.StartParams) {
		return func(p *chat.StartParams) { p.ExternalID, p.Signature = id, chat.Sign("s3cret", id) }
	}
	anna := w.start(signed("anna"))
	in := func(p *chat.StartParams) { p.SessionID = anna.Session.ID }
	as := func(p *chat.StartParams) { p.ClientID = anna.Session.ClientID }
	for name, planted := range map[string]func(*chat.StartParams){"session": in, "client": as} {
		boris := w.start(signed("boris"), planted, continued)
		if boris.Session.ID == anna.Session.ID || boris.Session.ClientID == anna.Session.ClientID {
			t.Fatalf("a planted %s made two people one", name)
		}
	}
	if again := w.start(signed("anna"), in, saying("still me")); again.Session.ID != anna.Session.ID {
		t.Fatal("anna's own session was not continued")
	}
	if err := w.Close(t.Context(), anna.Session.ID, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	if boris := w.start(signed("boris"), in, continued); boris.Session.ClientID == anna.Session.ClientID {
		t.Fatal("a planted closed session made two people one")
	}
	if again := w.start(signed("anna"), continued); again.Session.ClientID != anna.Session.ClientID {
		t.Fatal("anna was not found again")
	}
}

func TestWhoIsNotTrustedHasNoExternalID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Identity = chat.IdentitySigned })
	r := w.start(external("admin"))
	w.start(external("admin"), func(p *chat.StartParams) { p.SessionID = r.Session.ID })
	if c, err := w.store.FindClientByKey(t.Context(), r.Session.ClientKey); err != nil || c.ExternalID != "" {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestAnotherExternalIDIsAnotherPersonThoughThePhoneIsShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone := func(p *chat.StartParams) { p.Client.Phone = "79990000000" }
	ann, bob := w.start(external("ann"), phone, continued), w.start(external("bob"), phone, continued)
	if ann.Session.ClientID == bob.Session.ClientID {
		t.Fatal("two external ids, one client")
	}
	if again := w.start(external("bob"), continued); again.Session.ClientID != bob.Session.ClientID {
		t.Fatal("bob was not found again")
	}
}

func TestManyContinuesAtOnceForANewClientMakeOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	ids, started := map[string]bool{}, 0
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			r, err := w.tryStart(external("new"), continued)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			ids[r.Session.ID] = true
			if r.Started {
				started++
			}
		})
	}
	all.Wait()
	if len(ids) != 1 || started != 1 {
		t.Fatalf("%d sessions, %d started", len(ids), started)
	}
}

func TestStartSupersedesAndContinueAfterTheEndStartsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(external("u"))
	second := w.start(external("u"))
	if first.Session.ID == second.Session.ID || first.Session.ClientID != second.Session.ClientID {
		t.Fatal("a start did not start a session of the same client")
	}
	if last := lastClosed(t, w, first.Session.ID); last.By != chat.ClosedBySuperseded {
		t.Fatalf("closed by %s", last.By)
	}
	w.pass(chat.DefaultSessionTTL)
	third := w.start(external("u"), continued)
	if third.Session.ID == second.Session.ID {
		t.Fatal("a session was continued after its life time")
	}
	if last := lastClosed(t, w, second.Session.ID); last.By != chat.ClosedByLifetime {
		t.Fatalf("closed by %s", last.By)
	}
}

func lastClosed(t *testing.T, w *world, id string) *chat.SessionClosed {
	t.Helper()
	events := w.events(id)
	closed, ok := events[len(events)-1].Payload.(*chat.SessionClosed)
	if !ok || w.session(id).Status != chat.StatusClosed {
		t.Fatalf("session is not closed: %T", events[len(events)-1].Payload)
	}
	return closed
}

func TestStartBySessionID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start()
	named := func(p *chat.StartParams) { p.SessionID = first.Session.ID }
	if r := w.start(named, saying("hi")); r.Session.ID != first.Session.ID || r.Message == nil {
		t.Fatal("the named session was not continued")
	}
	if err := w.Close(t.Context(), first.Session.ID, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	next := w.start(named)
	if next.Session.ID == first.Session.ID || next.Session.ClientID != first.Session.ClientID {
		t.Fatal("a closed session's client did not go on in a new one")
	}
	w.pass(chat.DefaultSessionTTL)
	late := w.start(func(p *chat.StartParams) { p.SessionID = next.Session.ID }, saying("late"))
	if late.Session.ID == next.Session.ID || late.Session.ClientID != first.Session.ClientID {
		t.Fatal("a message went into a session whose life time was over")
	}
	_, err := w.tryStart(func(p *chat.StartParams) { p.SessionID = uuid.NewString() })
	expectCode(t, err, chat.CodeNotFound)
	_, err = w.tryStart(func(p *chat.StartParams) { p.ClientID = uuid.NewString() })
	expectCode(t, err, chat.CodeInvalid)
	_, err = w.tryStart(func(p *chat.StartParams) { p.ChatID = uuid.NewString() })
	expectCode(t, err, chat.CodeNotFound)
}

func TestLifeTimeIsClamped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Settings.SessionTTL = 7200 })
	for given, want := range map[time.Duration]time.Duration{
		0:               2 * time.Hour,
		time.Second:     chat.MinSessionTTL,
		time.Hour:       time.Hour,
		999 * time.Hour: chat.MaxSessionTTL,
	} {
		if got := w.start(func(p *chat.StartParams) { p.TTL = given }).Session.TTL; got != want {
			t.Errorf("ttl %v became %v, expected %v", given, got, want)
		}
	}
}

func TestADemoChatAnswersOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *chat.Chat) { c.Demo = true })
	_, err := w.tryStart()
	expectCode(t, err, chat.CodeNotFound)
	w.DemoAllowed = true
	r := w.start()
	w.DemoAllowed = false
	_, err = w.FindSession(context.Background(), r.Session.ID)
	expectCode(t, err, chat.CodeNotFound)
	_, err = w.Send(context.Background(), chat.SendParams{SessionID: r.Session.ID, Message: chat.MessageParams{Body: "x"}})
	expectCode(t, err, chat.CodeNotFound)
}

func TestRepeatedStartsAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := uuid.NewString()
	first := w.start(keyed(long, "1.1.1.1", "h"), saying("hi"))
	again := w.start(keyed(long, "2.2.2.2", "h"), saying("hi"))
	if again.Session.ID != first.Session.ID || again.Message.ID != first.Message.ID || again.Cause != first.Cause {
		t.Fatal("a repeat made something new")
	}
	_, err := w.tryStart(keyed(long, "1.1.1.1", "other"), saying("hi!"))
	expectCode(t, err, chat.CodeKeyReused)

	short, stranger := w.start(keyed("1", "1.1.1.1", "h")), w.start(keyed("1", "2.2.2.2", "h"))
	if short.Session.ID == stranger.Session.ID {
		t.Fatal("a stranger with the same short key was given somebody's session")
	}
	if len(w.events(first.Session.ID)) != 2 {
		t.Fatal("the repeat wrote an event")
	}
}

func TestWhatAReturningClientNewlySaysIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(external("u"), func(p *chat.StartParams) {
		p.Client.Name, p.Client.Metadata = "Ann", map[string]string{"a": "1"}
	})
	r := w.start(external("u"), func(p *chat.StartParams) {
		p.Client.Phone, p.Client.Metadata = "7", map[string]string{"b": "2"}
	})
	w.start(external("u"), continued, func(p *chat.StartParams) { p.Client.Email = "in@an.open.session" })
	c, err := w.store.FindClientByKey(t.Context(), r.Session.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "Ann" || c.Phone != "7" || c.Email != "in@an.open.session" || c.Metadata["a"] != "1" || c.Metadata["b"] != "2" {
		t.Fatalf("got %+v", c)
	}
}

// TestTimesGrowSinceTheSessionBefore: whatever begins a client's next session, and however soon, what happens in it
// is later, by a millisecond at least, than what happened before. The world's clock stands still.
func TestTimesGrowSinceTheSessionBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func() string {
		r, err := w.Ask(t.Context(), w.chat, chat.AskParams{ClientID: "u", Query: "hi"})
		if err != nil {
			t.Fatal(err)
		}
		return r.Session.ID
	}
	end := func(id string) {
		t.Helper()
		if err := w.Close(t.Context(), id, chat.ClosedByClient, ""); err != nil {
			t.Fatal(err)
		}
	}
	last := time.Time{}
	for _, next := range []struct {
		name  string
		stays bool // open, until the next one ends it
		begin func() string
	}{
		{"a first start", false, func() string { return w.start(external("u")).Session.ID }},
		{"a start", true, func() string { return w.start(external("u")).Session.ID }},
		{"a start in place of another", false, func() string { return w.start(external("u")).Session.ID }},
		{"a question", false, ask},
		{"a campaign", false, func() string {
			list, _, err := w.ListRecipients(t.Context(), w.sentTo("u").ID, "", 0, 1)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return list[0].SessionID
		}},
	} {
		id := next.begin()
		for range 5 {
			w.send(id, "more")
		}
		events, session := w.events(id), w.session(id)
		if !session.StartedAt.After(last) || events[0].At.Before(session.StartedAt) {
			t.Errorf("%s at %v, begun at %v, after %v", next.name, events[0].At, session.StartedAt, last)
		}
		for i := range events {
			if !events[i].At.Truncate(time.Millisecond).After(last.Truncate(time.Millisecond)) {
				t.Errorf("%s: event %d at %v comes after %v", next.name, i+1, events[i].At, last)
			}
			last = events[i].At
		}
		if !next.stays {
			end(id)
			events = w.events(id)
			last = events[len(events)-1].At
		}
	}
}

// sentTo is a campaign that has reached a client.
func (w *world) sentTo(client string) *chat.Campaign {
	w.t.Helper()
	c := w.campaign([]chat.Recipient{{ClientID: client}})
	w.sendAll()
	return c
}
