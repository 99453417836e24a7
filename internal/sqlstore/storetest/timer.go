package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// timerFor is an event of a session that is due after a time, not stored yet.
func timerFor(s *chat.Session, after time.Duration) *chat.Timer {
	return &chat.Timer{
		ID: uuid.NewString(), Kind: chat.TimerEvent, At: epoch.Add(after), Event: "call", BotID: s.Owner.ID,
		SessionKey: s.Key, ChatKey: s.ChatKey, ClientKey: s.ClientKey, CreatedAt: epoch,
	}
}

// newTimer stores an event of a session that is due after a time.
func (w *world) newTimer(s *chat.Session, after time.Duration) *chat.Timer {
	w.Helper()
	timer := timerFor(s, after)
	w.update(func(tx chat.Tx) error { return tx.CreateTimer(timer) })
	return timer
}

func (w *world) timer(id string) *chat.Timer {
	w.Helper()
	var found *chat.Timer
	w.update(func(tx chat.Tx) (err error) {
		found, err = tx.FindTimer(id)
		return err
	})
	return found
}

// claimTimers claims timers that are due after a time, and returns their ids.
func (w *world) claimTimers(after time.Duration, limit int) []string {
	w.Helper()
	ids := []string{}
	w.update(func(tx chat.Tx) error {
		timers, err := tx.ClaimTimers(epoch.Add(after), epoch.Add(after+lease), limit)
		ids = ids[:0]
		for _, t := range timers {
			ids = append(ids, t.ID)
		}
		return err
	})
	return ids
}

func (w *world) nextTimer() time.Time {
	w.Helper()
	at, err := w.FindNextTimer(context.Background())
	wantNoError(w.T, err)
	return at
}

func (w *world) countTimers() int64 {
	w.Helper()
	n, err := w.CountTimers(context.Background())
	wantNoError(w.T, err)
	return n
}

func timerIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	timer := timerFor(session, time.Hour)
	timer.Event, timer.Data, timer.Target, timer.Held = "напомнить 🔔", json.RawMessage(`{"x":"\u0000 и 🙂"}`), "/Пинг", true
	wantFilled(t, *timer, "Key")
	w.update(func(tx chat.Tx) error {
		if err := tx.CreateTimer(timer); err != nil {
			return err
		}
		found, err := tx.FindTimer(timer.ID) // its own write
		wantEqual(t, "timer within its transaction", found, timer)
		return err
	})
	wantEqual(t, "timer", w.timer(timer.ID), timer)
	empty := &chat.Timer{ID: uuid.NewString(), Kind: chat.TimerTimeout, SessionKey: session.Key}
	w.update(func(tx chat.Tx) error { return tx.CreateTimer(empty) })
	wantEqual(t, "empty timer", w.timer(empty.ID), empty)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindTimer(uuid.NewString())
		return err
	})
	w.newTimer(w.newSession(), time.Hour)
	w.update(func(tx chat.Tx) error {
		n, err := tx.CountTimersOf(session.Key)
		wantEqual(t, "timers of the session", n, 2)
		return err
	})
	wantEqual(t, "timers", w.countTimers(), 3)

	details := &chat.SessionDetails{Name: "Имя", Channel: "WIDGET", Variables: map[string]any{"a": "b"}, NotifyOnEvents: []string{"x"}}
	other := w.sessionFor(w.newClient())
	w.update(func(tx chat.Tx) error { return tx.CreateSession(other, details) })
	w.update(func(tx chat.Tx) error {
		found, err := tx.FindSessionDetails(other.Key)
		wantEqual(t, "details within a transaction", found, details)
		return err
	})
}

func timerIDIsUnique(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	timer := w.newTimer(w.newSession(), time.Hour)
	again := timerFor(w.newSession(), time.Minute)
	again.ID = timer.ID
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateTimer(again) })
	wantEqual(t, "timer", w.timer(timer.ID), timer)
}

func oneTimeout(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	timeout := func(s *chat.Session) *chat.Timer {
		timer := timerFor(s, time.Minute)
		timer.Kind = chat.TimerTimeout
		return timer
	}
	first, event := timeout(session), w.newTimer(session, time.Minute)
	w.update(func(tx chat.Tx) error { return tx.CreateTimer(first) })
	w.update(func(tx chat.Tx) error { return tx.CreateTimer(timeout(other)) })
	w.refused(chat.CodeConflict, func(tx chat.Tx) error { return tx.CreateTimer(timeout(session)) })

	second := timeout(session)
	w.update(func(tx chat.Tx) error {
		if err := tx.DeleteTimeout(session.Key); err != nil {
			return err
		}
		return tx.CreateTimer(second)
	})
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.FindTimer(first.ID)
		return err
	})
	wantEqual(t, "timeout", w.timer(second.ID), second)
	wantEqual(t, "event", w.timer(event.ID), event)
	without := w.newSession()
	w.update(func(tx chat.Tx) error { return tx.DeleteTimeout(without.Key) })
	wantEqual(t, "timers", w.countTimers(), 3)

	session.TimeoutAt = second.At
	w.update(func(tx chat.Tx) error { return tx.UpdateSession(session) })
	wantEqual(t, "the session's timeout", w.find(session.ID).TimeoutAt, second.At)
	session.TimeoutAt = time.Time{}
	w.update(func(tx chat.Tx) error { return tx.UpdateSession(session) })
	wantEqual(t, "the session's timeout", w.find(session.ID).TimeoutAt, time.Time{})
}

