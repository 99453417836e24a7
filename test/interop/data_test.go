//go:build interop

package interop

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// data is what a server works on: a database of PostgreSQL, or else a file in its directory.
type data struct {
	dir string
	url string // of the database; "" on SQLite
}

// newData is empty, of the test's own, and gone with the test.
func newData(t *testing.T) data {
	t.Helper()
	d := data{dir: t.TempDir()}
	if installed.postgres != nil {
		d.url = installed.postgres.NewDatabase(t)
	}
	return d
}

// environment has a server work on the data.
func (d data) environment() []string {
	env := environment()
	if d.url != "" {
		env = append(env, "GOVORUN_POSTGRES_URL="+d.url)
	}
	return env
}

// copy backs the data up while a server writes it, and restores that as other data.
func (d data) copy(t *testing.T, to data) {
	t.Helper()
	if d.url == "" {
		cmd := exec.Command(installed.server, "backup", "--data", d.dir, "--to", filepath.Join(to.dir, "govorun.db"))
		cmd.Env = environment()
		mustRun(t, cmd)
		return
	}
	file := filepath.Join(t.TempDir(), "copy")
	mustRun(t, exec.Command(postgresProgram("pg_dump"), "--format=custom", "--file="+file, d.url))
	mustRun(t, exec.Command(postgresProgram("pg_restore"), "--exit-on-error", "--dbname="+to.url, file))
}

func mustRun(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd.Path, err, out)
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
