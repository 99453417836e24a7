//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/govorun/govorun/test/contract"
)

const privateWebhooks = "--webhooks-allow-private=127.0.0.0/8"

// TestWebhooksAndARestartingReceiver: a thousand events of fifty clients arrive, in order, though the
// receiver ends and comes back again and again.
func TestWebhooksAndARestartingReceiver(t *testing.T) {
	t.Parallel()
	const clients, messages, restarts = 50, 19, 8
	h := newHook(t, 2*time.Millisecond)
	s := newServer(t, privateWebhooks)
	w := newTalkers(t, clients, h.url(), newAPI(t, s.url()))
	said := make(chan struct{})
	go func() {
		defer close(said)
		w.say(t, messages)
	}()
	for i := range restarts {
		got := h.ids() // on a busy machine more than was waited for
		target := got + (clients*(messages+1)-got)/(restarts-i+1)
		eventually(t, time.Minute, "webhooks are received", func() bool { return h.ids() >= target })
		h.down()
		pause(t.Context(), time.Duration(i)*50*time.Millisecond) // longer than the first repeats of some
		if err := h.up(); err != nil {
			t.Fatal(err)
		}
	}
	<-said
	w.await(t, h, messages)
	t.Logf("%d repeats after %d restarts", w.check(t, h, messages), restarts)
	calls := h.all()
	mustBeSigned(t, s.data.signingKey(t, demoChat), calls)
	first := calls[0].told
	if first.Event != "chatSessionStarted" || first.Action != first.Event || first.ChatID != demoChat || first.EventCallbackData != "данные 🙂" || first.ID == "" {
		t.Errorf("told %+v", first)
	}
	eventually(t, time.Minute, "all is counted as delivered", func() bool { return s.state(t, "delivered") == clients*(messages+1) })
}

// state counts deliveries in the data.
func (s *server) state(t *testing.T, state string) (n int) {
	t.Helper()
	db, err := s.data.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM deliveries WHERE state = $1", state).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWebhooksOfAKilledServer: the server is killed again and again while it delivers. What it has
// acknowledged arrives, in order; what was under way is repeated under the same id.
func TestWebhooksOfAKilledServer(t *testing.T) {
	t.Parallel()
	const clients, messages, perReceiver, kills = 30, 15, 4, 5
	h := newHook(t, 15*time.Millisecond)
	s := newServer(t, privateWebhooks, fmt.Sprint("--webhooks-per-receiver=", perReceiver))
	w := newTalkers(t, clients, h.url(), newAPI(t, s.url()))
	w.say(t, messages)
	began := h.ids()
	for i := range kills {
		target := began + (clients*(messages+1)-began)*(i+1)/(kills+2)
		eventually(t, time.Minute, "deliveries go on", func() bool { return h.ids() >= target })
		s.kill()
		s.start(t)
	}
	w.await(t, h, messages)
	repeats := w.check(t, h, messages)
	t.Logf("%d repeats after %d kills", repeats, kills)
	if repeats > kills*perReceiver {
		t.Errorf("%d repeats after %d kills with %d webhooks under way", repeats, kills, perReceiver)
	}
	mustBeSigned(t, s.data.signingKey(t, demoChat), h.all())
}

// TestWebhooksOfTwoNodes: both deliver, and when one is killed the other goes on with what it had.
func TestWebhooksOfTwoNodes(t *testing.T) {
	onPostgres.only(t)
	t.Parallel()
	const clients, messages, rounds = 30, 15, 10
	h := newHook(t, 15*time.Millisecond)
	d := newData(t)
	args := []string{privateWebhooks, "--webhooks-per-receiver=4"}
	first, second := newServerOn(t, d, args...), newServerOn(t, d, args...)
	w := newTalkers(t, clients, h.url(), newAPI(t, first.url()), newAPI(t, second.url()))
	said := 0
	for ok := false; !ok; ok = h.ids() < clients*(said+1) { // else all was delivered as fast as it was said
		if said == rounds*messages {
			t.Fatal("everything was delivered before a node was killed")
		}
		w.say(t, messages)
		said += messages
		eventually(t, time.Minute, "both deliver", func() bool {
			return first.metric(t, "govorun_webhook_attempts_total") > 20 && second.metric(t, "govorun_webhook_attempts_total") > 20
		})
	}
	first.kill()
	w.await(t, h, said)
	if repeats := w.check(t, h, said); repeats > 4 {
		t.Errorf("%d repeats after one kill with 4 webhooks under way", repeats)
	}
}

// TestBadReceivers: slow, failing and private ones keep nothing from a good one, and lose nothing.
func TestBadReceivers(t *testing.T) {
	t.Parallel()
	good := newHook(t, 0)
	gone := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}))
	defer slow.Close()
	defer close(gone)
	moved := httptest.NewServer(http.RedirectHandler(good.url(), http.StatusPermanentRedirect))
	defer moved.Close()
	s := newServer(t, privateWebhooks, "--webhooks-hands=32", "--webhooks-per-receiver=8")
	a := newAPI(t, s.url())
	const each, messages = 20, 3
	bad := []string{slow.URL, moved.URL, "http://127.0.0.1:1/closed", "http://no-such-host.invalid/"}
	for _, url := range bad {
		newTalkers(t, each, url, a).say(t, messages)
	}
	private := newTalkers(t, each, "http://10.255.255.1:81/private", a)
	private.say(t, 1)
	w := newTalkers(t, each, good.url(), a)
	w.say(t, messages)
	w.await(t, good, messages)
	if repeats := w.check(t, good, messages); repeats > 0 {
		t.Errorf("%d repeats", repeats)
	}
	const sent = each * (messages + 1)
	eventually(t, time.Minute, "what goes to a private address is dead", func() bool { return s.state(t, "dead") == each*2 })
	if n := s.state(t, "pending"); n != len(bad)*sent {
		t.Errorf("%d webhooks wait, want %d", n, len(bad)*sent)
	}
	if code := s.terminate(t); code != 0 { // in spite of those that hang
		t.Errorf("exit code %d", code)
	}
}

