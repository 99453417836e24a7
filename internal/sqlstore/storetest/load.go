package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// loadLosesNothing writes from many goroutines, some of which fail, and reads all of it back:
// what was acknowledged is there once, what was not is not, and no number is missing.
func loadLosesNothing(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	sessions := make([]*chat.Session, 10)
	for i := range sessions {
		sessions[i] = w.newSession()
	}
	var mu sync.Mutex
	acknowledged := map[string]bool{} // by event id: whether it was
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(g)))
			for range 40 {
				ids, err := w.act(r, sessions[r.IntN(len(sessions))].ID)
				mu.Lock()
				for _, id := range ids {
					acknowledged[id] = err == nil
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	total := 0
	for _, session := range sessions {
		events := w.events(session)
		total += len(events)
		wantStreams(t, w.find(session.ID), events)
		for i := range events {
			if !acknowledged[events[i].ID] {
				t.Errorf("event %s is there and was not acknowledged", events[i].ID)
			}
		}
	}
	want := 0
	for _, ok := range acknowledged {
		if ok {
			want++
		}
	}
	wantEqual(t, "events in all", total, want)
}

// act writes one to three events, or fails after it has written them.
func (w *world) act(r *rand.Rand, id string) (ids []string, err error) {
	outcome, author, n := r.IntN(10), chat.AuthorClient, 1+r.IntN(3)
	if r.IntN(2) == 0 {
		author = chat.AuthorBot
	}
	err = w.Update(context.Background(), func(tx chat.Tx) error {
		events, err := say(tx, id, author, numbered("text ", n)...)
		if err != nil {
			return err
		}
		ids = nil
		for i := range events {
			ids = append(ids, events[i].ID)
		}
		switch outcome {
		case 0:
			return chat.Errorf(chat.CodeState, "refused")
		case 1:
			return tx.CreateClient(&chat.Client{ID: w.client.ID})
		case 2:
			panic("boom")
		}
		return nil
	})
	if outcome <= 2 && err == nil {
		err = fmt.Errorf("outcome %d was acknowledged", outcome)
		w.Error(err)
	}
	return ids, err
}

// wantStreams checks that every number was given, once and in order, and that the session
// knows the last ones.
func wantStreams(t *testing.T, s *chat.Session, events []chat.Event) {
	t.Helper()
	var sequence, widget, session int64
	for i := range events {
		e := &events[i]
		sequence++
		if e.Payload.In(chat.StreamWidget) {
			widget++
			wantEqual(t, "widget number", e.WidgetNo, widget)
		}
		if e.Payload.In(chat.StreamSession) {
			session++
			wantEqual(t, "session number", e.SessionNo, session)
		}
		wantEqual(t, "sequence", e.Sequence, sequence)
	}
	wantEqual(t, "numbers of the session", [3]int64{s.Sequence, s.WidgetNo, s.SessionNo}, [3]int64{sequence, widget, session})
}
