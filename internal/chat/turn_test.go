package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func bodies(events []chat.Event) []string {
	var list []string
	for _, e := range events {
		switch p := e.Payload.(type) {
		case *chat.Message:
			list = append(list, string(p.AuthorType)+" "+p.Body)
		default:
			list = append(list, string(p.Kind()))
		}
	}
	return list
}

func (w *world) expectLog(id string, want ...string) {
	w.t.Helper()
	if got := bodies(w.events(id)); !slices.Equal(got, want) {
		w.t.Fatalf("the log is %q,\nexpected %q", got, want)
	}
}

func TestTurnsTakeMessagesOneAfterAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("1")).Session.ID
	w.send(id, "2")
	if !w.commit(w.begin(id), say("to 1")) {
		t.Fatal("no turn is due for the second message")
	}
	turn := w.begin(id)
	if turn.Cause.Message().Body != "2" {
		t.Fatalf("the turn is about %q", turn.Cause.Message().Body)
	}
	if w.commit(turn, say("to 2")) || w.begin(id) != nil {
		t.Fatal("a turn is due for nothing")
	}
	w.expectLog(id, "session.started", "CLIENT 1", "CLIENT 2", "BOT to 1", "BOT to 2")
}

func TestATurnIsRefusedOnceTheSessionMovedOn(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(w *world, id string){
		"somebody took over": func(w *world, id string) {
			if err := w.ChangeOwner(w.t.Context(), id, chat.Owner{Kind: chat.OwnerOperator, ID: "389", Name: "Ann"}); err != nil {
				w.t.Fatal(err)
			}
		},
		"taken over and handed back": func(w *world, id string) {
			for _, o := range []chat.Owner{{Kind: chat.OwnerOperator, ID: "389"}, {Kind: chat.OwnerBot, ID: w.bot.ID}} {
				if err := w.ChangeOwner(w.t.Context(), id, o); err != nil {
					w.t.Fatal(err)
				}
			}
		},
		"the client closed it": func(w *world, id string) {
			if err := w.Close(w.t.Context(), id, chat.ClosedByClient, ""); err != nil {
				w.t.Fatal(err)
			}
		},
		"another node took the turn": func(w *world, id string) {
			w.pass(time.Minute)
			other := *w.Service
			other.Node = "there"
			if turn, err := other.BeginTurn(w.t.Context(), w.session(id).Ref(), nil, nil); err != nil || turn == nil || turn.Attempt != 2 {
				w.t.Fatal(turn, err)
			}
		},
		"it was committed already": func(w *world, id string) {
			w.commit(w.begin(id), say("first"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.start(saying("hi")).Session.ID
			turn := w.begin(id)
			move(w, id)
			before := bodies(w.events(id))
			_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Outputs: []chat.Output{say("late")}, SessionState: json.RawMessage(`{"late":1}`)})
			expectCode(t, err, chat.CodeConflict)
			w.expectLog(id, before...)
			state, err := w.store.FindBotState(t.Context(), turn.Session.Key, w.bot.ID, turn.Session.ClientKey)
			if err != nil || state.Session != nil {
				t.Fatalf("state %s, %v", state.Session, err)
			}
		})
	}
}

func TestAHandBackSetsTheBotToThePresent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("old")).Session.ID
	for _, o := range []chat.Owner{{Kind: chat.OwnerOperator, ID: "389", Name: "Ann"}, {Kind: chat.OwnerBot, ID: w.bot.ID, Name: w.bot.Name}} {
		if err := w.ChangeOwner(t.Context(), id, o); err != nil {
			t.Fatal(err)
		}
	}
	told := w.begin(id) // not of what was said before it was handed the session
	if p, ok := told.Cause.Payload.(*chat.OwnerChanged); !ok || !p.Finished || p.Greet || p.Previous.ID != "389" {
		t.Fatalf("the bot is told %+v", told.Cause.Payload)
	}
	w.commit(told)
	if w.begin(id) != nil {
		t.Fatal("the bot reacts to what was said before it was handed the session")
	}
	w.send(id, "new")
	if turn := w.begin(id); turn == nil || turn.Cause.Message().Body != "new" {
		t.Fatal("the bot does not react to what is new")
	}
}

