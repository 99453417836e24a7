package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// fullSession has a value in every field.
func (w *world) fullSession() chat.Session {
	return chat.Session{
		ID: uuid.NewString(), ChatKey: w.chat.Key, ChatID: w.chat.ID, Demo: true, ClientKey: w.client.Key, ClientID: w.client.ID,
		BotID: uuid.NewString(), Status: chat.StatusOpen, Owner: chat.Owner{Kind: chat.OwnerBot, ID: uuid.NewString(), Name: "Бот 🤖"}, Term: 3,
		Sequence: 20, WidgetNo: 10, SessionNo: 15, WidgetGiven: 9, ClientRead: 8, Cursor: 18, Pending: 19,
		Lease: chat.Lease{Node: "node", Until: epoch.Add(time.Minute), Attempts: 2}, TimeoutAt: epoch.Add(5 * time.Minute), LastAt: epoch.Add(7 * time.Minute),
		TTL: 90 * time.Minute, StartedAt: epoch, ActiveAt: epoch.Add(time.Second), CheckAt: epoch.Add(time.Hour), ClosedAt: epoch.Add(2 * time.Hour),
		Hooks: &chat.Hooks{CallbackURL: "https://c", CallbackData: "д", EventURL: "https://e", EventData: "f", Events: []string{"x"}},
	}
}

func (w *world) wantSession(want chat.Session) {
	w.Helper()
	wantEqual(w.T, "session by id", *w.find(want.ID), want)
	found, err := w.FindSessionByKey(context.Background(), want.Key)
	wantNoError(w.T, err)
	wantEqual(w.T, "session by key", *found, want)
	w.update(func(tx chat.Tx) error {
		byID, err := tx.LockSession(want.ID)
		if err != nil {
			return err
		}
		byKey, err := tx.LockSessionByKey(want.Key)
		if err != nil {
			return err
		}
		wantEqual(w.T, "locked session by id", *byID, want)
		wantEqual(w.T, "locked session by key", *byKey, want)
		return nil
	})
}

func sessionIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.fullSession()
	wantFilled(t, session, "Key")
	details := chat.SessionDetails{
		Name: "Имя", Channel: "WIDGET", MessengerType: "tg", MessengerUserID: "42", Referer: "https://example.org/ж",
		Variables: map[string]any{"n": 1.5, "список": []any{"а", nil, true}}, BotNodeID: "/Start", CallbackURL: "https://c", CallbackData: "d",
		EventCallbackURL: "https://e", EventCallbackData: "f", NotifyOnEvents: []string{"x", "y"}, ClientIP: "::1",
	}
	wantFilled(t, details)
	w.update(func(tx chat.Tx) error { return tx.CreateSession(&session, &details) })
	if session.Key == 0 {
		t.Fatal("the session has no key")
	}
	w.wantSession(session)
	found, err := s.FindSessionDetails(context.Background(), session.Key)
	wantNoError(t, err)
	wantEqual(t, "details", *found, details)

	empty := w.newSession()
	found, err = s.FindSessionDetails(context.Background(), empty.Key)
	wantNoError(t, err)
	wantEqual(t, "empty details", *found, chat.SessionDetails{})
	if got := w.find(empty.ID); !got.ClosedAt.IsZero() || !got.Lease.Until.IsZero() {
		t.Fatalf("times that were not given: closed %v, lease %v", got.ClosedAt, got.Lease.Until)
	}
	sessionIsMissing(w)
}

func sessionIsMissing(w *world) {
	ctx := context.Background()
	_, err := w.FindSession(ctx, uuid.NewString())
	wantCode(w.T, err, chat.CodeNotFound)
	_, err = w.FindSessionByKey(ctx, 1<<40)
	wantCode(w.T, err, chat.CodeNotFound)
	_, err = w.FindSessionDetails(ctx, 1<<40)
	wantCode(w.T, err, chat.CodeNotFound)
	w.update(func(tx chat.Tx) error { // a missing row does not spoil the transaction
		_, err := tx.LockSession(uuid.NewString())
		wantCode(w.T, err, chat.CodeNotFound)
		_, err = tx.LockSessionByKey(1 << 40)
		wantCode(w.T, err, chat.CodeNotFound)
		_, err = tx.LockOpenSession(w.chat.Key, 1<<40)
		wantCode(w.T, err, chat.CodeNotFound)
		return nil
	})
}

func sessionChangesAreKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.fullSession()
	w.update(func(tx chat.Tx) error { return tx.CreateSession(&session, &chat.SessionDetails{}) })
	changes := []func(*chat.Session){
		func(c *chat.Session) { c.Sequence++ },
		func(c *chat.Session) { c.WidgetNo++ },
		func(c *chat.Session) { c.SessionNo++ },
		func(c *chat.Session) { c.WidgetGiven++ },
		func(c *chat.Session) { c.ClientRead++ },
		func(c *chat.Session) { c.Cursor = c.Pending },
		func(c *chat.Session) { c.Pending = 21 },
		func(c *chat.Session) { c.ActiveAt = c.ActiveAt.Add(time.Microsecond) },
		func(c *chat.Session) { c.Lease = chat.Lease{} },
		func(c *chat.Session) { c.Lease = chat.Lease{Node: "other", Until: epoch, Attempts: 1} },
		func(c *chat.Session) { c.TimeoutAt = time.Time{} },
		func(c *chat.Session) { c.LastAt = c.LastAt.Add(time.Millisecond) },
		func(c *chat.Session) { c.BotID = "" },
		func(c *chat.Session) { c.Owner = chat.Owner{Kind: chat.OwnerOperator, ID: "7", Name: "Оля"} },
		func(c *chat.Session) { c.Term++ },
		func(c *chat.Session) { c.TTL = time.Minute },
		func(c *chat.Session) { c.Hooks = &chat.Hooks{CallbackURL: "https://other"} },
		func(c *chat.Session) { c.Hooks = nil },
		func(c *chat.Session) { c.CheckAt = epoch.Add(3 * time.Hour) },
		func(c *chat.Session) { c.Sequence++; c.Term++; c.Owner = chat.Owner{Kind: chat.OwnerBot} },
		func(c *chat.Session) { c.Status = chat.StatusClosed; c.ClosedAt = epoch.Add(4 * time.Hour) },
	}
	for _, change := range changes {
		change(&session)
		w.update(func(tx chat.Tx) error {
			locked, err := tx.LockSessionByKey(session.Key)
			if err != nil {
				return err
			}
			change(locked)
			*locked = session
			return tx.UpdateSession(locked)
		})
		w.wantSession(session)
	}
}

func lockedSessionIsCopy(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	for range 2 {
		w.update(func(tx chat.Tx) error {
			locked, err := tx.LockSession(session.ID)
			if err != nil {
				return err
			}
			locked.Sequence, locked.Status = 77, chat.StatusClosed // and not stored
			return nil
		})
		w.wantSession(*session)
	}
}

func rolledBackSessionIsForgotten(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	var never string
	w.refused(chat.CodeState, func(tx chat.Tx) error {
		if _, err := say(tx, session.ID, chat.AuthorClient, "never"); err != nil {
			return err
		}
		other := w.sessionFor(w.client)
		never = other.ID
		if err := tx.CreateSession(other, &chat.SessionDetails{}); err != nil {
			return err
		}
		return chat.Errorf(chat.CodeState, "refused")
	})
	w.wantSession(*session)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockSession(never)
		return err
	})
}

