package chatapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/chatapi/hold"
	"github.com/govorun/govorun/internal/chatapi/poll"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/outbox"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/contract"
)

const (
	token = "AbCdEfGh:0123456789012345678901234567890123456789"
	botID = "9a4c8cbe-9c8e-4d8c-8a4f-3f5a0b8f1d11"

	maxWaiting = 20
)

// world is a server below the API, real but for the bot as a rule.
type world struct {
	*testing.T
	store   *sqlstore.Store
	service *chat.Service
	channel *chat.Chat
	url     string
	http    *http.Client
	bell    *outbox.Bell
}

func newWorld(t *testing.T, change ...func(*chat.Chat)) *world {
	t.Helper()
	return newWorldWith(t, bot.Func(react), change...)
}

// newWorldWith is a world with a bot of the test's own.
func newWorldWith(t *testing.T, b bot.Bot, change ...func(*chat.Chat)) *world {
	t.Helper()
	log, store := slog.New(slog.DiscardHandler), openStore(t)
	f, queue, bell := feed.New(store, feed.Options{Log: log}), bot.NewQueue(), outbox.NewBell()
	t.Cleanup(f.Close)
	service := chat.NewService(chat.Params{
		Store: store, Node: "here", Now: time.Now, TurnLease: 30 * time.Second,
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
		Ring:        func(r chat.Ring) { f.Ring(r); queue.Ring(r); bell.Ring(r) },
	})
	runner := bot.NewRunner(bot.Options{Service: service, Queue: queue, Bots: bot.Bots{botID: b}, Log: log})
	links := func(a chat.Attachment) (string, string) { return a.URL, a.URL }
	lot := hold.New(hold.Params{Max: 100, WriteTimeout: patience, IdleTimeout: patience, Log: log})
	hub := poll.New(poll.Params{Store: store, Feed: f, Service: service, Render: chatapi.Polled(links), Now: time.Now, Log: log})
	polls := &chatapi.Events{Hub: hub, Lot: lot, Client: service.NameClient}
	api := chatapi.New(chatapi.Params{
		Service: service, Feed: f, Store: store, Events: polls, Links: links, Now: time.Now, Log: log, MaxWaiting: maxWaiting,
	})
	polls.Failure = api.Failure
	mux := http.NewServeMux()
	api.Register(mux)
	ts := httptest.NewServer(mux)
	var held sync.WaitGroup
	held.Go(func() { _ = ts.Config.Serve(lot) }) // what comes next on connections that were held
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(runner.Close(ctx), lot.Finish(ctx), hub.Close(ctx)); err != nil {
			t.Error(err)
		}
		ts.Close()
		_ = lot.Close()
		held.Wait()
	})
	w := &world{T: t, store: store, service: service, bell: bell, url: ts.URL, http: &http.Client{Transport: contract.Transport(t, http.DefaultTransport)}}
	w.channel = &chat.Chat{ID: uuid.NewString(), BotID: botID, Token: token, Identity: chat.IdentitySigned, Secret: "s", Language: "en"}
	for _, f := range change {
		f(w.channel)
	}
	if err := store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(&chat.BotRecord{ID: botID, Name: "Bot"}), tx.CreateChat(w.channel))
	}); err != nil {
		t.Fatal(err)
	}
	return w
}

