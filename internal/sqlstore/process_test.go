package sqlstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// child starts this test binary as another process.
func child(t *testing.T, mode string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), childMode+"="+mode)
	return c
}

func childFails(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// childOpens is a second server on the directory in its argument.
func childOpens() int {
	s, err := Open(context.Background(), Options{Dir: os.Args[1]})
	if err != nil {
		return childFails(err)
	}
	return childFails(s.Close())
}

// childBacksUp is `backup`, run beside a server.
func childBacksUp() int {
	if err := Backup(context.Background(), os.Args[1], os.Args[2]); err != nil {
		return childFails(err)
	}
	return 0
}

// childWrites appends to the sessions in its arguments, from several goroutines, until it is
// killed. It prints the id of every event after it was acknowledged.
func childWrites() int {
	s, err := Open(context.Background(), Options{Dir: os.Args[1], walLimit: 256 << 10})
	if err != nil {
		return childFails(err)
	}
	var mu sync.Mutex
	failed := make(chan error)
	for g := range 32 {
		go func() {
			for {
				id := newID()
				if err := s.Update(context.Background(), append1(os.Args[2+g%(len(os.Args)-2)], id)); err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Fprintln(os.Stdout, id)
				mu.Unlock()
			}
		}()
	}
	return childFails(<-failed)
}

// TestKilledProcessLosesNothing: promise 1, in several rounds on the same data.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, Options{Dir: dir})
	sessions := make([]*chat.Session, 5)
	args := []string{dir}
	for i := range sessions {
		sessions[i] = newTestSession(t, s)
		args = append(args, sessions[i].ID)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	for round := range 4 {
		killedWriter(t, args, 300+211*round, acknowledged)
		s := openStore(t, Options{Dir: dir})
		stored := map[string]bool{}
		for _, session := range sessions {
			eventIDs(t, s, session, stored)
		}
		for id := range acknowledged {
			if !stored[id] {
				t.Errorf("round %d: event %s was acknowledged and is not there", round, id)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killedWriter kills a writing process after it has acknowledged n events, and adds all that
// it has.
func killedWriter(t *testing.T, args []string, n int, acknowledged map[string]bool) {
	t.Helper()
	c := child(t, "write", args...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	for seen := 0; ; seen++ {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // a line cut short was not acknowledged to anyone
		}
		if err != nil {
			t.Fatal(err)
		}
		acknowledged[strings.TrimSpace(line)] = true
		if seen == n {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
}

// eventIDs adds the ids of a session's events, which must be numbered without a gap.
func eventIDs(t *testing.T, s *Store, session *chat.Session, ids map[string]bool) {
	t.Helper()
	events, err := s.ListEvents(context.Background(), session.Ref(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if events[i].Sequence != int64(i+1) || events[i].SessionNo != int64(i+1) {
			t.Fatalf("event %d has the numbers %d and %d", i+1, events[i].Sequence, events[i].SessionNo)
		}
		ids[events[i].ID] = true
	}
	found, err := s.FindSession(context.Background(), session.ID)
	if err != nil || found.Sequence != int64(len(events)) {
		t.Fatalf("session stands at %d with %d events, %v", found.Sequence, len(events), err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, Options{Dir: dir})
	out, err := child(t, "open", dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another process (process ") {
		t.Errorf("another process: %v, %s", err, out)
	}
	if _, err := Open(context.Background(), Options{Dir: dir}); err == nil {
		t.Error("the same process has opened it twice")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openStore(t, Options{Dir: dir})
}

// TestBackup copies while others write, from another process, and restores the copy twice.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir, dest := t.TempDir(), filepath.Join(t.TempDir(), "copy.db")
	s := openStore(t, Options{Dir: dir})
	session := newTestSession(t, s)
	var before []string
	for range 200 {
		before = append(before, newID())
		mustUpdate(t, s, append1(session.ID, before[len(before)-1]))
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := s.Update(context.Background(), append1(session.ID, newID())); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	out, err := child(t, "backup", dir, dest).CombinedOutput()
	close(stop)
	wg.Wait()
	if err != nil {
		t.Fatalf("backup: %v, %s", err, out)
	}
	first, second := restored(t, dest, session, before), restored(t, dest, session, before)
	if first == second || first == s.LogID() || second == s.LogID() {
		t.Errorf("log ids of the original and of two copies: %s, %s, %s", s.LogID(), first, second)
	}
	if err := Backup(context.Background(), dir, dest); err == nil {
		t.Error("a backup was overwritten")
	}
	if err := Backup(context.Background(), t.TempDir(), dest+"2"); err == nil {
		t.Error("a directory without data was backed up")
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(dest), "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("files left beside the backup: %v, %v", files, err)
	}
}

// restored opens a copy of a backup, looks for events, and returns its log id, which stays
// when it is opened again.
func restored(t *testing.T, backup string, session *chat.Session, before []string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, databaseName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, Options{Dir: dir})
	ids := map[string]bool{}
	eventIDs(t, s, session, ids)
	for _, id := range before {
		if !ids[id] {
			t.Fatalf("event %s was there before the backup", id)
		}
	}
	mustUpdate(t, s, append1(session.ID, newID()))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openStore(t, Options{Dir: dir})
	if again.LogID() != s.LogID() {
		t.Errorf("the log id of a restored copy changed from %s to %s", s.LogID(), again.LogID())
	}
	return s.LogID()
}