func nextTimerIsFound(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	wantEqual(t, "next of none", w.nextTimer(), time.Time{})
	late := w.newTimer(w.newSession(), time.Hour)
	soon := w.newTimer(w.newSession(), time.Minute)
	wantEqual(t, "next", w.nextTimer(), soon.At)
	w.update(func(tx chat.Tx) error { return tx.DeleteTimer(soon.Key) })
	wantEqual(t, "next", w.nextTimer(), late.At)
}

// timersAreClaimedOnce claims from several sides at once.
func timersAreClaimedOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	const due = 60
	for i := range due {
		w.newTimer(session, time.Duration(i)*time.Second)
	}
	late := w.newTimer(session, time.Hour)
	w.newTimer(session, 2*time.Hour)
	wantEqual(t, "claimed before it is time", w.claimTimers(-time.Second, 10), []string{})

	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				var claimed []chat.Timer
				err := s.Update(context.Background(), func(tx chat.Tx) (err error) {
					claimed, err = tx.ClaimTimers(epoch.Add(2*time.Minute), epoch.Add(3*time.Minute), 7)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if len(claimed) == 0 {
					return
				}
				mu.Lock()
				for _, c := range claimed {
					seen[c.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	wantEqual(t, "claimed", len(seen), due)
	for id, n := range seen {
		if n != 1 {
			t.Fatalf("timer %s was claimed %d times", id, n)
		}
	}
	wantEqual(t, "next", w.nextTimer(), epoch.Add(3*time.Minute))
	wantEqual(t, "claimed when the lease is over", len(w.claimTimers(3*time.Minute, 1000)), due)
	wantEqual(t, "claimed last", w.claimTimers(90*time.Minute, 1000)[due], late.ID)
	wantEqual(t, "timers", w.countTimers(), due+2)
}

// timerIsDeletedOnce: who deletes a timer has fired it.
func timerIsDeletedOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	timer := w.newTimer(session, 0)
	var fired atomic.Int64
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx chat.Tx) error {
				if err := tx.DeleteTimer(timer.Key); err != nil {
					return err
				}
				_, err := say(tx, session.ID, chat.AuthorBot, "fired")
				tx.OnCommit(func() { fired.Add(1) })
				return err
			})
			if err != nil && chat.CodeOf(err) != chat.CodeNotFound {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantEqual(t, "fired", fired.Load(), 1)
	wantEqual(t, "events", len(w.events(session)), 1)
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error { return tx.HoldTimer(timer.Key, epoch) })
}

func heldTimers(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session, other := w.newSession(), w.newSession()
	held, waiting, others := w.newTimer(session, 0), w.newTimer(session, time.Hour), w.newTimer(other, 0)
	w.update(func(tx chat.Tx) error {
		if err := tx.HoldTimer(held.Key, epoch.Add(24*time.Hour)); err != nil {
			return err
		}
		return tx.HoldTimer(others.Key, epoch.Add(24*time.Hour))
	})
	wantEqual(t, "claimed while they are held", w.claimTimers(time.Minute, 10), []string{})
	if !w.timer(held.ID).Held {
		t.Fatal("it is not known to be held")
	}
	w.update(func(tx chat.Tx) error { return tx.WakeTimers(session.ChatKey+1000, session.ClientKey, epoch) })
	wantEqual(t, "claimed after another chat's were woken", w.claimTimers(time.Minute, 10), []string{})
	w.update(func(tx chat.Tx) error {
		return tx.WakeTimers(session.ChatKey, session.ClientKey, epoch.Add(time.Minute))
	})
	wantEqual(t, "next", w.nextTimer(), epoch.Add(time.Minute))
	wantEqual(t, "claimed when woken", w.claimTimers(time.Minute, 10), []string{held.ID})
	wantEqual(t, "timer", w.timer(held.ID), held)
	w.update(func(tx chat.Tx) error { return tx.DeleteTimer(held.Key) })
	wantEqual(t, "one that was not held", w.timer(waiting.ID), waiting)
	w.update(func(tx chat.Tx) error { return tx.DeleteTimer(waiting.Key) })
	wantEqual(t, "claimed in the end", w.claimTimers(24*time.Hour, 10), []string{others.ID})
}

// claimMeetsTurn has turns replace the timeout of a session while others claim what is due.
func claimMeetsTurn(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	session := w.newSession()
	var wg sync.WaitGroup
	errs := make(chan error, 200)
	for i := range 4 {
		wg.Go(func() {
			for n := range 10 {
				errs <- s.Update(context.Background(), func(tx chat.Tx) error {
					if i%2 == 0 {
						_, err := tx.ClaimTimers(epoch.Add(time.Hour), epoch, 10)
						return err
					}
					if _, err := tx.LockSession(session.ID); err != nil {
						return err
					}
					if err := tx.DeleteTimeout(session.Key); err != nil {
						return err
					}
					timer := timerFor(session, time.Duration(n))
					timer.Kind = chat.TimerTimeout
					return tx.CreateTimer(timer)
				})
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		wantNoError(t, err)
	}
	wantEqual(t, "timers", fmt.Sprint(w.countTimers()), "1")
}
