package poll_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/poll"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/servers"
)

// patience is how long anything may take on a busy machine.
const patience = 30 * time.Second

// node is a process over the world's data.
type node struct {
	store   *sqlstore.Store
	service *chat.Service
	feed    *feed.Feed
	hub     *poll.Hub
}

// world is a chat with a client, on nodes.
type world struct {
	*testing.T
	chat   *chat.Chat
	client chat.ClientRef
	nodes  []*node
	deaf   atomic.Bool // no node hears of commits

	mu     sync.Mutex // guards what follows
	last   time.Time  // of events
	byID   map[string]*chat.QuestionRecord
	firsts map[string]*chat.QuestionRecord // by connection
}

// engines opens stores over the same data, by the engine.
var engines = map[string]func(t *testing.T, nodes int) []*sqlstore.Store{
	"sqlite": func(t *testing.T, nodes int) []*sqlstore.Store {
		s := openStore(t, sqlstore.Options{Dir: t.TempDir()})
		stores := make([]*sqlstore.Store, nodes)
		for i := range stores {
			stores[i] = s
		}
		return stores
	},
	"postgres": func(t *testing.T, nodes int) []*sqlstore.Store {
		url := servers.NewPostgres(t).NewDatabase(t)
		stores := make([]*sqlstore.Store, nodes)
		for i := range stores {
			stores[i] = openStore(t, sqlstore.Options{PostgresURL: url, Connections: 8})
		}
		return stores
	},
}

func openStore(t *testing.T, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// newWorld has a client without a session.
func newWorld(t *testing.T, engine string, nodes int) *world {
	t.Helper()
	w := &world{T: t, byID: map[string]*chat.QuestionRecord{}, firsts: map[string]*chat.QuestionRecord{}}
	for _, store := range engines[engine](t, nodes) {
		w.nodes = append(w.nodes, w.newNode(store))
	}
	c := &chat.Chat{ID: uuid.NewString(), Name: "chat", Identity: chat.IdentityOpen, Token: "token"}
	client := &chat.Client{ID: uuid.NewString(), CreatedAt: time.Now()}
	w.update(0, func(tx chat.Tx) error {
		if err := tx.CreateChat(c); err != nil {
			return err
		}
		return tx.CreateClient(client)
	})
	w.chat, w.client = c, chat.ClientRef{Chat: c.Key, Client: client.Key}
	return w
}

func (w *world) newNode(store *sqlstore.Store) *node {
	log := slog.New(slog.DiscardHandler)
	n := &node{store: store}
	n.service = chat.NewService(chat.Params{
		Store: store, Node: uuid.NewString(), Now: time.Now, NewID: newID, NewSecretID: uuid.NewString, Ring: func(chat.Ring) {},
	})
	n.feed = feed.New(store, feed.Options{Log: log, HealInterval: 20 * time.Millisecond})
	n.hub = poll.New(poll.Params{
		Store: questioned{store, w}, Feed: n.feed, Service: n.service, Render: render, Now: time.Now, Log: log,
	})
	w.Cleanup(func() {
		if err := n.hub.Close(context.Background()); err != nil {
			w.Error(err)
		}
		n.feed.Close()
	})
	return n
}

// questioned is a store that knows the world's questions.
type questioned struct {
	*sqlstore.Store
	w *world
}

func (q questioned) FindQuestion(_ context.Context, _, _ int64, id string) (*chat.QuestionRecord, error) {
	return q.w.question(q.w.byID, id)
}

func (q questioned) FirstOfConnection(_ context.Context, _, _ int64, cid string) (*chat.QuestionRecord, error) {
	return q.w.question(q.w.firsts, cid)
}

func (w *world) question(in map[string]*chat.QuestionRecord, key string) (*chat.QuestionRecord, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := in[key]; r != nil {
		return r, nil
	}
	return nil, chat.Errorf(chat.CodeNotFound, "no such question")
}

// object is what render makes of one.
type object struct {
	Type   string   `json:"type"`
	ID     string   `json:"id"`
	Seq    int64    `json:"sequence"`
	TS     int64    `json:"ts"`
	Bodies []string `json:"bodies"`
}

func render(_ context.Context, _ *poll.Request, o *poll.Object) (json.RawMessage, error) {
	x := object{Type: string(o.Type), ID: o.Last().ID, Seq: o.Last().Sequence, TS: o.Last().At.UnixMilli()}
	for i := range o.Events {
		switch p := o.Events[i].Payload.(type) {
		case *chat.Message:
			x.Bodies = append(x.Bodies, p.Body)
		case *chat.ActionPressed:
			x.Bodies = append(x.Bodies, p.Event)
		}
	}
	return json.Marshal(x)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) update(node int, fn func(tx chat.Tx) error) {
	w.Helper()
	if err := w.nodes[node].store.Update(context.Background(), fn); err != nil {
		w.Errorf("update: %v", err)
	}
}

// open starts a session of the client, on a node.
func (w *world) open(node int) *chat.Session {
	w.Helper()
	s := &chat.Session{
		ID: uuid.NewString(), ChatKey: w.client.Chat, ChatID: w.chat.ID, ClientKey: w.client.Client, ClientID: "c",
		Status: chat.StatusOpen, Owner: chat.Owner{Kind: chat.OwnerNobody}, TTL: time.Hour, StartedAt: w.now(), ActiveAt: time.Now(), CheckAt: time.Now().Add(time.Hour),
	}
	w.update(node, func(tx chat.Tx) error {
		s.Status = chat.StatusOpen
		if err := tx.CreateSession(s, &chat.SessionDetails{}); err != nil {
			return err
		}
		return w.write(tx, s.ID, &chat.SessionStarted{})
	})
	return s
}

func (w *world) end(node int, s *chat.Session) {
	w.Helper()
	w.update(node, func(tx chat.Tx) error {
		session, err := tx.LockSession(s.ID)
		if err != nil {
			return err
		}
		session.Status = chat.StatusClosed
		return tx.UpdateSession(session)
	})
}

// say commits what happens in a session, on a node.
func (w *world) say(node int, s *chat.Session, payloads ...chat.Payload) {
	w.Helper()
	w.update(node, func(tx chat.Tx) error { return w.write(tx, s.ID, payloads...) })
}

// now is later than it was before, by a millisecond at least.
func (w *world) now() time.Time { return w.later(time.Time{}) }

// later is now, and later than what happened in a session last: the service writes there, too.
func (w *world) later(last time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().Truncate(time.Microsecond)
	for _, before := range []time.Time{w.last, last} {
		if least := before.Add(time.Millisecond); now.Before(least) {
			now = least
		}
	}
	w.last = now
	return now
}

func (w *world) write(tx chat.Tx, id string, payloads ...chat.Payload) error {
	s, err := tx.LockSession(id)
	if err != nil {
		return err
	}
	events := make([]chat.Event, len(payloads))
	for i, p := range payloads {
		s.Sequence++
		s.LastAt = w.later(s.LastAt)
		e := chat.Event{ID: newID(), Session: s.Ref(), Sequence: s.Sequence, At: s.LastAt, Payload: p}
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
			w.ask(m.Question, s, e.Sequence)
		}
		events[i] = e
	}
	if err := tx.UpdateSession(s); err != nil {
		return err
	}
	if err := tx.AppendEvents(events); err != nil {
		return err
	}
	ring := chat.Ring{Session: s.Ref(), Client: s.ClientRef(), Sequence: s.Sequence, Settled: s.Sequence, Events: events}
	tx.OnCommit(func() {
		if w.deaf.Load() {
			return
		}
		for _, n := range w.nodes {
			n.feed.Ring(ring)
		}
	})
	return nil
}

