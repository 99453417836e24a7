package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/config"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/servers"
)

// fellow is a node of a test, with what it has noticed.
type fellow struct {
	*node
	store *cutOff
	swept atomic.Int32
	log   lines
}

// lines is the log of a node's goroutines.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// cutOff is a store that a node may lose.
type cutOff struct {
	chat.Store
	lost atomic.Bool
}

func (c *cutOff) Update(ctx context.Context, fn func(chat.Tx) error) error {
	if c.lost.Load() {
		return errors.New("no way to the store")
	}
	return c.Store.Update(ctx, fn)
}

func openStore(t *testing.T) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// join starts a node. then is what it does when it has freed leases.
func join(t *testing.T, store chat.Store, name string, shared bool, then ...func(context.Context) error) *fellow {
	t.Helper()
	f := &fellow{store: &cutOff{Store: store}}
	var err error
	f.node, err = startNode(t.Context(), nodeParams{
		store: f.store, shared: shared, self: chat.Node{ID: "id of " + name, Name: name}, metrics: newMetrics(),
		log: slog.New(slog.NewTextHandler(&f.log, nil)),
		freed: func(ctx context.Context) (err error) {
			f.swept.Add(1)
			for _, f := range then {
				err = errors.Join(err, f(ctx))
			}
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.close(context.Background()) })
	return f
}

// die ends a node as kill -9 does.
func (f *fellow) die() {
	f.cancel()
	f.running.Wait()
	f.shared = false // it does not leave
}

func (f *fellow) want(t *testing.T, nodes float64, eldest bool, removed float64) {
	t.Helper()
	value := 0.0
	if eldest {
		value = 1
	}
	worked := false
	work := f.asEldest(func(context.Context) error { worked = true; return nil })
	if err := work(t.Context()); err != nil || worked != eldest {
		t.Errorf("%s does the work of the eldest: %v, %v", f.self.Name, worked, err)
	}
	m := f.metrics
	for name, c := range map[string]struct {
		metric prometheus.Metric
		want   float64
	}{"nodes": {m.nodes, nodes}, "eldest": {m.nodeEldest, value}, "removed": {m.nodesRemoved, removed}} {
		var d dto.Metric
		if err := c.metric.Write(&d); err != nil {
			t.Fatal(err)
		}
		if got := d.GetGauge().GetValue() + d.GetCounter().GetValue(); got != c.want {
			t.Errorf("%s shows %s %v, expected %v", f.self.Name, name, got, c.want)
		}
	}
}

// pass waits for a time, and for what happens at its end.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestADeadNodeIsTakenOverInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		a := join(t, store, "a", true)
		pass(100 * time.Millisecond)
		b := join(t, store, "b", true)
		pass(5 * time.Second)
		a.want(t, 2, true, 0)
		b.want(t, 2, false, 0)

		a.die()
		began := time.Now()
		for b.swept.Load() == 0 {
			pass(10 * time.Millisecond)
			if time.Since(began) > time.Minute {
				t.Fatal("nobody takes over")
			}
		}
		if took := time.Since(began); took < chat.NodeSilence-chat.NodeBeat || took > 3500*time.Millisecond {
			t.Errorf("taken over after %v", took)
		}
		b.want(t, 1, true, 1)
		if log := b.log.String(); strings.Count(log, "taken for dead") != 1 || !strings.Contains(log, a.self.ID) {
			t.Errorf("log: %s", log)
		}
	})
}

// TestWhoTakesOverStaysAlive: looking for a dead node's turns may take longer than a node may be
// silent, when the store is busy.
func TestWhoTakesOverStaysAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		busy := func(ctx context.Context) error {
			select {
			case <-time.After(4900 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		a := join(t, store, "a", true, busy)
		b, c := join(t, store, "b", true, busy), join(t, store, "c", true, busy)
		pass(5 * time.Second)
		a.die()
		pass(30 * time.Second)
		removed := strings.Count(b.log.String()+c.log.String(), "is taken for dead")
		swept := b.swept.Load() + c.swept.Load()
		for _, f := range []*fellow{b, c} {
			if nodes := total(f.metrics.nodes); nodes != 2 || strings.Contains(f.log.String(), "registered again") {
				t.Errorf("%s sees %d nodes; its log:\n%s", f.self.Name, nodes, &f.log)
			}
		}
		if removed != 1 || swept != 1 {
			t.Errorf("%d nodes were removed, %d times their turns were looked for, expected 1 and 1", removed, swept)
		}
	})
}