func TestTheLastAnswerOfABotThatLeavesIsDelivered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leave chat.Output
		log   []string
		owner chat.OwnerKind
		more  bool
	}{
		"closing":      {chat.End{Result: "done"}, []string{"BOT bye", "session.closed"}, chat.OwnerBot, false},
		"handing over": {chat.HandOver{GroupID: "g"}, []string{"BOT bye", "BOT All our operators are busy. Please wait, we will answer you here.", "owner.changed"}, chat.OwnerQueue, false},
		"switching":    {chat.SwitchBot{BotID: otherBot}, []string{"BOT bye", "owner.changed"}, chat.OwnerBot, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.start(saying("hi")).Session.ID
			w.send(id, "and more") // a bot that left owes nothing; one that follows it does
			if more := w.commit(w.begin(id), c.leave, say("bye")); more != c.more {
				t.Fatalf("another turn is due: %v", more)
			}
			w.expectLog(id, append([]string{"session.started", "CLIENT hi", "CLIENT and more"}, c.log...)...)
			if got := w.session(id); got.Owner.Kind != c.owner || got.TurnDue() != c.more {
				t.Fatalf("got %+v", got)
			}
		})
	}
}

func TestAnImpossibleOutputChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	turn := w.begin(id)
	_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Outputs: []chat.Output{say("x"), chat.SwitchBot{BotID: uuid.NewString()}}})
	expectCode(t, err, chat.CodeInvalid)
	w.expectLog(id, "session.started", "CLIENT hi")
	if _, err := w.FailTurn(t.Context(), turn); err != nil {
		t.Fatal(err)
	}
	w.expectLog(id, "session.started", "CLIENT hi", "BOT Sorry, something went wrong on our side. Please try again a little later.")
}

func TestParallelSessionsOfAClientDoNotLoseItsState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(external("u"), saying("hi"))
	turn := w.begin(first.Session.ID)
	// The same client in a second chat with the same bot.
	second := &chat.Chat{ID: uuid.NewString(), BotID: w.bot.ID, Identity: chat.IdentityOpen}
	w.update(func(tx chat.Tx) error { return tx.CreateChat(second) })
	r, err := w.Start(t.Context(), chat.StartParams{ChatID: second.ID, ClientID: first.Session.ClientID, Message: &chat.MessageParams{Body: "hi"}})
	if err != nil {
		t.Fatal(err)
	}
	other := w.begin(r.Session.ID)
	if _, err := w.CommitTurn(t.Context(), other, &chat.TurnResult{ClientState: json.RawMessage(`{"n":1}`)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.CommitTurn(t.Context(), turn, &chat.TurnResult{ClientState: json.RawMessage(`{"n":2}`)})
	expectCode(t, err, chat.CodeConflict)
	again := w.begin(first.Session.ID)
	if string(again.State.Client) != `{"n":1}` {
		t.Fatalf("the turn sees %s", again.State.Client)
	}
}

func TestADeadNodesTurnIsTakenOverAfterItsLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	other := *w.Service
	other.Node = "there"
	ref := w.session(id).Ref()
	if turn, err := other.BeginTurn(t.Context(), ref, nil, nil); err != nil || turn != nil {
		t.Fatal("taken before the lease ended", turn, err)
	}
	w.pass(31 * time.Second)
	refs, err := other.ListDueTurns(context.Background(), 0, 10)
	if err != nil || len(refs) != 1 || refs[0] != ref {
		t.Fatal(refs, err)
	}
	for attempt := 2; attempt <= chat.MaxTurnAttempts+1; attempt++ {
		other.Node = fmt.Sprint("there", attempt) // each dies in it
		for range 3 {                             // begun again by who is alive, as after waiting for the bot
			turn, err := other.BeginTurn(t.Context(), ref, nil, nil)
			if err != nil || turn == nil || turn.Attempt != attempt {
				t.Fatalf("attempt %d: %+v, %v", attempt, turn, err)
			}
			w.pass(20 * time.Second)
		}
		w.pass(time.Minute)
	}
}

func TestActionsReachTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start().Session.ID
	w.commit(w.begin(id))
	e, err := w.PressAction(t.Context(), chat.PressParams{SessionID: id, Event: "buy", Data: json.RawMessage(`{"n":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	turn := w.begin(id)
	if p, ok := turn.Cause.Payload.(*chat.ActionPressed); !ok || p.Event != "buy" || string(p.Data) != `{"n":1}` || turn.Cause.ID != e.ID {
		t.Fatalf("got %+v", turn.Cause)
	}
	_, err = w.PressAction(t.Context(), chat.PressParams{SessionID: id})
	expectCode(t, err, chat.CodeInvalid)
}

func TestRingsTellWhatWasCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	w.commit(w.begin(id), say("hello"))
	if len(w.rings) != 2 {
		t.Fatalf("%d rings", len(w.rings))
	}
	first, second := w.rings[0], w.rings[1]
	if !first.TurnDue || first.Sequence != 2 || first.Settled != 1 || len(first.Events) != 2 {
		t.Fatalf("first ring %+v", first)
	}
	if second.TurnDue || second.Sequence != 3 || second.Settled != 3 || len(second.Events) != 1 {
		t.Fatalf("second ring %+v", second)
	}
}
