package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func committedIsRead(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	w.say(session.ID, chat.AuthorClient, "hello")
	wantEqual(t, "sequence", w.find(session.ID).Sequence, 1)
	wantEqual(t, "messages", bodies(w.events(session)), []string{"hello"})
}

func uncommittedIsHidden(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	w.update(func(tx chat.Tx) error {
		if _, err := say(tx, session.ID, chat.AuthorClient, "not yet"); err != nil {
			return err
		}
		seen, err := w.FindSession(context.Background(), session.ID)
		if err == nil && seen.Sequence != 0 {
			err = fmt.Errorf("a reader sees sequence %d before the commit", seen.Sequence)
		}
		return err
	})
}

func ownWritesAreRead(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	w.update(func(tx chat.Tx) error {
		events, err := say(tx, session.ID, chat.AuthorClient, "one", "two")
		if err != nil {
			return err
		}
		again, err := tx.LockSession(session.ID)
		if err != nil {
			return err
		}
		open, err := tx.LockOpenSession(session.ChatKey, session.ClientKey)
		if err != nil {
			return err
		}
		found, err := tx.FindEvent(session.Key, events[1].ID)
		if err != nil {
			return err
		}
		if again.Sequence != 2 || open.Sequence != 2 || found.Sequence != 2 {
			return fmt.Errorf("sequence %d, %d, event %d: want 2", again.Sequence, open.Sequence, found.Sequence)
		}
		_, err = say(tx, session.ID, chat.AuthorClient, "three")
		return err
	})
	wantEqual(t, "messages", bodies(w.events(session)), []string{"one", "two", "three"})
}

// leavesNothing runs a function that writes and then fails as fail does.
func leavesNothing(t *testing.T, s chat.Store, fail func() error) error {
	t.Helper()
	w := newWorld(t, s)
	session := w.newSession()
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		if _, err := say(tx, session.ID, chat.AuthorClient, "never"); err != nil {
			return err
		}
		if err := tx.CreateClient(&chat.Client{ID: newID()}); err != nil {
			return err
		}
		return fail()
	})
	if err == nil {
		t.Fatal("the update succeeded")
	}
	wantEqual(t, "sequence", w.find(session.ID).Sequence, 0)
	wantEqual(t, "events", len(w.events(session)), 0)
	w.say(session.ID, chat.AuthorClient, "first")
	wantEqual(t, "messages", bodies(w.events(session)), []string{"first"})
	return err
}

func refusedLeavesNothing(t *testing.T, s chat.Store) {
	err := leavesNothing(t, s, func() error { return fmt.Errorf("wrapped: %w", chat.Errorf(chat.CodeState, "closed")) })
	wantCode(t, err, chat.CodeState)
}

func failedLeavesNothing(t *testing.T, s chat.Store) {
	boom := errors.New("boom")
	if err := leavesNothing(t, s, func() error { return boom }); !errors.Is(err, boom) {
		t.Fatalf("error %v, want the function's", err)
	}
}

func panicLeavesNothing(t *testing.T, s chat.Store) {
	err := leavesNothing(t, s, func() error { panic("boom") })
	wantCode(t, err, chat.CodeInternal)
}

func swallowedConflictLeavesNothing(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	w.refused(chat.CodeConflict, func(tx chat.Tx) error {
		if _, err := say(tx, session.ID, chat.AuthorClient, "never"); err != nil {
			return err
		}
		if err := tx.CreateClient(&chat.Client{ID: w.client.ID}); err == nil {
			return errors.New("a client id was taken twice")
		}
		return nil
	})
	wantEqual(t, "sequence", w.find(session.ID).Sequence, 0)
}

