package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore"
)

func TestTableOfNodes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	nodes := []sqlstore.NodeState{
		{Node: chat.Node{
			ID: "0b0d5f0e-0000-4000-8000-000000000001", Name: "east", Address: "10.0.0.1:80", Version: "v1.2", StartedAt: now.Add(-26 * time.Hour),
			Connections: 1200, Turns: 3,
		}, Alive: true, Leases: 4},
		{Node: chat.Node{ID: "1b0d5f0e-0000-4000-8000-000000000002", Name: "west", Address: "10.0.0.2:80", Version: "v1.2", StartedAt: now.Add(time.Second)}},
	}
	var out strings.Builder
	if err := writeNodes(&out, nodes, 2, now); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"NAME  ID        ADDRESS      VERSION  UP      BEAT    CONNECTIONS  TURNS  LEASES  ROLE\n" +
		"east  0b0d5f0e  10.0.0.1:80  v1.2     26h0m0s  alive   1200         3      4       eldest\n" +
		"west  1b0d5f0e  10.0.0.2:80  v1.2     0s      silent  0            0      0       -\n" +
		"Turns claimed by servers that are gone: 2.\n"
	if squeezed(out.String()) != squeezed(want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := writeNodes(&out, nil, 0, now); err != nil || out.String() != "No server runs on this database.\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// squeezed has one blank where a table has several.
func squeezed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

func TestNodesOfADirectory(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	nodes := func(args ...string) string {
		code, stdout, stderr := command(t.Context(), nil, append([]string{"nodes", "--data", data}, args...)...)
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d, %s", code, stderr)
		}
		return stdout
	}
	if got := nodes(); !strings.Contains(got, data) || !strings.HasSuffix(got, "no server runs on it.\n") {
		t.Errorf("got %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*")); left != nil {
		t.Errorf("it has made %q", left)
	}
	store, err := sqlstore.Open(context.Background(), sqlstore.Options{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if got := nodes(); !strings.HasSuffix(got, "a server runs on it (process "+strconv.Itoa(os.Getpid())+").\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
	var report map[string]any
	if err := json.Unmarshal([]byte(nodes("--json")), &report); err != nil || report["running"] != true || report["engine"] != "sqlite" {
		t.Errorf("got %v, %v", report, err)
	}
}

func TestNodesOfADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	env := []string{"GOVORUN_POSTGRES_URL=postgres://user:s3cret@127.0.0.1:1/name"}
	code, stdout, stderr := command(t.Context(), env, "nodes")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "PostgreSQL on 127.0.0.1") || strings.Contains(stderr, "s3cret") {
		t.Errorf("exit code %d, %s %s", code, stdout, stderr)
	}
}
