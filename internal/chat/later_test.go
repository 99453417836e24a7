package chat_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// deferred settles a session's turn with a promise to answer later, and returns how to do so.
func (w *world) deferred(id string) chat.LaterParams {
	w.t.Helper()
	turn := w.begin(id)
	if _, err := w.CommitTurn(w.t.Context(), turn, &chat.TurnResult{Later: true}); err != nil {
		w.t.Fatal(err)
	}
	return laterOf(turn)
}

func laterOf(turn *chat.Turn) chat.LaterParams {
	return chat.LaterParams{
		SessionID: turn.Session.ID, BotID: turn.Session.Owner.ID, Cause: turn.Cause.Sequence, Term: turn.Session.Term,
	}
}

// answer gives a later answer.
func (w *world) answer(p chat.LaterParams, edit func(*chat.LaterParams), outputs ...chat.Output) error {
	p.Result.Outputs = outputs
	if edit != nil {
		edit(&p)
	}
	return w.AnswerLater(w.t.Context(), p)
}

func final(p *chat.LaterParams) { p.Final = true }

func key(k string) func(*chat.LaterParams) {
	return func(p *chat.LaterParams) { p.Idempotency = chat.Idempotency{Key: k, BodyHash: "h"} }
}

func mustAnswer(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestATurnIsAnsweredLaterUntilItIsFinal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	p := w.deferred(id)
	if s := w.session(id); s.TurnDue() || s.Settled() != 2 {
		t.Fatalf("the turn is not settled: %+v", s)
	}
	mustAnswer(t, w.answer(p, nil, say("one")))
	w.send(id, "and?")
	mustAnswer(t, w.answer(p, final, say("two"), say("three")))
	expectCode(t, w.answer(p, nil, say("four")), chat.CodeState)
	w.expectLog(id, "session.started", "CLIENT hi", "BOT one", "CLIENT and?", "BOT two", "BOT three")
	for _, e := range w.events(id) {
		if m := e.Message(); m != nil && m.AuthorType == chat.AuthorBot && m.Cause != 2 {
			t.Errorf("%q answers %d", m.Body, m.Cause)
		}
	}
	if s := w.session(id); !s.TurnDue() || s.Cursor != 2 {
		t.Errorf("the next turn is not due any more: %+v", s)
	}
}

func TestALaterAnswerIsRefusedWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	operator := chat.Owner{Kind: chat.OwnerOperator, ID: "389", Name: "Ann"}
	for name, end := range map[string]func(*world, string, *chat.LaterParams) error{
		"closed": func(w *world, id string, _ *chat.LaterParams) error {
			return w.Close(t.Context(), id, chat.ClosedByClient, "")
		},
		"expired":     func(w *world, _ string, _ *chat.LaterParams) error { w.pass(2 * time.Hour); return nil },
		"handed over": func(w *world, id string, _ *chat.LaterParams) error { return w.ChangeOwner(t.Context(), id, operator) },
		"handed over and back": func(w *world, id string, _ *chat.LaterParams) error {
			if err := w.ChangeOwner(t.Context(), id, operator); err != nil {
				return err
			}
			return w.ChangeOwner(t.Context(), id, chat.Owner{Kind: chat.OwnerBot, ID: w.bot.ID})
		},
		"handed over by itself": func(w *world, _ string, p *chat.LaterParams) error {
			return w.answer(*p, nil, say("wait"), chat.HandOver{GroupID: "g"})
		},
		"closed by itself": func(w *world, _ string, p *chat.LaterParams) error { return w.answer(*p, nil, chat.End{}) },
		"switched by itself": func(w *world, _ string, p *chat.LaterParams) error {
			return w.answer(*p, nil, chat.SwitchBot{BotID: otherBot})
		},
		"bot deleted": func(w *world, _ string, _ *chat.LaterParams) error {
			return w.store.Update(t.Context(), func(tx chat.Tx) error { return tx.DeleteBot(w.bot.ID) })
		},
		"another bot's":   func(_ *world, _ string, p *chat.LaterParams) error { p.BotID = otherBot; return nil },
		"another event's": func(_ *world, _ string, p *chat.LaterParams) error { p.Cause = 1; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.start(saying("hi")).Session.ID
			p := w.deferred(id)
			if err := end(w, id, &p); err != nil {
				t.Fatal(err)
			}
			before := len(w.events(id))
			expectCode(t, w.answer(p, nil, say("too late")), chat.CodeState)
			if after := len(w.events(id)); after != before {
				t.Errorf("%d events were written", after-before)
			}
		})
	}
}

