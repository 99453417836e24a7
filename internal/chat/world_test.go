package chat_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore"
)

// world is a service over a real store, with a clock of its own.
type world struct {
	*chat.Service
	t     *testing.T
	store *sqlstore.Store
	chat  *chat.Chat
	bot   chat.BotRecord

	mu    sync.Mutex
	now   time.Time
	rings []chat.Ring
}

const otherBot = "99999999-9999-4999-8999-999999999999"

func newWorld(t *testing.T, edit ...func(*chat.Chat)) *world {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &world{t: t, store: store, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.Service = w.another()
	w.bot = chat.BotRecord{ID: uuid.NewString(), Name: "Робот"}
	w.chat = &chat.Chat{ID: uuid.NewString(), Name: "shop", BotID: w.bot.ID, Identity: chat.IdentityOpen, Secret: "s3cret", Language: "en"}
	for _, e := range edit {
		e(w.chat)
	}
	w.update(func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(&w.bot), tx.PutBot(&chat.BotRecord{ID: otherBot, Name: "Other"}), tx.CreateChat(w.chat))
	})
	return w
}

// another returns a further service over the same store, as another node has one.
func (w *world) another() *chat.Service {
	return chat.NewService(chat.Params{
		Store:       w.store,
		Node:        "here",
		Now:         w.clock,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        w.hear,
		TurnLease:   30 * time.Second,
	})
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

func (w *world) hear(r chat.Ring) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rings = append(w.rings, r)
}

func (w *world) update(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start(edit ...func(*chat.StartParams)) *chat.StartResult {
	w.t.Helper()
	r, err := w.tryStart(edit...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) tryStart(edit ...func(*chat.StartParams)) (*chat.StartResult, error) {
	p := chat.StartParams{ChatID: w.chat.ID}
	for _, e := range edit {
		e(&p)
	}
	return w.Start(context.Background(), p)
}

func (w *world) send(session, body string) *chat.Event {
	w.t.Helper()
	r, err := w.Send(context.Background(), chat.SendParams{SessionID: session, Message: chat.MessageParams{Body: body}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Event
}

func (w *world) session(id string) *chat.Session {
	w.t.Helper()
	s, err := w.FindSession(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// events is the whole log of a session; its numbers must be dense in every stream.
func (w *world) events(id string) []chat.Event {
	w.t.Helper()
	events, err := w.store.ListEvents(context.Background(), w.session(id).Ref(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	var seq, widget, session int64
	for _, e := range events {
		if seq++; e.Sequence != seq {
			w.t.Fatalf("event %d has sequence %d", seq, e.Sequence)
		}
		if e.WidgetNo != 0 {
			if widget++; e.WidgetNo != widget {
				w.t.Fatalf("event %d has widget number %d, expected %d", seq, e.WidgetNo, widget)
			}
		}
		if e.SessionNo != 0 {
			if session++; e.SessionNo != session {
				w.t.Fatalf("event %d has session number %d, expected %d", seq, e.SessionNo, session)
			}
		}
	}
	return events
}

func (w *world) begin(id string) *chat.Turn {
	w.t.Helper()
	turn, err := w.BeginTurn(context.Background(), w.session(id).Ref(), nil, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return turn
}

func (w *world) commit(turn *chat.Turn, outputs ...chat.Output) bool {
	w.t.Helper()
	more, err := w.CommitTurn(context.Background(), turn, &chat.TurnResult{Outputs: outputs})
	if err != nil {
		w.t.Fatal(err)
	}
	return more
}

func say(text string) chat.Say { return chat.Say{Message: chat.Message{Body: text}} }

func expectCode(t *testing.T, err error, code chat.Code) {
	t.Helper()
	if err == nil || chat.CodeOf(err) != code {
		t.Fatalf("got error %v, expected one of code %s", err, code)
	}
}

// expectField fails the test unless an error blames a field of the input.
func expectField(t *testing.T, err error, field string) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Field != field || e.Message == "" {
		t.Fatalf("got error %v, expected one that blames %s", err, field)
	}
}
