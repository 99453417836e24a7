package adminapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/contract"
)

const (
	unknownID = "99999999-9999-4999-8999-999999999999"
	demoChat  = "11111111-1111-4111-8111-111111111111"
	demoBot   = "22222222-2222-4222-8222-222222222222"
)

// world is the API over a real store and the domain, with the demo chat and its bot. root is a key
// that may do everything.
type world struct {
	t       *testing.T
	handler http.Handler
	service *chat.Service
	store   *sqlstore.Store
	root    string
	token   string        // of the one-time link; newWorld uses it
	late    *atomic.Int64 // nanoseconds by which the clock is ahead

	deployed []string // bots of which the API has said so
}

func newWorld(t *testing.T, edit ...func(*adminapi.Params)) *world {
	t.Helper()
	w := newWorldWithoutAdmin(t, edit...)
	w.root = w.do(201, "POST", "/setup", `{"token":"`+w.token+`"}`, "").text("key")
	return w
}

func newWorldWithoutAdmin(t *testing.T, edit ...func(*adminapi.Params)) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &world{t: t, store: store, late: &atomic.Int64{}}
	w.service = chat.NewService(chat.Params{
		Store: store, Node: "here", Now: func() time.Time { return time.Now().Add(time.Duration(w.late.Load())) }, TurnLease: 30 * time.Second, Ring: func(chat.Ring) {},
		NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		NewSecretID: uuid.NewString,
	})
	err = store.Update(t.Context(), func(tx chat.Tx) error {
		if err := tx.PutBot(&chat.BotRecord{ID: demoBot, Name: "Говорун"}); err != nil {
			return err
		}
		return tx.CreateChat(&chat.Chat{ID: demoChat, Name: "Demo", BotID: demoBot, Identity: chat.IdentityOpen, Language: "ru", Demo: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.token, err = w.service.OfferSetup(t.Context(), chat.Node{ID: "here"}, false); err != nil {
		t.Fatal(err)
	}
	p := adminapi.Params{
		Service: w.service, Key: make(auth.Key, auth.KeySize), Log: log,
		Check: badWords, Deployed: func(_ context.Context, id string) { w.deployed = append(w.deployed, id) },
	}
	for _, e := range edit {
		e(&p)
	}
	mux := http.NewServeMux()
	adminapi.New(p).Register(mux)
	w.handler = mux
	return w
}

// answer is a response, read.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// try makes a request with a key, "" for none; headers are "Name: value". A body is JSON unless a
// header says otherwise. It may be called from any goroutine.
func (w *world) try(method, path, body, key string, headers ...string) answer {
	r := httptest.NewRequest(method, "/api/admin/v1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	rec := httptest.NewRecorder()
	contract.Handler(w.t, w.handler).ServeHTTP(rec, r)
	a := answer{t: w.t, status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if a.raw != "" && a.header.Get("Content-Type") != "application/zip" {
		if err := json.Unmarshal([]byte(a.raw), &a.body); err != nil {
			w.t.Errorf("%s %s: no JSON: %v: %q", method, path, err, a.raw)
		}
	}
	return a
}

// do is try where an answer of this status is expected. Without a key of its own it uses root,
// unless it is given "".
func (w *world) do(status int, method, path, body string, key ...string) answer {
	w.t.Helper()
	by := w.root
	if len(key) > 0 {
		by = key[0]
	}
	a := w.try(method, path, body, by)
	if a.status != status {
		w.t.Fatalf("%s %s %.200s: %d %.500s, want %d", method, path, body, a.status, a.raw, status)
	}
	return a
}

// key makes a key with these permissions.
func (w *world) key(permissions ...string) (id, text string) {
	w.t.Helper()
	list, err := json.Marshal(permissions)
	if err != nil {
		w.t.Fatal(err)
	}
	a := w.do(201, "POST", "/keys", `{"name":"k","permissions":`+string(list)+`}`)
	return a.text("id"), a.text("key")
}

func (a answer) text(name string) string {
	a.t.Helper()
	text, ok := a.body[name].(string)
	if !ok {
		a.t.Fatalf("no %s in %s", name, a.raw)
	}
	return text
}

// blames fails the test unless an error names a field and says something.
func (a answer) blames(field string) {
	a.t.Helper()
	details, _ := a.body["details"].(map[string]any)
	got, _ := details["field"].(string)
	if message, _ := details["message"].(string); got != field || message == "" || a.body["error"] == "" {
		a.t.Errorf("%d %s, expected it to blame %q", a.status, a.raw, field)
	}
}

func (a answer) count() int {
	a.t.Helper()
	items, ok := a.body["items"].([]any)
	if !ok {
		a.t.Fatalf("no list: %s", a.raw)
	}
	return len(items)
}
