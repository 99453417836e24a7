package chat_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func timeout(w *world, after time.Duration) chat.Timer {
	return chat.Timer{Kind: chat.TimerTimeout, At: w.clock().Add(after), Target: "/Silent"}
}

func event(w *world, after time.Duration) chat.Timer {
	return chat.Timer{ID: uuid.NewString(), Kind: chat.TimerEvent, At: w.clock().Add(after), Event: "remind", Data: json.RawMessage(`{"n":1}`)}
}

// set commits a turn that says something and sets timers.
func (w *world) set(turn *chat.Turn, timers ...chat.Timer) {
	w.t.Helper()
	_, err := w.CommitTurn(w.t.Context(), turn, &chat.TurnResult{Outputs: []chat.Output{say("ok")}, Timers: timers})
	if err != nil {
		w.t.Fatal(err)
	}
}

// fire fires all that is due and returns what became of it.
func (w *world) fire() []chat.TimerOutcome {
	w.t.Helper()
	timers, err := w.ClaimTimers(w.t.Context(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var outcomes []chat.TimerOutcome
	for i := range timers {
		outcome, err := w.FireTimer(w.t.Context(), &timers[i])
		if err != nil {
			w.t.Fatal(err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes
}

func (w *world) expectFired(want ...chat.TimerOutcome) {
	w.t.Helper()
	if got := w.fire(); !slices.Equal(got, want) {
		w.t.Fatalf("became of timers %v, expected %v", got, want)
	}
}

func (w *world) waiting() int64 {
	w.t.Helper()
	n, err := w.CountTimers(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// expectCause fails the test unless the session's bot is to react to a timer.
func (w *world) expectCause(id string) (*chat.Turn, *chat.TimerFired) {
	w.t.Helper()
	turn := w.begin(id)
	if turn == nil {
		w.t.Fatal("no turn is due")
	}
	fired, ok := turn.Cause.Payload.(*chat.TimerFired)
	if !ok {
		w.t.Fatalf("the turn is about %+v", turn.Cause.Payload)
	}
	return turn, fired
}

func TestATimeoutIsATurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	due := w.clock().Add(time.Minute)
	w.set(w.begin(id), timeout(w, time.Minute))
	if next, err := w.NextTimer(t.Context()); err != nil || !next.Equal(due) || !w.session(id).TimeoutAt.Equal(due) {
		t.Fatal(next, err)
	}
	if last := w.rings[len(w.rings)-1]; !last.TimerAt.Equal(due) {
		t.Fatalf("the ring says %v", last.TimerAt)
	}
	w.pass(59 * time.Second)
	w.expectFired()
	w.pass(time.Second)
	w.expectFired(chat.TimerDone)
	turn, fired := w.expectCause(id)
	if fired.TimerKind != chat.TimerTimeout || fired.Target != "/Silent" || fired.TimerID == "" || !fired.At.Equal(due) {
		t.Fatalf("fired %+v", fired)
	}
	w.commit(turn, say("are you there?"))
	w.expectLog(id, "session.started", "CLIENT hi", "BOT ok", "timer.fired", "BOT are you there?")
	if e := w.events(id)[3]; e.WidgetNo != 0 || e.SessionNo != 0 {
		t.Fatal("clients see that a timer has fired")
	}
	w.pass(time.Hour)
	w.expectFired()
	if next, err := w.NextTimer(t.Context()); err != nil || !next.IsZero() || !w.session(id).TimeoutAt.IsZero() {
		t.Fatal(next, err)
	}
}

func TestWhatEndsATimeout(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, id string){
		"a message": func(w *world, id string) { w.send(id, "here I am") },
		"an action": func(w *world, id string) {
			if _, err := w.PressAction(w.t.Context(), chat.PressParams{SessionID: id, Event: "x"}); err != nil {
				w.t.Fatal(err)
			}
		},
		"a continued session with a message": func(w *world, id string) {
			w.start(saying("again"), func(p *chat.StartParams) { p.SessionID, p.Continue = id, true })
		},
		"another owner": func(w *world, id string) {
			if err := w.ChangeOwner(w.t.Context(), id, chat.Owner{Kind: chat.OwnerOperator, ID: "1"}); err != nil {
				w.t.Fatal(err)
			}
		},
		"a reload": func(w *world, id string) {
			if _, err := w.Reload(w.t.Context(), chat.ReloadParams{SessionID: id}); err != nil {
				w.t.Fatal(err)
			}
		},
		"closing": func(w *world, id string) {
			if err := w.Close(w.t.Context(), id, chat.ClosedByClient, ""); err != nil {
				w.t.Fatal(err)
			}
		},
		"its bot": func(w *world, id string) {
			w.PressAction(w.t.Context(), chat.PressParams{SessionID: id, Event: "x"}) //nolint:errcheck // the turn shows it
			turn := w.begin(id)
			timer := timeout(w, time.Minute)
			timer.ID = uuid.NewString()
			w.set(turn, timer)
			w.PressAction(w.t.Context(), chat.PressParams{SessionID: id, Event: "x"}) //nolint:errcheck // the turn shows it
			if _, err := w.CommitTurn(w.t.Context(), w.begin(id), &chat.TurnResult{CancelTimers: []string{timer.ID}}); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.start(saying("hi")).Session.ID
			w.set(w.begin(id), timeout(w, time.Minute))
			end(w, id)
			if n := w.waiting(); n != 0 || !w.session(id).TimeoutAt.IsZero() {
				t.Fatalf("%d timers wait", n)
			}
			w.pass(2 * time.Minute)
			w.expectFired()
		})
	}
}

func TestALaterTimeoutReplacesTheEarlier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	late := timeout(w, time.Hour/2)
	late.Target = "/Late"
	w.set(w.begin(id), timeout(w, time.Minute), event(w, 2*time.Minute), late)
	w.pass(2 * time.Minute)
	w.expectFired(chat.TimerDone)
	turn, _ := w.expectCause(id) // an event, which the client has not sent: the timeout stays
	next := timeout(w, 40*time.Minute)
	next.Target = "/Next"
	w.set(turn, next)
	w.pass(35 * time.Minute)
	w.expectFired()
	w.pass(5 * time.Minute)
	w.expectFired(chat.TimerDone)
	if _, fired := w.expectCause(id); fired.Target != "/Next" {
		t.Fatalf("fired %+v", fired)
	}
}

func TestTimeoutsThatAreNotKept(t *testing.T) {
	t.Parallel()
	for name, outputs := range map[string][]chat.Output{
		"the bot hands over": {chat.HandOver{}},
		"the bot switches":   {chat.SwitchBot{BotID: otherBot}},
		"the bot closes":     {chat.End{}},
		"the client spoke":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.start(saying("hi")).Session.ID
			turn := w.begin(id)
			if outputs == nil {
				w.send(id, "and more")
			}
			_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Outputs: outputs, Timers: []chat.Timer{timeout(w, time.Minute), event(w, time.Minute)}})
			if err != nil {
				t.Fatal(err)
			}
			if n := w.waiting(); n != 1 { // the event
				t.Fatalf("%d timers wait", n)
			}
		})
	}
}

func TestATimeoutOfASessionWhoseLifeIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	w.set(w.begin(id), timeout(w, 2*time.Hour))
	w.pass(2 * time.Hour)
	w.expectFired(chat.TimerDropped) // though nobody has closed the session yet
	w.expectLog(id, "session.started", "CLIENT hi", "BOT ok")
	if !w.session(id).TimeoutAt.IsZero() || w.waiting() != 0 {
		t.Fatal("it still waits")
	}
}

func TestAnEventReachesTheClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(w *world, id string)
		same      bool // the session in which it was set
		greeted   bool
	}{
		"in its session": {func(*world, string) {}, true, false},
		"after the client spoke": {func(w *world, id string) {
			w.send(id, "more")
			w.commit(w.begin(id))
		}, true, false},
		"in a new session": {func(w *world, id string) {
			if err := w.Close(w.t.Context(), id, chat.ClosedByClient, ""); err != nil {
				w.t.Fatal(err)
			}
		}, false, false},
		"in a new session when the life of the old one is over": {func(w *world, _ string) { w.pass(time.Hour) }, false, false},
		"in the session that the client has begun": {func(w *world, _ string) {
			r := w.start(external("u"))
			w.commit(w.begin(r.Session.ID), say("welcome"))
		}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.start(external("u"), saying("hi"), func(p *chat.StartParams) {
				p.Details = chat.SessionDetails{Channel: "CHAT_API", Variables: map[string]any{"a": "b"}, BotNodeID: "/X", CallbackURL: "https://a.example/"}
				p.TTL = time.Hour
			})
			set := event(w, time.Hour)
			w.set(w.begin(r.Session.ID), set)
			c.meanwhile(w, r.Session.ID)
			w.pass(time.Hour - w.clock().Sub(r.Session.StartedAt))
			if c.same { // the client is there yet
				w.pass(-time.Minute)
				w.send(r.Session.ID, "still here")
				w.commit(w.begin(r.Session.ID))
				w.pass(time.Minute)
			}
			w.expectFired(chat.TimerDone)
			session := w.openOf(r.Session)
			if (session.ID == r.Session.ID) != c.same {
				t.Fatalf("it came to session %s, set in %s", session.ID, r.Session.ID)
			}
			turn, fired := w.expectCause(session.ID)
			if fired.TimerID != set.ID || fired.Event != "remind" || string(fired.Data) != `{"n":1}` || fired.TimerKind != chat.TimerEvent {
				t.Fatalf("fired %+v", fired)
			}
			if turn.Session.Owner.ID != w.bot.ID {
				t.Fatalf("the bot is %+v", turn.Session.Owner)
			}
			w.commit(turn, say("time to go"))
			if !c.same && !c.greeted {
				w.expectLog(session.ID, "session.started", "timer.fired", "BOT time to go")
				if d := turn.Details; d.Channel != "CHAT_API" || d.Variables["a"] != "b" || d.BotNodeID != "" || session.Hooks == nil || session.TTL != time.Hour {
					t.Fatalf("details %+v, session %+v", turn.Details, session)
				}
			}
			w.pass(time.Hour)
			w.expectFired()
		})
	}
}

