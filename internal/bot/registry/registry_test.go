package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/bot/registry"
	"github.com/govorun/govorun/internal/chat"
)

// world is a registry over bots that are records and no more.
type world struct {
	t *testing.T
	*registry.Registry

	mu      sync.Mutex // guards what follows
	records map[string]chat.BotRecord
	away    error // what the store answers
	looked  int
	now     time.Time
	loads   []string                 // what was loaded, in order
	closed  []string                 // what was closed
	gate    map[string]chan error    // what a load waits for, and fails with
	turns   map[string]chan struct{} // what a turn of a bot waits for
	log     strings.Builder
}

func newWorld(t *testing.T, edit ...func(*registry.Options)) *world {
	w := &world{
		t: t, records: map[string]chat.BotRecord{}, now: time.Now(), gate: map[string]chan error{}, turns: map[string]chan struct{}{},
	}
	o := registry.Options{
		BuiltIn: bot.Bots{"demo": &scenario{world: w, name: "demo"}},
		Store:   w,
		Remote:  func(b *chat.BotRecord) bot.Bot { return &scenario{world: w, name: b.Settings.URL} },
		Load:    w.load,
		Log:     slog.New(slog.NewTextHandler(writer{w}, nil)),
		Now:     w.clock,
		InHand:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "x"}),
		TTL:     time.Hour, // tests look themselves
	}
	for _, e := range edit {
		e(&o)
	}
	w.Registry = registry.New(o)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(w.log.String(), "was not closed") {
			t.Error(w.log.String())
		}
	})
	return w
}

// writer is the log.
type writer struct{ w *world }

func (l writer) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(p)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) put(b chat.BotRecord) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.Kind == "" {
		b.Kind = chat.BotScenario
	}
	w.records[b.ID] = b
}

func (w *world) remove(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.records, id)
}

func (w *world) FindBot(_ context.Context, id string) (*chat.BotRecord, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked++
	b, ok := w.records[id]
	switch {
	case w.away != nil:
		return nil, w.away
	case !ok:
		return nil, chat.Errorf(chat.CodeNotFound, "no bot")
	default:
		return &b, nil
	}
}

func (w *world) ListBots(context.Context) (all []chat.BotRecord, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.records {
		all = append(all, b)
	}
	return all, w.away
}

// find asks the registry; world.FindBot, which hides that, is the store's.
func (w *world) find(id string) (bot.Bot, error) { return w.Registry.FindBot(w.t.Context(), id) }

func (w *world) load(ctx context.Context, id string, version int64) (bot.Bot, error) {
	name := fmt.Sprintf("%s %d", id, version)
	w.mu.Lock()
	w.loads = append(w.loads, name)
	gate := w.gate[name]
	w.mu.Unlock()
	if gate != nil {
		select {
		case err := <-gate:
			if err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &scenario{world: w, name: name}, nil
}

// scenario says its name.
type scenario struct {
	world  *world
	name   string
	closed bool // guarded by world.mu
}

func (s *scenario) React(ctx context.Context, _ *chat.Turn) (*chat.TurnResult, error) {
	s.world.mu.Lock()
	wait, closed := s.world.turns[s.name], s.closed
	s.world.mu.Unlock()
	if closed {
		return nil, errors.New("it is closed")
	}
	if wait != nil {
		wait <- struct{}{}
		<-wait
	}
	return &chat.TurnResult{Outputs: []chat.Output{chat.Say{Message: chat.Message{Body: s.name}}}}, nil
}

func (s *scenario) Close() error {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.closed = append(s.world.closed, s.name)
	if s.closed {
		return errors.New("it is closed already")
	}
	s.closed = true
	return nil
}

// ask has a bot take a turn and returns what it says, "" when there is no bot.
func (w *world) ask(id string) string {
	w.t.Helper()
	said, err := w.tryAsk(w.t.Context(), id)
	if err != nil {
		w.t.Errorf("%s: %v", id, err)
	}
	return said
}

func (w *world) tryAsk(ctx context.Context, id string) (string, error) {
	b, err := w.find(id)
	if err != nil || b == nil {
		return "", err
	}
	result, err := b.React(ctx, &chat.Turn{})
	if err != nil {
		return "", err
	}
	return result.Outputs[0].(chat.Say).Message.Body, nil
}

func (w *world) expect(id, want string) {
	w.t.Helper()
	if got := w.ask(id); got != want {
		w.t.Errorf("%s says %q, want %q", id, got, want)
	}
}

// wantClosed compares what was closed so far.
func (w *world) wantClosed(want ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if strings.Join(w.closed, ", ") != strings.Join(want, ", ") {
		w.t.Errorf("closed are %q, want %q", w.closed, want)
	}
}

// until waits for what another goroutine brings about.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("never: %s", what)
		}
	}
}

func (w *world) hold(name string) chan error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate[name] = make(chan error)
	return w.gate[name]
}

