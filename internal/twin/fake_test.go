package twin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/twin"
	"github.com/govorun/govorun/test/contract"
)

const (
	chatID    = "11111111-1111-4111-8111-111111111111"
	sessionID = "22222222-2222-4222-8222-222222222222"
	clientID  = "33333333-3333-4333-8333-333333333333"
	messageID = "44444444-4444-7444-8444-444444444444"
	botID     = "55555555-5555-4555-8555-555555555555"
	unknownID = "99999999-9999-4999-8999-999999999999"
)

// moment is written 2018-10-31T11:56:07+00:00 in the vendor's documents; here it comes from
// another zone and with a fraction.
var moment = time.Date(2018, 10, 31, 14, 56, 7, 999_999_999, time.FixedZone("Moscow", 3*3600))

// fake stands in for the domain where a test is about the protocol alone: it answers what it
// is told to and remembers what it was asked.
type fake struct {
	twin.Service // what no test of the protocol alone asks for

	err     error // of every act
	chat    chat.Chat
	result  chat.StartResult
	events  []chat.Event // what the log holds
	total   int64
	settle  func(ctx context.Context) error
	listErr error
	markErr error

	mu     sync.Mutex // guards what follows
	called []string
	start  chat.StartParams
	send   chat.SendParams
	press  chat.PressParams
	query  chat.MessagesQuery
	typed  string
	upload chat.Idempotency
	read   string
	marked int64
}

func newFake() *fake {
	session := &chat.Session{Key: 1, ID: sessionID, ChatID: chatID, ClientID: clientID, StartedAt: moment, TTL: time.Hour}
	return &fake{chat: chat.Chat{ID: chatID}, result: chat.StartResult{Session: session, Started: true}}
}

func (f *fake) note(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.called = append(f.called, call)
	return f.err
}

func (f *fake) Start(_ context.Context, p chat.StartParams) (*chat.StartResult, error) {
	f.start = p
	return &f.result, f.note("start")
}

func (f *fake) Send(_ context.Context, p chat.SendParams) (*chat.SendResult, error) {
	f.send = p
	return &chat.SendResult{Session: f.result.Session, Event: clientSays(7, p.Message.Body)}, f.note("send")
}

func (f *fake) Read(_ context.Context, _, id string) error {
	f.read = id
	return f.note("read")
}

func (f *fake) Type(_ context.Context, _, body string) error {
	f.typed = body
	return f.note("type")
}

func (f *fake) PressAction(_ context.Context, p chat.PressParams) (*chat.Event, error) {
	f.press = p
	return &chat.Event{ID: messageID, Sequence: 8, At: moment, Payload: &chat.ActionPressed{}}, f.note("press")
}

func (f *fake) Close(_ context.Context, _ string, by chat.ClosedBy, result string) error {
	return f.note("close by " + string(by) + result)
}

func (f *fake) FindChat(_ context.Context, id string) (*chat.Chat, error) {
	if id != chatID {
		return nil, chat.Errorf(chat.CodeNotFound, "no such chat")
	}
	return &f.chat, nil
}

func (f *fake) FindSession(_ context.Context, id string) (*chat.Session, error) {
	if id != sessionID {
		return nil, chat.Errorf(chat.CodeNotFound, "no such session")
	}
	return f.result.Session, nil
}

func (f *fake) History(_ context.Context, _ string, q chat.MessagesQuery) (*chat.Session, []chat.Event, int64, error) {
	f.query = q
	return f.result.Session, f.events, f.total, f.note("history")
}

func (f *fake) MarkGiven(_ context.Context, _ chat.SessionRef, n int64) error {
	f.marked = n
	f.mu.Lock()
	defer f.mu.Unlock()
	f.called = append(f.called, "mark")
	return f.markErr
}

func (f *fake) Upload(r *http.Request, id string, idem chat.Idempotency) (*chat.FilesResult, error) {
	f.upload = idem
	made := []chat.File{{ID: unknownID, Name: "мяч.tar.gz", ContentType: "application/x-gzip", Size: 3, Private: true, CreatedAt: moment}}
	return &chat.FilesResult{Session: f.result.Session, Files: made}, f.note("upload to " + id)
}

func (f *fake) Links(a chat.Attachment) (inline, download string) {
	if a.URL != "" {
		return a.URL, a.URL
	}
	return "/files/" + a.ID, "/files/" + a.ID + "?d=1"
}

func (f *fake) AwaitSettled(ctx context.Context, _ chat.SessionRef, _ int64) error {
	f.mu.Lock()
	f.called = append(f.called, "await")
	f.mu.Unlock()
	if f.settle != nil {
		return f.settle(ctx)
	}
	return nil
}

func (f *fake) ListEvents(_ context.Context, _ chat.SessionRef, after int64, _ int) ([]chat.Event, error) {
	var events []chat.Event
	for _, e := range f.events {
		if e.Sequence > after {
			events = append(events, e)
		}
	}
	return events, f.listErr
}

// calls is what the domain was asked to do, in order.
func (f *fake) calls() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.called, ", ")
}

func clientSays(sequence int64, body string) *chat.Event {
	return &chat.Event{ID: messageID, Session: chat.SessionRef{Key: 1, ID: sessionID}, Sequence: sequence, At: moment,
		Payload: &chat.Message{ID: messageID, AuthorType: chat.AuthorClient, AuthorID: clientID, Type: chat.MessageRegular, Body: body}}
}

func botSays(sequence, widget int64, body string) chat.Event {
	return chat.Event{ID: messageID, Session: chat.SessionRef{Key: 1, ID: sessionID}, Sequence: sequence, WidgetNo: widget, At: moment,
		Payload: &chat.Message{ID: messageID, AuthorType: chat.AuthorBot, AuthorID: botID, AuthorName: "Bot", Type: chat.MessageRegular, Body: body}}
}

// server serves an API over a fake, held against the document; log is what it has logged.
type server struct {
	http.Handler
	mux *http.ServeMux // below, not held against anything
	log *bytes.Buffer
}

func serve(t testing.TB, f *fake, limits *auth.Limits, change ...func(*twin.Params)) server {
	log := &bytes.Buffer{}
	mux := http.NewServeMux()
	p := twin.Params{Service: f, Files: f, Feed: f, Events: f, Limits: limits, Log: slog.New(slog.NewTextHandler(log, nil))}
	for _, c := range change {
		c(&p)
	}
	twin.New(p).Register(mux)
	return server{contract.Handler(t, mux), mux, log}
}

// do makes a request with headers "Name: value".
func (s server) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// sameJSON reports whether two texts are the same JSON.
func sameJSON(t *testing.T, got, want string) bool {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("what is wanted is not JSON: %v", err)
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Errorf("not JSON: %v: %q", err, got)
		return false
	}
	a, _ := json.Marshal(g)
	b, _ := json.Marshal(w)
	return bytes.Equal(a, b)
}

const (
	startPath   = "/api/v1/chats/" + chatID + "/sessions"
	sessionPath = "/api/v1/sessions/" + sessionID
)