func (w *world) ask(q *chat.Question, s *chat.Session, sequence int64) {
	if q == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &chat.QuestionRecord{ID: q.ID, CID: q.CID, SessionKey: s.Key, Sequence: sequence}
	w.byID[q.ID] = r
	if w.firsts[q.CID] == nil {
		w.firsts[q.CID] = r
	}
}

func operator(body string) *chat.Message {
	return &chat.Message{AuthorType: chat.AuthorOperator, Type: chat.MessageRegular, Body: body}
}

func asks(body, id, cid string) *chat.Message {
	return &chat.Message{AuthorType: chat.AuthorClient, Type: chat.MessageRegular, Body: body, Question: &chat.Question{ID: id, CID: cid}}
}

func bot(body string, cause int64, question string) *chat.Message {
	return &chat.Message{AuthorType: chat.AuthorBot, Type: chat.MessageRegular, Body: body, Cause: cause, QuestionID: question}
}

// request is one of the world's client.
func (w *world) request(change ...func(*poll.Request)) poll.Request {
	r := poll.Request{Chat: w.chat, Client: w.client, ClientID: "c"}
	for _, f := range change {
		f(&r)
	}
	return r
}

func all(r *poll.Request) { r.All = true }

func of(cid string) func(*poll.Request) { return func(r *poll.Request) { r.CID = cid } }

func after(x string) func(*poll.Request) { return func(r *poll.Request) { r.After = x } }

// poll polls on a node, for patience if wait, and returns what it was given.
func (w *world) poll(node int, wait bool, r poll.Request) []object {
	w.Helper()
	p, err := w.nodes[node].hub.Begin(context.Background(), r)
	if err != nil {
		w.Fatalf("begin: %v", err)
	}
	return w.await(p, wait, true)
}

// await waits for an answer and gives it, or pretends that the client had gone.
func (w *world) await(p *poll.Wait, wait, written bool) []object {
	w.Helper()
	ready := make(chan struct{}, 1)
	p.Notify(func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	})
	deadline := time.After(patience)
	for {
		body, err := p.Answer(context.Background(), !wait)
		if err != nil {
			p.Done(false)
			w.Fatalf("answer: %v", err)
		}
		if body != nil {
			var objects []object
			if err := json.Unmarshal(body, &objects); err != nil {
				w.Fatal(err)
			}
			p.Done(written)
			return objects
		}
		select {
		case <-ready:
		case <-deadline:
			p.Done(false)
			w.Fatal("no answer")
		}
	}
}

// bodies is what objects say, by their types.
func bodies(objects []object) []string {
	list := []string{}
	for _, o := range objects {
		for i, b := range o.Bodies {
			if i > 0 {
				b = "+" + b
			}
			list = append(list, o.Type+":"+b)
		}
	}
	return list
}
