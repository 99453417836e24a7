package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// payloads has one of every kind that is stored.
func payloads() []chat.Payload {
	return []chat.Payload{
		&chat.SessionStarted{Greet: true},
		&chat.Message{
			AuthorType: chat.AuthorBot, AuthorID: "b", AuthorName: "Бот", Avatar: "https://a", Type: chat.MessageRegular, Body: "Привет 👋",
			Answers: []string{"да", "нет"}, Keyboard: &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"1", "2"}},
			Actions:     []chat.Action{{Type: "button", Event: "e", Label: "l", Data: `{"a":1}`}},
			Attachments: []chat.Attachment{{ID: "f", Name: "файл", ContentType: "text/plain", Size: 3, URL: "https://f"}},
			ReplyTo:     &chat.ReplyTo{ID: "r", AuthorType: chat.AuthorClient, AuthorName: "К", Body: "?"},
			State:       "/Start", Cause: 1, Replies: []json.RawMessage{json.RawMessage(`{"type":"text"}`)},
		},
		&chat.MessageRead{MessageID: "m", UpTo: 2, By: chat.AuthorClient},
		&chat.StatusChanged{QuestionID: "q", Status: chat.MessageReadBy, By: chat.AuthorClient},
		&chat.WidgetStateChanged{State: json.RawMessage(`{"x":1}`), CID: "c"},
		&chat.ActionPressed{Event: "press", Data: json.RawMessage(`{"x":[1,2]}`)},
		&chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerOperator, ID: "1", Name: "О"}, Previous: chat.Owner{Kind: chat.OwnerBot}, Term: 2},
		&chat.OwnerChanged{
			Owner: chat.Owner{Kind: chat.OwnerQueue, ID: "g"}, Previous: chat.Owner{Kind: chat.OwnerBot}, Term: 3,
			HandOver: &chat.HandOver{GroupID: "g", FirstMessage: "Привет", CloseChatPhrases: []string{"всё"}, Raw: json.RawMessage(`{"type":"switch"}`)},
		},
		&chat.TimerFired{TimerID: "t", TimerKind: chat.TimerEvent, Event: "напомнить", Data: json.RawMessage(`{"x":1}`), At: epoch},
		&chat.SessionClosed{By: chat.ClosedByClient, Result: "ok", RatingRequired: true, ChatID: "c"},
	}
}

func eventsAreKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	var written []chat.Event
	w.update(func(tx chat.Tx) (err error) {
		written, err = write(tx, session.ID, payloads()...)
		return err
	})
	kept := w.events(session)
	wantEqual(t, "number of events", len(kept), len(written))
	for i := range written {
		if kept[i].Key == 0 || (i > 0 && kept[i].Key < kept[i-1].Key) {
			t.Fatalf("keys do not grow: %d", kept[i].Key)
		}
		written[i].Key = kept[i].Key // known of what was read
	}
	wantEqual(t, "events", kept, written)
	w.update(func(tx chat.Tx) error {
		for _, want := range written {
			found, err := tx.FindEvent(session.Key, want.ID)
			if err != nil {
				return err
			}
			wantEqual(t, "event", *found, want)
		}
		return nil
	})
}

func anyTextIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	texts := map[string]string{ // as written: as read
		"": "",
		"Съешь ещё этих мягких булок": "Съешь ещё этих мягких булок",
		"👩‍👩‍👧‍👦 🇷🇺 e\u0301 \u202e":   "👩‍👩‍👧‍👦 🇷🇺 e\u0301 \u202e",
		"a\x00b":                          "a\x00b",
		"a\xff\xfe\xd0b":                  "a\ufffd\ufffd\ufffdb",
		`'; DROP TABLE events; --"\ $1 ?`: `'; DROP TABLE events; --"\ $1 ?`,
		"\u2028\u2029\r\n\t<b>&</b>":      "\u2028\u2029\r\n\t<b>&</b>",
		strings.Repeat("я", 50_000):       strings.Repeat("я", 50_000),
	}
	for text, want := range texts {
		events := w.say(session.ID, chat.AuthorClient, text)
		stored, err := s.ListEvents(context.Background(), session.Ref(), events[0].Sequence-1, 1)
		wantNoError(t, err)
		wantEqual(t, "body", stored[0].Message().Body, want)
	}
}