// openOf is the open session of another one's client.
func (w *world) openOf(s *chat.Session) *chat.Session {
	w.t.Helper()
	var open *chat.Session
	w.update(func(tx chat.Tx) (err error) {
		open, err = tx.LockOpenSession(s.ChatKey, s.ClientKey)
		return err
	})
	return open
}

func TestAnEventWaitsForItsBot(t *testing.T) {
	t.Parallel()
	person := chat.Owner{Kind: chat.OwnerOperator, ID: "389"}
	setUp := func(t *testing.T) (*world, string) {
		w := newWorld(t)
		id := w.start(saying("hi"), func(p *chat.StartParams) { p.TTL = 100 * time.Hour }).Session.ID
		w.set(w.begin(id), event(w, time.Minute))
		if err := w.ChangeOwner(t.Context(), id, person); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		w.expectFired(chat.TimerHeld)
		w.pass(time.Hour)
		w.expectFired()
		if w.begin(id) != nil {
			t.Fatal("a bot reacts where a person answers")
		}
		return w, id
	}
	t.Run("until it is handed back", func(t *testing.T) {
		t.Parallel()
		w, id := setUp(t)
		if err := w.ChangeOwner(t.Context(), id, chat.Owner{Kind: chat.OwnerBot, ID: otherBot}); err != nil {
			t.Fatal(err)
		}
		w.expectFired(chat.TimerHeld) // another bot
		if err := w.ChangeOwner(t.Context(), id, chat.Owner{Kind: chat.OwnerBot, ID: w.bot.ID}); err != nil {
			t.Fatal(err)
		}
		if last := w.rings[len(w.rings)-1]; last.TimerAt.IsZero() {
			t.Fatal("nobody is told to look for it")
		}
		w.expectFired(chat.TimerDone)
		w.commit(w.begin(id)) // that it has the session again
		w.expectCause(id)
	})
	t.Run("until the person has closed the session", func(t *testing.T) {
		t.Parallel()
		w, id := setUp(t)
		if err := w.Close(t.Context(), id, chat.ClosedByOperator, ""); err != nil {
			t.Fatal(err)
		}
		w.expectFired(chat.TimerDone)
		w.expectCause(w.openOf(w.session(id)).ID)
	})
	t.Run("but not for ever", func(t *testing.T) {
		t.Parallel()
		w, _ := setUp(t)
		w.pass(chat.MaxTimerWait)
		w.expectFired(chat.TimerDropped)
		if n := w.waiting(); n != 0 {
			t.Fatalf("%d timers wait", n)
		}
	})
}

