package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

func statusIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	r := chat.MessageStatusRecord{SessionKey: session.Key, Sequence: 3, Status: chat.MessageDelivered, UpTo: 5}
	wantFilled(t, r)
	w.update(func(tx chat.Tx) error { return tx.PutMessageStatus(&r) })
	for _, sequence := range []int64{7, 1} {
		w.update(func(tx chat.Tx) error {
			return tx.PutMessageStatus(&chat.MessageStatusRecord{SessionKey: session.Key, Sequence: sequence, Status: chat.MessageReadBy, UpTo: 9})
		})
	}
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindMessageStatus(other.Key, 3)
		return err
	})
	r.Status, r.UpTo = chat.MessageReadBy, 6
	w.update(func(tx chat.Tx) error {
		if err := tx.PutMessageStatus(&r); err != nil {
			return err
		}
		found, err := tx.FindMessageStatus(session.Key, 3)
		if err == nil {
			wantEqual(t, "status", *found, r)
		}
		return err
	})
	list, err := w.ListMessageStatuses(context.Background(), session.Key, 1, 3)
	wantNoError(t, err)
	wantEqual(t, "statuses", list, []chat.MessageStatusRecord{{SessionKey: session.Key, Sequence: 1, Status: chat.MessageReadBy, UpTo: 9}, r})
}

func widgetStateIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	_, err := w.FindWidgetState(context.Background(), w.chat.Key, w.client.Key)
	wantCode(t, err, chat.CodeNotFound)
	for _, state := range []string{`{"a":1}`, `{"я":"\u0000👋"}`} {
		w.update(func(tx chat.Tx) error {
			return tx.PutWidgetState(w.chat.Key, w.client.Key, json.RawMessage(state))
		})
		got, err := w.FindWidgetState(context.Background(), w.chat.Key, w.client.Key)
		wantNoError(t, err)
		wantEqual(t, "state", string(got), state)
	}
	_, err = w.FindWidgetState(context.Background(), w.chat.Key, w.newClient().Key)
	wantCode(t, err, chat.CodeNotFound)
}

// twoSessions are an ended and an open one of the world's client, with messages of both sides in each.
func (w *world) twoSessions() (first, second *chat.Session) {
	w.Helper()
	var made [2]*chat.Session
	for i := range made {
		made[i] = w.sessionFor(w.client)
		w.update(func(tx chat.Tx) error { return tx.CreateSession(made[i], &chat.SessionDetails{}) })
		w.say(made[i].ID, chat.AuthorClient, numbered("q", 1)...)
		w.say(made[i].ID, chat.AuthorBot, numbered("a", 2)...)
		w.update(func(tx chat.Tx) error {
			_, err := write(tx, made[i].ID, &chat.ActionPressed{Event: "press"}, &chat.MessageRead{By: chat.AuthorClient},
				&chat.Message{AuthorType: chat.AuthorBot, Replies: []json.RawMessage{json.RawMessage(`{"type":"x"}`)}})
			return err
		})
		if i == 0 {
			w.update(func(tx chat.Tx) error {
				session, err := tx.LockSession(made[0].ID)
				if err != nil {
					return err
				}
				session.Status, session.ClosedAt, session.ClientRead = chat.StatusClosed, epoch, 2
				return tx.UpdateSession(session)
			})
		}
	}
	return made[0], made[1]
}

func places(items []chat.DialogueItem) [][2]int64 {
	var out [][2]int64
	for i := range items {
		out = append(out, [2]int64{items[i].Session.Key, items[i].Sequence})
	}
	return out
}

func dialogueIsListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	a, b := w.twoSessions()
	w.say(w.newSession().ID, chat.AuthorBot, "of somebody else")
	all := [][2]int64{{a.Key, 1}, {a.Key, 2}, {a.Key, 3}, {a.Key, 4}, {a.Key, 6}, {b.Key, 1}, {b.Key, 2}, {b.Key, 3}, {b.Key, 4}, {b.Key, 6}}
	for _, c := range []struct {
		name  string
		q     chat.DialogueQuery
		want  [][2]int64
		total int64
	}{
		{"everything", chat.DialogueQuery{Limit: 100}, all, 10},
		{"a page over two sessions", chat.DialogueQuery{Offset: 3, Limit: 3}, all[3:6], 10},
		{"beyond the end", chat.DialogueQuery{Offset: 10, Limit: 3}, nil, 10},
		{"nothing asked for", chat.DialogueQuery{}, nil, 10},
		{"from a time on", chat.DialogueQuery{From: epoch.Add(6 * time.Second), Limit: 9}, [][2]int64{{a.Key, 6}, {b.Key, 6}}, 2},
		{"before a time", chat.DialogueQuery{To: epoch.Add(2 * time.Second), Limit: 9}, [][2]int64{{a.Key, 1}, {b.Key, 1}}, 2},
	} {
		items, total, err := w.ListDialogue(context.Background(), w.chat.Key, w.client.Key, c.q)
		wantNoError(t, err)
		wantEqual(t, c.name, places(items), c.want)
		wantEqual(t, c.name+": total", total, c.total)
	}
}

func unreadIsListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	a, b := w.twoSessions()
	items, err := w.ListUnreadOfClient(context.Background(), w.chat.Key, w.client.Key, 10)
	wantNoError(t, err)
	wantEqual(t, "unread", places(items), [][2]int64{{b.Key, 3}, {b.Key, 2}, {a.Key, 3}})
	wantEqual(t, "the read mark", items[2].ClientRead, int64(2))
	items, err = w.ListUnreadOfClient(context.Background(), w.chat.Key, w.client.Key, 1)
	wantNoError(t, err)
	wantEqual(t, "unread, the newest", places(items), [][2]int64{{b.Key, 3}})
	w.update(func(tx chat.Tx) error {
		said, err := tx.ListUnread(b.Ref(), 2, 10)
		wantEqual(t, "unread in a session", bodies(said), []string{"a2"})
		latest, lockErr := tx.LockLatestSession(w.chat.Key, w.client.Key)
		wantNoError(t, lockErr)
		wantEqual(t, "the latest session", latest.ID, b.ID)
		e, findErr := tx.FindEventOfClient(chat.ClientRef{Chat: w.chat.Key, Client: w.client.Key}, said[0].ID)
		wantNoError(t, findErr)
		wantEqual(t, "an event of the client", e.Session, b.Ref())
		return err
	})
	stranger := w.newClient()
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindEventOfClient(chat.ClientRef{Chat: w.chat.Key, Client: stranger.Key}, items[0].ID)
		return err
	})
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockLatestSession(w.chat.Key, stranger.Key)
		return err
	})
}
