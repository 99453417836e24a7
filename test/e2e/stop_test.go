//go:build e2e

package e2e

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// disconnectShutdown is Centrifugo's code for a server that stops: clients reconnect.
const disconnectShutdown = 3001

// TestGracefulStop sends SIGTERM under load: what was acknowledged is there, turns are done
// or taken up later, sockets are told to come back, and the exit code is 0.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	r := random(t)
	s := newServer(t, "--shutdown-timeout", "20s")
	c := gather(t, s.url(), 16)
	c.talk(t, r)
	for range 3 {
		pause(t.Context(), 300*time.Millisecond+time.Duration(r.Int64N(int64(300*time.Millisecond))))
		began := time.Now()
		if code := s.terminate(t); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("stopping took %s", took)
		}
		// A turn that began before was finished, and nobody works on one any more.
		b := readBook(t, s.data)
		b.checkNumbers(t)
		b.checkTurns(t, false)
		s.start(t)
		c.checkMeanwhile(t, s.data)
	}
	c.hush(t)
	c.checkEnd(t, s.data)
	for _, l := range c.listeners {
		if l.connections() < 4 {
			t.Errorf("%d connections over 3 stops", l.connections())
		}
		if codes := l.closedWith(); !slices.Contains(codes, disconnectShutdown) {
			t.Errorf("closed with %v, expected to be told of the shutdown", codes)
		}
	}
}

// TestStopWithStuckClients: neither half a request nor open sockets keep a server alive.
func TestStopWithStuckClients(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--shutdown-timeout", "3s")
	p := &person{api: newAPI(t, s.url())}
	p.session = p.api.open(t, object{}).ID
	ear := listening(t, &listener{url: s.url(), sessions: []string{p.session}, echo: true})
	for _, text := range []string{
		"", "POST " + messagesOf(p.session), // no header yet
		"POST " + messagesOf(p.session) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"body\":", // a handler waits
	} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.say(t.Context(), "the last word"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	code := s.terminate(t)
	if took := time.Since(began); took > 15*time.Second { // on a busy machine; half a request may last 30 s, a socket forever
		t.Errorf("stopping took %s, with a timeout of 3 s", took)
	}
	t.Logf("exit code %d after %s", code, time.Since(began))
	s.start(t)
	awaitSettled(t, s.data, settleWithin)
	b := readSound(t, s.data)
	ear.awaitOffset(t, 20*time.Second, "session:"+p.session, b[p.session].sessionNo)
	ear.awaitOffset(t, 20*time.Second, "widget:"+p.session, b[p.session].widgetNo) // each channel at its own pace
	b.checkListener(t, &complaints{t: t}, ear)
	b.checkPerson(t, &complaints{t: t}, p, p.acked, nil, true)
}

// TestSecondServer: two servers cannot have one data directory nor one address, and the first
// does not suffer.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := &person{api: newAPI(t, s.url())}
	p.session = p.api.open(t, object{}).ID
	if run.engine == onSQLite { // any number of servers may share a database of PostgreSQL
		out, code := command(t, "serve", "--listen", "127.0.0.1:0", "--data", s.data.dir)
		if code != 1 || !strings.Contains(out, "in use") {
			t.Errorf("exit code %d: %s", code, out)
		}
	}
	out, code := command(t, "serve", "--listen", s.addr, "--data", filepath.Join(t.TempDir(), "other"))
	if code != 1 || !strings.Contains(out, "in use") {
		t.Errorf("same address: exit code %d: %s", code, out)
	}
	if err := p.say(t.Context(), "still here"); err != nil {
		t.Error(err)
	}
}

// TestNewerData: a program works with data of a later one if that one says so, as while nodes are
// upgraded one by one, and does not touch it otherwise.
func TestNewerData(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	newAPI(t, s.url()).open(t, object{})
	db, err := s.data.openToWrite()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, step := range []struct {
		statement string
		serves    bool
	}{
		{`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`, true},
		{`UPDATE meta SET value = '99999' WHERE name = 'compatible_from'`, false},
	} {
		if code := s.terminate(t); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		if _, err := db.ExecContext(t.Context(), step.statement); err != nil {
			t.Fatal(err)
		}
		s.launch(t)
		if step.serves {
			s.awaitReady(t)
			newAPI(t, s.url()).open(t, object{})
		}
	}
	eventually(t, startWithin, "the server ends", s.ended)
	out, code := s.lastLines(5), s.cmd.ProcessState.ExitCode()
	if code != 1 || !strings.Contains(out, "version 99999") || strings.Contains(out, "panic") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if n := len(readBook(t, s.data)); n != 2 {
		t.Errorf("%d sessions after the refusal", n)
	}
}
