package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres is a PostgreSQL cluster of its own: UTF-8, collation C, 200 connections, flushing
// what it commits, with a random password.
type Postgres struct {
	process
	url url.URL // of no database
}

// The ways of Stop.
const (
	Fast      = "fast"      // rolls back what is open, disconnects everyone, flushes, ends
	Immediate = "immediate" // ends without a checkpoint: the next start recovers from the log
)

// NewPostgres starts a cluster that ends with the test. Settings are of the form "name=value",
// as in postgresql.conf. It costs about two seconds: share it between tests that do not harm it.
func NewPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), "", settings...)
	Check(t, err)
	t.Cleanup(func() { closeWith(t, &p.process) })
	return p
}

// closeWith closes a server of a test, and shows its log when the test has failed.
func closeWith(t testing.TB, p *process) {
	t.Helper()
	if t.Failed() {
		t.Logf("the last lines of the log of %s:\n%s", p.name, p.LastLines(30))
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// StartPostgres is NewPostgres for TestMain and for programs, with the directory in which the
// data gets one of its own; empty is the system's for temporary files. Close ends the server and
// removes the data. The error is ErrMissing when PostgreSQL is not installed.
func StartPostgres(ctx context.Context, dir string, settings ...string) (*Postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	attr, err := attributes()
	if err != nil {
		return nil, err
	}
	dir, err = os.MkdirTemp(dir, "govorun-postgres-")
	if err != nil {
		return nil, err
	}
	p, err := initPostgres(ctx, bin, dir, attr, settings)
	if err == nil {
		err = p.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

// findPostgres finds the directory of PostgreSQL's programs: Debian keeps those of each version
// apart and out of PATH.
func findPostgres() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("postgresql: %w", ErrMissing)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // a name that is no number comes first
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// attributes are those of PostgreSQL's processes: a session of their own, so that Ctrl-C in a
// terminal is not for them, and another user when we are root.
func attributes() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("postgresql refuses to run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

// initPostgres makes the cluster in dir. It does not start it.
func initPostgres(ctx context.Context, bin, dir string, attr *syscall.SysProcAttr, settings []string) (*Postgres, error) {
	port, err := FreePort(ctx)
	if err != nil {
		return nil, err
	}
	password := rand.Text()
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := giveAway(attr, dir, file); err != nil {
		return nil, err
	}
	program := func(name string) command {
		return func(ctx context.Context, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
			cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, environment(), attr
			return cmd
		}
	}
	data := filepath.Join(dir, "data")
	out, err := program("initdb")(ctx, "--pgdata="+data, "--username=govorun", "--pwfile="+file,
		"--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	p := &Postgres{url: url.URL{
		Scheme: "postgres", User: url.UserPassword("govorun", password),
		Host: fmt.Sprintf("127.0.0.1:%d", port), RawQuery: "sslmode=disable",
	}}
	p.process = process{
		name: "postgresql", dir: dir, log: filepath.Join(dir, "log"), quit: "QUIT", ready: p.ping,
		command: program("postgres"), args: arguments(data, port, settings),
	}
	return p, nil
}

// giveAway makes the user of attr the owner of files.
func giveAway(attr *syscall.SysProcAttr, paths ...string) error {
	if attr.Credential == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// arguments are those of postgres. Later settings win.
func arguments(data string, port int, settings []string) []string {
	args := []string{"-D", data}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=",
		"max_connections=200",
	}, settings...) {
		args = append(args, "-c", setting)
	}
	return args
}

// environment is ours without what would configure PostgreSQL.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
}

// Addr is its host:port.
func (p *Postgres) Addr() string { return p.url.Host }

// URL is the address of a database, which need not exist.
func (p *Postgres) URL(database string) string {
	u := p.url
	u.Path = "/" + database
	return u.String()
}

// CreateDatabase creates a database and returns its URL. The name is of small letters, digits
// and underscores.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) (string, error) {
	if err := p.exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	return p.URL(name), nil
}

// DropDatabase drops a database, also under those who are connected to it.
func (p *Postgres) DropDatabase(ctx context.Context, name string) error {
	if err := p.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database: %w", err)
	}
	return nil
}

// NewDatabase creates a database of the test's own and returns its URL. It is dropped with the
// test, if the server is still there.
func (p *Postgres) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	address, err := p.CreateDatabase(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.PID() == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), startWithin)
		defer cancel()
		if err := p.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return address
}

// Stop ends it in one of the ways above, and waits until it is gone.
func (p *Postgres) Stop(mode string) error {
	switch mode {
	case Fast:
		return p.stop(syscall.SIGINT)
	case Immediate:
		return p.stop(syscall.SIGQUIT)
	default:
		return fmt.Errorf("postgresql: no such way to stop: %s", mode)
	}
}

// ping asks whether it answers queries, which it does not while it recovers.
func (p *Postgres) ping(ctx context.Context) error { return p.exec(ctx, "SELECT 1") }

// exec executes a statement outside of any database of the tests.
func (p *Postgres) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(err, conn.Close(closing))
}
