//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // reads what the server has written
	_ "modernc.org/sqlite"             // the same

	"github.com/govorun/govorun/test/servers"
)

// engine is what the data of a run is kept in.
type engine string

const (
	onSQLite   engine = "sqlite"
	onPostgres engine = "postgres"
)

// only leaves a test to the runs on one engine, since it is about that engine alone.
func (e engine) only(t *testing.T) {
	t.Helper()
	if run.engine != e {
		t.Skipf("this is about ENGINE=%s", e)
	}
}

// data is what a server works on: a database of PostgreSQL, or else a file in its directory.
type data struct {
	dir string
	url string // of the database; "" on SQLite
}

// newData is empty, of the test's own, and gone with the test.
func newData(t *testing.T) data {
	t.Helper()
	d := data{dir: filepath.Join(t.TempDir(), "data")}
	if run.engine == onPostgres {
		d.url = run.postgres.NewDatabase(t)
	}
	return d
}

// newPostgres starts a PostgreSQL that this test may harm.
func newPostgres(t *testing.T) *servers.Postgres {
	t.Helper()
	onPostgres.only(t)
	return servers.NewPostgres(t)
}

func (d data) file() string { return filepath.Join(d.dir, "govorun.db") }

// environment has a server work on the data.
func (d data) environment() []string {
	env := environment()
	if d.url != "" {
		env = append(env, "GOVORUN_POSTGRES_URL="+d.url)
	}
	return env
}

// open opens the data beside a server, to read it.
func (d data) open() (*sql.DB, error) { return d.openFor("ro") }

// openToWrite opens the data without a server.
func (d data) openToWrite() (*sql.DB, error) { return d.openFor("rw") }

func (d data) openFor(mode string) (*sql.DB, error) {
	if d.url != "" {
		return sql.Open("pgx", d.url)
	}
	return sql.Open("sqlite", "file:"+d.file()+"?_pragma=busy_timeout(10000)&mode="+mode)
}

// snapshot begins reading the data as it is at one moment.
func snapshot(ctx context.Context, db *sql.DB, d data) (*sql.Tx, error) {
	o := &sql.TxOptions{ReadOnly: true}
	if d.url != "" {
		o.Isolation = sql.LevelRepeatableRead // on SQLite every transaction is one
	}
	return db.BeginTx(ctx, o)
}

// mustCount asks the data for numbers.
func (d data) mustCount(t *testing.T, want map[string]int) {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range want {
		var got int
		if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v, expected %d", query, got, err, want)
		}
	}
}

// backup copies the data while a server writes it, as the documentation says. It returns the
// file of the copy.
func (d data) backup(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "copy")
	if d.url != "" {
		tool(t, "pg_dump", "--format=custom", "--file="+file, d.url)
		return file
	}
	if out, code := command(t, "backup", "--data", d.dir, "--to", file); code != 0 {
		t.Fatalf("backup: %d %s", code, out)
	}
	return file
}

// restore makes new data of a copy.
func (d data) restore(t *testing.T, file string) {
	t.Helper()
	if d.url != "" {
		tool(t, "pg_restore", "--exit-on-error", "--dbname="+d.url, file)
		return
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.file(), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program of PostgreSQL's.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), postgresProgram(name), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// postgresProgram is a program's path: Debian keeps those of each version apart.
func postgresProgram(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is a good one
	if len(found) == 0 {
		return name // in PATH
	}
	return slices.Max(found)
}

// unique is a text that is nowhere else and cannot be compressed, of so many bytes.
func unique(length int) string {
	var text strings.Builder
	for text.Len() < length {
		text.WriteString(rand.Text())
	}
	return text.String()[:length]
}