func (w *world) count(list *[]string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(*list)
}

func TestBotsAreFoundInTheStoreAndKnownForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	looks := func(want int) {
		t.Helper()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.looked != want {
			t.Errorf("looked %d times, want %d", w.looked, want)
		}
	}
	w.expect("demo", "demo")
	looks(0)
	w.expect("far", "")
	looks(1)
	w.put(chat.BotRecord{ID: "far", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: "http://one"}})
	w.put(chat.BotRecord{ID: "bare"})
	w.expect("bare", "") // nothing was deployed
	w.expect("far", "")
	looks(2)
	w.pass(time.Hour)
	w.expect("far", "http://one")
	w.expect("far", "http://one")
	looks(3)
	w.put(chat.BotRecord{ID: "far", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: "http://two"}})
	w.pass(time.Hour)
	w.expect("far", "http://two")
	looks(4)

	w.away = chat.Errorf(chat.CodeUnavailable, "away")
	w.pass(time.Hour)
	if _, err := w.find("far"); chat.CodeOf(err) != chat.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	w.away = nil
	w.remove("far")
	w.expect("far", "")
	for i := range 3000 { // more than it keeps
		w.expect(fmt.Sprint(i), "")
	}
	w.wantClosed()
}

func TestAVersionIsLoadedOnceAndReplacedWhenItIsRefreshed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	gate := w.hold("a 1")
	var all sync.WaitGroup
	for range 20 { // all of them wait for one load
		all.Go(func() { w.expect("a", "a 1") })
	}
	gate <- nil
	all.Wait()
	delete(w.gate, "a 1")
	w.put(chat.BotRecord{ID: "a", Version: 2})
	w.expect("a", "a 1") // not yet noticed
	w.Refresh(t.Context(), "a")
	w.expect("a", "a 2")
	w.wantClosed("a 1")
	w.put(chat.BotRecord{ID: "a", Version: 1}) // rolled back
	w.Refresh(t.Context(), "a")
	w.expect("a", "a 1")
	w.wantClosed("a 1", "a 2")
	w.Refresh(t.Context(), "a")
	w.Refresh(t.Context(), "demo")
	w.Refresh(t.Context(), "none")
	if n := w.count(&w.loads); n != 3 {
		t.Errorf("loaded: %v", w.loads)
	}
}

func TestAnotherNodesVersionIsNoticedWithoutATurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *registry.Options) { o.TTL = 5 * time.Millisecond })
	w.put(chat.BotRecord{ID: "a", Version: 1})
	w.put(chat.BotRecord{ID: "gone", Version: 1})
	w.expect("a", "a 1")
	w.expect("gone", "gone 1")
	w.put(chat.BotRecord{ID: "a", Version: 2})
	w.remove("gone")
	w.until("both are closed", func() bool { return w.count(&w.closed) == 2 })
	w.expect("a", "a 2")
	w.expect("gone", "")
	w.put(chat.BotRecord{ID: "a", Version: 2, CreatedAt: time.Unix(1, 0)}) // deleted and made anew
	w.until("the bot of before is closed", func() bool { return w.count(&w.closed) == 3 })
	w.expect("a", "a 2")
}

func TestTheOldVersionGoesOnWhileTheNewOneLoadsOrFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	w.expect("a", "a 1")
	w.put(chat.BotRecord{ID: "a", Version: 2})
	gate := w.hold("a 2")
	refreshed := make(chan struct{})
	go func() { w.Refresh(t.Context(), "a"); close(refreshed) }()
	w.until("it is being loaded", func() bool { return w.count(&w.loads) == 2 })
	w.expect("a", "a 1")
	gate <- errors.New("src/main.sc:1:1: no")
	<-refreshed
	for range 3 {
		w.pass(time.Hour)
		w.expect("a", "a 1")
	}
	if logged := strings.Count(w.log.String(), "src/main.sc:1:1: no"); logged != 1 || w.count(&w.loads) != 2 {
		t.Errorf("logged %d times, loaded %v", logged, w.loads)
	}
	w.put(chat.BotRecord{ID: "a", Version: 3})
	w.Refresh(t.Context(), "a")
	w.expect("a", "a 3")

	w.put(chat.BotRecord{ID: "b", Version: 1}) // and one without an older version
	gate = w.hold("b 1")
	go func() { gate <- errors.New("no such tag") }()
	for range 3 {
		if _, err := w.tryAsk(t.Context(), "b"); err == nil || !strings.Contains(err.Error(), "version 1") || !strings.Contains(err.Error(), "no such tag") {
			t.Errorf("got %v", err)
		}
	}
	if logged := strings.Count(w.log.String(), "no such tag"); logged != 1 {
		t.Errorf("logged %d times", logged)
	}
}

