package main

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/servers"
)

// TestMigrate moves a server's data from its directory to PostgreSQL and back.
func TestMigrate(t *testing.T) {
	t.Parallel()
	postgres := servers.NewPostgres(t)
	database := postgres.NewDatabase(t)
	data := filepath.Join(t.TempDir(), "data")
	_, stop := serve(t, data)

	code, _, stderr := command(t.Context(), nil, "migrate", "--from", "sqlite:"+data, "--to", database)
	if code != 1 || !strings.Contains(stderr, "in use") {
		t.Errorf("under a server: exit code %d, %s", code, stderr)
	}
	if code := stop(); code != 0 {
		t.Fatalf("serve: exit code %d", code)
	}

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, stderr = command(cancelled, nil, "migrate", "--from", "sqlite:"+data, "--to", database)
	if code != 1 || !strings.Contains(stderr, "run the same command again") {
		t.Errorf("interrupted: exit code %d, %s", code, stderr)
	}

	back := filepath.Join(t.TempDir(), "back")
	for _, way := range [][2]string{{"sqlite:" + data, database}, {database, "sqlite:" + back}} {
		code, stdout, stderr := command(t.Context(), nil, "migrate", "--from", way[0], "--to", way[1])
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		if !regexp.MustCompile(`(?m)^chats +1 +1 +[0-9a-f]{16} +[0-9a-f]{16} +same$`).MatchString(stdout) || !strings.Contains(stdout, "Start the servers") {
			t.Errorf("it prints %s", stdout)
		}
		if !strings.Contains(stderr, "copying chats: 1 of 1 rows") {
			t.Errorf("it tells %s", stderr)
		}
	}
	url, stop := serve(t, back)
	if status := get(t, url+"/readyz"); status != http.StatusOK {
		t.Errorf("ready: status %d", status)
	}
	if code := stop(); code != 0 {
		t.Errorf("serve: exit code %d", code)
	}
}

func TestMigrateCommandLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no target", []string{"--from", "sqlite:x"}, 2, "--to"},
		{"a path alone", []string{"--from", "x", "--to", "postgres://h/d"}, 1, "sqlite:DIR"},
		{"nothing there", []string{"--from", "sqlite:" + t.TempDir(), "--to", "postgres://u:hunter2@127.0.0.1:1/d"}, 1, "no data directory"},
		{"another engine", []string{"--from", "sqlite:x", "--to", "mysql://u:hunter2@h/d"}, 1, "the target"},
		{"one engine", []string{"--from", "sqlite:x", "--to", "sqlite:y"}, 1, "govorun backup"},
	} {
		code, _, stderr := command(t.Context(), nil, append([]string{"migrate"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit code %d, %s", tt.name, code, stderr)
		}
	}
}

// TestMigrateProgress: a line a second, with what is left.
func TestMigrateProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := &migrateProgress{w: &out}
	m.tell(sqlstore.TransferProgress{Table: "events", Rows: 100, Of: 1000, AllRows: 200, OfAll: 1200})
	m.tell(sqlstore.TransferProgress{Table: "events", Rows: 150, Of: 1000, AllRows: 250, OfAll: 1200})
	m.began, m.told = time.Now().Add(-10*time.Second), time.Time{}
	m.tell(sqlstore.TransferProgress{Table: "events", Rows: 600, Of: 1000, AllRows: 700, OfAll: 1200})
	m.tell(sqlstore.TransferProgress{Verifying: true, Table: "chats", Rows: 1, Of: 1, AllRows: 1, OfAll: 1200})
	want := "copying events: 100 of 1000 rows; in all 200 of 1200\n" +
		"copying events: 600 of 1000 rows; in all 700 of 1200, 50 rows/s, about 10s left\n" +
		"verifying chats: 1 of 1 rows; in all 1 of 1200\n"
	if out.String() != want {
		t.Errorf("it tells\n%s, want\n%s", &out, want)
	}
}
