//go:build e2e

package e2e

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govorun/govorun/test/contract"
)

// hook is a receiver of webhooks that may be down. It keeps its address.
type hook struct {
	addr  string
	delay time.Duration // before an answer

	server *http.Server // nil while it is down
	done   chan struct{}

	mu    sync.Mutex // guards calls
	calls []call
}

// call is one POST that was received whole.
type call struct {
	id, attempt string
	header      http.Header
	body        []byte
	told        told
}

// told is the envelope of an event.
type told struct {
	Event, Action     string
	ID                string
	Sequence          int64
	SessionID, ChatID string
	EventCallbackData string
	Data              json.RawMessage
}

// newHook starts a receiver that ends with the test.
func newHook(t *testing.T, delay time.Duration) *hook {
	t.Helper()
	h := &hook{addr: freeAddress(t), delay: delay}
	err := h.up()
	for range 3 { // somebody else was quicker
		if err == nil {
			break
		}
		h.addr = freeAddress(t)
		err = h.up()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.down)
	return h
}

func (h *hook) url() string { return "http://" + h.addr + "/hook?token=%D1%8F" }

func (h *hook) up() error {
	l, err := net.Listen("tcp", h.addr)
	if err != nil {
		return err
	}
	h.server, h.done = &http.Server{Handler: http.HandlerFunc(h.receive), ReadHeaderTimeout: 5 * time.Second}, make(chan struct{})
	go func(s *http.Server, done chan struct{}) {
		defer close(done)
		_ = s.Serve(l) // until it is closed
	}(h.server, h.done)
	return nil
}

// down ends the receiver at once: what it is just being told is cut off, and may have been received.
func (h *hook) down() {
	if h.server != nil {
		h.server.Close()
		<-h.done
		h.server = nil
	}
}

func (h *hook) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c := call{id: r.Header.Get("Webhook-Id"), attempt: r.Header.Get("Webhook-Attempt"), header: r.Header, body: body}
	_ = json.Unmarshal(body, &c.told) // what is not in it, is missed later
	h.mu.Lock()
	h.calls = append(h.calls, c)
	h.mu.Unlock()
	if h.delay > 0 {
		select {
		case <-time.After(h.delay):
		case <-r.Context().Done():
		}
	}
}

func (h *hook) all() []call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]call(nil), h.calls...)
}

// ids counts what was received, without repeats.
func (h *hook) ids() int {
	ids := map[string]bool{}
	for _, c := range h.all() {
		ids[c.id] = true
	}
	return len(ids)
}

// talkers are clients without a bot, whose events go to a webhook.
type talkers struct {
	apis     []*api // of the nodes, by turns
	sessions []string
}

func newTalkers(t *testing.T, n int, url string, apis ...*api) *talkers {
	t.Helper()
	w := &talkers{apis: apis}
	for i := range n {
		s := apis[i%len(apis)].open(t, object{
			"name": fmt.Sprint("talker ", i), "botId": noBot, "eventCallbackUrl": url, "eventCallbackData": "данные 🙂",
		})
		w.sessions = append(w.sessions, s.ID)
	}
	return w
}

// say has every client say so much, all at once; each waits for its answers.
func (w *talkers) say(t *testing.T, messages int) {
	t.Helper()
	var wg sync.WaitGroup
	for i, id := range w.sessions {
		wg.Go(func() {
			for n := range messages {
				res, err := w.apis[i%len(w.apis)].do(t.Context(), http.MethodPost, messagesOf(id), object{"body": fmt.Sprintf("сообщение %d", n)}, "")
				if err != nil || res.status != http.StatusCreated {
					t.Errorf("message %d of session %d is not taken: %v %+v", n, i, err, res)
					return
				}
			}
		})
	}
	wg.Wait()
}

// check compares what was received with what was said: the start and each message of every session, in
// order, as documented. A repeat has the id of what came before it in its session.
func (w *talkers) check(t *testing.T, h *hook, messages int) (repeats int) {
	t.Helper()
	type place struct {
		sequence int64
		id       string
	}
	last := map[string]place{}
	seen := map[string]string{} // sessions by id
	wrong := &complaints{t: t}
	for _, c := range h.all() {
		contract.Event(t, "webhook", c.told.Event, c.body)
		at := last[c.told.SessionID]
		switch {
		case c.told.Sequence == at.sequence && c.id == at.id:
			repeats++
		case c.told.Sequence != at.sequence+1:
			wrong.add("session %s: event %d came after %d", c.told.SessionID, c.told.Sequence, at.sequence)
		case seen[c.id] != "":
			wrong.add("session %s: event %d has the id of another", c.told.SessionID, c.told.Sequence)
		}
		seen[c.id] = c.told.SessionID
		last[c.told.SessionID] = place{c.told.Sequence, c.id}
	}
	for _, id := range w.sessions {
		if got := last[id].sequence; got != int64(messages)+1 {
			wrong.add("session %s: the last event is %d, want %d", id, got, messages+1)
		}
	}
	return repeats
}

// await waits until everything was received.
func (w *talkers) await(t *testing.T, h *hook, messages int) {
	t.Helper()
	want := len(w.sessions) * (messages + 1)
	eventually(t, 2*time.Minute, fmt.Sprintf("%d webhooks are received", want), func() bool { return h.ids() >= want })
}

// signingKey is that of what goes to the URLs of a chat's sessions.
func (d data) signingKey(t *testing.T, chatID string) []byte {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text string
	if err := db.QueryRowContext(t.Context(), "SELECT value FROM secrets WHERE name = 'installation'").Scan(&text); err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "govorun session webhooks:"+chatID, 32)
	if err != nil {
		t.Fatal(err)
	}
	return derived
}

// mustBeSigned verifies calls as a receiver does.
func mustBeSigned(t *testing.T, key []byte, calls []call) {
	t.Helper()
	w, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if err := w.Verify(c.body, c.header); err != nil {
			t.Fatalf("%v: %v of %s", err, c.header, c.body)
		}
	}
}
