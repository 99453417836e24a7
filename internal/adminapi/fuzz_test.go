package adminapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

// yes is a domain that agrees to everything and keeps the last thing it was given.
type yes struct {
	adminapi.Service
	chat *chat.Chat
}

func (*yes) Authenticate(context.Context, string) (*chat.APIKey, error) {
	return &chat.APIKey{Permissions: []string{chat.PermitAdmin}}, nil
}

func (y *yes) CreateChat(_ context.Context, _ *chat.APIKey, c *chat.Chat, _ chat.Idempotency) (*chat.Chat, error) {
	y.chat = c
	return c, nil
}

func (y *yes) UpdateChat(_ context.Context, _ string, change func(*chat.Chat) error) (*chat.Chat, error) {
	c := *y.chat
	if err := change(&c); err != nil {
		return nil, err
	}
	return &c, nil
}

func (*yes) CreateBot(_ context.Context, _ *chat.APIKey, b *chat.BotRecord, _ chat.Idempotency) (*chat.BotRecord, error) {
	return b, nil
}

func (*yes) CreateAPIKey(_ context.Context, _ *chat.APIKey, p chat.NewKeyParams) (*chat.APIKey, string, error) {
	return &chat.APIKey{Name: p.Name, Permissions: p.Permissions, ExpiresAt: p.ExpiresAt}, "gk_", nil
}

// FuzzBodies: any body is either refused with 400 or taken, and a chat that is taken is written so
// that it can be read back to the same.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		everything, secrets, `{}`, `{"name":null}`, `{"retries":0,"history":null,"timeout":1}`, `{"name":"a","permissions":["admin"],"expiresAt":"2030-01-01T00:00:00Z"}`,
		`{"form":[[[1e400]]]}`, `{"name":"\ud83d"}`, `[1`, "\xff", `{"a":"\\\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	y := &yes{}
	mux := http.NewServeMux()
	adminapi.New(adminapi.Params{Service: y, Key: make(auth.Key, auth.KeySize), Log: slog.New(slog.DiscardHandler)}).Register(mux)
	send := func(t *testing.T, method, path string, body []byte, want int) (members map[string]json.RawMessage) {
		t.Helper()
		r := httptest.NewRequest(method, "/api/admin/v1"+path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer key")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil || (w.Code != want && w.Code != http.StatusBadRequest) {
			t.Fatalf("%s %s: %d %s, %v", method, path, w.Code, w.Body, err)
		}
		if w.Code != want {
			return nil
		}
		return members
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		send(t, "POST", "/bots", body, http.StatusCreated)
		send(t, "POST", "/keys", body, http.StatusCreated)
		made := send(t, "POST", "/chats", body, http.StatusCreated)
		if made == nil {
			return
		}
		for _, name := range []string{"id", "createdAt", "demo"} {
			delete(made, name)
		}
		again, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		read := send(t, "PATCH", "/chats/"+demoChat, again, http.StatusOK)
		for name, value := range made {
			if !bytes.Equal(read[name], value) {
				t.Errorf("%s was %s and is read as %s", name, value, read[name])
			}
		}
	})
}