func eventsAreUnique(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	first := w.say(session.ID, chat.AuthorBot, "one")[0]
	event := func(change func(*chat.Event)) func(chat.Tx) error {
		e := first
		e.ID, e.Sequence, e.WidgetNo, e.SessionNo = newID(), 2, 2, 2
		change(&e)
		return func(tx chat.Tx) error { return tx.AppendEvents([]chat.Event{e}) }
	}
	w.refused(chat.CodeConflict, event(func(e *chat.Event) { e.Sequence = 1 }))
	w.refused(chat.CodeConflict, event(func(e *chat.Event) { e.WidgetNo = 1 }))
	w.refused(chat.CodeConflict, event(func(e *chat.Event) { e.ID = first.ID }))
	w.refused(chat.CodeConflict, event(func(e *chat.Event) { e.ID, e.Session = first.ID, other.Ref() }))
	w.update(event(func(*chat.Event) {}))
	w.update(event(func(e *chat.Event) { e.Sequence, e.WidgetNo = 3, 0 })) // not in the stream, as often as you like
	w.update(event(func(e *chat.Event) { e.Sequence, e.WidgetNo = 4, 0 }))
	wantDense(t, w.events(session), 4)
}

func eventIsFoundInSession(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	e := w.say(session.ID, chat.AuthorBot, "one")[0]
	w.update(func(tx chat.Tx) error {
		found, err := tx.FindEvent(session.Key, e.ID)
		if err != nil {
			return err
		}
		wantEqual(t, "message", found.Message().Body, "one")
		_, err = tx.FindEvent(other.Key, e.ID)
		wantCode(t, err, chat.CodeNotFound)
		_, err = tx.FindEvent(session.Key, newID())
		wantCode(t, err, chat.CodeNotFound)
		return nil
	})
}

func eventsAreListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	w.say(other.ID, chat.AuthorClient, "elsewhere")
	w.say(session.ID, chat.AuthorClient, numbered("", 5)...)
	list := func(after int64, limit int) []string {
		events, err := s.ListEvents(context.Background(), session.Ref(), after, limit)
		wantNoError(t, err)
		return bodies(events)
	}
	wantEqual(t, "all", list(0, 10), []string{"1", "2", "3", "4", "5"})
	wantEqual(t, "some", list(2, 2), []string{"3", "4"})
	wantEqual(t, "none", list(5, 10), []string{})
	wantEqual(t, "no more than none", list(0, 0), []string{})
}

func streamsAreListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	started := &chat.SessionStarted{} // in no stream
	w.update(func(tx chat.Tx) error {
		_, err := write(tx, session.ID, started, started, started)
		return err
	})
	for i := range 4 { // session: c1 b1 b2 c2 b3 b4 …; widget: b1 b2 b3 b4 …
		w.say(session.ID, chat.AuthorClient, fmt.Sprint("c", i+1))
		w.say(session.ID, chat.AuthorBot, fmt.Sprint("b", 2*i+1), fmt.Sprint("b", 2*i+2))
	}
	tests := []struct {
		stream  chat.Stream
		after   int64
		limit   int
		reverse bool
		want    string
	}{
		{chat.StreamWidget, 0, 100, false, "b1 b2 b3 b4 b5 b6 b7 b8"},
		{chat.StreamWidget, 2, 3, false, "b3 b4 b5"},
		{chat.StreamWidget, 8, 3, false, ""},
		{chat.StreamWidget, 0, 3, true, "b8 b7 b6"},
		{chat.StreamWidget, 3, 10, true, "b2 b1"},
		{chat.StreamSession, 0, 100, false, "c1 b1 b2 c2 b3 b4 c3 b5 b6 c4 b7 b8"},
		{chat.StreamSession, 3, 3, false, "c2 b3 b4"},
		{chat.StreamSession, 12, 3, false, ""},
		{chat.StreamSession, 0, 3, true, "b8 b7 c4"},
		{chat.StreamSession, 4, 10, true, "b2 b1 c1"},
	}
	for _, tt := range tests {
		events, err := s.ListStream(context.Background(), session.Ref(), tt.stream, tt.after, tt.limit, tt.reverse)
		wantNoError(t, err)
		wantEqual(t, fmt.Sprintf("%+v", tt), strings.Join(bodies(events), " "), tt.want)
	}
}

func messagesAreListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	for i := range 6 { // sequences 1, 3, 5 … are messages
		w.say(session.ID, chat.AuthorClient, fmt.Sprint(i+1))
		w.update(func(tx chat.Tx) error {
			_, err := write(tx, session.ID, &chat.MessageRead{By: chat.AuthorClient})
			return err
		})
	}
	w.update(func(tx chat.Tx) error { // one that is not for clients
		_, err := write(tx, session.ID, &chat.Message{AuthorType: chat.AuthorBot, Replies: []json.RawMessage{json.RawMessage(`{"type":"hangup"}`)}})
		return err
	})
	tests := []struct {
		q    chat.MessagesQuery
		want string
	}{
		{chat.MessagesQuery{Limit: 100}, "1 2 3 4 5 6"},
		{chat.MessagesQuery{Limit: 2}, "1 2"},
		{chat.MessagesQuery{Limit: 2, Offset: 3}, "4 5"},
		{chat.MessagesQuery{Limit: 2, Offset: 6}, ""},
		{chat.MessagesQuery{Limit: 0}, ""},
		{chat.MessagesQuery{Limit: 2, After: 4}, "3 4"},
		{chat.MessagesQuery{Limit: 2, After: 4, Offset: 1}, "4 5"},
		{chat.MessagesQuery{Limit: 2, Newest: true}, "5 6"},
		{chat.MessagesQuery{Limit: 3, Offset: 1, Newest: true}, "3 4 5"},
		{chat.MessagesQuery{Limit: 100, After: 4, Newest: true}, "3 4 5 6"},
		{chat.MessagesQuery{Limit: 2, Offset: 5, Newest: true}, "1"},
	}
	for _, tt := range tests {
		events, total, err := s.ListMessages(context.Background(), session.Ref(), tt.q)
		wantNoError(t, err)
		wantEqual(t, fmt.Sprintf("%+v", tt.q), strings.Join(bodies(events), " "), tt.want)
		wantEqual(t, "total", total, 6)
	}
	empty := w.newSession()
	events, total, err := s.ListMessages(context.Background(), empty.Ref(), chat.MessagesQuery{Limit: 5, Newest: true})
	if err != nil || total != 0 || len(events) != 0 {
		t.Fatalf("an empty session has %d messages of %d, %v", len(events), total, err)
	}
}

func (w *world) changed(after int64) (map[int64]int64, int64) {
	w.Helper()
	changes, position, err := w.ListChanged(context.Background(), after)
	wantNoError(w.T, err)
	byKey := map[int64]int64{}
	for _, c := range changes {
		if _, twice := byKey[c.SessionKey]; twice {
			w.Fatalf("session %d is listed twice", c.SessionKey)
		}
		byKey[c.SessionKey] = c.Sequence
		session, err := w.FindSessionByKey(context.Background(), c.SessionKey)
		wantNoError(w.T, err)
		wantEqual(w.T, "client of a change", c.Client, session.ClientRef())
	}
	return byKey, position
}

func changedSessions(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	changes, empty := w.changed(-1)
	wantEqual(t, "changes of an empty log", len(changes), 0)
	a, b, c := w.newSession(), w.newSession(), w.newSession()
	w.say(a.ID, chat.AuthorClient, "before")
	changes, _ = w.changed(empty)
	wantEqual(t, "changes since the log was empty", changes, map[int64]int64{a.Key: 1})
	changes, _ = w.changed(-1)
	wantEqual(t, "changes without a position", len(changes), 0)
	position := w.present()

	w.say(b.ID, chat.AuthorClient, "1", "2")
	w.say(c.ID, chat.AuthorClient, "1")
	w.say(b.ID, chat.AuthorClient, "3")
	changes, _ = w.changed(position)
	wantEqual(t, "changes", changes, map[int64]int64{b.Key: 3, c.Key: 1})
	w.present()
}

