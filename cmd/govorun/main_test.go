package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// command runs one command line to its end.
func command(ctx context.Context, environ []string, args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	code = run(ctx, args, &world{Environ: environ, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

func TestCommandLines(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	tests := []struct {
		name   string
		env    []string
		args   []string
		code   int
		stdout string
		stderr []string
	}{
		{name: "help", args: []string{"--help"}, stdout: "serve"},
		{name: "help of serve names every key", args: []string{"serve", "--help"}, stdout: "--http-max-in-flight"},
		{name: "version", args: []string{"version"}, stdout: "govorun "},
		{name: "config", args: []string{"config", "--listen", "127.0.0.1:1", "--rate-limit", "off"}, stdout: "rate_limit: false # flag --rate-limit\n"},
		{name: "config from the environment", env: []string{"GOVORUN_DEMO=off"}, args: []string{"config"}, stdout: "demo: false # environment GOVORUN_DEMO\n"},
		{name: "nothing", code: 2, stderr: []string{"expected one of"}},
		{name: "unknown command", args: []string{"sever"}, code: 2, stderr: []string{"sever"}},
		{name: "unknown flag", args: []string{"serve", "--lisen=x"}, code: 2, stderr: []string{"--lisen"}},
		{name: "bad value", args: []string{"serve", "--listen=here"}, code: 2, stderr: []string{"listen (flag --listen)", "host:port"}},
		{name: "unknown variable", env: []string{"GOVORUN_LISTN=x"}, args: []string{"config"}, code: 2, stderr: []string{"GOVORUN_LISTN", "GOVORUN_LISTEN"}},
		{name: "missing file", args: []string{"serve", "--config=none.yaml"}, code: 2, stderr: []string{"none.yaml"}},
		{name: "address in use", args: []string{"serve", "--data", t.TempDir(), "--listen", taken.Addr().String()}, code: 1, stderr: []string{taken.Addr().String(), "in use"}},
		{name: "variables of who calls a server", env: []string{"GOVORUN_SERVER=http://a.example", "GOVORUN_KEY=gk_x"}, args: []string{"config"}, stdout: "setup_link: \"auto\""},
		{name: "admin without a key", args: []string{"admin", "chats", "list"}, code: 2, stderr: []string{"GOVORUN_KEY", "--key-file"}},
		{name: "admin with a key that is none", env: []string{"GOVORUN_KEY=ключ"}, args: []string{"admin", "whoami"}, code: 2, stderr: []string{"GOVORUN_KEY"}},
		{name: "admin with a missing file", args: []string{"admin", "whoami", "--key-file=none"}, code: 2, stderr: []string{"none"}},
		{name: "admin of no URL", env: []string{"GOVORUN_KEY=k"}, args: []string{"admin", "whoami", "--server", "localhost:8080"}, code: 2, stderr: []string{"localhost:8080", "http://"}},
		{name: "admin of nobody", env: []string{"GOVORUN_KEY=k", "GOVORUN_SERVER=http://127.0.0.1:1"}, args: []string{"admin", "whoami"}, code: 1, stderr: []string{"cannot reach http://127.0.0.1:1", "refused"}},
		{name: "setup by half a link", args: []string{"admin", "setup", "http://127.0.0.1:8080/setup"}, code: 2, stderr: []string{"/setup#"}},
		{name: "create of nothing", env: []string{"GOVORUN_KEY=k"}, args: []string{"admin", "chats", "create"}, code: 2, stderr: []string{"--set"}},
		{name: "create of no setting", env: []string{"GOVORUN_KEY=k"}, args: []string{"admin", "chats", "create", "--set", "name"}, code: 2, stderr: []string{"NAME=VALUE"}},
		{name: "create from no file", env: []string{"GOVORUN_KEY=k"}, args: []string{"admin", "chats", "create", "--file", "none.json"}, code: 1, stderr: []string{"none.json"}},
		{name: "create from no object", env: []string{"GOVORUN_KEY=k"}, args: []string{"admin", "chats", "create", "--file", "-"}, code: 2, stderr: []string{"JSON object"}},
		{name: "keys cannot be changed", args: []string{"admin", "keys", "update", "x"}, code: 2, stderr: []string{"update"}},
		{name: "replay of nothing", env: []string{"GOVORUN_KEY=k"}, args: []string{"webhooks", "replay"}, code: 2, stderr: []string{"--chat"}},
		{name: "webhooks in an unknown state", args: []string{"webhooks", "list", "--state", "alive"}, code: 2, stderr: []string{"--state"}},
		{name: "campaign of nothing", args: []string{"campaign", "send", "--chat", "c", "--file", "main.go"}, code: 2, stderr: []string{"one of --event, --text and --replies"}},
		{name: "campaign of two things", args: []string{"campaign", "send", "--chat", "c", "--file", "main.go", "--event", "e", "--text", "t"}, code: 2, stderr: []string{"one of --event, --text and --replies"}},
		{name: "campaign for nobody", args: []string{"campaign", "send", "--chat", "c", "--file", "none.csv", "--event", "e"}, code: 2, stderr: []string{"none.csv"}},
		{name: "campaign for what is no list", args: []string{"campaign", "send", "--chat", "c", "--file", "main.go", "--event", "e"}, code: 2, stderr: []string{"main.go: expected a column clientId"}},
		{name: "campaign for an empty input", args: []string{"campaign", "send", "--chat", "c", "--file", "-", "--event", "e"}, code: 2, stderr: []string{"the standard input: it is empty"}},
		{name: "campaign of no replies", args: []string{"campaign", "send", "--chat", "c", "--file", "main.go", "--replies", "main.go"}, code: 2, stderr: []string{"main.go is not valid JSON"}},
		{name: "campaign without a key", args: []string{"campaign", "list"}, code: 2, stderr: []string{"GOVORUN_KEY"}},
		{name: "deploy nothing", env: []string{"GOVORUN_KEY=k"}, args: []string{"bot", "deploy", "none"}, code: 2, stderr: []string{"there is no directory none"}},
		{name: "deploy what is no bot", env: []string{"GOVORUN_KEY=k"}, args: []string{"bot", "deploy", t.TempDir()}, code: 2, stderr: []string{"chatbot.yaml"}},
		{name: "deploy without a key", args: []string{"bot", "deploy", t.TempDir()}, code: 2, stderr: []string{"GOVORUN_KEY"}},
		{name: "deploy two bots", env: []string{"GOVORUN_KEY=k"}, args: []string{"bot", "deploy", t.TempDir(), "--bot", "a", "--name", "b"}, code: 2, stderr: []string{"--bot", "--name"}},
		{name: "versions of no bot", env: []string{"GOVORUN_KEY=k"}, args: []string{"bot", "versions"}, code: 2, stderr: []string{"--bot", "--name"}},
		{name: "backup of nothing", args: []string{"backup", "--data", t.TempDir(), "--to", filepath.Join(t.TempDir(), "x")}, code: 1, stderr: []string{"backup"}},
		{name: "bot without a command", args: []string{"bot"}, code: 2, stderr: []string{"check", "test", "chat"}},
		{name: "bot of no directory", args: []string{"bot", "check", "none"}, code: 2, stderr: []string{"there is no directory none"}},
		{name: "bot of a file", args: []string{"bot", "test", "main.go"}, code: 2, stderr: []string{"main.go is not a directory"}},
		{name: "bot of another directory", args: []string{"bot", "chat", "."}, code: 2, stderr: []string{"no chatbot.yaml"}},
		{name: "bot test of a bad filter", args: []string{"bot", "test", "../../bots/demo", "--filter=("}, code: 2, stderr: []string{"--filter"}},
		{name: "help of bot chat names its commands", args: []string{"bot", "chat", "--help"}, stdout: ":timers"},
		{name: "backup to nowhere", args: []string{"backup", "--data", t.TempDir()}, code: 2, stderr: []string{"--to"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := command(t.Context(), tt.env, tt.args...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d; stderr: %s", code, tt.code, stderr)
			}
			if !strings.Contains(stdout, tt.stdout) {
				t.Errorf("no %q in %q", tt.stdout, stdout)
			}
			for _, want := range tt.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in %q", want, stderr)
				}
			}
		})
	}
}

// TestServe starts a server, backs it up while it runs, stops it, and starts one on the backup.
func TestServe(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	url, stop := serve(t, data)
	if status := get(t, url+"/readyz"); status != http.StatusOK {
		t.Errorf("ready: status %d", status)
	}
	if status := get(t, url+"/"); status != http.StatusOK {
		t.Errorf("page: status %d", status)
	}
	restored := t.TempDir()
	code, stdout, stderr := command(t.Context(), nil, "backup", "--data", data, "--to", filepath.Join(restored, "govorun.db"))
	if code != 0 || !strings.Contains(stdout, "govorun.db") {
		t.Errorf("backup: exit code %d, %s %s", code, stdout, stderr)
	}
	if code := stop(); code != 0 {
		t.Errorf("serve: exit code %d", code)
	}
	url, stop = serve(t, restored)
	if status := get(t, url+"/readyz"); status != http.StatusOK {
		t.Errorf("restored: status %d", status)
	}
	if code := stop(); code != 0 {
		t.Errorf("serve the restored: exit code %d", code)
	}
}

// serve runs the server until stop, which returns its exit code.
func serve(t *testing.T, data string) (url string, stop func() int) {
	t.Helper()
	url, lines, stop := serveWith(t, data)
	go func() {
		for range lines {
		}
	}()
	return url, stop
}

// serveWith is serve with flags, and with the lines that the server prints after its addresses. They
// must be read.
func serveWith(t *testing.T, data string, flags ...string) (url string, more <-chan string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	exited := make(chan int, 1)
	go func() {
		args := append([]string{"serve", "--listen=127.0.0.1:0", "--data", data}, flags...)
		code := run(ctx, args, &world{Stdout: w, Stderr: io.Discard})
		w.Close()
		exited <- code
	}()
	t.Cleanup(cancel)
	t.Cleanup(func() { r.Close() })
	lines := make(chan string, 100) // more than it prints
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(r); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	for line := range lines {
		if _, rest, ok := strings.Cut(line, "Page"); ok {
			return strings.TrimSuffix(strings.TrimSpace(rest), "/"), lines, func() int {
				cancel()
				return <-exited
			}
		}
	}
	t.Fatal("the server prints no address")
	return "", nil, nil
}

func get(t *testing.T, url string) int {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}