// TestASweepThatHangsEnds: by its deadline, or by the node's end.
func TestASweepThatHangsEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := join(t, openStore(t), "a", true, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		began := time.Now()
		for range 3 { // the first is looked into, the others are one
			a.free()
			synctest.Wait()
		}
		pass(adoptTimeout)
		if n := strings.Count(a.log.String(), "wait for the next sweep"); n != 1 || a.swept.Load() != 2 {
			t.Errorf("%d sweeps; log:\n%s", a.swept.Load(), &a.log)
		}
		if err := a.close(t.Context()); err != nil || time.Since(began) > adoptTimeout {
			t.Errorf("closed after %v: %v", time.Since(began), err)
		}
	})
}

// sticky is a store from which one node cannot be removed.
type sticky struct {
	chat.Store
	id    string
	loose atomic.Bool // it can be, now
}

func (s *sticky) Update(ctx context.Context, fn func(chat.Tx) error) error {
	return s.Store.Update(ctx, func(tx chat.Tx) error { return fn(stickyTx{tx, s}) })
}

type stickyTx struct {
	chat.Tx
	store *sticky
}

func (t stickyTx) RemoveNode(id string, beat int64) (bool, error) {
	if id == t.store.id && !t.store.loose.Load() {
		return false, errors.New("the row is stuck")
	}
	return t.Tx.RemoveNode(id, beat)
}

func TestADeadNodeThatCannotBeRemovedStopsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &sticky{Store: openStore(t), id: "id of a"}
		a, b := join(t, store, "a", true), join(t, store, "b", true)
		pass(100 * time.Millisecond)
		c := join(t, store, "c", true)
		pass(5 * time.Second)
		a.die()
		b.die()
		pass(10 * time.Second)
		c.want(t, 1, true, 1)
		if n := strings.Count(c.log.String(), "cannot be removed"); n != 1 || c.swept.Load() != 1 {
			t.Errorf("%d sweeps; log:\n%s", c.swept.Load(), &c.log)
		}
		store.loose.Store(true)
		pass(chat.NodeBeat)
		c.want(t, 1, true, 2)
		if strings.Contains(c.log.String(), "cannot beat") || c.swept.Load() != 2 {
			t.Errorf("%d sweeps; log:\n%s", c.swept.Load(), &c.log)
		}
	})
}

func TestANodeThatStopsIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		a, b, c := join(t, store, "a", true), join(t, store, "b", true), join(t, store, "c", true)
		pass(time.Second)
		over, cancel := context.WithCancel(t.Context())
		cancel() // the time to stop is over
		for range 2 {
			if err := a.close(over); err != nil {
				t.Fatal(err)
			}
		}
		pass(chat.NodeBeat)
		b.want(t, 2, true, 0)
		c.want(t, 2, false, 0)
	})
}

func TestANodeThatLosesTheStoreIsNotTheEldest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		a, b := join(t, store, "a", true), join(t, store, "b", true)
		pass(time.Second)
		a.store.lost.Store(true)
		pass(10 * time.Second)
		a.want(t, 2, false, 0)
		b.want(t, 1, true, 1)
		a.store.lost.Store(false)
		pass(chat.NodeBeat)
		a.want(t, 2, false, 0)
		pass(time.Minute)
		b.want(t, 2, true, 1)
		for _, line := range []string{"cannot beat", "beats again", "others took this node for dead"} {
			if n := strings.Count(a.log.String(), line); n != 1 {
				t.Errorf("%q is logged %d times", line, n)
			}
		}
	})
}

func TestANodeAloneWithItsDataIsTheEldestAndWritesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		a := join(t, store, "a", false)
		a.store.lost.Store(true)
		pass(time.Minute)
		a.want(t, 1, true, 0)
		if err := a.close(t.Context()); err != nil || a.log.String() != "" {
			t.Error(err, a.log.String())
		}
		if nodes, err := store.ListNodes(t.Context()); err != nil || len(nodes) != 0 {
			t.Error(nodes, err)
		}
	})
}

