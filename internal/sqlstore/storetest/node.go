package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

func (w *world) newNode() chat.Node {
	w.Helper()
	n := chat.Node{
		ID: uuid.NewString(), Name: "узел", Version: "v1", Address: "127.0.0.1:1", StartedAt: epoch, Beat: 1, Connections: 2, Turns: 3,
	}
	w.putNode(n, true)
	return n
}

func (w *world) putNode(n chat.Node, wantAdded bool) {
	w.Helper()
	var added bool
	w.update(func(tx chat.Tx) (err error) {
		added, err = tx.PutNode(&n)
		return err
	})
	wantEqual(w.T, "added", added, wantAdded)
}

func (w *world) removeNode(n chat.Node, want bool) {
	w.Helper()
	var removed bool
	w.update(func(tx chat.Tx) (err error) {
		removed, err = tx.RemoveNode(n.ID, n.Beat)
		return err
	})
	wantEqual(w.T, "removed", removed, want)
}

func (w *world) wantNodes(want ...chat.Node) {
	w.Helper()
	nodes, err := w.ListNodes(context.Background())
	wantNoError(w.T, err)
	wantEqual(w.T, "nodes", nodes, append([]chat.Node{}, want...))
}

func (w *world) wantLeases(want map[string]int64) {
	w.Helper()
	leases, err := w.CountLeases(context.Background())
	wantNoError(w.T, err)
	wantEqual(w.T, "leases", leases, want)
}

// leased is a session whose turn is due and claimed.
func (w *world) leased(node string, attempts int) *chat.Session {
	w.Helper()
	s := w.newSession()
	w.change(s.ID, func(s *chat.Session) {
		s.Sequence, s.Pending, s.Lease = 1, 1, chat.Lease{Node: node, Until: epoch.Add(time.Minute), Attempts: attempts}
	})
	return w.find(s.ID)
}

func nodeIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	w.wantNodes()
	first, second, third := w.newNode(), w.newNode(), w.newNode()
	wantFilled(t, first)
	w.wantNodes(first, second, third)
	first = chat.Node{
		ID: first.ID, Name: "b", Version: "v2", Address: "[::1]:2", StartedAt: epoch.Add(time.Microsecond), Beat: 1 << 40, Connections: 5, Turns: 6,
	}
	w.putNode(first, false)
	w.wantNodes(first, second, third)

	w.removeNode(first, true)
	w.wantNodes(second, third)
	w.putNode(first, true)
	w.wantNodes(second, third, first)
}

func nodeIsRemovedAtItsBeat(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	n := w.newNode()
	held := w.leased(n.ID, 1)
	before := n
	n.Beat++
	w.putNode(n, false)
	w.removeNode(before, false)
	w.wantNodes(n)
	w.wantSession(*held)
	w.removeNode(n, true)
	w.wantNodes()
	w.removeNode(n, false)
}

func removalFreesLeases(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	dead, alive := w.newNode(), w.newNode()
	first, second, other, free := w.leased(dead.ID, 1), w.leased(dead.ID, 3), w.leased(alive.ID, 2), w.leased("", 1)
	done := w.leased(dead.ID, 1)
	w.change(done.ID, func(s *chat.Session) { s.Cursor, s.Lease = s.Pending, chat.Lease{} })
	done = w.find(done.ID)
	w.wantLeases(map[string]int64{dead.ID: 2, alive.ID: 1})

	w.refused(chat.CodeState, func(tx chat.Tx) error { // and is rolled back
		if _, err := tx.RemoveNode(dead.ID, dead.Beat); err != nil {
			return err
		}
		if _, err := tx.LockSession(first.ID); err != nil {
			return err
		}
		return chat.Errorf(chat.CodeState, "refused")
	})
	w.wantNodes(dead, alive)
	for _, s := range []*chat.Session{first, second, other, free, done} {
		w.wantSession(*s)
	}

	w.removeNode(dead, true)
	first.Lease, second.Lease = chat.Lease{Attempts: 1}, chat.Lease{Attempts: 3}
	for _, s := range []*chat.Session{first, second, other, free, done} {
		w.wantSession(*s)
	}
	w.wantLeases(map[string]int64{alive.ID: 1})
}

func removalHappensOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	n := w.newNode()
	for range 8 {
		w.leased(n.ID, 1)
	}
	removed := make([]bool, 8)
	errs := w.together(len(removed), func(i int, tx chat.Tx) (err error) {
		removed[i], err = tx.RemoveNode(n.ID, n.Beat)
		return err
	})
	count := 0
	for i, err := range errs {
		wantNoError(t, err)
		if removed[i] {
			count++
		}
	}
	wantEqual(t, "removals", count, 1)
	w.wantLeases(map[string]int64{})
}

// removalMeetsBeat has a node beat while it is removed: it is removed, or its beat was in time.
func removalMeetsBeat(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	n := w.newNode()
	for range 20 {
		seen := n
		n.Beat++
		var removed, added bool
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) (err error) {
				removed, err = tx.RemoveNode(seen.ID, seen.Beat)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) (err error) {
				added, err = tx.PutNode(&n)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		wantEqual(t, "added, for it was removed", added, removed)
		w.wantNodes(n)
	}
}

func orphansAreFreed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	alive := w.newNode()
	gone := uuid.NewString()
	first, second, other := w.leased(gone, 1), w.leased(gone, 2), w.leased(alive.ID, 1)
	w.wantLeases(map[string]int64{gone: 2, alive.ID: 1})
	free := func(id string) (n int64) {
		w.update(func(tx chat.Tx) (err error) {
			n, err = tx.FreeLeases(id)
			return err
		})
		return n
	}
	wantEqual(t, "freed of who is registered", free(alive.ID), 0)
	wantEqual(t, "freed of who is not", free(gone), 2)
	wantEqual(t, "freed again", free(gone), 0)
	first.Lease, second.Lease = chat.Lease{Attempts: 1}, chat.Lease{Attempts: 2}
	for _, s := range []*chat.Session{first, second, other} {
		w.wantSession(*s)
	}
}
