package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

const (
	hookURL      = "https://a.example/hook"
	hookReceiver = "a.example:443"
	lease        = time.Minute
)

// deliveryFor is a delivery about one event of a session that is not stored yet.
func deliveryFor(s *chat.Session, url string, sequence int64) chat.Delivery {
	return chat.Delivery{
		ID: newID(), ClientKey: s.ClientKey, Session: s.Ref(), ChatID: s.ChatID, Kind: chat.DeliveryEvent, URL: url,
		First: sequence, Last: sequence, State: chat.DeliveryPending, CreatedAt: epoch, Since: epoch,
	}
}

// append stores deliveries and returns them as they are stored.
func (w *world) append(list ...chat.Delivery) []chat.Delivery {
	w.Helper()
	w.update(func(tx chat.Tx) error { return tx.AppendDeliveries(list) })
	for i := range list {
		list[i] = w.delivery(list[i].ID)
	}
	return list
}

func (w *world) delivery(id string) chat.Delivery {
	w.Helper()
	d, err := w.FindDelivery(context.Background(), id)
	wantNoError(w.T, err)
	return *d
}

func (w *world) pending(stream int64) []chat.Delivery {
	w.Helper()
	list, err := w.ListPending(context.Background(), stream, 1000)
	wantNoError(w.T, err)
	return list
}

// claim claims streams of a receiver at a time.
func (w *world) claim(node, receiver string, now time.Time, limit int) (leases []chat.StreamLease) {
	w.Helper()
	w.update(func(tx chat.Tx) (err error) {
		leases, err = tx.ClaimStreams(node, receiver, now, now.Add(lease), limit)
		return err
	})
	return leases
}

func (w *world) release(l chat.StreamLease, at time.Time) (pending bool) {
	w.Helper()
	w.update(func(tx chat.Tx) (err error) {
		if err := tx.LockStream(l); err != nil {
			return err
		}
		pending, err = tx.ReleaseStream(l.Stream, at)
		return err
	})
	return pending
}

func (w *world) deliver(l chat.StreamLease, d chat.Delivery) {
	w.Helper()
	d.State, d.EndedAt = chat.DeliveryDelivered, epoch
	w.update(func(tx chat.Tx) error {
		if err := tx.LockStream(l); err != nil {
			return err
		}
		return tx.UpdateDelivery(&d)
	})
}

func (w *world) receivers(now time.Time) []string {
	w.Helper()
	list, err := w.ListDueReceivers(context.Background(), now)
	wantNoError(w.T, err)
	return list
}

func deliveryIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	d := chat.Delivery{
		ID: newID(), ClientKey: session.ClientKey, Session: session.Ref(), ChatID: session.ChatID, Kind: chat.DeliveryCallback,
		URL: hookURL + "?я=🙂", Data: "данные", First: 3, Last: 7, State: chat.DeliveryDead, Attempts: 9, Reason: "упс",
		Log: []chat.Attempt{
			{At: epoch, Took: 3 * time.Millisecond, Error: "refused"},
			{At: epoch.Add(time.Second), Took: time.Microsecond, Status: 500, Error: "500"},
		},
		CreatedAt: epoch, Since: epoch.Add(time.Second), NextAt: epoch.Add(time.Minute), EndedAt: epoch.Add(time.Hour),
	}
	wantFilled(t, d, "Key", "Stream")
	kept := w.append(d)[0]
	if kept.Key == 0 || kept.Stream == 0 {
		t.Fatalf("keys %d and %d", kept.Key, kept.Stream)
	}
	d.Key, d.Stream = kept.Key, kept.Stream
	wantEqual(t, "delivery", kept, d)

	empty := deliveryFor(session, hookURL, 1)
	empty.CreatedAt, empty.Since = time.Time{}, time.Time{}
	got := w.append(empty)[0]
	empty.Key, empty.Stream = got.Key, got.Stream
	wantEqual(t, "empty delivery", got, empty)
	wantEqual(t, "pending", w.pending(got.Stream), []chat.Delivery{got})

	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.AppendDeliveries([]chat.Delivery{d}) })
	_, err := s.FindDelivery(context.Background(), uuid.NewString())
	wantCode(t, err, chat.CodeNotFound)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockDelivery(uuid.NewString())
		return err
	})
	counts, err := s.CountDeliveries(context.Background())
	wantNoError(t, err)
	wantEqual(t, "counts", counts, chat.DeliveryCounts{Pending: 1, Dead: 1})
}

