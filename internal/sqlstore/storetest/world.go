package storetest

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// epoch is the time of the tests, with microseconds.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// world is one chat with one client, and what tests do with them.
type world struct {
	*testing.T
	chat.Store
	chat   *chat.Chat
	client *chat.Client
}

func newWorld(t *testing.T, s chat.Store) *world {
	w := &world{T: t, Store: s, chat: &chat.Chat{ID: uuid.NewString(), Name: "chat", Identity: chat.IdentityOpen}}
	w.update(func(tx chat.Tx) error { return tx.CreateChat(w.chat) })
	w.client = w.newClient()
	return w
}

// update fails the test when the transaction fails.
func (w *world) update(fn func(tx chat.Tx) error) {
	w.Helper()
	if err := w.Update(context.Background(), fn); err != nil {
		w.Fatalf("update: %v", err)
	}
}

// refused fails the test unless the transaction fails with a code.
func (w *world) refused(code chat.Code, fn func(tx chat.Tx) error) {
	w.Helper()
	wantCode(w.T, w.Update(context.Background(), fn), code)
}

func (w *world) newClient() *chat.Client {
	w.Helper()
	c := &chat.Client{ID: uuid.NewString(), Name: "client", CreatedAt: epoch}
	w.update(func(tx chat.Tx) error { return tx.CreateClient(c) })
	return c
}

// sessionFor is an open session that is not stored yet.
func (w *world) sessionFor(c *chat.Client) *chat.Session {
	return &chat.Session{
		ID: uuid.NewString(), ChatKey: w.chat.Key, ChatID: w.chat.ID, ClientKey: c.Key, ClientID: c.ID, Status: chat.StatusOpen,
		Owner: chat.Owner{Kind: chat.OwnerBot, ID: uuid.NewString(), Name: "Bot"}, Term: 1, TTL: time.Hour,
		StartedAt: epoch, ActiveAt: epoch, CheckAt: epoch.Add(time.Hour),
	}
}

// newSession stores an open session of a new client.
func (w *world) newSession() *chat.Session {
	w.Helper()
	s := w.sessionFor(w.newClient())
	w.update(func(tx chat.Tx) error { return tx.CreateSession(s, &chat.SessionDetails{}) })
	return s
}

// say writes messages by their bodies, numbered as the domain does it: those of the client
// are not in the widget's stream.
func (w *world) say(id string, author chat.AuthorType, bodies ...string) []chat.Event {
	w.Helper()
	var events []chat.Event
	w.update(func(tx chat.Tx) (err error) {
		events, err = say(tx, id, author, bodies...)
		return err
	})
	return events
}

func say(tx chat.Tx, id string, author chat.AuthorType, bodies ...string) ([]chat.Event, error) {
	payloads := make([]chat.Payload, len(bodies))
	for i, body := range bodies {
		payloads[i] = &chat.Message{AuthorType: author, Type: chat.MessageRegular, Body: body}
	}
	return write(tx, id, payloads...)
}

// write numbers and stores what happened in a session.
func write(tx chat.Tx, id string, payloads ...chat.Payload) ([]chat.Event, error) {
	s, err := tx.LockSession(id)
	if err != nil {
		return nil, err
	}
	events := make([]chat.Event, len(payloads))
	for i, p := range payloads {
		s.Sequence++
		e := chat.Event{ID: newID(), Session: s.Ref(), Sequence: s.Sequence, At: epoch.Add(time.Duration(s.Sequence) * time.Second), Payload: p}
		if p.In(chat.StreamWidget) {
			s.WidgetNo++
			e.WidgetNo = s.WidgetNo
		}
		if p.In(chat.StreamSession) {
			s.SessionNo++
			e.SessionNo = s.SessionNo
		}
		if m, ok := p.(*chat.Message); ok {
			m.ID = e.ID
		}
		events[i] = e
	}
	if err := tx.UpdateSession(s); err != nil {
		return nil, err
	}
	return events, tx.AppendEvents(events)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) find(id string) *chat.Session {
	w.Helper()
	s, err := w.FindSession(context.Background(), id)
	if err != nil {
		w.Fatalf("find session: %v", err)
	}
	return s
}

func (w *world) events(s *chat.Session) []chat.Event {
	w.Helper()
	events, err := w.ListEvents(context.Background(), s.Ref(), 0, 1_000_000)
	if err != nil {
		w.Fatalf("list events: %v", err)
	}
	return events
}

func bodies(events []chat.Event) []string {
	out := make([]string, len(events))
	for i := range events {
		if m := events[i].Message(); m != nil {
			out[i] = m.Body
		}
	}
	return out
}

func numbered(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = prefix + strconv.Itoa(i+1)
	}
	return out
}

func wantCode(t *testing.T, err error, code chat.Code) {
	t.Helper()
	if err == nil || chat.CodeOf(err) != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
}

func wantNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantEqual[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// wantFilled fails when a field of a sample is empty: a field that is new in the domain must
// be stored, and tried here.
func wantFilled(t *testing.T, sample any, except ...string) {
	t.Helper()
	v := reflect.ValueOf(sample)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() && !slices.Contains(except, name) {
			t.Fatalf("the sample of %s has no %s", v.Type(), name)
		}
	}
}
