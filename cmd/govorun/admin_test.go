package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// setupLink reads the one-time link of a server's start.
func setupLink(t *testing.T, lines <-chan string) string {
	t.Helper()
	for line := range lines {
		if strings.Contains(line, "/setup#") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("the server prints no link")
	return ""
}

// operator runs commands against a server with a key.
type operator struct {
	t   *testing.T
	env []string
}

// do runs a command that must succeed and returns what it prints.
func (o *operator) do(args ...string) string {
	o.t.Helper()
	code, stdout, stderr := command(o.t.Context(), o.env, args...)
	if code != 0 || stderr != "" {
		o.t.Fatalf("%v: exit code %d, %s%s", args, code, stdout, stderr)
	}
	return stdout
}

// fail runs a command that the server must refuse, and which must say so in these words.
func (o *operator) fail(words string, args ...string) {
	o.t.Helper()
	code, stdout, stderr := command(o.t.Context(), o.env, args...)
	if code != 1 || stdout != "" || !strings.Contains(stderr, words) {
		o.t.Errorf("%v: exit code %d, %s%s", args, code, stdout, stderr)
	}
}

// object runs a command with --json.
func (o *operator) object(args ...string) map[string]any {
	o.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(o.do(append(args, "--json")...)), &v); err != nil {
		o.t.Fatal(err)
	}
	return v
}

func TestAdministration(t *testing.T) {
	t.Parallel()
	url, lines, _ := serveWith(t, t.TempDir())
	link := setupLink(t, lines)
	if !strings.HasPrefix(link, url+"/setup#") {
		t.Errorf("link %s of %s", link, url)
	}
	code, stdout, stderr := command(t.Context(), nil, "admin", "setup", link, "--name", "Я")
	if code != 0 || !strings.HasPrefix(stdout, "gk_") || !strings.Contains(stderr, "Keep it now") {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	o := &operator{t, []string{"GOVORUN_SERVER=" + url + "/", "GOVORUN_KEY=" + strings.TrimSpace(stdout)}}
	o.fail("the server refuses (403): Invalid user permissions: the link is not valid", "admin", "setup", link)
	if _, got, _ := strings.Cut(o.do("admin", "whoami"), "name"); squeezed(got) != "Я\npermissions admin\nexpiresAt\n" {
		t.Errorf("%q", got)
	}

	file := filepath.Join(t.TempDir(), "chat.json")
	if err := os.WriteFile(file, []byte(`{"name": "из файла", "sessionTtl": 600, "results": ["да"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	made := o.object("admin", "chats", "create", "--file", file, "--set", "name=Магазин 😀", "--set", "sessionTtl=300", "--set", `origins=["*"]`, "--set", "queueNotice=a=b")
	if made["name"] != "Магазин 😀" || made["sessionTtl"] != 300.0 || made["queueNotice"] != "a=b" || made["identity"] != "signed" {
		t.Errorf("%v", made)
	}
	id := made["id"].(string)
	if got := o.do("admin", "chats", "list"); !strings.Contains(squeezed(got), id+" Магазин 😀 signed - 20") || !strings.HasPrefix(got, "ID ") {
		t.Errorf("%s", got)
	}
	shown := squeezed(o.do("admin", "chats", "update", id, "--set", "queueNotice=\x1b[1m", "--set", "origins=null", "--set", `appearance={"a":1}`))
	for _, want := range []string{"\nqueueNotice \"\\u001b[1m\"\n", "\norigins\n", "\nappearance {\"a\":1}\n", "\nresults да\n", "id " + id + "\n"} {
		if !strings.Contains("\n"+shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	if secrets := o.object("admin", "chats", "show", id, "--secrets"); secrets["secret"] == "" || secrets["webhookSecret"] == nil || secrets["sessionWebhookSecret"] == nil {
		t.Errorf("%v", secrets)
	}
	o.fail("Invalid input parameters: sessionTtl: expected seconds", "admin", "chats", "update", id, "--set", "sessionTtl=1")
	o.fail("Entity not found", "admin", "chats", "show", "../../keys")
	o.fail("Entity not found", "admin", "chats", "show", "ж?#")
	if got := o.do("admin", "chats", "delete", id); got != "Deleted.\n" {
		t.Errorf("%q", got)
	}
	o.fail("Entity not found", "admin", "chats", "delete", id)

	bot := o.object("admin", "bots", "create", "--set", "name=b", "--set", "url=https://bot.example", "--idempotency-key", "once")
	if again := o.object("admin", "bots", "create", "--set", "name=b", "--set", "url=https://bot.example", "--idempotency-key", "once"); again["id"] != bot["id"] {
		t.Errorf("%v and %v", bot, again)
	}
	if got := o.do("admin", "bots", "list"); strings.Count(got, "\n") != 3 || !strings.Contains(got, "Говорун") {
		t.Errorf("%s", got)
	}
	if got := o.do("admin", "bots", "show", bot["id"].(string), "--secrets"); !strings.HasPrefix(got, "secret  whsec_") {
		t.Errorf("%s", got)
	}
	o.do("admin", "bots", "delete", bot["id"].(string))
}

func TestKeysOfTheCommandLine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	url, lines, stop := serveWith(t, data)
	_, root, _ := command(t.Context(), nil, "admin", "setup", setupLink(t, lines))
	o := &operator{t, []string{"GOVORUN_SERVER=" + url, "GOVORUN_KEY=" + strings.TrimSpace(root)}}
	made := o.object("admin", "keys", "create", "--set", "name=читатель", "--set", `permissions=["chats:read","dialogs"]`)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(made["key"].(string)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.do("admin", "chats", "list", "--key-file", file) // counts above the environment
	o.fail("Invalid user permissions: the key has no permission chats", "admin", "chats", "create", "--set", "name=a", "--key-file", file)
	if got := o.do("admin", "keys", "list"); !strings.Contains(got, "chats:read, dialogs") || strings.Contains(got, made["key"].(string)) {
		t.Errorf("%s", got)
	}
	o.do("admin", "keys", "delete", made["id"].(string))
	o.fail("User is not authenticated: the key is not valid", "admin", "whoami", "--key-file", file)

	if code := stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	_, lines, stop = serveWith(t, data, "--setup-link", "auto")
	stop()
	for line := range lines {
		if strings.Contains(line, "/setup#") {
			t.Errorf("a link is printed where an administrator is: %s", line)
		}
	}
	url, lines, _ = serveWith(t, data, "--setup-link", "always", "--public-url", "https://chat.example.com/")
	link := setupLink(t, lines)
	if !strings.HasPrefix(link, "https://chat.example.com/setup#") {
		t.Errorf("link %s", link)
	}
	code, key, _ := command(t.Context(), nil, "admin", "setup", url+strings.TrimPrefix(link, "https://chat.example.com"))
	if code != 0 || key == root {
		t.Errorf("exit code %d, %s", code, key)
	}
}

// Whatever answers, the key goes to the server that was named and the complaint says what came.
func TestOtherServersThanOurs(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Authorization")
	}))
	t.Cleanup(elsewhere.Close)
	for _, tt := range []struct {
		name  string
		reply http.HandlerFunc
		words string
	}{
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, "307"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) }, "502"},
		{"success that is none", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) }, "the server's answer"},
		{"a list that is none", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"items": [1]}`)) }, "the server's answer"},
		{"an answer that breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("{"))
		}, "the answer of"},
		{"too busy", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte(`{"error": "Service is unavailable"}`))
		}, "try again in 7 s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(tt.reply)
			defer s.Close()
			o := &operator{t, []string{"GOVORUN_SERVER=" + s.URL, "GOVORUN_KEY=gk_secret"}}
			o.fail(tt.words, "admin", "chats", "list")
		})
	}
	t.Cleanup(func() {
		select {
		case key := <-asked:
			t.Errorf("another server was asked with %q", key)
		default:
		}
	})
}