func deliveriesAreListed(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	other.ChatID = uuid.NewString()
	dead := func(d chat.Delivery, at time.Duration) chat.Delivery {
		d.State, d.EndedAt = chat.DeliveryDead, epoch.Add(at)
		return d
	}
	a := w.append(deliveryFor(session, hookURL, 1), deliveryFor(session, hookURL+"/z", 2), dead(deliveryFor(session, hookURL, 3), time.Hour))
	b := w.append(dead(deliveryFor(other, hookURL, 1), time.Minute))[0]
	for name, test := range map[string]struct {
		q     chat.DeliveriesQuery
		want  []chat.Delivery
		total int64
	}{
		"all, the newest first":        {chat.DeliveriesQuery{Limit: 10}, []chat.Delivery{b, a[1], a[2], a[0]}, 4},
		"a page":                       {chat.DeliveriesQuery{Limit: 2, Offset: 1}, []chat.Delivery{a[1], a[2]}, 4},
		"dead, who ended last first":   {chat.DeliveriesQuery{State: chat.DeliveryDead, Limit: 10}, []chat.Delivery{a[2], b}, 2},
		"pending":                      {chat.DeliveriesQuery{State: chat.DeliveryPending, Limit: 10}, []chat.Delivery{a[1], a[0]}, 2},
		"of a chat":                    {chat.DeliveriesQuery{ChatID: other.ChatID, Limit: 10}, []chat.Delivery{b}, 1},
		"dead of a chat":               {chat.DeliveriesQuery{State: chat.DeliveryDead, ChatID: session.ChatID, Limit: 10}, []chat.Delivery{a[2]}, 1},
		"to a URL":                     {chat.DeliveriesQuery{URL: hookURL, Limit: 1}, []chat.Delivery{b}, 3},
		"pending to a URL":             {chat.DeliveriesQuery{State: chat.DeliveryPending, URL: hookURL, Limit: 10}, []chat.Delivery{a[0]}, 1},
		"of a session":                 {chat.DeliveriesQuery{SessionID: session.ID, Limit: 10}, []chat.Delivery{a[1], a[2], a[0]}, 3},
		"pending of a session, a page": {chat.DeliveriesQuery{SessionID: session.ID, State: chat.DeliveryPending, Limit: 10, Offset: 1}, []chat.Delivery{a[0]}, 2},
		"of no session":                {chat.DeliveriesQuery{SessionID: uuid.NewString(), Limit: 10}, []chat.Delivery{}, 0},
		"none":                         {chat.DeliveriesQuery{State: chat.DeliveryDelivered, Limit: 10}, []chat.Delivery{}, 0},
	} {
		list, total, err := s.ListDeliveries(context.Background(), test.q)
		wantNoError(t, err)
		wantEqual(t, name, list, test.want)
		wantEqual(t, name+", in all", total, test.total)
	}
}

