//go:build e2e

package e2e

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
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
	file := s.data.backup(t)
	if run.engine == onSQLite {
		if out, code := command(t, "backup", "--data", s.data.dir, "--to", file); code == 0 {
			t.Errorf("a second backup overwrote the first: %s", out)
		}
	}
	pause(t.Context(), 300*time.Millisecond) // positions go on after the copy
	c.hush(t)
	c.checkEnd(t, s.data)
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
	for times := 1; times <= 2; times++ {
		s.data = newData(t)
		s.data.restore(t, file)
		s.start(t)
		awaitSettled(t, s.data, settleWithin) // the copy may be of a moment when a bot owed answers
		b := readSound(t, s.data)
		wrong := &complaints{t: t}
		for i, p := range c.people {
			b.checkPerson(t, wrong, p, before[i], nil, false)
		}
		for i, l := range c.listeners {
			l.await(t, 20*time.Second, "told to reload", func() bool { return l.reloads == times*len(l.channels()) })
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
		if len(epochs) != 1+times {
			t.Errorf("%d epochs after restoring %d times", len(epochs), times)
		}
		// Life goes on in the restored log, and with the same epoch after a restart.
		if err := c.people[0].say(t.Context(), "after the restore"); err != nil {
			t.Fatal(err)
		}
		awaitSettled(t, s.data, settleWithin)
		s.kill()
		s.start(t)
		b = readSound(t, s.data)
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

// TestRestoredDumpIsNotReadAgain: what the log held before the restore is behind the server's
// search for what it may have missed, which goes on every second.
func TestRestoredDumpIsNotReadAgain(t *testing.T) {
	t.Parallel()
	onPostgres.only(t)
	const messages = 50
	pg := servers.NewPostgres(t, "shared_preload_libraries=pg_stat_statements")
	s := newServerOn(t, data{dir: t.TempDir(), url: pg.NewDatabase(t)})
	p := &person{api: newAPI(t, s.url()), bot: true}
	p.session = p.api.open(t, object{}).ID
	for i := range messages {
		if err := p.say(t.Context(), fmt.Sprintf("before %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	awaitSettled(t, s.data, settleWithin)
	file := s.data.backup(t)
	s.kill()
	s.data.url = pg.NewDatabase(t)
	s.data.restore(t, file)
	s.start(t)
	listening(t, &listener{url: s.url(), sessions: []string{p.session}, echo: true})
	if err := p.say(t.Context(), "after"); err != nil {
		t.Fatal(err)
	}
	awaitSettled(t, s.data, settleWithin)

	db, err := sql.Open("pgx", pg.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE EXTENSION pg_stat_statements`); err != nil {
		t.Fatal(err)
	}
	searches := func() (calls, rows int) {
		err := db.QueryRowContext(t.Context(), `SELECT coalesce(sum(calls), 0), coalesce(sum(rows), 0)
			FROM pg_stat_statements WHERE query LIKE '%ListChanged%' AND query NOT LIKE '%pg_stat%'`).Scan(&calls, &rows)
		if err != nil {
			t.Fatal(err)
		}
		return calls, rows
	}
	before, seen := searches()
	calls, rows := before, seen
	eventually(t, 20*time.Second, "three searches", func() bool {
		calls, rows = searches()
		return calls >= before+3
	})
	if rows > seen+2 {
		t.Errorf("%d searches found %d changes, there was at most one", calls-before, rows-seen)
	}
}
