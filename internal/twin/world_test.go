package twin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/files"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/internal/twin"
	"github.com/govorun/govorun/test/contract"
)

// world is the whole server below the API, real but for the bot: store, domain, feed and
// runner of turns. It has an open chat, a signed one, a silent one and a demo that may not
// answer.
type world struct {
	t                          *testing.T
	store                      *sqlstore.Store
	feed                       *feed.Feed
	url                        string
	http                       *http.Client
	open, signed, silent, demo *chat.Chat
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f, queue := feed.New(store, feed.Options{Log: log}), bot.NewQueue()
	t.Cleanup(f.Close)
	service := chat.NewService(chat.Params{
		Store: store, Node: "here", Now: time.Now, TurnLease: 30 * time.Second,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        func(r chat.Ring) { f.Ring(r); queue.Ring(r) },
	})
	runner := bot.NewRunner(bot.Options{Service: service, Queue: queue, Bots: bot.Bots{botID: bot.Func(react)}, Log: log})
	t.Cleanup(func() { closeRunner(t, runner) })
	mux := http.NewServeMux()
	disk, err := files.NewDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stored := files.New(files.Params{
		Domain: service, Blobs: disk, Key: []byte("key"), BaseURL: "http://files.example", LinkTTL: time.Hour, OrphanTTL: time.Hour, Log: log,
		Limits: files.Limits{MaxSize: 1 << 20, PerRequest: 3, Session: chat.FileLimits{Count: 10, Bytes: 5 << 20}, Uploads: 8, Downloads: 8},
	})
	twin.New(twin.Params{Service: service, Files: stored, Feed: f, Events: store, Log: log}).Register(mux)
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)

	w := &world{t: t, store: store, feed: f, url: ts.URL, http: &http.Client{Transport: contract.Transport(t, http.DefaultTransport)}}
	w.open = &chat.Chat{ID: uuid.NewString(), BotID: botID, Identity: chat.IdentityOpen, Language: "en"}
	w.signed = &chat.Chat{ID: uuid.NewString(), BotID: botID, Identity: chat.IdentitySigned, Secret: "secret", Language: "en"}
	w.silent = &chat.Chat{ID: uuid.NewString(), Identity: chat.IdentityOpen, Language: "en"}
	w.demo = &chat.Chat{ID: uuid.NewString(), BotID: botID, Identity: chat.IdentityOpen, Language: "en", Demo: true}
	if err := store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(&chat.BotRecord{ID: botID, Name: "Говорун"}),
			tx.CreateChat(w.open), tx.CreateChat(w.signed), tx.CreateChat(w.silent), tx.CreateChat(w.demo))
	}); err != nil {
		t.Fatal(err)
	}
	return w
}

func closeRunner(t *testing.T, r *bot.Runner) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
}

// react greets, echoes, and ends the session when told "bye".
func react(_ context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	say := func(text string) chat.Output { return chat.Say{Message: chat.Message{Body: text}} }
	switch cause := t.Cause.Payload.(type) {
	case *chat.ActionPressed:
		return &chat.TurnResult{Outputs: []chat.Output{say("pressed " + cause.Event + " " + string(cause.Data))}}, nil
	case *chat.Message:
		if cause.Body == "bye" {
			return &chat.TurnResult{Outputs: []chat.Output{say("Bye!"), chat.End{}}}, nil
		}
		if cause.Body == "hush" {
			hush := chat.Message{Replies: []json.RawMessage{json.RawMessage(`{"type":"hangup"}`)}}
			return &chat.TurnResult{Outputs: []chat.Output{chat.Say{Message: hush}, say("hushed"), chat.Say{Message: hush}}}, nil
		}
		return &chat.TurnResult{Outputs: []chat.Output{say("echo " + cause.Body), say("what else?")}}, nil
	default:
		return &chat.TurnResult{Outputs: []chat.Output{say("Hello!")}}, nil
	}
}

// answered is what any endpoint answers.
type answered struct {
	status int
	text   string

	ID, MessageID, ClientID, CreatedAt string
	Sequence                           int64
	Success                            bool
	Error                              string
	Details                            struct{ Field, Message string }
	Messages                           []listed
	Count                              *int64
	Items                              []listed
}

type listed struct {
	ID, Body, AuthorType, AuthorName, SessionID string
	Sequence                                    int64
	ReplyToMessage                              *struct{ ID, AuthorType, Body string }
}

// try makes a request below the direct base path; headers are "Name: value". It may be
// called from any goroutine.
func (w *world) try(method, path, body string, headers ...string) (answered, error) {
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	res, err := w.http.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answered{}, err
	}
	a := answered{status: res.StatusCode, text: string(text)}
	return a, json.Unmarshal(text, &a)
}

// do is try where an answer of this status is expected.
func (w *world) do(status int, method, path, body string, headers ...string) answered {
	w.t.Helper()
	a, err := w.try(method, path, body, headers...)
	if err != nil || a.status != status {
		w.t.Fatalf("%s %s %s: %d %s, %v; want %d", method, path, body, a.status, a.text, err, status)
	}
	return a
}

func (w *world) start(c *chat.Chat, body string) answered {
	w.t.Helper()
	return w.do(201, "POST", "/chats/"+c.ID+"/sessions", body)
}

func (w *world) session(id string) *chat.Session {
	w.t.Helper()
	s, err := w.store.FindSession(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// settle waits until the bot has reacted to all there is.
func (w *world) settle(id string) *chat.Session {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	s := w.session(id)
	if err := w.feed.AwaitSettled(ctx, s.Ref(), s.Sequence); err != nil {
		w.t.Fatal(err)
	}
	return w.session(id)
}

// bodies is what the messages of an answer say, with their authors' first letters.
func bodies(list []listed) string {
	var said []string
	for _, m := range list {
		said = append(said, m.AuthorType[:1]+":"+m.Body)
	}
	return strings.Join(said, "|")
}
