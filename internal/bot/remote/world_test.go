package remote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/bot/remote"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/sqlstore"
)

const (
	failure  = "Sorry, something went wrong on our side. Please try again a little later."
	busy     = "All our operators are busy. Please wait, we will answer you here."
	otherBot = "99999999-9999-4999-8999-999999999999"
)

var (
	secret  = bytes.Repeat([]byte("s"), 32)
	turnKey = bytes.Repeat([]byte("t"), 32)
)

// call is a request that a bot got.
type call struct {
	header http.Header
	body   []byte
	turn   turn
	ended  <-chan struct{} // closed when the caller no longer waits
}

// turn is what the tests look at in a request.
type turn struct {
	TurnID    string
	Attempt   int
	Event     struct{ Type, Body, Event string }
	State     struct{ Session, Client map[string]any }
	History   []struct{ Author, Body string }
	AnswerURL string
	Token     string
}

// world is a service with one remote bot, which answer plays.
type world struct {
	*chat.Service
	t      *testing.T
	store  *sqlstore.Store
	feed   *feed.Feed
	record *chat.BotRecord
	chat   *chat.Chat
	log    *lines
	calls  *prometheus.CounterVec
	front  *httptest.Server // takes later answers
	bot    *httptest.Server

	admitted chan struct{} // has one when a later answer is about to be judged

	mu      sync.Mutex // guards what follows
	ahead   time.Duration
	got     []call
	message func(w http.ResponseWriter, c call)
}

// lines is a log.
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

// options of a world.
type options struct {
	settings chat.BotSettings
	private  bool // private addresses are refused
	timeout  time.Duration
}

func newWorld(t *testing.T, o options, answer func(w http.ResponseWriter, c call)) *world {
	t.Helper()
	w := &world{t: t, log: &lines{}, message: answer, admitted: make(chan struct{}, 1)}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.store, w.feed = store, feed.New(store, feed.Options{Log: log})
	t.Cleanup(w.feed.Close)
	queue := bot.NewQueue()
	w.Service = chat.NewService(chat.Params{
		Store: store, Node: "here", Now: w.now, TurnLease: 30 * time.Second,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        func(r chat.Ring) { w.feed.Ring(r); queue.Ring(r) },
	})
	w.bot = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.bot.Close)
	if o.settings.URL == "" {
		o.settings.URL = w.bot.URL + "/hook?key=hidden"
	}
	w.record = &chat.BotRecord{ID: uuid.NewString(), Name: "Far", Kind: chat.BotRemote, Settings: o.settings}
	w.chat = &chat.Chat{ID: uuid.NewString(), Name: "shop", BotID: w.record.ID, Identity: chat.IdentityOpen, Language: "en"}
	w.update(func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(w.record), tx.PutBot(&chat.BotRecord{ID: otherBot, Name: "Other"}), tx.CreateChat(w.chat))
	})
	w.serveAnswers(log)
	w.run(o, log, queue)
	return w
}

// serveAnswers has the world take later answers.
func (w *world) serveAnswers(log *slog.Logger) {
	mux := http.NewServeMux()
	remote.NewAnswers(remote.AnswersParams{
		Service: w.Service, Feed: w.feed, TurnKey: turnKey, Now: w.now, Log: log,
		Admit: func(_ *http.Request, session string) error {
			if session != "" {
				select {
				case w.admitted <- struct{}{}:
				default:
				}
			}
			return nil
		},
	}).Register(mux)
	w.front = httptest.NewServer(mux)
	w.t.Cleanup(w.front.Close)
}

func (w *world) run(o options, log *slog.Logger, queue *bot.Queue) {
	w.calls = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls"}, []string{"outcome"})
	client := egress.Client(!o.private, time.Minute)
	w.t.Cleanup(client.CloseIdleConnections)
	caller := remote.New(remote.Params{
		Client: client, Events: w.store, TurnKey: turnKey, Answers: 15 * time.Minute, Now: w.now, Version: "test",
		Secret:    func(string) []byte { return secret },
		AnswerURL: func() string { return w.front.URL + remote.AnswersPath },
		Metrics:   remote.Metrics{Calls: w.calls},
	})
	runner := bot.NewRunner(bot.Options{
		Service: w.Service, Queue: queue, Bots: bot.Bots{w.record.ID: caller.Bot(w.record)}, Log: log,
		Sweep: 20 * time.Millisecond, Timeout: o.timeout,
	})
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := runner.Close(ctx); err != nil {
			w.t.Error(err)
		}
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

// serve keeps what comes and has the test's function answer it.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	c := call{header: r.Header, body: body, ended: r.Context().Done()}
	if err := json.Unmarshal(body, &c.turn); err != nil {
		w.t.Errorf("a call that is not JSON: %v: %s", err, body)
	}
	w.mu.Lock()
	w.got = append(w.got, c)
	w.mu.Unlock()
	w.message(rw, c)
}

func (w *world) seen() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]call(nil), w.got...)
}

func (w *world) update(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start(text string, edit ...func(*chat.StartParams)) *chat.Session {
	w.t.Helper()
	p := chat.StartParams{ChatID: w.chat.ID}
	if text != "" {
		p.Message = &chat.MessageParams{Body: text}
	}
	for _, e := range edit {
		e(&p)
	}
	r, err := w.Start(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.await(r.Session, r.Cause)
	return r.Session
}

func (w *world) send(s *chat.Session, text string) {
	w.t.Helper()
	r, err := w.Send(w.t.Context(), chat.SendParams{SessionID: s.ID, Message: chat.MessageParams{Body: text}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.await(s, r.Event.Sequence)
}

func (w *world) await(s *chat.Session, sequence int64) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	if err := w.feed.AwaitSettled(ctx, s.Ref(), sequence); err != nil {
		w.t.Fatalf("the bot has not reacted to %d: %v", sequence, err)
	}
}

func (w *world) messages(s *chat.Session) []*chat.Message {
	w.t.Helper()
	events, err := w.store.ListEvents(w.t.Context(), s.Ref(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []*chat.Message
	for i := range events {
		if m := events[i].Message(); m != nil && m.AuthorType == chat.AuthorBot {
			list = append(list, m)
		}
	}
	return list
}

// said is what the bot has said in a session.
func (w *world) said(s *chat.Session) string {
	w.t.Helper()
	var list []string
	for _, m := range w.messages(s) {
		list = append(list, m.Body)
	}
	return strings.Join(list, "|")
}

func (w *world) session(s *chat.Session) *chat.Session {
	w.t.Helper()
	found, err := w.store.FindSessionByKey(w.t.Context(), s.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// reply answers every call with a status and a body.
func reply(status int, body string) func(http.ResponseWriter, call) {
	return func(w http.ResponseWriter, _ call) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// verify checks the signature of a call as a bot would.
func verify(t *testing.T, c call) {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(remote.Secret(secret))
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Verify(c.body, c.header); err != nil {
		t.Error(err)
	}
}
