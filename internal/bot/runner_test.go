package bot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
)

// world runs bots over a real store and a real feed.
type world struct {
	*chat.Service
	t     *testing.T
	dir   string
	store *sqlstore.Store
	feed  *feed.Feed
	queue *bot.Queue
	bots  bot.Bots
	chats map[string]*chat.Chat // by bot's name
}

func newWorld(t *testing.T, bots map[string]bot.Bot) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), bots: bot.Bots{}, chats: map[string]*chat.Chat{}}
	w.open("here")
	for name, b := range bots {
		record := &chat.BotRecord{ID: uuid.NewString(), Name: name}
		c := &chat.Chat{ID: uuid.NewString(), BotID: record.ID, Identity: chat.IdentityOpen, Language: "en"}
		w.bots[record.ID], w.chats[name] = b, c
		if err := w.store.Update(t.Context(), func(tx chat.Tx) error {
			return errors.Join(tx.PutBot(record), tx.CreateChat(c))
		}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// open opens the data directory as a process of its own would.
func (w *world) open(node string) {
	w.t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlstore.Open(w.t.Context(), sqlstore.Options{Dir: w.dir, Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store, w.queue = store, bot.NewQueue()
	w.t.Cleanup(func() { store.Close() })
	w.feed = feed.New(store, feed.Options{Log: log})
	w.t.Cleanup(w.feed.Close)
	w.Service = w.service(node, time.Now)
}

func (w *world) service(node string, now func() time.Time) *chat.Service {
	events, queue := w.feed, w.queue
	return chat.NewService(chat.Params{
		Store: w.store, Node: node, Now: now, TurnLease: 30 * time.Second,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        func(r chat.Ring) { events.Ring(r); queue.Ring(r) },
	})
}

func (w *world) run(edit ...func(*bot.Options)) *bot.Runner {
	o := bot.Options{Service: w.Service, Queue: w.queue, Bots: w.bots, Log: slog.New(slog.DiscardHandler), Sweep: 20 * time.Millisecond}
	for _, e := range edit {
		e(&o)
	}
	r := bot.NewRunner(o)
	w.t.Cleanup(func() { closeRunner(w.t, r) })
	return r
}

func closeRunner(t *testing.T, r *bot.Runner) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
}

func (w *world) start(botName, text string) *chat.Session {
	w.t.Helper()
	r, err := w.Start(w.t.Context(), chat.StartParams{ChatID: w.chats[botName].ID, Message: &chat.MessageParams{Body: text}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Session
}

func (w *world) send(s *chat.Session, text string) int64 {
	w.t.Helper()
	r, err := w.Send(w.t.Context(), chat.SendParams{SessionID: s.ID, Message: chat.MessageParams{Body: text}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Event.Sequence
}

func (w *world) await(s *chat.Session, sequence int64) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	if err := w.feed.AwaitSettled(ctx, s.Ref(), sequence); err != nil {
		w.t.Fatalf("the bot has not reacted to %d: %v", sequence, err)
	}
}

// said is what the bot has said in a session.
func (w *world) said(s *chat.Session) []string {
	w.t.Helper()
	events, err := w.store.ListEvents(w.t.Context(), s.Ref(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		if m := e.Message(); m != nil && m.AuthorType == chat.AuthorBot {
			list = append(list, m.Body)
		}
	}
	return list
}

const failure = "Sorry, something went wrong on our side. Please try again a little later."

func answer(text string) *chat.TurnResult {
	return &chat.TurnResult{Outputs: []chat.Output{chat.Say{Message: chat.Message{Body: text}}}}
}

var echo = bot.Func(func(_ context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	return answer("echo " + t.Cause.Message().Body), nil
})

func TestAnswersComeInOrderWithinASessionAndOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"echo": echo})
	w.run()
	const sessions, messages = 20, 15
	var all sync.WaitGroup
	for range sessions {
		all.Go(func() {
			s := w.start("echo", "0")
			last, want := int64(0), []string{"echo 0"}
			for i := 1; i < messages; i++ {
				last = w.send(s, fmt.Sprint(i))
				want = append(want, fmt.Sprintf("echo %d", i))
			}
			w.await(s, last)
			if got := w.said(s); !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
}

func TestAFailingBotEndsInADefinedMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{
		"error":   bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) { return nil, errors.New("broken") }),
		"panic":   bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) { panic("broken") }),
		"nothing": bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) { return nil, nil }),
		"impossible": bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) {
			return &chat.TurnResult{Outputs: []chat.Output{chat.SwitchBot{BotID: uuid.NewString()}}}, nil
		}),
		"slow": bot.Func(func(ctx context.Context, _ *chat.Turn) (*chat.TurnResult, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}),
	})
	w.run(func(o *bot.Options) { o.Timeout = 50 * time.Millisecond })
	for name := range w.chats {
		t.Run(name, func(t *testing.T) {
			s := w.start(name, "hi")
			w.await(s, 2)
			w.await(s, w.send(s, "again"))
			if got := w.said(s); !slices.Equal(got, []string{failure, failure}) {
				t.Fatalf("got %q", got)
			}
		})
	}
}

