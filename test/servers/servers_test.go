package servers_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/govorun/govorun/test/servers"
)

func TestPostgresKeepsItsDataWhenKilled(t *testing.T) {
	t.Parallel()
	pg := servers.NewPostgres(t)
	address := pg.NewDatabase(t)

	execute(t, address, "CREATE TABLE word (text text NOT NULL)")
	execute(t, address, "INSERT INTO word VALUES ('kept')")
	ends := map[string]func() error{
		"kill":      pg.Kill,
		"fast":      func() error { return pg.Stop(servers.Fast) },
		"immediate": func() error { return pg.Stop(servers.Immediate) },
	}
	for name, end := range ends {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if pg.PID() != 0 {
			t.Errorf("%s: it has the process %d", name, pg.PID())
		}
		if conn, err := net.Dial("tcp", pg.Addr()); err == nil {
			conn.Close()
			t.Fatalf("%s: somebody still listens", name)
		}
		if err := pg.Start(t.Context()); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		if got := query(t, address, "SELECT text FROM word"); got != "kept" {
			t.Errorf("after %s: the row is %q", name, got)
		}
	}
}

func TestPostgresIsAsPromised(t *testing.T) {
	t.Parallel()
	pg := servers.NewPostgres(t, "max_connections=50")
	address := pg.NewDatabase(t)
	for statement, want := range map[string]string{
		"SHOW server_encoding":    "UTF8",
		"SHOW fsync":              "on",
		"SHOW synchronous_commit": "on",
		"SHOW max_connections":    "50",
		"SHOW listen_addresses":   "127.0.0.1",
		"SELECT datcollate FROM pg_database WHERE datname = current_database()": "C",
	} {
		if got := query(t, address, statement); got != want {
			t.Errorf("%s: %q, want %q", statement, got, want)
		}
	}
}

func TestPausedPostgresAnswersNobody(t *testing.T) {
	t.Parallel()
	pg := servers.NewPostgres(t)
	conn := connect(t, pg.NewDatabase(t))
	if err := pg.Pause(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT 1")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("it has answered: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := pg.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestPausedPostgresCanBeKilled(t *testing.T) {
	t.Parallel()
	pg := servers.NewPostgres(t)
	if err := pg.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRedisPausesAndForgets(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	r := dial(t, redis.Addr())
	r.say(t, "PING", "+PONG")
	r.say(t, "SET word kept", "+OK")

	if err := redis.Pause(); err != nil {
		t.Fatal(err)
	}
	r.write(t, "PING")
	_ = r.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := r.read.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("paused, it says %v", err)
	}
	_ = r.conn.SetReadDeadline(time.Time{})
	if err := redis.Resume(); err != nil {
		t.Fatal(err)
	}
	r.hear(t, "+PONG")

	for name, end := range map[string]func() error{"kill": redis.Kill, "stop": redis.Stop} {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := redis.Start(t.Context()); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		dial(t, redis.Addr()).say(t, "EXISTS word", ":0")
	}
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, address, statement string) {
	t.Helper()
	if _, err := connect(t, address).Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func query(t *testing.T, address, statement string) string {
	t.Helper()
	var got string
	if err := connect(t, address).QueryRow(t.Context(), statement).Scan(&got); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return got
}

// raw is a connection to Redis. Source: the inline commands of its protocol.
type raw struct {
	conn net.Conn
	read *bufio.Reader
}

func dial(t *testing.T, address string) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{conn, bufio.NewReader(conn)}
}

func (r *raw) say(t *testing.T, command, want string) {
	t.Helper()
	r.write(t, command)
	r.hear(t, want)
}

func (r *raw) write(t *testing.T, command string) {
	t.Helper()
	if _, err := io.WriteString(r.conn, command+"\r\n"); err != nil {
		t.Fatal(err)
	}
}

func (r *raw) hear(t *testing.T, want string) {
	t.Helper()
	if got, err := r.read.ReadString('\n'); err != nil || got != want+"\r\n" {
		t.Errorf("redis says %q (%v), want %q", got, err, want)
	}
}
