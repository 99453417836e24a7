//go:build e2e

package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/bot/remote"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore"
)

const remoteBots = "../../docs/remote-bots.md"

// hook is a remote bot in the data of a server, and its chat.
type hook struct {
	server server
	chat   string
	secret string // as people are shown it
}

// newHook starts a server with a remote bot at a URL.
func newHook(t *testing.T, url string) *hook {
	t.Helper()
	h := &hook{chat: uuid.NewString()}
	dir := t.TempDir()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	key := auth.Key(bytes.Repeat([]byte("k"), auth.KeySize))
	record := &chat.BotRecord{ID: uuid.NewString(), Name: "Far", Kind: chat.BotRemote, Settings: chat.BotSettings{URL: url}}
	if err := store.Update(t.Context(), func(tx chat.Tx) error {
		_, err := tx.KeepSecret("installation", key.Text())
		return errors.Join(err, tx.PutBot(record), tx.CreateChat(&chat.Chat{
			ID: h.chat, Name: "shop", BotID: record.ID, Identity: chat.IdentityOpen, Language: "en", CreatedAt: time.Now(),
		}))
	}); err != nil {
		t.Fatal(err)
	}
	store.Close()
	h.secret = remote.Secret(key.Derive("bot:" + record.ID))
	h.server = startOn(t, dir, "--bot-allow-private", "on")
	return h
}

// post asks the client API, and returns the messages of the answer.
func (h *hook) post(t *testing.T, path, body string, answer any) {
	t.Helper()
	res, err := http.Post("http://"+h.server.address+"/api/chats/v1"+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusCreated || json.Unmarshal(data, answer) != nil {
		t.Fatalf("POST %s: %d %v %s", path, res.StatusCode, err, data)
	}
}

// said lists what the bot has said in a session.
func (h *hook) said(t *testing.T, session string) []string {
	t.Helper()
	res, err := http.Get("http://" + h.server.address + "/api/chats/v1/sessions/" + session + "/messages?limit=100")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var page struct {
		Items []struct{ AuthorType, Body string }
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range page.Items {
		if m.AuthorType == "BOT" {
			list = append(list, m.Body)
		}
	}
	return list
}

// await waits until the bot has said so many things.
func (h *hook) await(t *testing.T, session string, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		said := h.said(t, session)
		if len(said) >= n {
			return said
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the bot has said only %q", said)
		}
	}
}

// blockOf returns the one block of the page on remote bots that is marked so.
func blockOf(t *testing.T, mark string) string {
	t.Helper()
	blocks := read(t, remoteBots, mark)
	if len(blocks) != 1 {
		t.Fatalf("%s: %d blocks are marked %q", remoteBots, len(blocks), mark)
	}
	return blocks[0].text
}

// TestTheExamplesOfRemoteBotsWork runs each example against a real server; what the page shows is
// what is run.
func TestTheExamplesOfRemoteBotsWork(t *testing.T) {
	t.Parallel()
	for _, e := range []struct{ lang, path, program string }{
		{"python", "examples/remote-bot/python/bot.py", installed(t, "GOVORUN_PYTHON", "../../.cache/venv/bin/python")},
		{"js", "examples/remote-bot/node/bot.mjs", "node"},
	} {
		t.Run(e.lang, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("../..", e.path)
			if code, err := os.ReadFile(file); err != nil || string(code) != blockOf(t, e.lang+" "+e.path) {
				t.Errorf("the page does not show what is in %s: %v", e.path, err)
			}
			port := freePort(t)
			h := newHook(t, "http://127.0.0.1:"+port+"/")
			runBot(t, h.secret, port, e.program, file)
			h.talk(t)

			// One that has another secret refuses what it is sent.
			stranger := freePort(t)
			other := newHook(t, "http://127.0.0.1:"+stranger+"/")
			runBot(t, remote.Secret([]byte("another")), stranger, e.program, file)
			var session struct{ Messages []struct{ Body string } }
			other.post(t, "/chats/"+other.chat+"/sessions", `{}`, &session)
			if m := session.Messages; len(m) != 1 || !strings.HasPrefix(m[0].Body, "Sorry") {
				t.Errorf("got %+v", m)
			}
		})
	}
}