// streamsAreInOrder writes from two sessions of a client at once.
func streamsAreInOrder(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	other := &chat.Chat{ID: uuid.NewString()}
	w.update(func(tx chat.Tx) error { return tx.CreateChat(other) })
	sessions := []*chat.Session{w.sessionFor(w.client), w.sessionFor(w.client)}
	sessions[1].ChatKey, sessions[1].ChatID = other.Key, other.ID
	for _, session := range sessions {
		w.update(func(tx chat.Tx) error { return tx.CreateSession(session, &chat.SessionDetails{}) })
	}
	const writers, each = 6, 8
	var mu sync.Mutex
	var committed []string // in the order of the hooks, which on one writer is that of the commits
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			session := sessions[i%2]
			for range each {
				err := s.Update(context.Background(), func(tx chat.Tx) error {
					locked, err := tx.LockSession(session.ID)
					if err != nil {
						return err
					}
					locked.Sequence++
					if err := tx.UpdateSession(locked); err != nil {
						return err
					}
					d := deliveryFor(session, hookURL, locked.Sequence)
					tx.OnCommit(func() {
						mu.Lock()
						defer mu.Unlock()
						committed = append(committed, d.ID)
					})
					return tx.AppendDeliveries([]chat.Delivery{d})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	leases := w.claim("node", hookReceiver, epoch, 100)
	wantEqual(t, "streams", len(leases), 1)
	list := w.pending(leases[0].Stream)
	wantEqual(t, "pending", len(list), writers*each)
	last := map[int64]int64{}
	for i, d := range list {
		if d.First != last[d.Session.Key]+1 {
			t.Fatalf("delivery %d of session %d is about event %d, after %d", i, d.Session.Key, d.First, last[d.Session.Key])
		}
		last[d.Session.Key] = d.First
		if !slices.Contains(committed, d.ID) {
			t.Fatalf("delivery %d was never committed", i)
		}
	}
}

func streamIsClaimedOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	const streams = 20
	for range streams {
		w.append(deliveryFor(w.newSession(), hookURL, 1))
	}
	w.append(deliveryFor(w.newSession(), "http://b.example", 1))
	if early := w.claim("node", hookReceiver, epoch.Add(-time.Microsecond), 100); len(early) > 0 {
		t.Fatalf("claimed before it was due: %+v", early)
	}
	got := make([][]chat.StreamLease, 8)
	errs := w.together(len(got), func(i int, tx chat.Tx) (err error) {
		got[i], err = tx.ClaimStreams(fmt.Sprint("node", i), hookReceiver, epoch, epoch.Add(lease), 5)
		return err
	})
	owner := map[int64]chat.StreamLease{}
	for i, err := range errs {
		wantNoError(t, err)
		if len(got[i]) > 5 {
			t.Fatalf("claimed %d, asked for 5", len(got[i]))
		}
		for _, l := range got[i] {
			if _, taken := owner[l.Stream]; taken {
				t.Fatalf("stream %d was claimed twice", l.Stream)
			}
			owner[l.Stream] = l
		}
	}
	for _, l := range w.claim("last", hookReceiver, epoch, 100) { // those passed over while others claimed
		if _, taken := owner[l.Stream]; taken {
			t.Fatalf("stream %d was claimed twice", l.Stream)
		}
		owner[l.Stream] = l
	}
	wantEqual(t, "claimed", len(owner), streams)
	for _, l := range w.claim("later", hookReceiver, epoch.Add(lease), 100) {
		if l.Claim <= owner[l.Stream].Claim {
			t.Fatalf("claim %d after %d", l.Claim, owner[l.Stream].Claim)
		}
		delete(owner, l.Stream)
	}
	wantEqual(t, "not claimed when the leases were over", len(owner), 0)
}

func lostLeaseIsRefused(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	d := w.append(deliveryFor(w.newSession(), hookURL, 1))[0]
	first := w.claim("a", hookReceiver, epoch, 1)[0]
	second := w.claim("a", hookReceiver, epoch.Add(lease), 1)[0]
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.LockStream(first) })
	other := second
	other.Node = "b"
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.LockStream(other) })
	w.deliver(second, d)
	w.release(second, epoch)
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.LockStream(second) })
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.LockStream(chat.StreamLease{Stream: 1 << 40}) })
}

func releasedStreamIsDue(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	list := w.append(deliveryFor(session, hookURL, 1), deliveryFor(session, hookURL, 2))
	l := w.claim("a", hookReceiver, epoch, 1)[0]
	wantEqual(t, "pending", w.pending(l.Stream), list)
	w.deliver(l, list[0])
	wantEqual(t, "pending", w.release(l, epoch.Add(time.Second)), true)
	if early := w.claim("a", hookReceiver, epoch, 1); len(early) > 0 {
		t.Fatal("claimed before it was due")
	}
	l = w.claim("a", hookReceiver, epoch.Add(time.Second), 1)[0]
	wantEqual(t, "pending", w.pending(l.Stream), list[1:])
	w.deliver(l, list[1])
	wantEqual(t, "pending", w.release(l, epoch), false)
	if idle := w.claim("a", hookReceiver, epoch.AddDate(9, 0, 0), 1); len(idle) > 0 {
		t.Fatal("an idle stream was claimed")
	}
	w.append(deliveryFor(session, hookURL, 3))
	l = w.claim("a", hookReceiver, epoch, 1)[0]
	w.append(deliveryFor(session, hookURL, 4)) // leaves the lease alone
	wantEqual(t, "pending", len(w.pending(l.Stream)), 2)
	w.update(func(tx chat.Tx) error { return tx.WakeStream(l.Stream, epoch) })
	if taken := w.claim("b", hookReceiver, epoch, 1); len(taken) > 0 {
		t.Fatal("a leased stream was claimed")
	}
	w.release(l, epoch.Add(time.Hour))
	w.append(deliveryFor(session, hookURL, 5)) // waits as those before it do
	if early := w.claim("b", hookReceiver, epoch, 1); len(early) > 0 {
		t.Fatal("claimed before it was due")
	}
	w.update(func(tx chat.Tx) error { return tx.WakeStream(l.Stream, epoch) })
	wantEqual(t, "claimed", len(w.claim("b", hookReceiver, epoch, 1)), 1)
}

