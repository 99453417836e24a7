//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestBackupUnderLoad copies the data while people talk and restores the copy under them: what
// was acknowledged before is there, and nobody recovers a position of the other history.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	r := random(t)
	s := newServer(t)
	c := gather(t, s.url(), 8)
	c.talk(t, r)
	enough := func() bool {
		acked, _, _ := c.people[7].account()
		return len(acked) > 20
	}
	eventually(t, 20*time.Second, "people talk", enough)

	before := make([][]said, len(c.people))
	for i, p := range c.people {
		before[i], _, _ = p.account()
	}
	file := filepath.Join(t.TempDir(), "copy.db")
	if out, code := command(t, "backup", "--data", s.dir, "--to", file); code != 0 {
		t.Fatalf("backup: %d %s", code, out)
	}
	if out, code := command(t, "backup", "--data", s.dir, "--to", file); code == 0 {
		t.Errorf("a second backup overwrote the first: %s", out)
	}
	pause(t.Context(), 300*time.Millisecond) // positions go on after the copy
	c.hush(t)
	c.checkEnd(t, s.dir)
	epochs := map[string]bool{}
	for _, l := range c.listeners {
		l.mu.Lock()
		for _, p := range l.places {
			epochs[p.epoch] = true
		}
		l.reload = true
		l.mu.Unlock()
	}
	if len(epochs) != 1 {
		t.Errorf("%d epochs of one log", len(epochs))
	}
	s.kill()
	for restored := 1; restored <= 2; restored++ {
		s.dir = filepath.Join(t.TempDir(), "restored")
		restore(t, file, s.dir)
		s.start(t)
		awaitSettled(t, s.dir, settleWithin) // the copy may be of a moment when a bot owed answers
		b := readSound(t, s.dir)
		wrong := &complaints{t: t}
		for i, p := range c.people {
			b.checkPerson(t, wrong, p, before[i], nil, false)
		}
		for i, l := range c.listeners {
			l.await(t, 20*time.Second, "told to reload", func() bool { return l.reloads == restored*len(l.channels()) })
			l.mu.Lock()
			for channel, p := range l.places {
				epochs[p.epoch] = true
				if len(l.heard[channel]) > 0 && l.heard[channel][0].offset <= p.start {
					t.Errorf("%s: old publications after a reload", channel)
				}
			}
			l.mu.Unlock()
			b.checkHistory(wrong, c.people[i].session, c.api.wholeHistory(t, c.people[i].session))
		}
		if len(epochs) != 1+restored {
			t.Errorf("%d epochs after restoring %d times", len(epochs), restored)
		}
		// Life goes on in the restored log, and with the same epoch after a restart.
		if err := c.people[0].say(t.Context(), "after the restore"); err != nil {
			t.Fatal(err)
		}
		awaitSettled(t, s.dir, settleWithin)
		s.kill()
		s.start(t)
		b = readSound(t, s.dir)
		for _, l := range c.listeners {
			for _, channel := range l.channels() {
				want := b[l.sessions[0]].widgetNo
				if channel[0] == 's' {
					want = b[l.sessions[0]].sessionNo
				}
				l.awaitOffset(t, 20*time.Second, channel, want)
			}
			b.checkListener(t, wrong, l)
		}
		s.kill()
	}
}

func restore(t *testing.T, file, dir string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "govorun.db"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}