// talk has a client talk to an example.
func (h *hook) talk(t *testing.T) {
	t.Helper()
	var session struct {
		ID       string
		Messages []struct {
			Body     string
			Keyboard struct{ Buttons []struct{ Text string } }
		}
	}
	h.post(t, "/chats/"+h.chat+"/sessions", `{}`, &session)
	if m := session.Messages; len(m) != 1 || len(m[0].Keyboard.Buttons) != 2 {
		t.Fatalf("the greeting is %+v", m)
	}
	for i, text := range []string{"Привет 😀", "Again", "Talk to a person"} {
		h.post(t, "/sessions/"+session.ID+"/messages", fmt.Sprintf(`{"body":%q}`, text), &struct{}{})
		h.await(t, session.ID, i+2)
	}
	want := []string{
		"Hello! Tell me something.", "Message 1: Привет 😀", "Message 2: Again", "I am calling a colleague.",
		"All our operators are busy. Please wait, we will answer you here.",
	}
	if got := h.said(t, session.ID); !slices.Equal(got, want) {
		t.Errorf("said %q", got)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// runBot runs an example until the end of the test.
func runBot(t *testing.T, secret, port, program, file string) {
	t.Helper()
	cmd := exec.Command(program, file)
	cmd.Env = append(environment(), "BOT_SECRET="+secret, "PORT="+port)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s says:\n%s", file, out.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s does not listen: %v", file, err)
		}
	}
}

// TestTheContractOfRemoteBotsIsTrue compares the request of the page with a real one, and has a bot
// answer with what the page shows.
func TestTheContractOfRemoteBotsIsTrue(t *testing.T) {
	t.Parallel()
	answers := make(chan string, 4)
	requests := make(chan []byte, 4)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		requests <- body
		answer := <-answers
		if answer == "" {
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = io.WriteString(w, answer) // the server waits for it
	}))
	t.Cleanup(s.Close)
	h := newHook(t, s.URL)
	var session struct{ ID string }
	answers <- `{"messages":[{"body":"Tea or coffee?"}],"variables":{"session":{"count":1},"client":{"visits":1}}}`
	h.post(t, "/chats/"+h.chat+"/sessions", `{"clientExternalId":"42","clientName":"Ann Lee","clientFirstName":"Ann","clientLastName":"Lee",
		"clientPhone":"+79000000000","clientEmail":"ann@example.com","clientTimezone":180,"clientMetadata":{"level":"7"},
		"referer":"https://example.com/","variables":{"city":"Perm"},"botNodeId":"/Start"}`, &session)
	<-requests
	answers <- ""
	h.post(t, "/sessions/"+session.ID+"/messages", `{"body":"Tea, please"}`, &struct{}{})
	request := <-requests
	if err := compare(blockOf(t, "json request"), string(request)); err != nil {
		t.Errorf("%s: %v\ngot %s", remoteBots, err, request)
	}

	var turn struct{ AnswerURL string }
	if err := json.Unmarshal(request, &turn); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", blockOf(t, "sh later"))
	cmd.Env = append(environment(), "ANSWER_URL="+turn.AnswerURL, "NO_PROXY=127.0.0.1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(blockOf(t, "json later"), string(out)); err != nil {
		t.Errorf("%v: %s", err, out)
	}

	answers <- blockOf(t, "json answer")
	h.post(t, "/sessions/"+session.ID+"/messages", `{"body":"Well?"}`, &struct{}{})
	<-requests
	said := h.await(t, session.ID, 5)
	want := []string{"Tea or coffee?", "Your report is ready.", "Tea it is. Which one?", "Or look here"}
	if !slices.Equal(said[:4], want) {
		t.Errorf("said %q", said)
	}
}
