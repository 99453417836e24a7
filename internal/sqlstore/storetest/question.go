package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// questionIsKept also names it twice: the second is refused, and another client's is not.
func questionIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	ask := func(of *chat.Session, id, cid string, sequence int64) chat.QuestionRecord {
		return chat.QuestionRecord{
			ChatKey: of.ChatKey, ClientKey: of.ClientKey, ID: id, SessionKey: of.Key, Sequence: sequence, CID: cid,
			At: epoch.Add(time.Duration(sequence) * time.Second),
		}
	}
	first := ask(session, "вопрос 🙂", "c", 3)
	wantFilled(t, first)
	for _, q := range []chat.QuestionRecord{ask(session, "later", "c", 5), first, ask(session, "none", "", 1), ask(other, first.ID, "", 2)} {
		w.update(func(tx chat.Tx) error { return tx.CreateQuestion(&q) })
	}
	again := ask(session, first.ID, "", 9)
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateQuestion(&again) })

	ctx := context.Background()
	found, err := s.FindQuestion(ctx, session.ChatKey, session.ClientKey, first.ID)
	wantNoError(t, err)
	wantEqual(t, "question", *found, first)
	found, err = s.FirstOfConnection(ctx, session.ChatKey, session.ClientKey, "c")
	wantNoError(t, err)
	wantEqual(t, "first of the connection", *found, first)
	w.update(func(tx chat.Tx) error {
		found, err := tx.FindQuestion(session.ChatKey, session.ClientKey, first.ID)
		wantEqual(t, "question", *found, first)
		return err
	})
	_, err = s.FindQuestion(ctx, session.ChatKey, session.ClientKey, "unknown")
	wantCode(t, err, chat.CodeNotFound)
	_, err = s.FirstOfConnection(ctx, other.ChatKey, other.ClientKey, "c")
	wantCode(t, err, chat.CodeNotFound)
	_, err = s.FirstOfConnection(ctx, session.ChatKey, session.ClientKey, "")
	wantCode(t, err, chat.CodeNotFound)
}

// eventIsFoundByNumber looks in the session's log.
func eventIsFoundByNumber(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	events := w.say(session.ID, chat.AuthorClient, "a", "b")
	w.update(func(tx chat.Tx) error {
		e, err := tx.FindEventAt(session.Key, events[1].Sequence)
		if err != nil {
			return err
		}
		wantEqual(t, "event", e.ID, events[1].ID)
		_, err = tx.FindEventAt(session.Key, events[1].Sequence+1)
		wantCode(t, err, chat.CodeNotFound)
		return nil
	})
}
