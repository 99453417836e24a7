package bot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/servers"
)

// reminder sets what a message names, and says what a timer tells it.
func reminder(_ context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	r := &chat.TurnResult{}
	say := func(text string) { r.Outputs = append(r.Outputs, chat.Say{Message: chat.Message{Body: text}}) }
	switch p := t.Cause.Payload.(type) {
	case *chat.Message:
		kind, after, _ := strings.Cut(p.Body, " ")
		d, err := time.ParseDuration(after)
		if err != nil {
			return nil, err
		}
		timer := chat.Timer{Kind: chat.TimerKind(kind), At: t.Now.Add(d)}
		if timer.Kind == chat.TimerEvent {
			timer.Event = p.Body
		} else {
			timer.Target = p.Body
		}
		r.Timers = []chat.Timer{timer}
		say("set")
	case *chat.TimerFired:
		say("fired " + p.Event + p.Target)
	}
	return r, nil
}

func runTimers(t *testing.T, s *chat.Service, a *bot.Alarm, edit ...func(*bot.TimersOptions)) *bot.Timers {
	o := bot.TimersOptions{Service: s, Alarm: a, Log: slog.New(slog.DiscardHandler)}
	for _, e := range edit {
		e(&o)
	}
	timers := bot.NewTimers(o)
	t.Cleanup(func() { closeTimers(t, timers) })
	return timers
}

func closeTimers(t *testing.T, timers *bot.Timers) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := timers.Close(ctx); err != nil {
		t.Error(err)
	}
}

// timed is a service that rings an alarm too.
func (w *world) timed(alarm *bot.Alarm) *chat.Service {
	s := w.service("here", time.Now)
	ring := s.Ring
	s.Ring = func(r chat.Ring) { ring(r); alarm.Ring(r) }
	return s
}

// awaitSaid waits until a text is among what the bot has said in a session.
func (w *world) awaitSaid(s *chat.Session, text string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 60*time.Second)
	defer cancel()
	for {
		head := w.find(s) // before what is said is read: what comes after is waited for
		if slices.Contains(w.said(s), text) {
			return
		}
		if err := w.feed.AwaitSettled(ctx, s.Ref(), head.Sequence+1); err != nil {
			w.t.Fatalf("nobody has said %q, only %q: %v", text, w.said(s), err)
		}
	}
}

func (w *world) find(s *chat.Session) *chat.Session {
	w.t.Helper()
	found, err := w.FindSession(w.t.Context(), s.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// TestTimersFireWhenTheyAreDue: the sweep is so rare that a ring must wake who sleeps.
func TestTimersFireWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"b": bot.Func(reminder)})
	alarm := bot.NewAlarm()
	w.Service = w.timed(alarm)
	w.run()
	runTimers(t, w.Service, alarm, func(o *bot.TimersOptions) { o.Sweep = time.Hour })
	long, short := w.start("b", "timeout 1h"), w.start("b", "event 300ms")
	w.awaitSaid(short, "fired event 300ms")
	again := w.start("b", "timeout 200ms")
	w.awaitSaid(again, "fired timeout 200ms")
	w.awaitSaid(long, "set")
	if n, err := w.CountTimers(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
}

// TestTimersSurviveACrash goes on from the files as they were while a node ran that had claimed a timer
// and not fired it. One falls due while nothing runs, the other after.
func TestTimersSurviveACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"b": bot.Func(reminder)})
	w.run()
	past, future := w.start("b", "event 1ms"), w.start("b", "timeout 500ms")
	w.awaitSaid(past, "set")
	w.awaitSaid(future, "set")
	claimed, err := w.ClaimTimers(t.Context(), 1) // and dies before it has fired
	if err != nil || len(claimed) > 1 {
		t.Fatal(claimed, err)
	}
	crashed := t.TempDir()
	if err := os.CopyFS(crashed, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	w.dir = crashed
	w.open("after the crash")
	alarm := bot.NewAlarm()
	w.Service = w.timed(alarm)
	w.run()
	runTimers(t, w.Service, alarm)
	w.awaitSaid(past, "fired event 1ms")
	w.awaitSaid(future, "fired timeout 500ms")
	if n, err := w.CountTimers(t.Context()); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	for _, s := range []*chat.Session{past, future} {
		if said := w.said(s); len(said) != 2 {
			t.Fatalf("said %q", said)
		}
	}
}

// TestTwoNodesFireEachTimerOnce has two nodes over one database look for many timers that are due at
// the same moment.
func TestTwoNodesFireEachTimerOnce(t *testing.T) {
	t.Parallel()
	const sessions = 40
	url := servers.NewPostgres(t).NewDatabase(t)
	record := &chat.BotRecord{ID: uuid.NewString(), Name: "b"}
	c := &chat.Chat{ID: uuid.NewString(), BotID: record.ID, Identity: chat.IdentityOpen}
	due := time.Now().Add(5 * time.Second)
	bots := bot.Bots{record.ID: bot.Func(func(ctx context.Context, t *chat.Turn) (*chat.TurnResult, error) {
		if t.Cause.Message() == nil {
			return reminder(ctx, t)
		}
		return &chat.TurnResult{Timers: []chat.Timer{
			{Kind: chat.TimerTimeout, At: due, Target: "timeout"}, {Kind: chat.TimerEvent, At: due, Event: "event"},
		}}, nil
	})}
	var out lines
	var nodes []*world
	for _, name := range []string{"a", "b"} {
		log := slog.New(slog.NewTextHandler(&out, nil))
		store, err := sqlstore.Open(t.Context(), sqlstore.Options{PostgresURL: url, Log: log, Connections: 12})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		w := &world{t: t, store: store, feed: feed.New(store, feed.Options{Log: log}), queue: bot.NewQueue(), bots: bots, chats: map[string]*chat.Chat{"b": c}}
		t.Cleanup(w.feed.Close)
		alarm := bot.NewAlarm()
		w.Service = w.timed(alarm)
		w.Node = name
		w.run()
		runTimers(t, w.Service, alarm, func(o *bot.TimersOptions) { o.Log = log })
		nodes = append(nodes, w)
	}
	w := nodes[0]
	if err := w.store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(record), tx.CreateChat(c))
	}); err != nil {
		t.Fatal(err)
	}
	var started []*chat.Session
	for i := range sessions {
		started = append(started, nodes[i%2].start("b", "hi"))
	}
	for _, s := range started {
		w.awaitSaid(s, "fired timeout")
		w.awaitSaid(s, "fired event")
	}
	for _, s := range started {
		if said := w.said(s); len(said) != 2 {
			t.Errorf("session %d: said %q", s.Key, said)
		}
	}
	if n, err := w.CountTimers(t.Context()); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if text := out.String(); strings.Contains(text, "level=ERROR") {
		t.Errorf("logged:\n%s", text)
	}
}

// lines is a log that may be written to from many sides.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestManyTimersAtOnce has more of them due than are claimed at a time.
func TestManyTimersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]bot.Bot{"b": bot.Func(reminder)})
	w.run()
	var sessions []*chat.Session
	for i := range 150 {
		sessions = append(sessions, w.start("b", fmt.Sprintf("event %dms", i%7)))
	}
	for _, s := range sessions {
		w.awaitSaid(s, "set")
	}
	runTimers(t, w.Service, bot.NewAlarm())
	for i, s := range sessions {
		w.awaitSaid(s, fmt.Sprintf("fired event %dms", i%7))
		if said := w.said(s); !slices.Equal(said[:1], []string{"set"}) || len(said) != 2 {
			t.Fatalf("said %q", said)
		}
	}
}
