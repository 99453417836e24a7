//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/test/contract"
)

const (
	base     = "/api/chats/v1"
	demoChat = "11111111-1111-4111-8111-111111111111"
	noBot    = "00000000-0000-0000-0000-000000000000"
	starts   = base + "/chats/" + demoChat + "/sessions"
)

// api calls the REST interface, and holds its answers against the document. A request is never
// repeated by itself.
type api struct {
	url  string
	http *http.Client
	pool *http.Transport // below
}

func newAPI(t testing.TB, url string) *api {
	pool := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Second}
	return &api{url: url, pool: pool, http: &http.Client{Timeout: 20 * time.Second, Transport: contract.Transport(t, pool)}}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) text() string { return string(a.body) }

func (a *answer) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("answer %d is not what was expected: %v: %.300s", a.status, err, a.body)
	}
}

// object is a JSON object to send.
type object map[string]any

// do sends a request; body is sent as it is when it is bytes, else as JSON. key is an
// Idempotency-Key, "" for none. An error means that nobody knows what became of it.
func (a *api) do(ctx context.Context, method, path string, body any, key string) (*answer, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.url+path, content)
	if err != nil {
		return nil, err
	}
	// The body cannot be had again, so the transport repeats nothing: that is for the tests.
	r.GetBody = nil
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := a.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &answer{res.StatusCode, res.Header, data}, nil
}

// get is do for a request that must be answered.
func (a *api) get(t *testing.T, path string) *answer {
	t.Helper()
	res, err := a.do(t.Context(), http.MethodGet, path, nil, "")
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return res
}

func (a *api) post(t *testing.T, path string, body any, key string) *answer {
	t.Helper()
	res, err := a.do(t.Context(), http.MethodPost, path, body, key)
	if err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	return res
}

// started is the answer to a start.
type started struct {
	ID        string   `json:"id"`
	MessageID string   `json:"messageId"`
	ClientID  string   `json:"clientId"`
	Messages  []listed `json:"messages"`
}

// listed is a message as REST shows it.
type listed struct {
	ID         string `json:"id"`
	Sequence   int64  `json:"sequence"`
	AuthorType string `json:"authorType"`
	Body       string `json:"body"`
}

// open starts a session that must start.
func (a *api) open(t *testing.T, body object) *started {
	t.Helper()
	res := a.post(t, starts, body, "")
	if res.status != http.StatusCreated {
		t.Fatalf("start: %d %s", res.status, res.body)
	}
	var s started
	res.decode(t, &s)
	return &s
}

func messagesOf(session string) string { return base + "/sessions/" + session + "/messages" }

// history lists messages after a sequence, one page.
func (a *api) history(ctx context.Context, session string, after int64) ([]listed, error) {
	res, err := a.do(ctx, http.MethodGet, fmt.Sprintf("%s?after=%d&limit=1000", messagesOf(session), after), nil, "")
	if err != nil {
		return nil, err
	}
	if res.status != http.StatusOK {
		return nil, fmt.Errorf("history: %d %s", res.status, res.body)
	}
	var page struct{ Items []listed }
	if err := json.Unmarshal(res.body, &page); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return page.Items, nil
}

// wholeHistory lists all messages of a session, page by page.
func (a *api) wholeHistory(t *testing.T, session string) []listed {
	t.Helper()
	var all []listed
	for after := int64(0); ; after = all[len(all)-1].Sequence {
		page, err := a.history(t.Context(), session, after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) == 0 {
			return all
		}
	}
}

// mustBeError checks an error's documented shape (TWIN, section 1): a text in error, and
// Retry-After where one is to try again.
func (a *answer) mustBeError(t *testing.T, what string) {
	t.Helper()
	var body struct {
		Error   *string         `json:"error"`
		Details json.RawMessage `json:"details"`
	}
	if err := json.Unmarshal(a.body, &body); err != nil || body.Error == nil || *body.Error == "" {
		t.Errorf("%s: %d without an error in JSON: %.300s", what, a.status, a.body)
	}
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Errorf("%s: %d has Content-Type %q", what, a.status, kind)
	}
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		if a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d without Retry-After", what, a.status)
		}
	}
}