func oneOpenSession(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	first, second := w.sessionFor(w.client), w.sessionFor(w.client)
	create := func(s *chat.Session) func(chat.Tx) error {
		return func(tx chat.Tx) error { return tx.CreateSession(s, &chat.SessionDetails{}) }
	}
	w.update(create(first))
	w.refused(chat.CodeConflict, create(second))
	w.update(func(tx chat.Tx) error {
		open, err := tx.LockOpenSession(w.chat.Key, w.client.Key)
		if err != nil {
			return err
		}
		wantEqual(t, "open session", *open, *first)
		open.Status, open.ClosedAt = chat.StatusClosed, epoch
		if err := tx.UpdateSession(open); err != nil {
			return err
		}
		_, err = tx.LockOpenSession(w.chat.Key, w.client.Key)
		wantCode(t, err, chat.CodeNotFound)
		return create(second)(tx)
	})
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { // nor may the first one be opened again
		closed, err := tx.LockSession(first.ID)
		if err != nil {
			return err
		}
		closed.Status = chat.StatusOpen
		return tx.UpdateSession(closed)
	})
	elsewhere := w.sessionFor(w.client)
	other := &chat.Chat{ID: uuid.NewString()}
	w.update(func(tx chat.Tx) error { return tx.CreateChat(other) })
	elsewhere.ChatKey, elsewhere.ChatID = other.Key, other.ID
	w.update(create(elsewhere))
}

func simultaneousStarts(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	ids := make([]string, 32)
	errs := w.together(len(ids), func(i int, tx chat.Tx) error { // continue, or start
		open, err := tx.LockOpenSession(w.chat.Key, w.client.Key)
		if chat.CodeOf(err) == chat.CodeNotFound && err != nil {
			open = w.sessionFor(w.client)
			err = tx.CreateSession(open, &chat.SessionDetails{})
		}
		if err == nil {
			ids[i] = open.ID
		}
		return err
	})
	open := ""
	for i, err := range errs {
		if err != nil {
			wantCode(t, err, chat.CodeConflict)
			continue
		}
		if open == "" {
			open = ids[i]
		}
		wantEqual(t, "open session", ids[i], open)
	}

	second := w.newClient()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var started int
	for range 16 { // start without looking
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) error {
				return tx.CreateSession(w.sessionFor(second), &chat.SessionDetails{})
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				started++
			} else if chat.CodeOf(err) != chat.CodeConflict {
				t.Errorf("error %v, want a conflict", err)
			}
		})
	}
	wg.Wait()
	wantEqual(t, "started sessions", started, 1)
}

func sessionIDIsUnique(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	first, second := w.newSession(), w.sessionFor(w.client)
	second.ID = first.ID
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateSession(second, &chat.SessionDetails{}) })
}

// change changes a session.
func (w *world) change(id string, change func(*chat.Session)) {
	w.Helper()
	w.update(func(tx chat.Tx) error {
		s, err := tx.LockSession(id)
		if err != nil {
			return err
		}
		change(s)
		return tx.UpdateSession(s)
	})
}

func (w *world) due(node string, now time.Time, limit int) []int64 {
	w.Helper()
	refs, err := w.ListDueTurns(context.Background(), node, now, 0, limit)
	wantNoError(w.T, err)
	return w.keys(refs)
}

// keys checks that the ids belong to the keys.
func (w *world) keys(refs []chat.SessionRef) []int64 {
	w.Helper()
	keys := make([]int64, len(refs))
	for i, r := range refs {
		wantEqual(w.T, "key", w.find(r.ID).Key, r.Key)
		keys[i] = r.Key
	}
	return keys
}