// firstPendingIsFound by key, whatever was changed, and is none when all is settled or gone.
func firstPendingIsFound(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	list := w.append(deliveryFor(session, hookURL, 1), deliveryFor(session, hookURL, 2), deliveryFor(session, hookURL, 3))
	w.append(deliveryFor(w.newSession(), hookURL, 1)) // of another stream
	first := func(change func(tx chat.Tx) error) (key int64, nextAt time.Time) {
		t.Helper()
		w.update(func(tx chat.Tx) (err error) {
			if err := change(tx); err != nil {
				return err
			}
			key, nextAt, err = tx.FindPending(list[0].Stream)
			return err
		})
		return key, nextAt
	}
	expect := func(want int64, at time.Time, change func(tx chat.Tx) error) {
		t.Helper()
		key, nextAt := first(change)
		wantEqual(t, "first pending", key, want)
		wantEqual(t, "its time", nextAt, at)
	}
	put := func(d chat.Delivery, state chat.DeliveryState, next time.Time) func(chat.Tx) error {
		d.State, d.NextAt = state, next
		return func(tx chat.Tx) error { return tx.UpdateDelivery(&d) }
	}
	later := epoch.Add(time.Hour)
	expect(list[0].Key, later, put(list[0], chat.DeliveryPending, later))
	expect(list[1].Key, time.Time{}, put(list[0], chat.DeliveryDead, time.Time{}))
	expect(list[2].Key, time.Time{}, func(tx chat.Tx) error { return tx.DeleteDelivery(list[1].Key) })
	expect(list[0].Key, time.Time{}, put(list[0], chat.DeliveryPending, time.Time{})) // replayed
	expect(list[2].Key, time.Time{}, put(list[0], chat.DeliveryDelivered, time.Time{}))
	expect(0, time.Time{}, put(list[2], chat.DeliveryDelivered, time.Time{}))
}

