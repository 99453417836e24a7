package sqlstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk fills a small file system, where this process may mount one; elsewhere
// TestFullDatabase stands alone.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("no small disk to fill: %v", err)
		return
	}
	t.Cleanup(func() {
		err := syscall.Unmount(dir, 0)
		for end := time.Now().Add(10 * time.Second); errors.Is(err, syscall.EBUSY) && time.Now().Before(end); {
			<-time.After(10 * time.Millisecond) // a process that is just being started has copies of open files
			err = syscall.Unmount(dir, 0)
		}
		if err != nil {
			t.Error(err)
		}
	})
	s := openStore(t, Options{Dir: dir, Fatal: func(err error) { t.Errorf("fatal: %v", err) }})
	session := newTestSession(t, s)
	ballast := filepath.Join(dir, "ballast")
	for round := range 3 {
		fill(t, ballast)
		var refused error
		for n := 0; refused == nil && n < 10_000; n++ {
			refused = s.Update(context.Background(), append1(session.ID, newID()))
		}
		wantUnavailable(t, refused)
		for _, err := range queued(t, s, bulk(session.ID), bulk(session.ID)) {
			wantUnavailable(t, err)
		}
		if _, err := s.FindSession(context.Background(), session.ID); err != nil {
			t.Errorf("round %d: reading: %v", round, err)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		mustUpdate(t, s, append1(session.ID, newID()))
	}
	eventIDs(t, s, session, map[string]bool{})
}

// fill takes all the room there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
}