// failuresHarmNobody has members of all kinds of failure queue up behind one that waits, so
// that a store which groups commits has them in one group.
func failuresHarmNobody(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	sessions := make([]*chat.Session, 8)
	for i := range sessions {
		sessions[i] = w.newSession()
	}
	errs := w.together(40, func(i int, tx chat.Tx) error {
		if _, err := say(tx, sessions[i%8].ID, chat.AuthorClient, "message"); err != nil {
			return err
		}
		switch i % 5 {
		case 1:
			return chat.Errorf(chat.CodeState, "refused")
		case 2:
			return tx.CreateClient(&chat.Client{ID: w.client.ID})
		case 3:
			panic("boom")
		}
		return nil
	})
	var want [8]int64
	for i, err := range errs {
		switch i % 5 {
		case 1:
			wantCode(t, err, chat.CodeState)
		case 2:
			wantCode(t, err, chat.CodeConflict)
		case 3:
			wantCode(t, err, chat.CodeInternal)
		default:
			wantNoError(t, err)
			want[i%8]++
		}
	}
	for i, session := range sessions {
		wantEqual(t, "sequence", w.find(session.ID).Sequence, want[i])
		wantDense(t, w.events(session), int(want[i]))
	}
}

// together runs n functions at once, all of them started while another transaction runs.
func (w *world) together(n int, fn func(i int, tx chat.Tx) error) []error {
	entered, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = w.Update(context.Background(), func(chat.Tx) error {
			entered <- struct{}{}
			<-leave
			return nil
		})
	})
	<-entered
	errs := make([]error, n)
	for i := range errs {
		started := make(chan struct{})
		wg.Go(func() {
			close(started)
			errs[i] = w.Update(context.Background(), func(tx chat.Tx) error { return fn(i, tx) })
		})
		<-started
	}
	close(leave)
	wg.Wait()
	return errs
}

func wantDense(t *testing.T, events []chat.Event, n int) {
	t.Helper()
	wantEqual(t, "number of events", len(events), n)
	for i := range events {
		wantEqual(t, "sequence", events[i].Sequence, int64(i+1))
	}
}

func hooksRunAfterCommit(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	var order []string
	w.update(func(tx chat.Tx) error {
		order = nil
		tx.OnCommit(func() { order = append(order, fmt.Sprint("first sees ", w.find(session.ID).Sequence)) })
		if _, err := say(tx, session.ID, chat.AuthorClient, "hello"); err != nil {
			return err
		}
		tx.OnCommit(func() { order = append(order, "second") })
		order = append(order, "function")
		return nil
	})
	wantEqual(t, "order", order, []string{"function", "first sees 1", "second"})
}

// hooksRunInOrder is promised by stores that are the one writer of their data. Where there are
// several, rings of nodes cross anyway.
func hooksRunInOrder(t *testing.T, s chat.Store) {
	if s.(interface{ Shared() bool }).Shared() {
		return
	}
	w := newWorld(t, s)
	session := w.newSession()
	var mu sync.Mutex
	var order []int64
	errs := w.together(64, func(_ int, tx chat.Tx) error {
		events, err := say(tx, session.ID, chat.AuthorClient, "message")
		if err != nil {
			return err
		}
		tx.OnCommit(func() {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, events[0].Sequence)
		})
		return nil
	})
	wantNoError(t, errors.Join(errs...))
	wantEqual(t, "hooks", len(order), 64)
	if !slices.IsSorted(order) {
		t.Fatalf("hooks ran in the order %v", order)
	}
}

func hooksOfFailedNeverRun(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	ran := make(chan int, 16)
	errs := w.together(4, func(i int, tx chat.Tx) error {
		tx.OnCommit(func() { ran <- i })
		switch i {
		case 0:
			return chat.Errorf(chat.CodeState, "refused")
		case 1:
			return tx.CreateClient(&chat.Client{ID: w.client.ID})
		case 2:
			panic("boom")
		}
		return nil
	})
	wantNoError(t, errs[3])
	close(ran)
	var got []int
	for i := range ran {
		got = append(got, i)
	}
	wantEqual(t, "hooks that ran", got, []int{3})
}

func cancelledDoesNotBegin(t *testing.T, s chat.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := s.Update(ctx, func(chat.Tx) error {
		t.Error("the function ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want that of the context", err)
	}
}

func cancelledWhileRunningCommits(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Update(ctx, func(tx chat.Tx) error {
		cancel()
		_, err := say(tx, session.ID, chat.AuthorClient, "hello")
		return err
	})
	wantNoError(t, err)
	wantEqual(t, "messages", bodies(w.events(session)), []string{"hello"})
}