// appendMeetsRelease has deliveries written while their stream is found empty and given back.
func appendMeetsRelease(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	const deliveries = 60
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range int64(deliveries) {
			err := s.Update(context.Background(), func(tx chat.Tx) error {
				return tx.AppendDeliveries([]chat.Delivery{deliveryFor(session, hookURL, i+1)})
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	delivered := int64(0)
	for end := time.Now().Add(30 * time.Second); delivered < deliveries; {
		if time.Now().After(end) {
			t.Fatalf("delivery %d is pending and its stream is not due", delivered+1)
		}
		for _, l := range w.claim("a", hookReceiver, epoch, 1) {
			for _, d := range w.pending(l.Stream) {
				if d.First != delivered+1 {
					t.Fatalf("delivery %d after %d", d.First, delivered)
				}
				delivered = d.First
				w.deliver(l, d)
			}
			w.release(l, epoch)
		}
	}
	wg.Wait()
}

func dueReceivers(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	wantEqual(t, "receivers of nothing", len(w.receivers(epoch)), 0)
	for range 3 {
		w.append(deliveryFor(w.newSession(), hookURL, 1), deliveryFor(w.newSession(), hookURL+"/2", 1))
	}
	w.append(deliveryFor(w.newSession(), "http://B.example:81/x", 1))
	w.append(deliveryFor(w.newSession(), "http://[::1]/x", 1))
	later := deliveryFor(w.newSession(), "http://c.example", 1)
	later.CreatedAt = epoch.Add(time.Hour)
	w.append(later)
	sorted := func(now time.Time) []string { return slices.Sorted(slices.Values(w.receivers(now))) }
	wantEqual(t, "receivers", sorted(epoch), []string{"[::1]:80", hookReceiver, "b.example:81"})
	wantEqual(t, "receivers later", sorted(epoch.Add(time.Hour)), []string{"[::1]:80", hookReceiver, "b.example:81", "c.example:80"})
	w.claim("a", hookReceiver, epoch, 100)
	w.claim("a", "b.example:81", epoch, 100)
	wantEqual(t, "receivers, but for the leased", sorted(epoch), []string{"[::1]:80"})
}

func removalFreesStreams(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	dead, alive := w.newNode(), w.newNode()
	for range 4 {
		w.append(deliveryFor(w.newSession(), hookURL, 1))
	}
	lost := w.claim(dead.ID, hookReceiver, epoch, 3)
	w.claim(alive.ID, hookReceiver, epoch, 1)
	w.wantLeases(map[string]int64{dead.ID: 3, alive.ID: 1})
	w.removeNode(dead, true)
	w.wantLeases(map[string]int64{alive.ID: 1})
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.LockStream(lost[0]) })
	wantEqual(t, "claimed by another", len(w.claim(alive.ID, hookReceiver, epoch, 100)), 3)

	w.append(deliveryFor(w.newSession(), hookURL, 1)) // claimed at the last moment, and freed as an orphan's
	w.claim(dead.ID, hookReceiver, epoch, 1)
	w.update(func(tx chat.Tx) error {
		n, err := tx.FreeLeases(dead.ID)
		wantEqual(t, "freed", n, 1)
		return err
	})
}

func deliveryIsChanged(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	d := w.append(deliveryFor(w.newSession(), hookURL, 1))[0]
	d.State, d.Attempts, d.Reason = chat.DeliveryDead, 4, "упс"
	d.Log = []chat.Attempt{{At: epoch, Took: 1, Status: 410}}
	d.Since, d.NextAt, d.EndedAt = epoch.Add(1000), epoch.Add(2000), epoch.Add(3000)
	w.update(func(tx chat.Tx) error { return tx.UpdateDelivery(&d) })
	wantEqual(t, "delivery", w.delivery(d.ID), d)
	wantEqual(t, "pending", len(w.pending(d.Stream)), 0)
	w.update(func(tx chat.Tx) error {
		locked, err := tx.LockDelivery(d.ID)
		if err == nil {
			wantEqual(t, "locked delivery", *locked, d)
		}
		return err
	})
	w.update(func(tx chat.Tx) error { return tx.DeleteDelivery(d.Key) })
	_, err := s.FindDelivery(context.Background(), d.ID)
	wantCode(t, err, chat.CodeNotFound)
	w.update(func(tx chat.Tx) error { return tx.UpdateDelivery(&d) }) // which is not there any more
}

func oldDeliveriesAreDeleted(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	var list []chat.Delivery
	for i := range 4 {
		d := deliveryFor(session, hookURL, 1)
		d.State, d.EndedAt = chat.DeliveryDelivered, epoch.Add(time.Duration(i)*time.Hour)
		list = append(list, d)
	}
	dead := deliveryFor(session, hookURL, 1)
	dead.State, dead.EndedAt = chat.DeliveryDead, epoch
	list = w.append(append(list, dead, deliveryFor(session, hookURL, 1))...)
	remove := func(limit int) (n int64) {
		w.update(func(tx chat.Tx) (err error) {
			n, err = tx.DeleteDeliveriesBefore(chat.DeliveryDelivered, epoch.Add(3*time.Hour), limit)
			return err
		})
		return n
	}
	wantEqual(t, "deleted", remove(2), 2)
	wantEqual(t, "deleted", remove(2), 1)
	wantEqual(t, "deleted", remove(2), 0)
	left, total, err := s.ListDeliveries(context.Background(), chat.DeliveriesQuery{Limit: 10})
	wantNoError(t, err)
	wantEqual(t, "left", left, []chat.Delivery{list[5], list[4], list[3]})
	wantEqual(t, "left in all", total, 3)
}