// present is a position after which nothing has changed. While others use the same server, one
// may lag.
func (w *world) present() int64 {
	w.Helper()
	_, position := w.changed(-1)
	deadline := time.Now().Add(20 * time.Second)
	for {
		changes, next := w.changed(position)
		if len(changes) == 0 {
			return next
		}
		if time.Now().After(deadline) {
			w.Fatalf("%d sessions are listed as changed after position %d again and again", len(changes), position)
		}
		position = next
	}
}

// changesAreNotMissed follows the log while others write: in the end it knows of every event.
func changesAreNotMissed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	sessions := make([]*chat.Session, 6)
	for i := range sessions {
		sessions[i] = w.newSession()
	}
	w.say(sessions[0].ID, chat.AuthorClient, "first") // a position to begin from
	_, position := w.changed(-1)
	var wg sync.WaitGroup
	for _, session := range sessions {
		wg.Go(func() {
			for range 30 {
				if err := w.Update(context.Background(), func(tx chat.Tx) error {
					_, err := say(tx, session.ID, chat.AuthorClient, "x")
					return err
				}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	known := map[int64]int64{}
	for last := false; ; {
		var changes map[int64]int64
		changes, position = w.changed(position)
		for key, sequence := range changes {
			known[key] = max(known[key], sequence)
		}
		if last {
			break
		}
		select {
		case <-finished:
			last = true
		default:
		}
	}
	for _, session := range sessions {
		wantEqual(t, "last known sequence", known[session.Key], w.find(session.ID).Sequence)
	}
}

func sessionStateIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	state := func() *chat.BotState {
		state, err := s.FindBotState(context.Background(), session.Key, "bot", session.ClientKey)
		wantNoError(t, err)
		return state
	}
	wantEqual(t, "state at the start", *state(), chat.BotState{})
	for _, data := range []string{`{"шаг":1}`, `{"шаг":2}`} {
		w.update(func(tx chat.Tx) error { return tx.SaveSessionState(session.Key, json.RawMessage(data)) })
		wantEqual(t, "state", string(state().Session), data)
	}
}

func briefingIsAllInOne(t *testing.T, s chat.Store) {
	w, ctx := newWorld(t, s), context.Background()
	session := w.fullSession()
	details := chat.SessionDetails{Name: "Имя", Variables: map[string]any{"n": 1.5}, NotifyOnEvents: []string{"x"}}
	w.update(func(tx chat.Tx) error { return tx.CreateSession(&session, &details) })
	brief := func(state chat.BotState) {
		t.Helper()
		found, err := s.FindBriefing(ctx, session.Key, session.ClientKey, "bot")
		wantNoError(t, err)
		wantEqual(t, "details", *found.Details, details)
		client, err := s.FindClientByKey(ctx, session.ClientKey)
		wantNoError(t, err)
		wantEqual(t, "client", *found.Client, *client)
		wantEqual(t, "state", found.State, state)
	}
	brief(chat.BotState{})
	own := json.RawMessage(`{"шаг":1}`)
	w.update(func(tx chat.Tx) error { return tx.SaveSessionState(session.Key, own) })
	brief(chat.BotState{Session: own})
	for bot, data := range map[string]string{"bot": `{"its":"own"}`, "other": `{"not":"its"}`} {
		w.update(func(tx chat.Tx) error {
			return tx.SaveClientState(bot, session.ClientKey, json.RawMessage(data), 0)
		})
	}
	brief(chat.BotState{Session: own, Client: json.RawMessage(`{"its":"own"}`), ClientVersion: 1})
	_, err := s.FindBriefing(ctx, 1<<40, session.ClientKey, "bot")
	wantCode(t, err, chat.CodeNotFound)
}

func stateIsReadInATransaction(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	for n := range 3 {
		w.update(func(tx chat.Tx) error {
			state, err := tx.FindBotState(session.Key, "bot", session.ClientKey)
			if err != nil {
				return err
			}
			want := chat.BotState{}
			if n > 0 {
				data := json.RawMessage(fmt.Sprintf(`{"n":%d}`, n-1))
				want = chat.BotState{Session: data, Client: data, ClientVersion: int64(n)}
			}
			wantEqual(t, "state", *state, want)
			data := json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))
			if err := tx.SaveSessionState(session.Key, data); err != nil {
				return err
			}
			if err := tx.SaveClientState("bot", session.ClientKey, data, state.ClientVersion); err != nil {
				return err
			}
			own, err := tx.FindBotState(session.Key, "bot", session.ClientKey)
			if err != nil {
				return err
			}
			wantEqual(t, "own write", *own, chat.BotState{Session: data, Client: data, ClientVersion: int64(n + 1)})
			return nil
		})
	}
}

func clientStateHasVersion(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	save := func(bot, data string, version int64) func(chat.Tx) error {
		return func(tx chat.Tx) error {
			return tx.SaveClientState(bot, session.ClientKey, json.RawMessage(data), version)
		}
	}
	state := func(bot string) *chat.BotState {
		state, err := s.FindBotState(context.Background(), session.Key, bot, session.ClientKey)
		wantNoError(t, err)
		return state
	}
	w.refused(chat.CodeConflict, save("a", `{}`, 7)) // there is none yet
	w.update(save("a", `{"n":1}`, 0))
	w.refused(chat.CodeConflict, save("a", `{"n":"lost"}`, 0))
	first := state("a")
	wantEqual(t, "first", string(first.Client), `{"n":1}`)
	w.update(save("a", `{"n":2}`, first.ClientVersion))
	w.refused(chat.CodeConflict, save("a", `{"n":"lost"}`, first.ClientVersion))
	second := state("a")
	wantEqual(t, "second", string(second.Client), `{"n":2}`)
	if first.ClientVersion == 0 || second.ClientVersion == first.ClientVersion {
		t.Fatalf("versions %d and %d", first.ClientVersion, second.ClientVersion)
	}
	wantEqual(t, "other bot", *state("b"), chat.BotState{})
	w.update(save("b", `{"m":1}`, 0))
	wantEqual(t, "first bot", string(state("a").Client), `{"n":2}`)
}

func idempotencyIsUnique(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	r := chat.IdempotencyRecord{Scope: "scope", Key: "ключ\x00", BodyHash: "hash", SessionID: "s", EventID: "e", Sequence: 4, CreatedAt: epoch}
	wantFilled(t, r)
	find := func(scope, key string) (found *chat.IdempotencyRecord, err error) {
		err = s.Update(context.Background(), func(tx chat.Tx) error {
			found, err = tx.FindIdempotency(scope, key)
			return err
		})
		return found, err
	}
	_, err := find(r.Scope, r.Key)
	wantCode(t, err, chat.CodeNotFound)
	w.update(func(tx chat.Tx) error { return tx.CreateIdempotency(&r) })
	found, err := find(r.Scope, r.Key)
	wantNoError(t, err)
	wantEqual(t, "record", *found, r)
	_, err = find("other", r.Key)
	wantCode(t, err, chat.CodeNotFound)
	_, err = find(r.Scope, "other")
	wantCode(t, err, chat.CodeNotFound)
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateIdempotency(&r) })
	second := r
	second.Scope = "other"
	w.update(func(tx chat.Tx) error { return tx.CreateIdempotency(&second) })
}

func oldIdempotencyIsDeleted(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	for i := range 10 {
		w.update(func(tx chat.Tx) error {
			return tx.CreateIdempotency(&chat.IdempotencyRecord{Key: fmt.Sprint(i), CreatedAt: epoch.Add(time.Duration(i) * time.Hour)})
		})
	}
	remove := func(limit int) (n int64) {
		w.update(func(tx chat.Tx) (err error) {
			n, err = tx.DeleteIdempotencyBefore(epoch.Add(5*time.Hour), limit)
			return err
		})
		return n
	}
	wantEqual(t, "first batch", remove(3), 3)
	wantEqual(t, "second batch", remove(3), 2)
	wantEqual(t, "third batch", remove(3), 0)
	for i := range 10 {
		err := s.Update(context.Background(), func(tx chat.Tx) error {
			_, err := tx.FindIdempotency("", fmt.Sprint(i))
			return err
		})
		if gone := chat.CodeOf(err) == chat.CodeNotFound && err != nil; gone != (i < 5) {
			t.Errorf("record of hour %d: %v", i, err)
		}
	}
}
