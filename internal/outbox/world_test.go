package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/outbox"
	"github.com/govorun/govorun/internal/sqlstore"
)

// testKey signs what goes to URLs that sessions name, chatKey what goes to the chat's own.
var (
	testKey = []byte("0123456789abcdef0123456789abcdef")
	chatKey = []byte("fedcba9876543210fedcba9876543210")
)

// world is a domain over a real store, with a clock that can be put forward, and the outboxes of its
// nodes.
type world struct {
	*chat.Service
	t     testing.TB
	store *sqlstore.Store
	bell  *outbox.Bell
	chat  *chat.Chat

	mu    sync.Mutex // guards ahead
	ahead time.Duration
}

func newWorld(t testing.TB) *world {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &world{t: t, store: store, bell: outbox.NewBell(), chat: &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen}}
	w.Service = w.node("here")
	err = store.Update(t.Context(), func(tx chat.Tx) error { return tx.CreateChat(w.chat) })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// node is the domain as another process sees it.
func (w *world) node(name string) *chat.Service {
	return chat.NewService(chat.Params{
		Store: w.store, Node: name, Now: w.now, NewSecretID: uuid.NewString, TurnLease: time.Minute, Ring: w.bell.Ring,
		NewID:     func() string { return uuid.Must(uuid.NewV7()).String() },
		EventName: func(p chat.Payload) string { return string(p.Kind()) },
	})
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// deliver starts an outbox of this node.
func (w *world) deliver(edit ...func(*outbox.Options)) *outbox.Outbox {
	o := outbox.Options{
		Service: w.Service, Bell: w.bell, Client: egress.Client(true, time.Minute), Version: "v1", Log: slog.New(slog.DiscardHandler),
		Render: map[chat.DeliveryKind]outbox.Render{chat.DeliveryEvent: render},
		Key: func(o *chat.Outgoing) []byte {
			if o.ToChat() {
				return chatKey
			}
			return testKey
		},
		Sweep: 20 * time.Millisecond,
	}
	for _, e := range edit {
		e(&o)
	}
	b := outbox.New(o)
	w.t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return b
}

func render(o *chat.Outgoing) ([]byte, error) {
	var text string
	if m := o.Events[0].Message(); m != nil {
		text = m.Body
	}
	return json.Marshal(body{o.Session.ID, o.First, text})
}

type body struct {
	Session  string `json:"session"`
	Sequence int64  `json:"sequence"`
	Text     string `json:"text"`
}

// start starts a session whose messages go to a URL.
func (w *world) start(url string) *chat.Session {
	w.t.Helper()
	r, err := w.Start(context.Background(), chat.StartParams{
		ChatID: w.chat.ID, TTL: chat.MaxSessionTTL, Details: chat.SessionDetails{EventCallbackURL: url, NotifyOnEvents: []string{"message.created"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Session
}

func (w *world) say(s *chat.Session, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		if _, err := w.Send(context.Background(), chat.SendParams{SessionID: s.ID, Message: chat.MessageParams{Body: text}}); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) deliveries(state chat.DeliveryState) []chat.Delivery {
	w.t.Helper()
	list, _, err := w.ListDeliveries(context.Background(), chat.DeliveriesQuery{State: state, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// await waits until there are so many deliveries in a state.
func (w *world) await(state chat.DeliveryState, n int) []chat.Delivery {
	w.t.Helper()
	var list []chat.Delivery
	eventually(w.t, func() error {
		if list = w.deliveries(state); len(list) != n {
			return fmt.Errorf("%d deliveries are %s, want %d", len(list), state, n)
		}
		return nil
	})
	return list
}

// awaitAttempts waits until so many attempts of the one delivery are noted: while one is under way, time
// that passes ends its lease.
func (w *world) awaitAttempts(n int) {
	w.t.Helper()
	eventually(w.t, func() error {
		if list := w.deliveries(""); len(list) != 1 || list[0].Attempts != n {
			return fmt.Errorf("deliveries %+v, want one with %d attempts", list, n)
		}
		return nil
	})
}

// eventually waits until ok returns nil.
func eventually(t testing.TB, ok func() error) {
	t.Helper()
	err := ok()
	for end := time.Now().Add(30 * time.Second); err != nil; err = ok() {
		if time.Now().After(end) {
			t.Fatal(err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// received is a call of a webhook.
type received struct {
	header http.Header
	path   string
	body   body
	raw    []byte
}

// receiver is a real server that keeps what it is called with.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	calls    []received
	inFlight int
	most     int
}

// newReceiver answers 200, or as answer does.
func newReceiver(t testing.TB, answer http.HandlerFunc) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.enter(received{header: req.Header, path: req.URL.Path, raw: raw}, 1)
		defer r.enter(received{}, -1)
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) enter(c received, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n > 0 {
		_ = json.Unmarshal(c.raw, &c.body)
		r.calls = append(r.calls, c)
	}
	r.inFlight += n
	r.most = max(r.most, r.inFlight)
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// atOnce is how many calls there were at once at most.
func (r *receiver) atOnce() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}

func (r *receiver) texts() []string {
	var list []string
	for _, c := range r.all() {
		list = append(list, c.body.Text)
	}
	return list
}

// wantCalls waits for so many calls, and returns them.
func (r *receiver) wantCalls(t testing.TB, n int) []received {
	t.Helper()
	eventually(t, func() error {
		if got := len(r.all()); got < n {
			return fmt.Errorf("%d calls, want %d", got, n)
		}
		return nil
	})
	return r.all()
}

func verify(c received) error { return verifyWith(testKey, c) }

func verifyWith(key []byte, c received) error {
	w, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return err
	}
	if err := w.Verify(c.raw, c.header); err != nil {
		return err
	}
	if w.Verify(append([]byte(" "), c.raw...), c.header) == nil {
		return errors.New("another body is signed as well")
	}
	return nil
}
