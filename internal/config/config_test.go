package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/config"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const doc = "../../docs/configuration.md"

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || !c.Demo || !c.RateLimit || c.ShutdownTimeout != 30*time.Second || c.HTTP.TrustedProxies != nil {
		t.Errorf("defaults: %+v", c.Config)
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := write(t, "listen: 127.0.0.1:1\nlog: {level: debug, format: json}\nhttp:\n  trusted_proxies: [10.0.0.0/8, 192.168.1.7]\ncentrifugo:\nbot: {}\n")
	tests := []struct {
		name   string
		env    []string
		flags  map[string]string
		listen string
		origin string
	}{
		{"file over default", nil, nil, "127.0.0.1:1", "file " + file},
		{"environment over file", []string{"GOVORUN_LISTEN=127.0.0.1:2"}, nil, "127.0.0.1:2", "environment GOVORUN_LISTEN"},
		{"flag over environment", []string{"GOVORUN_LISTEN=127.0.0.1:2"}, map[string]string{"listen": "127.0.0.1:3"}, "127.0.0.1:3", "flag --listen"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(config.Sources{Environ: append(tt.env, "GOVORUN_CONFIG="+file, "PATH=/bin"), Flags: tt.flags})
			if err != nil {
				t.Fatal(err)
			}
			if c.Listen != tt.listen || c.Log.Format != "json" || c.Log.Level.String() != "DEBUG" || len(c.HTTP.TrustedProxies) != 2 {
				t.Errorf("got %+v", c.Config)
			}
			var out strings.Builder
			if err := c.WriteYAML(&out); err != nil {
				t.Fatal(err)
			}
			if want := `listen: "` + tt.listen + `" # ` + tt.origin + "\n"; !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		file  string
		env   []string
		flags map[string]string
		want  []string // in the error
	}{
		{name: "unknown key in the file", file: "listn: 127.0.0.1:1", want: []string{"unknown key listn", "file ", "did you mean listen?"}},
		{name: "unknown key in a section", file: "log:\n  levle: info", want: []string{"unknown key log.levle", "did you mean log.level?"}},
		{name: "scalar for a section", file: "log: debug", want: []string{"log (file ", "is a section", "log.level, log.format"}},
		{name: "section for a scalar", file: "listen: {port: 1}", want: []string{"unknown key listen.port", "did you mean listen?"}},
		{name: "empty unknown section", file: "kafka: {}", want: []string{"unknown key kafka"}},
		{name: "unknown variable", env: []string{"GOVORUN_LOGLEVEL=info"}, want: []string{"unknown key GOVORUN_LOGLEVEL (environment)", "did you mean GOVORUN_LOG_LEVEL?"}},
		{name: "unknown flag key", flags: map[string]string{"lsten": "x"}, want: []string{"unknown key lsten", "did you mean listen?"}},
		{name: "not YAML", file: "listen: [", want: []string{"file ", "yaml"}},
		{name: "key twice", file: "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2", want: []string{"already defined"}},
		{name: "address without port", file: "listen: localhost", want: []string{"listen (file ", `"localhost" is not valid`, "expected host:port"}},
		{name: "port too large", env: []string{"GOVORUN_LISTEN=127.0.0.1:99999"}, want: []string{"listen (environment GOVORUN_LISTEN)", "expected host:port"}},
		{name: "empty directory", env: []string{"GOVORUN_DATA="}, want: []string{"data", "expected a path"}},
		{name: "number out of range", file: "http: {max_header_bytes: 1}", want: []string{"http.max_header_bytes", `"1"`, "from 4096 to 1048576"}},
		{name: "word for a number", flags: map[string]string{"bot.turns": "many"}, want: []string{"bot.turns (flag --bot-turns)", `"many"`, "whole number"}},
		{name: "number without unit", file: "shutdown_timeout: 30", want: []string{"shutdown_timeout", `"30"`, "such as 30s"}},
		{name: "negative duration", file: "shutdown_timeout: -1s", want: []string{"shutdown_timeout", "from 0s to 10m"}},
		{name: "not a number", file: "rates: {address: .nan}", want: []string{"rates.address", "expected a number"}},
		{name: "not a URL of PostgreSQL", env: []string{"GOVORUN_POSTGRES_URL=mysql://db/govorun"}, want: []string{"postgres.url", "postgres:// or postgresql://"}},
		{name: "switch", file: "rate_limit: sometimes", want: []string{"rate_limit", `"sometimes"`, "on or off"}},
		{name: "level", file: "log: {level: loud}", want: []string{"log.level", `"loud"`, "debug, info, warn or error"}},
		{name: "format", file: "log: {format: xml}", want: []string{"log.format", "text or json"}},
		{name: "network", file: "http: {trusted_proxies: [10.0.0.0/8, nginx]}", want: []string{"http.trusted_proxies", "nginx", "addresses or networks"}},
		{name: "switch or networks", file: "webhooks: {allow_private: [10.0.0.0/8, some]}", want: []string{"webhooks.allow_private", "some", "off, on, or addresses"}},
		{name: "neither switch nor networks", env: []string{"GOVORUN_WEBHOOKS_ALLOW_PRIVATE="}, want: []string{"webhooks.allow_private", "off, on, or addresses"}},
		{name: "all at once", file: "listn: x\nlog: {level: loud}", want: []string{"listn", "loud"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := config.Sources{Environ: tt.env, Flags: tt.flags}
			if tt.file != "" {
				s.File = write(t, tt.file)
			}
			_, err := config.Load(s)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in %q", want, err)
				}
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := config.Load(config.Sources{File: path}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestSwitchTakesOnAndOff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"on": true, "true": true, "off": false, "false": false} {
		c, err := config.Load(config.Sources{File: write(t, "rate_limit: "+text), Environ: []string{"GOVORUN_DEMO=" + text}})
		if err != nil {
			t.Fatal(err)
		}
		if c.RateLimit != want || c.Demo != want {
			t.Errorf("%s: %v, %v", text, c.RateLimit, c.Demo)
		}
	}
}

func TestYAMLMasksSecretsAndCanBeReadAgain(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{Environ: []string{"GOVORUN_METRICS_TOKEN=hush", "GOVORUN_HTTP_TRUSTED_PROXIES=10.0.0.0/8, ::1"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Metrics.Token != "hush" {
		t.Errorf("token %q", c.Metrics.Token)
	}
	var out strings.Builder
	if err := c.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hush") || !strings.Contains(out.String(), "********") {
		t.Errorf("secret not masked:\n%s", out.String())
	}
	again, err := config.Load(config.Sources{File: write(t, out.String())})
	if err != nil {
		t.Fatal(err)
	}
	again.Metrics.Token = c.Metrics.Token
	if got := again.HTTP.TrustedProxies; len(got) != 2 || got[0] != c.HTTP.TrustedProxies[0] || got[1] != c.HTTP.TrustedProxies[1] {
		t.Errorf("trusted proxies came back as %v", got)
	}
}

func TestSecretIsNotInTheError(t *testing.T) {
	t.Parallel()
	for _, k := range config.Keys() {
		if !k.Secret {
			continue
		}
		_, err := config.Load(config.Sources{Environ: []string{k.Env() + "X=hush"}})
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range config.Keys() {
		if k.Doc == "" || k.Expects == "" {
			t.Errorf("%s is not documented", k.Name)
		}
		if seen[k.Env()] || seen[k.Flag()] || k.Env() == "GOVORUN_CONFIG" {
			t.Errorf("%s: its variable or flag is another's as well", k.Name)
		}
		seen[k.Env()], seen[k.Flag()] = true, true
	}
}

func TestDocumentIsInStep(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	if err := config.WriteDoc(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(doc, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("%s is out of step with the keys: run make generate", doc)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "govorun.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
