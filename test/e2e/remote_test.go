//go:build e2e

package e2e

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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore"
)

const privateBots = "--bot-allow-private=on"

const farToken = "FarBot:1"

// farBot is a remote bot that the test plays, and its chat.
type farBot struct {
	server *httptest.Server
	chat   string

	mu    sync.Mutex
	turns []farTurn
}

// farTurn is what the tests look at in a call.
type farTurn struct {
	TurnID    string `json:"turnId"`
	Attempt   int    `json:"attempt"`
	AnswerURL string `json:"answerUrl"`
	Token     string `json:"token"`
	Event     struct{ Body string }
}

// newFarBot makes a remote bot in data that no server uses yet.
func newFarBot(t *testing.T, d data, answer func(w http.ResponseWriter, r *http.Request, turn farTurn)) *farBot {
	t.Helper()
	b := &farBot{chat: uuid.NewString()}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the server was killed while it called
		}
		var turn farTurn
		if err := json.Unmarshal(body, &turn); err != nil {
			t.Errorf("a call that is not JSON: %v", err)
		}
		b.mu.Lock()
		b.turns = append(b.turns, turn)
		b.mu.Unlock()
		answer(w, r, turn)
	}))
	t.Cleanup(b.server.Close)
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: d.dir, PostgresURL: d.url, Connections: 6, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	record := &chat.BotRecord{ID: uuid.NewString(), Name: "Far", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: b.server.URL, Timeout: 60}}
	if err := store.Update(t.Context(), func(tx chat.Tx) error {
		return errors.Join(tx.PutBot(record), tx.CreateChat(&chat.Chat{
			ID: b.chat, Name: "far", BotID: record.ID, Token: farToken, Identity: chat.IdentityOpen, Language: "en", CreatedAt: time.Now(),
		}))
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *farBot) seen() []farTurn {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.turns)
}

// open starts a session with a message, and does not wait for the bot.
func (b *farBot) open(t *testing.T, a *api, text string) string {
	t.Helper()
	res := a.post(t, base+"/chats/"+b.chat+"/sessions", object{"messageBody": text, "returnAnswerAsync": true}, "")
	if res.status != http.StatusCreated {
		t.Fatalf("start: %d %s", res.status, res.body)
	}
	var s started
	res.decode(t, &s)
	if s.MessageID == "" {
		t.Fatalf("the message was not taken: %s", res.body)
	}
	return s.ID
}

// said lists what the bot has said in a session.
func (b *farBot) said(t *testing.T, a *api, session string) string {
	t.Helper()
	var all []string
	for _, m := range a.wholeHistory(t, session) {
		if m.AuthorType == "BOT" {
			all = append(all, m.Body)
		}
	}
	return strings.Join(all, "|")
}

func say(w http.ResponseWriter, text string) {
	_ = json.NewEncoder(w).Encode(object{"messages": []object{{"body": text}}}) // nobody listens any more when the server was killed
}

// TestARemoteBotIsCalledAgainAfterACrash: kill -9 in the middle of calls. They come again with the
// same ids, and the answers are said once each.
func TestARemoteBotIsCalledAgainAfterACrash(t *testing.T) {
	t.Parallel()
	const sessions = 5
	d := newData(t)
	crashed := make(chan struct{})
	b := newFarBot(t, d, func(w http.ResponseWriter, r *http.Request, turn farTurn) {
		select {
		case <-crashed:
			say(w, "to "+turn.Event.Body)
		case <-r.Context().Done():
		}
	})
	s := newServerOn(t, d, privateBots)
	a := newAPI(t, s.url())
	var ids []string
	for i := range sessions {
		ids = append(ids, b.open(t, a, fmt.Sprint("hello ", i)))
	}
	eventually(t, settleWithin, "the bot is called", func() bool { return len(b.seen()) == sessions })
	s.kill()
	close(crashed)
	s.start(t)
	for i, id := range ids {
		eventually(t, settleWithin, "the bot has answered", func() bool { return b.said(t, a, id) != "" })
		if got := b.said(t, a, id); got != fmt.Sprint("to hello ", i) {
			t.Errorf("said %q", got)
		}
	}
	calls := map[string][]int{}
	for _, turn := range b.seen() {
		calls[turn.TurnID] = append(calls[turn.TurnID], turn.Attempt)
	}
	for id, attempts := range calls {
		if len(attempts) < 2 || attempts[0] != 1 || attempts[len(attempts)-1] < 2 {
			t.Errorf("turn %s: attempts %v", id, attempts)
		}
	}
	if len(calls) != sessions {
		t.Errorf("%d turns", len(calls))
	}
}

