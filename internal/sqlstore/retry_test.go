package sqlstore

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// retries counts the transactions that were run again.
type retries struct{ prometheus.Counter }

func newRetries() retries {
	return retries{prometheus.NewCounter(prometheus.CounterOpts{Name: "retries"})}
}

func (r retries) count(t *testing.T) int {
	t.Helper()
	var m dto.Metric
	if err := r.Write(&m); err != nil {
		t.Fatal(err)
	}
	return int(m.Counter.GetValue())
}

// TestDeadlocks: two transactions lock two sessions in opposite order, each having one when it
// wants the other. PostgreSQL ends one of them, which is run again.
func TestDeadlocks(t *testing.T) {
	t.Parallel()
	counter := newRetries()
	s := openStore(t, Options{
		PostgresURL: servers.NewPostgres(t, "deadlock_timeout=50ms").NewDatabase(t), Metrics: Metrics{Retries: counter},
	})
	a, b := newTestSession(t, s), newTestSession(t, s)
	const rounds = 30
	for range rounds {
		var wg sync.WaitGroup
		var both sync.WaitGroup // has each its first session?
		both.Add(2)
		for _, order := range [][2]*chat.Session{{a, b}, {b, a}} {
			runs, ids := 0, [2]string{newID(), newID()}
			wg.Go(func() {
				err := s.Update(context.Background(), func(x chat.Tx) error {
					if err := append1(order[0].ID, ids[0])(x); err != nil {
						return err
					}
					if runs++; runs == 1 {
						both.Done()
						both.Wait()
					}
					return append1(order[1].ID, ids[1])(x)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if got := counter.count(t); got < rounds {
		t.Errorf("%d transactions were run again, want %d at least", got, rounds)
	}
	for _, session := range []*chat.Session{a, b} {
		wantNoGap(t, s, session)
		if found, err := s.FindSession(t.Context(), session.ID); err != nil || found.Sequence != 2*rounds {
			t.Errorf("session %+v, %v", found, err)
		}
	}
}

// TestUniqueValueOfAnother: what was not there when it was looked for, and is when it is written,
// is seen in the next run.
func TestUniqueValueOfAnother(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	s, other := openStore(t, Options{PostgresURL: url}), openStore(t, Options{PostgresURL: url})
	session := newTestSession(t, s)
	for range 10 {
		key := newID()
		record := func(event string) *chat.IdempotencyRecord {
			return &chat.IdempotencyRecord{Scope: "s", Key: key, EventID: event, SessionID: session.ID}
		}
		runs, found := 0, ""
		err := s.Update(context.Background(), func(x chat.Tx) error {
			runs++
			old, err := x.FindIdempotency("s", key)
			if err == nil {
				found = old.EventID
				return nil
			}
			if chat.CodeOf(err) != chat.CodeNotFound {
				return err
			}
			mustUpdate(t, other, func(x chat.Tx) error { return x.CreateIdempotency(record("other's")) })
			if err := append1(session.ID, newID())(x); err != nil {
				return err
			}
			return x.CreateIdempotency(record("own"))
		})
		if err != nil || runs != 2 || found != "other's" {
			t.Fatalf("after %d runs it has found %q: %v", runs, found, err)
		}
	}
	if events, err := s.ListEvents(t.Context(), session.Ref(), 0, 10); err != nil || len(events) != 0 {
		t.Errorf("runs that were refused have left %d events, %v", len(events), err)
	}
}

// TestStricterIsolation: where transactions cannot be put in an order, they are run again, a rare
// one is refused in the end, and none is lost, done twice or half done.
func TestStricterIsolation(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			url := server.NewDatabase(t)
			counter := newRetries()
			s := openStore(t, Options{PostgresURL: url, isolation: level, Metrics: Metrics{Retries: counter}})
			sessions := []*chat.Session{newTestSession(t, s), newTestSession(t, s), newTestSession(t, s), newTestSession(t, s)}
			var acknowledged [4]atomic.Int64
			var refused atomic.Int64
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					for j := range 40 {
						n, key := (i+j)%4, newID()
						err := s.Update(context.Background(), once(sessions[n].ID, key))
						switch {
						case err == nil:
							acknowledged[n].Add(1)
						case chat.CodeOf(err) == chat.CodeUnavailable:
							refused.Add(1)
						default:
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			t.Logf("%d of %d transactions were run again, %d were refused", counter.count(t), 16*40, refused.Load())
			if counter.count(t) == 0 {
				t.Error("no transaction met another")
			}
			if n := refused.Load(); n > 16*40/20 {
				t.Errorf("%d transactions were given up", n)
			}
			for n, session := range sessions {
				wantNoGap(t, s, session)
				if found, err := s.FindSession(t.Context(), session.ID); err != nil || found.Sequence != acknowledged[n].Load() {
					t.Errorf("session %d stands at %d, %d were acknowledged: %v", n, found.Sequence, acknowledged[n].Load(), err)
				}
			}
		})
	}
}

// once writes a message under a key.
func once(session, key string) func(chat.Tx) error {
	return func(x chat.Tx) error {
		if _, err := x.FindIdempotency("s", key); chat.CodeOf(err) != chat.CodeNotFound {
			return err
		}
		if err := append1(session, key)(x); err != nil {
			return err
		}
		return x.CreateIdempotency(&chat.IdempotencyRecord{Scope: "s", Key: key, EventID: key})
	}
}
