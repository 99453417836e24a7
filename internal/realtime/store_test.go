package realtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/realtime"
	"github.com/govorun/govorun/internal/sqlstore"
)

// world is the server over the real domain, storage and feed.
type world struct {
	*testServer
	service *chat.Service
	store   *sqlstore.Store
	session string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	events := feed.New(store, feed.Options{})
	t.Cleanup(events.Close)
	service := chat.NewService(chat.Params{
		Store: store, Node: "test", Now: time.Now, Ring: events.Ring, TurnLease: time.Minute,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
	})
	err = store.Update(t.Context(), func(tx chat.Tx) error {
		return tx.CreateChat(&chat.Chat{ID: testChat, Identity: chat.IdentityOpen})
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := service.Start(t.Context(), chat.StartParams{ChatID: testChat, BotID: chat.NoBot})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, newTestLog(), func(p *realtime.Params) {
		p.Service, p.Feed, p.Events, p.LogID = service, events, store, store.LogID()
	})
	return &world{testServer: s, service: service, store: store, session: started.Session.ID}
}

func (w *world) send(t *testing.T, body string) {
	t.Helper()
	_, err := w.service.Send(context.Background(), chat.SendParams{SessionID: w.session, Message: chat.MessageParams{Body: body}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOverTheRealLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	channel := "session:" + w.session
	c := w.dial()
	c.connect("", w.session)
	c.subscribe(channel, "")
	var want []string
	for i := range 300 {
		body := fmt.Sprint(i)
		want = append(want, body)
		w.send(t, body)
	}
	c.bodies(want...)
	c.silent()

	d := w.dial()
	d.connect("")
	f := d.subscribe(channel, `,"recover":true,"offset":100,"epoch":"`+w.store.LogID()+`"`)
	if f.Error != nil || !f.Subscribe.Recovered {
		t.Fatalf("got %+v", f)
	}
	w.send(t, "new")
	d.bodies(append(want[100:], "new")...)
	c.bodies("new")

	d.send(`{"id":3,"rpc":{"method":"typing","data":{"id":"` + w.session + `","body":"При"}}}`)
	if p := c.publication(); p.Event != "showTypingIndicator" {
		t.Errorf("got %s, want typing", p.Raw)
	}
}

func TestMarkInTheRealStorage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.dial()
	c.connect("", w.session)
	w.send(t, "costs the widget no number")
	if err := w.service.Close(t.Context(), w.session, chat.ClosedByClient, ""); err != nil {
		t.Fatal(err)
	}
	if p := c.publication(); p.Event != "sessionClosed" || p.Offset != 1 {
		t.Errorf("got %s", p.Raw)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	session, err := w.service.FindSession(t.Context(), w.session)
	if err != nil || session.WidgetGiven != 1 {
		t.Errorf("given %+v, %v; want 1", session, err)
	}
}