// TestARemoteBotThatHangsDelaysNobodyElse: with more clients than a bot has turns, all waiting, others
// are answered; and so are those who waited when the bot comes to its senses.
func TestARemoteBotThatHangsDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	const turns, clients = 2, 6
	d := newData(t)
	release := make(chan struct{})
	b := newFarBot(t, d, func(w http.ResponseWriter, r *http.Request, _ farTurn) {
		select {
		case <-release:
			say(w, "at last")
		case <-r.Context().Done():
		}
	})
	s := newServerOn(t, d, privateBots, "--bot-turns=2", "--bot-turn-timeout=1m")
	a := newAPI(t, s.url())
	var ids []string
	for range clients {
		ids = append(ids, b.open(t, a, "hello"))
	}
	eventually(t, settleWithin, "the bot has all hands full", func() bool { return len(b.seen()) == turns })
	demo := a.open(t, object{}).ID
	eventually(t, settleWithin, "the demo bot has greeted", func() bool { return b.said(t, a, demo) != "" })
	if got := len(b.seen()); got != turns {
		t.Errorf("the bot is called %d times at once", got)
	}
	close(release)
	for _, id := range ids {
		eventually(t, settleWithin, "the bot has answered", func() bool { return b.said(t, a, id) == "at last" })
	}
}

// post gives a later answer, at a server of the test's choice.
func (f farTurn) post(t *testing.T, a *api, body object, key string) *answer {
	t.Helper()
	return a.post(t, "/api/bot/v1/turns/"+f.Token, body, key)
}

// TestALaterAnswerSurvivesACrash: what a bot has promised may be kept after a crash, and an answer
// that was acknowledged is not said again by its repeat.
func TestALaterAnswerSurvivesACrash(t *testing.T) {
	t.Parallel()
	d := newData(t)
	b := newFarBot(t, d, func(w http.ResponseWriter, _ *http.Request, _ farTurn) { w.WriteHeader(http.StatusAccepted) })
	s := newServerOn(t, d, privateBots)
	a := newAPI(t, s.url())
	id := b.open(t, a, "hello")
	eventually(t, settleWithin, "the bot is called", func() bool { return len(b.seen()) == 1 })
	turn := b.seen()[0]
	if want := s.url() + "/api/bot/v1/turns/" + turn.Token; turn.AnswerURL != want {
		t.Errorf("answers go to %s, expected %s", turn.AnswerURL, want)
	}
	one, two := object{"messages": []object{{"body": "one"}}}, object{"messages": []object{{"body": "two"}}, "final": true}
	if res := turn.post(t, a, one, "1"); res.status != http.StatusOK {
		t.Fatalf("%d %s", res.status, res.body)
	}
	s.kill()
	s.start(t)
	for range 2 {
		for key, body := range map[string]object{"1": one, "2": two} {
			if res := turn.post(t, a, body, key); res.status != http.StatusOK {
				t.Fatalf("%d %s", res.status, res.body)
			}
		}
	}
	if res := turn.post(t, a, one, "3"); res.status != http.StatusGone {
		t.Errorf("after the final answer: %d %s", res.status, res.body)
	}
	if got := b.said(t, a, id); got != "one|two" {
		t.Errorf("said %q", got)
	}
	if got := len(b.seen()); got != 1 {
		t.Errorf("the bot was called %d times", got)
	}
}

// TestARemoteBotHasManyNodes: a node dies in the middle of a call, another one repeats it, and a later
// answer may come to any of them.
func TestARemoteBotHasManyNodes(t *testing.T) {
	t.Parallel()
	onPostgres.only(t)
	d := newData(t)
	died := make(chan struct{})
	b := newFarBot(t, d, func(w http.ResponseWriter, r *http.Request, turn farTurn) {
		if turn.Event.Body == "later" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		select {
		case <-died:
			say(w, "at last")
		case <-r.Context().Done():
		}
	})
	first := newServerOn(t, d, privateBots)
	second := newServerOn(t, data{dir: d.dir + "-2", url: d.url}, privateBots)
	here, there := newAPI(t, first.url()), newAPI(t, second.url())

	promised := b.open(t, here, "later")
	eventually(t, settleWithin, "the bot is called", func() bool { return len(b.seen()) == 1 })
	var all sync.WaitGroup
	for i := range 8 { // the same answer to both nodes at once
		all.Go(func() {
			a := []*api{here, there}[i%2]
			ctx, cancel := context.WithTimeout(t.Context(), settleWithin)
			defer cancel()
			res, err := a.do(ctx, http.MethodPost, "/api/bot/v1/turns/"+b.seen()[0].Token, object{"messages": []object{{"body": "kept"}}, "final": true}, "k")
			if err != nil || res.status != http.StatusOK {
				t.Errorf("%v %+v", err, res)
			}
		})
	}
	all.Wait()
	for _, a := range []*api{here, there} {
		if got := b.said(t, a, promised); got != "kept" {
			t.Errorf("said %q", got)
		}
	}

	held := b.open(t, here, "hold")
	eventually(t, settleWithin, "the bot is called", func() bool { return len(b.seen()) == 2 })
	first.kill()
	close(died)
	eventually(t, settleWithin, "the other node has the answer", func() bool { return b.said(t, there, held) != "" })
	turns := b.seen()
	if last := turns[len(turns)-1]; b.said(t, there, held) != "at last" || last.TurnID != turns[1].TurnID || last.Attempt < 2 {
		t.Errorf("said %q, turns %+v", b.said(t, there, held), turns)
	}
}