// newService is the domain as the node of a name has it.
func newService(store chat.Store, name string, ring func(chat.Ring)) *chat.Service {
	return chat.NewService(chat.Params{
		Store: store, Node: "id of " + name, Now: time.Now, NewID: uuid.NewString, NewSecretID: uuid.NewString,
		Ring: ring, TurnLease: time.Hour,
	})
}

// startTurn starts a session whose bot owes an answer, its turn claimed for the node of a name.
func startTurn(t *testing.T, store chat.Store, name, botID string) {
	t.Helper()
	c := &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen, BotID: botID}
	err := store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(&chat.BotRecord{ID: botID}), tx.CreateChat(c))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newService(store, name, func(chat.Ring) {}).Start(t.Context(), chat.StartParams{ChatID: c.ID}); err != nil {
		t.Fatal(err)
	}
}

func TestTheTurnOfADeadNodeIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		a := join(t, store, "a", true)
		pass(100 * time.Millisecond)
		queue := bot.NewQueue()
		service := newService(store, "b", queue.Ring)
		join(t, store, "b", true, sweep(service, queue))
		answered := make(chan int, 1)
		runner := bot.NewRunner(bot.Options{
			Service: service, Queue: queue, Log: slog.New(slog.DiscardHandler), Sweep: time.Hour, // too late
			Bots: bot.Bots{"robot": bot.Func(func(_ context.Context, turn *chat.Turn) (*chat.TurnResult, error) {
				answered <- turn.Attempt
				return &chat.TurnResult{}, nil
			})},
		})
		t.Cleanup(func() { runner.Close(context.Background()) })
		pass(time.Second)
		startTurn(t, store, "a", "robot")
		began := time.Now()
		a.die()
		if attempt := <-answered; attempt != 2 {
			t.Errorf("answered in attempt %d", attempt)
		}
		if took := time.Since(began); took > 3500*time.Millisecond {
			t.Errorf("answered after %v", took)
		}
	})
}

func TestOnlyTheEldestFreesOrphans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		a, b := join(t, store, "a", true), join(t, store, "b", true)
		startTurn(t, store, "somebody who has died", "robot")
		for _, f := range []*fellow{b, a} {
			u := startUpkeep(newService(store, f.self.Name, func(chat.Ring) {}), f.node, slog.New(slog.DiscardHandler))
			pass(freeEvery)
			u.close()
		}
		if a.swept.Load() != 1 || b.swept.Load() != 0 {
			t.Errorf("a freed %d times, b %d", a.swept.Load(), b.swept.Load())
		}
		if leases, err := store.CountLeases(t.Context()); err != nil || len(leases) != 0 {
			t.Error(leases, err)
		}
	})
}

// TestServersOnOneDatabase has two servers see each other, and one go on alone.
func TestServersOnOneDatabase(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	begin := func() *App {
		c, err := config.Load(config.Sources{Flags: map[string]string{"listen": "127.0.0.1:0", "postgres.url": url}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := Start(t.Context(), Params{Config: c.Config, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close(context.Background()) })
		return a
	}
	shows := func(a *App, nodes, eldest int64) {
		t.Helper()
		m := a.metrics
		deadline := time.Now().Add(10 * time.Second)
		for total(m.nodes) != nodes || total(m.nodeEldest) != eldest {
			if time.Now().After(deadline) {
				t.Fatalf("it shows %d nodes, eldest %d, expected %d and %d", total(m.nodes), total(m.nodeEldest), nodes, eldest)
			}
			<-time.After(10 * time.Millisecond)
		}
	}
	a := begin()
	b := begin()
	shows(a, 2, 1)
	shows(b, 2, 0)
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	shows(b, 1, 1)
}

func TestNodeNames(t *testing.T) {
	t.Parallel()
	if got := nodeName("east-1", "127.0.0.1:80"); got != "east-1" {
		t.Error(got)
	}
	if got := nodeName("", "127.0.0.1:8081"); !strings.HasSuffix(got, ":8081") || strings.HasPrefix(got, "127.") {
		t.Error(got)
	}
}