// away is a finder that cannot look at first.
type away struct {
	bot.Bots
	left atomic.Int32
}

func (a *away) FindBot(ctx context.Context, id string) (bot.Bot, error) {
	if a.left.Add(-1) >= 0 {
		return nil, chat.Errorf(chat.CodeUnavailable, "away")
	}
	return a.Bots.FindBot(ctx, id)
}

func TestABotThatCannotBeLookedForIsAskedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"echo": echo})
	finder := &away{Bots: w.bots}
	finder.left.Store(3)
	w.run(func(o *bot.Options) { o.Bots = finder })
	s := w.start("echo", "hi")
	w.await(s, 2)
	if got := w.said(s); !slices.Equal(got, []string{"echo hi"}) {
		t.Fatalf("got %q", got)
	}
}

func TestABotThatIsGoneFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"echo": echo})
	w.run(func(o *bot.Options) { o.Bots = bot.Bots{} })
	s := w.start("echo", "hi")
	w.await(s, 2)
	if got := w.said(s); !slices.Equal(got, []string{failure}) {
		t.Fatalf("got %q", got)
	}
}

func TestASlowBotDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	bots := map[string]bot.Bot{"echo": echo}
	const slowBots, perBot, sessions = 18, 15, 17
	for i := range slowBots {
		bots[fmt.Sprint("slow", i)] = bot.Func(func(ctx context.Context, _ *chat.Turn) (*chat.TurnResult, error) {
			select {
			case <-release:
				return answer("at last"), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
	}
	w := newWorld(t, bots)
	w.run(func(o *bot.Options) { o.PerBot, o.Timeout = perBot, time.Minute })
	var slow []*chat.Session
	for i := range slowBots {
		for range sessions { // more than the bot takes at a time, and in all more than there are hands
			slow = append(slow, w.start(fmt.Sprint("slow", i), "hi"))
		}
	}
	quick := w.start("echo", "hi")
	w.await(quick, 2)
	close(release)
	for _, s := range slow {
		w.await(s, 2)
		if got := w.said(s); !slices.Equal(got, []string{"at last"}) {
			t.Fatalf("got %q", got)
		}
	}
}

// blocked closes running when it is asked, once, and answers after release.
func blocked(running chan<- struct{}, release <-chan struct{}, text string) bot.Bot {
	return bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) {
		close(running)
		<-release
		return answer(text), nil
	})
}

func TestATakeOverDropsTheRunningTurn(t *testing.T) {
	t.Parallel()
	running, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, map[string]bot.Bot{"bot": blocked(running, release, "too late")})
	r := w.run()
	s := w.start("bot", "hi")
	<-running
	if err := w.ChangeOwner(t.Context(), s.ID, chat.Owner{Kind: chat.OwnerOperator, ID: "389", Name: "Ann"}); err != nil {
		t.Fatal(err)
	}
	w.await(s, 2) // nobody waits for the bot any more
	close(release)
	closeRunner(t, r)
	if got := w.said(s); len(got) != 0 {
		t.Fatalf("got %q", got)
	}
}

func TestTurnsOfADeadNodeAreTakenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"echo": echo})
	s := w.start("echo", "hi") // claimed by "here", which never answers
	w.Service = w.service("there", func() time.Time { return time.Now().Add(time.Minute) })
	w.queue = bot.NewQueue() // the ring is lost as well
	w.run()
	w.await(s, 2)
	if got := w.said(s); !slices.Equal(got, []string{"echo hi"}) {
		t.Fatalf("got %q", got)
	}
}

func TestARestartTakesUpTurnsAtOnceAndCountsThem(t *testing.T) {
	t.Parallel()
	var attempt atomic.Int32
	w := newWorld(t, map[string]bot.Bot{"bot": bot.Func(func(_ context.Context, turn *chat.Turn) (*chat.TurnResult, error) {
		attempt.Store(int32(turn.Attempt))
		return answer("back"), nil
	})})
	s := w.start("bot", "hi") // claimed for 30 s by this process, which ends here
	w.feed.Close()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.open("after")
	w.run()
	w.await(s, 2)
	if got := w.said(s); !slices.Equal(got, []string{"back"}) || attempt.Load() != 2 {
		t.Fatalf("got %q at attempt %d", got, attempt.Load())
	}
}