func TestALaterAnswerNeedsASettledTurnThatWasKeptOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	turn := w.begin(id)
	p := laterOf(turn)
	expectCode(t, w.answer(p, nil, say("too early")), chat.CodeConflict)
	w.commit(turn, say("at once"))
	expectCode(t, w.answer(p, nil, say("again")), chat.CodeState)
	w.expectLog(id, "session.started", "CLIENT hi", "BOT at once")
	p.SessionID = uuid.NewString()
	expectCode(t, w.answer(p, nil, say("nowhere")), chat.CodeNotFound)
}

func TestARepeatedLaterAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	p := w.deferred(id)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := w.answer(p, key("a"), say("once")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	other := func(p *chat.LaterParams) { p.Idempotency = chat.Idempotency{Key: "a", BodyHash: "other"} }
	expectCode(t, w.answer(p, other, say("twice")), chat.CodeKeyReused)
	leave := func(p *chat.LaterParams) { key("b")(p); final(p) }
	for range 2 { // a repeat is answered as the first, though nothing new is taken any more
		mustAnswer(t, w.answer(p, leave, say("bye"), chat.End{Result: "done"}))
	}
	expectCode(t, w.answer(p, key("c"), say("more")), chat.CodeState)
	w.expectLog(id, "session.started", "CLIENT hi", "BOT once", "BOT bye", "session.closed")
}

func TestALaterAnswerThatIsRefusedLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	p := w.deferred(id)
	both := func(p *chat.LaterParams) { key("a")(p); final(p) }
	expectCode(t, w.answer(p, both, say("x"), chat.SwitchBot{BotID: uuid.NewString()}), chat.CodeInvalid)
	mustAnswer(t, w.answer(p, both, say("y")))
	w.expectLog(id, "session.started", "CLIENT hi", "BOT y")
}

// counting adds one to n in both parts of a state.
func counting(s chat.BotState) (chat.BotState, error) {
	grown := func(data json.RawMessage) json.RawMessage {
		var v struct{ N int }
		if data != nil {
			if err := json.Unmarshal(data, &v); err != nil {
				panic(err)
			}
		}
		return json.RawMessage(fmt.Sprintf(`{"n":%d}`, v.N+1))
	}
	return chat.BotState{Session: grown(s.Session), Client: grown(s.Client)}, nil
}

func TestChangesOfABotsMemoryAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	p := w.deferred(id)
	w.send(id, "more")
	turn := w.begin(id) // has read the state before what follows
	const answers = 10
	var all sync.WaitGroup
	for range answers {
		all.Go(func() {
			if err := w.answer(p, func(p *chat.LaterParams) { p.Result.Amend = counting }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Amend: counting}); err != nil {
		t.Fatal(err)
	}
	state, err := w.store.FindBotState(t.Context(), turn.Session.Key, w.bot.ID, turn.Session.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"n":%d}`, answers+1)
	if string(state.Session) != want || string(state.Client) != want {
		t.Errorf("got %s and %s", state.Session, state.Client)
	}
}

func TestALaterSwitchWakesTheOtherBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	p := w.deferred(id)
	w.send(id, "more")
	turn := w.begin(id)
	mustAnswer(t, w.answer(p, nil, chat.SwitchBot{BotID: otherBot}))
	_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Outputs: []chat.Output{say("too late")}})
	expectCode(t, err, chat.CodeConflict)
	last := w.rings[len(w.rings)-1]
	next := w.begin(id)
	if !last.TurnDue || next == nil || next.Session.Owner.ID != otherBot || next.Cause.Message().Body != "more" {
		t.Errorf("got %+v after %+v", next, last)
	}
}

func TestABotFailsInItsOwnWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(tx chat.Tx) error {
		return tx.PutBot(&chat.BotRecord{ID: w.bot.ID, Name: "B", Settings: chat.BotSettings{FailureMessage: "Ой"}})
	})
	id := w.start(saying("hi")).Session.ID
	fail := func() {
		if _, err := w.FailTurn(t.Context(), w.begin(id)); err != nil {
			t.Fatal(err)
		}
	}
	fail()
	w.update(func(tx chat.Tx) error { return tx.DeleteBot(w.bot.ID) })
	w.send(id, "still there?")
	fail()
	log := w.events(id)
	if first, second := log[2].Message().Body, log[4].Message().Body; first != "Ой" || !strings.HasPrefix(second, "Sorry") {
		t.Errorf("got %q and %q", first, second)
	}
}