func TestWhatIsWantedMeanwhileIsLoadedAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	gate := w.hold("a 1")
	first := make(chan string)
	go func() { first <- w.ask("a") }()
	w.until("it is being loaded", func() bool { return w.count(&w.loads) == 1 })
	w.put(chat.BotRecord{ID: "a", Version: 2})
	refreshed := make(chan struct{})
	go func() { w.Refresh(t.Context(), "a"); close(refreshed) }()
	w.until("the registry knows", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.looked == 2 })
	gate <- nil
	<-refreshed
	if said := <-first; said != "a 1" && said != "a 2" {
		t.Errorf("the first turn says %q", said)
	}
	w.expect("a", "a 2")
	w.wantClosed("a 1")
}

func TestAReplacedVersionIsClosedAfterItsLastTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	turn := make(chan struct{})
	w.turns["a 1"] = turn
	said := make(chan string)
	go func() { said <- w.ask("a") }()
	<-turn
	w.put(chat.BotRecord{ID: "a", Version: 2})
	w.Refresh(t.Context(), "a")
	w.expect("a", "a 2")
	w.wantClosed()
	turn <- struct{}{}
	if got := <-said; got != "a 1" {
		t.Errorf("got %q", got)
	}
	w.until("it is closed", func() bool { return w.count(&w.closed) == 1 })
	w.wantClosed("a 1")
}

func TestThoseUsedTheLongestAgoArePutAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *registry.Options) { o.MaxLoaded = 3 })
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		w.put(chat.BotRecord{ID: id, Version: 1})
	}
	turn := make(chan struct{})
	w.turns["b 1"] = turn
	busy := make(chan string)
	w.expect("a", "a 1")
	go func() { busy <- w.ask("b") }()
	<-turn
	w.expect("c", "c 1")
	w.expect("a", "a 1")
	w.expect("d", "d 1")
	w.wantClosed("c 1") // b is at work, a was used after c
	w.expect("e", "e 1")
	w.wantClosed("c 1", "a 1")
	w.expect("c", "c 1") // it comes back
	w.wantClosed("c 1", "a 1", "d 1")
	turn <- struct{}{}
	if got := <-busy; got != "b 1" {
		t.Errorf("got %q", got)
	}
}

// TestManyBotsAtOnce: more than are kept, all at once, of which none is closed while it is asked.
func TestManyBotsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *registry.Options) { o.MaxLoaded = 10; o.TTL = time.Millisecond; o.Now = time.Now })
	var all sync.WaitGroup
	for i := range 100 {
		id := fmt.Sprint("bot", i)
		w.put(chat.BotRecord{ID: id, Version: 1})
		all.Go(func() {
			for n := range 20 {
				if n == 10 {
					w.put(chat.BotRecord{ID: id, Version: 2})
				}
				said, err := w.tryAsk(t.Context(), id)
				if err != nil || !strings.HasPrefix(said, id+" ") {
					t.Errorf("%s says %q, %v", id, said, err)
				}
			}
		})
	}
	all.Wait()
}

func TestALoadThatMetAnOutageIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	gate := w.hold("a 1")
	go func() {
		gate <- chat.Errorf(chat.CodeUnavailable, "away")
		gate <- chat.Errorf(chat.CodeUnavailable, "away")
		gate <- nil
	}()
	w.expect("a", "a 1")
}

func TestTurnsDoNotWaitLongerThanTheyMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	gate := w.hold("a 1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.tryAsk(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	gate <- nil
	w.expect("a", "a 1")
}

func TestAPanicOfOneIsNoneOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *registry.Options) {
		load := o.Load
		o.Load = func(ctx context.Context, id string, version int64) (bot.Bot, error) {
			if id == "bad" {
				panic("boom")
			}
			return load(ctx, id, version)
		}
	})
	w.put(chat.BotRecord{ID: "bad", Version: 1})
	w.put(chat.BotRecord{ID: "good", Version: 1})
	if _, err := w.tryAsk(t.Context(), "bad"); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v", err)
	}
	w.expect("good", "good 1")
}

func TestCloseClosesAllAndRefusesMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(chat.BotRecord{ID: "a", Version: 1})
	w.put(chat.BotRecord{ID: "b", Version: 1})
	w.expect("a", "a 1")
	b, err := w.find("a")
	if err != nil {
		t.Fatal(err)
	}
	w.hold("b 1") // it is being loaded, and never comes to an end
	waiting := make(chan error)
	go func() {
		_, err := w.tryAsk(context.WithoutCancel(t.Context()), "b")
		waiting <- err
	}()
	w.until("it is being loaded", func() bool { return w.count(&w.loads) == 2 })
	for range 2 {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	w.wantClosed("a 1", "demo")
	if err := <-waiting; err == nil {
		t.Error("what waits is not told")
	}
	if _, err := b.React(t.Context(), &chat.Turn{}); err == nil {
		t.Error("a closed registry loads")
	}
}