func TestAnEventWithNobodyToGetIt(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]func(w *world){
		"the bot was deleted": func(w *world) { w.update(func(tx chat.Tx) error { return tx.DeleteBot(w.bot.ID) }) },
		"the chat was deleted": func(w *world) {
			w.update(func(tx chat.Tx) error {
				c, err := tx.LockChat(w.chat.ID)
				if err != nil {
					return err
				}
				c.DeletedAt = w.clock()
				return tx.UpdateChat(c)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.start(saying("hi")).Session.ID
			w.set(w.begin(id), event(w, time.Minute))
			if err := w.Close(t.Context(), id, chat.ClosedByClient, ""); err != nil {
				t.Fatal(err)
			}
			gone(w)
			w.pass(time.Minute)
			w.expectFired(chat.TimerDropped)
			if n := w.waiting(); n != 0 {
				t.Fatalf("%d timers wait", n)
			}
		})
	}
}

func TestOnlyItsBotCancelsATimer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	mine, kept := event(w, time.Minute), event(w, time.Minute)
	w.set(w.begin(id), mine, kept)
	other := w.start(saying("hi"), func(p *chat.StartParams) { p.BotID = otherBot }).Session.ID
	cancel := func(session string, ids ...string) {
		t.Helper()
		if _, err := w.CommitTurn(t.Context(), w.begin(session), &chat.TurnResult{CancelTimers: ids}); err != nil {
			t.Fatal(err)
		}
	}
	cancel(other, mine.ID)
	if n := w.waiting(); n != 2 {
		t.Fatalf("%d timers wait", n)
	}
	w.send(id, "cancel it")
	cancel(id, mine.ID, mine.ID, uuid.NewString(), "", "я")
	if n := w.waiting(); n != 1 {
		t.Fatalf("%d timers wait", n)
	}
	w.pass(time.Minute)
	w.expectFired(chat.TimerDone)
	if _, fired := w.expectCause(id); fired.TimerID != kept.ID {
		t.Fatalf("fired %+v", fired)
	}
}

// TestADueTimerFiresOnce has several nodes fire what each of them has claimed: the first lease is
// over before the others claim.
func TestADueTimerFiresOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	w.set(w.begin(id), timeout(w, time.Minute), event(w, time.Minute))
	w.pass(time.Minute)
	var claims [][]chat.Timer
	for range 3 {
		timers, err := w.another().ClaimTimers(t.Context(), 10)
		if err != nil || len(timers) != 2 {
			t.Fatal(timers, err)
		}
		claims = append(claims, timers)
		w.pass(10 * time.Second)
	}
	outcomes := make(chan chat.TimerOutcome, 6)
	failures := make(chan error, 6)
	for _, timers := range claims {
		node := w.another()
		go func() {
			for i := range timers {
				outcome, err := node.FireTimer(t.Context(), &timers[i])
				outcomes <- outcome
				failures <- err
			}
		}()
	}
	count := map[chat.TimerOutcome]int{}
	for range 6 {
		count[<-outcomes]++
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if count[chat.TimerDone] != 2 || count[chat.TimerGone] != 4 {
		t.Fatalf("became of them %v", count)
	}
	w.expectLog(id, "session.started", "CLIENT hi", "BOT ok", "timer.fired", "timer.fired")
}

// TestTimersAboutTimers: a bot that sets a timer about every timer keeps no server busy.
func TestTimersAboutTimers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	w.set(w.begin(id), event(w, -time.Hour))
	w.expectFired(chat.TimerDone)
	turn, _ := w.expectCause(id)
	w.set(turn, timeout(w, 0), event(w, -time.Hour))
	w.expectFired()
	w.pass(chat.MinTimerGap)
	w.expectFired(chat.TimerDone, chat.TimerDone)
}

func TestTimersThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	taken := event(w, time.Hour)
	w.set(w.begin(id), taken)
	w.send(id, "more")
	turn := w.begin(id)
	for name, c := range map[string]struct {
		field string
		edit  func(*chat.Timer)
	}{
		"no kind":         {"timers[0].kind", func(t *chat.Timer) { t.Kind = "" }},
		"another kind":    {"timers[0].kind", func(t *chat.Timer) { t.Kind = "будильник" }},
		"no time":         {"timers[0].at", func(t *chat.Timer) { t.At = time.Time{} }},
		"too far":         {"timers[0].at", func(t *chat.Timer) { t.At = w.clock().Add(chat.MaxTimerAhead + time.Second) }},
		"an id":           {"timers[0].id", func(t *chat.Timer) { t.ID = "мой" }},
		"an odd id":       {"timers[0].id", func(t *chat.Timer) { t.ID = strings.ToUpper(uuid.NewString()) + "-" }},
		"a taken id":      {"timers", func(t *chat.Timer) { t.ID = taken.ID }},
		"no name":         {"timers[0].event", func(t *chat.Timer) { t.Event = "" }},
		"a long name":     {"timers[0].event", func(t *chat.Timer) { t.Event = strings.Repeat("я", 256) }},
		"U+0000":          {"timers[0].event", func(t *chat.Timer) { t.Event = "a\x00" }},
		"invalid UTF-8":   {"timers[0].event", func(t *chat.Timer) { t.Event = "\xff" }},
		"much data":       {"timers[0].data", func(t *chat.Timer) { t.Data = json.RawMessage(`"` + strings.Repeat("a", chat.MaxTimerData) + `"`) }},
		"no JSON":         {"timers[0].data", func(t *chat.Timer) { t.Data = json.RawMessage(`{`) }},
		"bad text":        {"timers[0].data", func(t *chat.Timer) { t.Data = json.RawMessage("\"\xff\"") }},
		"event, target":   {"timers[0].target", func(t *chat.Timer) { t.Target = "/x" }},
		"a long target":   {"timers[0].target", func(t *chat.Timer) { t.Target = strings.Repeat("/", 5000) }},
		"timeout, event":  {"timers[0].event", func(t *chat.Timer) { t.Kind, t.Data = chat.TimerTimeout, nil }},
		"a timeout's bad": {"timers[0].target", func(t *chat.Timer) { *t = timeout(w, 0); t.Target = "\xff" }},
	} {
		timer := event(w, time.Minute)
		c.edit(&timer)
		_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Timers: []chat.Timer{timer}})
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Field != c.field || e.Message == "" {
			t.Errorf("%s: got error %v, expected one that blames %s", name, err, c.field)
		}
	}
	_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{CancelTimers: make([]string, chat.MaxTimers+1)})
	expectField(t, err, "cancelTimers")
	many := func(n int) (timers []chat.Timer) {
		for range n {
			timers = append(timers, event(w, time.Hour))
		}
		return timers
	}
	for _, n := range []int{chat.MaxTimers + 1, chat.MaxTimers} { // one waits already
		_, err = w.CommitTurn(t.Context(), turn, &chat.TurnResult{Timers: many(n)})
		expectField(t, err, "timers")
	}
	if n := w.waiting(); n != 1 {
		t.Fatalf("%d timers wait", n)
	}
	w.set(turn, many(chat.MaxTimers-1)...)
	if n := w.waiting(); n != chat.MaxTimers {
		t.Fatalf("%d timers wait", n)
	}
}

// TestABotThatFailsAboutATimerSaysNothing: nobody has asked it.
func TestABotThatFailsAboutATimerSaysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	w.set(w.begin(id), timeout(w, time.Minute))
	w.pass(time.Minute)
	w.expectFired(chat.TimerDone)
	turn, _ := w.expectCause(id)
	if more, err := w.FailTurn(t.Context(), turn); err != nil || more {
		t.Fatal(more, err)
	}
	w.expectLog(id, "session.started", "CLIENT hi", "BOT ok", "timer.fired")
}
