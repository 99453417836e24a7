package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// cursorOf is how far a connection of the world's client has been given events.
func (w *world) cursorOf(cid string, session, sequence int64) chat.PollCursor {
	return chat.PollCursor{
		Client: chat.ClientRef{Chat: w.chat.Key, Client: w.client.Key}, CID: cid,
		Position: chat.Position{Session: session, Sequence: sequence}, UsedAt: epoch,
	}
}

func (w *world) advance(cursors ...chat.PollCursor) {
	w.Helper()
	w.update(func(tx chat.Tx) error {
		for _, c := range cursors {
			if err := tx.AdvancePollCursor(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) wantCursor(want chat.PollCursor) {
	w.Helper()
	got, err := w.FindPollCursor(context.Background(), want.Client, want.CID)
	wantNoError(w.T, err)
	wantEqual(w.T, "cursor", *got, want)
}

func pollCursorIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	first, other := w.cursorOf("", 3, 7), w.cursorOf("соединение 🔌", 2, 1)
	wantFilled(t, other)
	_, err := s.FindPollCursor(context.Background(), first.Client, "")
	wantCode(t, err, chat.CodeNotFound)
	w.advance(first, other)
	w.wantCursor(first)
	w.wantCursor(other)
}

func pollCursorNeverGoesBack(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	for _, step := range []struct{ session, sequence, wantSession, wantSequence int64 }{
		{2, 5, 2, 5}, {2, 4, 2, 5}, {2, 6, 2, 6}, {1, 9, 2, 6}, {3, 1, 3, 1}, {2, 7, 3, 1}, {3, 1, 3, 1},
	} {
		w.advance(w.cursorOf("c", step.session, step.sequence))
		w.wantCursor(w.cursorOf("c", step.wantSession, step.wantSequence))
	}
	later := w.cursorOf("c", 3, 1)
	later.UsedAt = epoch.Add(24 * time.Hour)
	w.advance(later) // it is where it was, and in use
	w.wantCursor(later)

	var running sync.WaitGroup
	for i := range int64(8) {
		running.Go(func() { w.advance(w.cursorOf("c", 4, 8-i), w.cursorOf("d", 4, 1+i)) })
	}
	running.Wait()
	w.wantCursor(w.cursorOf("c", 4, 8))
	w.wantCursor(w.cursorOf("d", 4, 8))
}

func oldPollCursorsAreDeleted(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	for i, cid := range []string{"a", "b", "c", "d"} {
		c := w.cursorOf(cid, 1, 1)
		c.UsedAt = epoch.Add(time.Duration(i) * 24 * time.Hour)
		w.advance(c)
	}
	remove := func(limit int) (n int64) {
		w.update(func(tx chat.Tx) (err error) {
			n, err = tx.DeletePollCursorsBefore(epoch.Add(3*24*time.Hour), limit)
			return err
		})
		return n
	}
	wantEqual(t, "deleted", []int64{remove(2), remove(2), remove(2)}, []int64{2, 1, 0})
	d := w.cursorOf("d", 1, 1)
	d.UsedAt = epoch.Add(3 * 24 * time.Hour)
	w.wantCursor(d)
}

func sessionsOfAClient(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	var sessions []*chat.Session
	for range 3 {
		session := w.sessionFor(w.client)
		w.update(func(tx chat.Tx) error { return tx.CreateSession(session, &chat.SessionDetails{}) })
		sessions = append(sessions, session)
		if len(sessions) < 3 {
			session.Status = chat.StatusClosed
			w.update(func(tx chat.Tx) error { return tx.UpdateSession(session) })
		}
	}
	w.newSession() // another client's
	list := func(limit int) (keys []int64) {
		all, err := s.ListClientSessions(context.Background(), w.chat.Key, w.client.Key, limit)
		wantNoError(t, err)
		for i := range all {
			keys = append(keys, all[i].Key)
		}
		return keys
	}
	wantEqual(t, "sessions", list(9), []int64{sessions[2].Key, sessions[1].Key, sessions[0].Key})
	wantEqual(t, "the newest", list(1), []int64{sessions[2].Key})
	none, err := s.ListClientSessions(context.Background(), w.chat.Key+1, w.client.Key, 9)
	wantNoError(t, err)
	wantEqual(t, "sessions in another chat", len(none), 0)
}

func eventOfAClient(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.sessionFor(w.client), w.newSession()
	w.update(func(tx chat.Tx) error { return tx.CreateSession(session, &chat.SessionDetails{}) })
	mine, theirs := w.say(session.ID, chat.AuthorClient, "mine")[0], w.say(other.ID, chat.AuthorClient, "theirs")[0]
	got, err := s.FindEventOfClient(context.Background(), session.ClientRef(), mine.ID)
	wantNoError(t, err)
	got.Key = 0
	wantEqual(t, "event", *got, mine)
	for _, id := range []string{theirs.ID, newID(), ""} {
		_, err = s.FindEventOfClient(context.Background(), session.ClientRef(), id)
		wantCode(t, err, chat.CodeNotFound)
	}
}