// react echoes, with what there is to tell beside; some words have it do something else.
func react(_ context.Context, t *chat.Turn) (*chat.TurnResult, error) {
	say := func(raws ...string) []chat.Output {
		m := chat.Message{Body: "shown", State: "/State"}
		for _, raw := range raws {
			m.Replies = append(m.Replies, json.RawMessage(raw))
		}
		return []chat.Output{chat.Say{Message: m}}
	}
	text := func(s string) string {
		raw, _ := json.Marshal(map[string]string{"type": "text", "text": s, "state": "/State"})
		return string(raw)
	}
	query := ""
	switch cause := t.Cause.Payload.(type) {
	case *chat.ActionPressed:
		query = "event " + cause.Event
	case *chat.Message:
		query = cause.Body
	case *chat.TimerFired:
		return &chat.TurnResult{Outputs: []chat.Output{chat.Say{Message: chat.Message{Body: "tick"}}, chat.Say{Message: chat.Message{Body: "tack"}}}}, nil
	}
	r := &chat.TurnResult{Reply: &chat.BotReply{Class: "/State", Confidence: 0.5, Fields: json.RawMessage(`{"foo":"bar","answer":"not this"}`)}}
	switch query {
	case "fail":
		return nil, errors.New("failed")
	case "silence":
	case "remind":
		r.Timers = []chat.Timer{{Kind: chat.TimerEvent, At: t.Now, Event: "reminder"}}
	case "digits":
		r.Reply.Fields = json.RawMessage(`{"big":12345678901234567890,"exact":1.50}`)
	case "null":
		r.Reply.Fields = json.RawMessage(`null`)
	case "people":
		r.Outputs = append(say(text("wait")), chat.HandOver{})
	case "bye":
		r.Outputs = append(say(text("Bye")), chat.End{})
	case "buttons":
		r.Outputs = say(text("Choose"), `{"type":"buttons","buttons":[{"text":"A","x":[1]}]}`)
	case "strange":
		r.Outputs = say(`{"type":"alien","deep":{"ы":[null,1.50]}}`)
	case "plain":
		r.Outputs = []chat.Output{chat.Say{Message: chat.Message{
			Body: "Plain", Keyboard: &chat.Keyboard{ButtonsInRow: 1, Buttons: []string{"Yes"}},
			Actions: []chat.Action{
				{Type: "url", Label: "Open", Data: `{"url":"https://a.example"}`}, {Type: "button", Label: "Do", Event: "do", Data: `{"url":5}`}, {Label: "Nothing", Data: "x"},
			},
			Attachments: []chat.Attachment{
				{URL: "https://a.example/b", ContentType: "image/png"}, {URL: "https://a.example/a", ContentType: "audio/ogg", Name: "A"},
				{URL: "https://a.example/v", ContentType: "video/mp4", Name: "V"}, {URL: "https://a.example/f", ContentType: "text/plain", Name: "F"},
			},
		}}}
	default:
		r.Outputs = say(text("echo "+query), text("more"))
	}
	return r, nil
}

// answer is what any method answers.
type answer struct {
	status int
	text   string

	ID, Token, ClientID, QuestionID, CID, Timestamp string
	BlockForm                                       bool
	Data                                            struct {
		NLPClass                      string
		Confidence                    float64
		Replies                       []json.RawMessage
		Answer, Foo                   string
		NewSessionStarted, EndSession bool
		DebugData                     []any
	}
	Query, Event, Message string
	Status                any
	Count, TotalCount     int64
	Messages              []struct {
		QuestionID, TextMessage, Author, Status, Timestamp string
		EventData                                          json.RawMessage
		Replies                                            []json.RawMessage
	}
}

func (w *world) do(method, path, body string) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	got, err := w.http.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	data, err := io.ReadAll(got.Body)
	if err != nil {
		w.Fatal(err)
	}
	a := answer{status: got.StatusCode, text: string(data)}
	if !bytes.HasPrefix(data, []byte("[")) {
		if err := json.Unmarshal(data, &a); err != nil {
			w.Errorf("%s %s: %s: %v", method, path, data, err)
		}
	}
	return a
}

// post is POST with a 200.
func (w *world) post(path, body string) answer {
	w.Helper()
	a := w.do(http.MethodPost, "/chatapi/"+token+path, body)
	if a.status != http.StatusOK {
		w.Errorf("POST %s %s: %d %s", path, body, a.status, a.text)
	}
	return a
}

// get is GET with a 200.
func (w *world) get(path string) answer {
	w.Helper()
	a := w.do(http.MethodGet, "/chatapi/"+token+path, "")
	if a.status != http.StatusOK {
		w.Errorf("GET %s: %d %s", path, a.status, a.text)
	}
	return a
}

// ask is a query of client c.
func (w *world) ask(query string) answer {
	w.Helper()
	return w.post("", fmt.Sprintf(`{"clientId":"c","query":%q}`, query))
}