func dueTurns(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	a, b, c, d := w.newSession(), w.newSession(), w.newSession(), w.newSession()
	wantEqual(t, "nothing is due", w.due("node", epoch, 10), []int64{})
	owe := func(at time.Duration) func(*chat.Session) {
		return func(s *chat.Session) { s.Sequence++; s.Pending = s.Sequence; s.ActiveAt = epoch.Add(at) }
	}
	w.change(c.ID, owe(1*time.Second))
	w.change(a.ID, owe(2*time.Second))
	w.change(b.ID, owe(3*time.Second))
	w.change(d.ID, owe(4*time.Second))
	wantEqual(t, "due", w.due("node", epoch, 10), []int64{a.Key, b.Key, c.Key, d.Key})
	wantEqual(t, "at most two", w.due("node", epoch, 2), []int64{a.Key, b.Key})
	refs, err := w.ListDueTurns(context.Background(), "node", epoch, b.Key, 10)
	wantNoError(t, err)
	wantEqual(t, "after the second", w.keys(refs), []int64{c.Key, d.Key})

	w.change(c.ID, owe(9*time.Second)) // one that owes already is listed once
	wantEqual(t, "due after another message", w.due("node", epoch, 10), []int64{a.Key, b.Key, c.Key, d.Key})
	w.change(c.ID, func(s *chat.Session) { s.Cursor = s.Pending })                                             // answered
	w.change(a.ID, func(s *chat.Session) { s.Owner = chat.Owner{Kind: chat.OwnerQueue, ID: "g"} })             // handed over
	w.change(b.ID, func(s *chat.Session) { s.Status, s.ClosedAt = chat.StatusClosed, epoch.Add(time.Second) }) // closed
	wantEqual(t, "due at last", w.due("node", epoch, 10), []int64{d.Key})
	w.change(c.ID, owe(10*time.Second))
	wantEqual(t, "due again", w.due("node", epoch, 10), []int64{c.Key, d.Key})

	started := w.sessionFor(w.client) // owes a greeting from the start
	started.Sequence, started.Pending, started.ActiveAt = 1, 1, epoch.Add(11*time.Second)
	w.update(func(tx chat.Tx) error { return tx.CreateSession(started, &chat.SessionDetails{}) })
	wantEqual(t, "due from the start", w.due("node", epoch, 10), []int64{c.Key, d.Key, started.Key})
}

func leasedTurns(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	until := epoch.Add(time.Minute)
	w.change(session.ID, func(s *chat.Session) {
		s.Sequence, s.Pending, s.Lease = 1, 1, chat.Lease{Node: "a", Until: until, Attempts: 1}
	})
	all, none := []int64{session.Key}, []int64{}
	wantEqual(t, "for its node", w.due("a", epoch, 10), all)
	wantEqual(t, "for another node", w.due("b", until.Add(-time.Microsecond), 10), none)
	wantEqual(t, "for another node when it is over", w.due("b", until, 10), all)
	w.change(session.ID, func(s *chat.Session) { s.Lease = chat.Lease{} })
	wantEqual(t, "when it is free", w.due("b", epoch, 10), all)
}

func expiringSessions(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	a, b, c := w.newSession(), w.newSession(), w.newSession()
	expiring := func(now time.Time, limit int) []int64 {
		refs, err := s.ListExpiring(context.Background(), now, limit)
		wantNoError(t, err)
		return w.keys(refs)
	}
	at := func(d time.Duration) func(*chat.Session) {
		return func(s *chat.Session) { s.CheckAt = epoch.Add(d) }
	}
	w.change(a.ID, at(3*time.Hour))
	w.change(b.ID, at(2*time.Hour))
	w.change(c.ID, at(4*time.Hour))
	wantEqual(t, "before", expiring(epoch.Add(2*time.Hour-time.Microsecond), 10), []int64{})
	wantEqual(t, "at the time", expiring(epoch.Add(2*time.Hour), 10), []int64{b.Key})
	wantEqual(t, "later", expiring(epoch.Add(9*time.Hour), 10), []int64{b.Key, a.Key, c.Key})
	wantEqual(t, "at most two", expiring(epoch.Add(9*time.Hour), 2), []int64{b.Key, a.Key})
	w.change(b.ID, func(s *chat.Session) { s.Status, s.ClosedAt = chat.StatusClosed, epoch })
	w.change(a.ID, at(10*time.Hour))
	wantEqual(t, "open and not put off", expiring(epoch.Add(9*time.Hour), 10), []int64{c.Key})
}