// TestPrivateReceiversAreRefused unless the configuration allows them.
func TestPrivateReceiversAreRefused(t *testing.T) {
	t.Parallel()
	h := newHook(t, 0)
	s := newServer(t)
	newTalkers(t, 1, h.url(), newAPI(t, s.url())).say(t, 1)
	eventually(t, time.Minute, "both are dead", func() bool { return s.state(t, "dead") == 2 })
	if len(h.all()) > 0 {
		t.Error("the receiver was called")
	}
}

// TestCallback: what the bot says in one turn arrives as one object.
func TestCallback(t *testing.T) {
	t.Parallel()
	h := newHook(t, 0)
	s := newServer(t, privateWebhooks)
	session := newAPI(t, s.url()).open(t, object{
		"name": "caller", "messageBody": "привет", "callbackUrl": h.url(), "callbackData": "{\"n\":1}", "returnAnswerAsync": true,
	})
	eventually(t, time.Minute, "the answer arrives", func() bool { return h.ids() == 1 })
	var got struct {
		DialogID, BotID, Status, Language, CallbackData string
		Result                                          *string
		Messages                                        []struct {
			Body          string
			Actions       []any
			Answers       []string
			Substitutions map[string]string
			Attachments   []any
			Meta          struct{ ID string }
		}
	}
	contract.Event(t, "callback", "dialogCallback", h.all()[0].body)
	if err := json.Unmarshal(h.all()[0].body, &got); err != nil {
		t.Fatal(err)
	}
	if got.DialogID != session.ID || got.BotID == "" || got.Status != "ACTIVE" || got.Language != "ru" || got.Result == nil || got.CallbackData != `{"n":1}` {
		t.Errorf("got %s", h.all()[0].body)
	}
	if len(got.Messages) == 0 || got.Messages[0].Body == "" || got.Messages[0].Actions == nil || got.Messages[0].Answers == nil ||
		got.Messages[0].Attachments == nil || got.Messages[0].Substitutions == nil {
		t.Errorf("messages %s", h.all()[0].body)
	}
}