func TestSettingsFromTheStandardInput(t *testing.T) {
	t.Parallel()
	g := given{File: "-", Set: []string{"b=2"}}
	body, err := g.body(&world{Stdin: strings.NewReader(`{"a": "текст", "b": 1}`)})
	if err != nil || string(body["a"]) != `"текст"` || string(body["b"]) != "2" || len(body) != 2 {
		t.Errorf("%s, %v", body, err)
	}
	_, err = g.body(&world{Stdin: strings.NewReader(strings.Repeat(" ", maxSettings+1))})
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

// TestWebhooksOfTheCommandLine: an address of this machine is refused unless it is allowed, so what is to
// go there dies.
func TestWebhooksOfTheCommandLine(t *testing.T) {
	t.Parallel()
	url, lines, _ := serveWith(t, t.TempDir())
	_, root, _ := command(t.Context(), nil, "admin", "setup", setupLink(t, lines))
	o := &operator{t, []string{"GOVORUN_SERVER=" + url, "GOVORUN_KEY=" + strings.TrimSpace(root)}}
	if got := o.do("webhooks", "list"); got != "There are none.\n" {
		t.Errorf("%q", got)
	}
	chat := o.object("admin", "chats", "create", "--set", "name=a", "--set", "eventCallbackUrl=http://127.0.0.1:9/hook")["id"].(string)
	var session struct{ ID string }
	r, err := http.Post(url+"/api/v1/chats/"+chat+"/sessions", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(r.Body).Decode(&session); err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r, err = http.Post(url+"/api/v1/sessions/"+session.ID+"/close", "application/json", nil); err != nil {
		t.Fatal(err)
	}
	r.Body.Close()

	dead := func() []any {
		t.Helper()
		items, _ := o.object("webhooks", "list", "--chat", chat, "--state", "dead")["items"].([]any)
		return items
	}
	for deadline := time.Now().Add(30 * time.Second); len(dead()) == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("nothing dies: %s", o.do("webhooks", "list"))
		}
	}
	id := dead()[0].(map[string]any)["id"].(string)
	if got := squeezed(o.do("webhooks", "list", "--limit", "1")); !strings.Contains(got, " event http://127.0.0.1:9/hook ") {
		t.Errorf("%s", got)
	}
	if got := squeezed(o.do("webhooks", "show", id)); !strings.Contains(got, "id "+id+"\nstate dead\n") || !strings.Contains(got, "\nlog [") {
		t.Errorf("%s", got)
	}
	if got := squeezed(o.do("webhooks", "replay", id)); !strings.Contains(got, "state pending\n") {
		t.Errorf("%s", got)
	}
	if got := o.do("webhooks", "replay", "--chat", chat); !strings.HasPrefix(got, "replayed  ") {
		t.Errorf("%q", got)
	}
	if got := o.do("webhooks", "drop", id); got != "Dropped.\n" {
		t.Errorf("%q", got)
	}
	o.fail("Entity not found", "webhooks", "show", id)
	o.fail("Invalid input parameters: limit", "webhooks", "list", "--limit", "0")
	o.fail("Invalid input parameters: chatId: expected a UUID", "webhooks", "list", "--chat", "x")
}