func TestATurnThatKillsItsNodesIsGivenUp(t *testing.T) {
	t.Parallel()
	var called atomic.Int32
	w := newWorld(t, map[string]bot.Bot{"bot": bot.Func(func(context.Context, *chat.Turn) (*chat.TurnResult, error) {
		called.Add(1)
		return answer("alive"), nil
	})})
	s := w.start("bot", "hi")
	for i := range chat.MaxTurnAttempts - 1 { // each of these nodes dies in the turn
		later := time.Now().Add(time.Duration(i+1) * time.Minute)
		node := w.service(fmt.Sprint("dead", i), func() time.Time { return later })
		if turn, err := node.BeginTurn(t.Context(), s.Ref(), nil, nil); err != nil || turn == nil {
			t.Fatal(turn, err)
		}
	}
	w.Service = w.service("last", func() time.Time { return time.Now().Add(time.Hour) })
	w.run()
	w.await(s, 2)
	if got := w.said(s); !slices.Equal(got, []string{failure}) || called.Load() != 0 {
		t.Fatalf("got %q after %d calls", got, called.Load())
	}
}

// TestATurnThatOnlyWaitsIsNotBegun: nodes that stop one after another, as in a rolling restart, do
// not have a turn given up that no bot has seen.
func TestATurnThatOnlyWaitsIsNotBegun(t *testing.T) {
	t.Parallel()
	release, begun := make(chan struct{}), make(chan string, 16)
	w := newWorld(t, map[string]bot.Bot{"slow": bot.Func(func(_ context.Context, turn *chat.Turn) (*chat.TurnResult, error) {
		begun <- turn.Session.ID
		<-release
		return answer("done"), nil
	})})
	sessions := []*chat.Session{w.start("slow", "one"), w.start("slow", "two")}
	seen := map[string]int{}
	nodes := []string{"here", "b", "c"}
	for _, node := range nodes {
		w.queue = bot.NewQueue()
		w.Service = w.service(node, time.Now)
		r := w.run(func(o *bot.Options) { o.PerBot = 1 })
		seen[<-begun]++
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Close(gone); err == nil {
			t.Error("the runner did not wait for its turn")
		}
		for _, s := range sessions {
			if now, err := w.FindSession(t.Context(), s.ID); err != nil || (seen[s.ID] == 0 && now.Lease.Attempts > 1) {
				t.Errorf("node %s: a turn that began %d times has attempt %d, %v", node, seen[s.ID], now.Lease.Attempts, err)
			}
		}
		if err := w.store.Update(t.Context(), func(tx chat.Tx) error { _, err := tx.FreeLeases(node); return err }); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	w.queue = bot.NewQueue()
	w.Service = w.service("last", time.Now)
	w.run(func(o *bot.Options) { o.PerBot = 1 })
	for _, s := range sessions {
		w.await(s, 2)
		if got := w.said(s); seen[s.ID] == 0 && !slices.Equal(got, []string{"done"}) {
			t.Errorf("a turn that no bot had seen was answered %q", got)
		}
	}
}

func TestTypingIsFollowedByAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"bot": bot.Func(func(_ context.Context, turn *chat.Turn) (*chat.TurnResult, error) {
		if body := turn.Cause.Message().Body; body != "silence" {
			return answer(body), nil
		}
		return &chat.TurnResult{}, nil
	})})
	s := w.start("bot", "silence")
	got := make(chan string, 16)
	_, stop, err := w.feed.Watch(t.Context(), s.Ref(), func(e *chat.Event) {
		if m := e.Message(); m == nil || m.AuthorType == chat.AuthorBot {
			got <- string(e.Payload.Kind())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	w.run()
	w.await(s, 2)
	w.await(s, w.send(s, "speak"))
	first := <-got
	if first == string(chat.KindTyping) { // it is dropped when the message is there already
		first = <-got
	}
	if first != string(chat.KindMessageCreated) {
		t.Fatalf("typing is followed by %s", first)
	}
}

func TestCloseLetsRunningTurnsFinish(t *testing.T) {
	t.Parallel()
	running, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, map[string]bot.Bot{"bot": blocked(running, release, "finished")})
	r := w.run()
	s := w.start("bot", "hi")
	<-running
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Close(expired); err == nil {
		t.Fatal("closed with a turn running")
	}
	close(release)
	closeRunner(t, r)
	if got := w.said(s); !slices.Equal(got, []string{"finished"}) {
		t.Fatalf("got %q", got)
	}
}
