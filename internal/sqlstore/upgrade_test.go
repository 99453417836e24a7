package sqlstore

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// expandFile adds a column, a table and an index without keeping anybody from writing. It is run
// outside of a transaction, so that each statement may have been done before.
const expandFile = `-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
ALTER TABLE events ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
CREATE TABLE notes (
    session_key BIGINT NOT NULL PRIMARY KEY REFERENCES sessions (key),
    text        TEXT NOT NULL
);
-- postgres: CREATE INDEX CONCURRENTLY events_kind ON events (kind);
`

// contractFile takes away what the first program needs.
const contractFile = `-- +goose Up
ALTER TABLE sessions DROP COLUMN bot_id;
`

// expandedLive is the schema of the next program, contracted that of one after it.
func expandedLive(t testing.TB) *schema {
	return laterSchema(t, 1, map[string]string{"09001_expand.sql": expandFile})
}

func contracted(t testing.TB) *schema {
	return laterSchema(t, 9001, map[string]string{"09001_expand.sql": expandFile, "09002_contract.sql": contractFile})
}

// life is what a server does all day, in several goroutines, until it is stopped.
type life struct {
	done    atomic.Bool
	wg      sync.WaitGroup
	written atomic.Int64
}

func live(t *testing.T, s *Store, sessions ...*chat.Session) *life {
	l := &life{}
	for i := range 6 {
		session := sessions[i%len(sessions)]
		l.wg.Go(func() {
			for !l.done.Load() {
				if err := s.Update(context.Background(), append1(session.ID, newID())); err != nil {
					t.Errorf("a program cannot write: %v", err)
					return
				}
				l.written.Add(1)
				if err := readAll(s, session); err != nil {
					t.Errorf("a program cannot read: %v", err)
					return
				}
			}
		})
	}
	return l
}

// readAll uses statements that name each column of the tables that are changed.
func readAll(s *Store, session *chat.Session) error {
	ctx := context.Background()
	found, err := s.FindSession(ctx, session.ID)
	if err != nil {
		return err
	}
	if _, err := s.ListEvents(ctx, session.Ref(), max(0, found.Sequence-10), 20); err != nil {
		return err
	}
	if _, _, err := s.ListMessages(ctx, session.Ref(), chat.MessagesQuery{Limit: 5, Newest: true}); err != nil {
		return err
	}
	_, err = s.FindSessionDetails(ctx, session.Key)
	return err
}

// more waits until n more messages were written.
func (l *life) more(t *testing.T, n int64) {
	t.Helper()
	want := l.written.Load() + n
	for end := time.Now().Add(30 * time.Second); l.written.Load() < want; <-time.After(time.Millisecond) {
		if t.Failed() || time.Now().After(end) {
			t.Fatal("a program does not go on")
		}
	}
}

func (l *life) stop() {
	l.done.Store(true)
	l.wg.Wait()
}

// TestOlderProgramGoesOn: while one program runs, a later one expands the tables and writes to
// them. Both read what the other has written. Only a contraction ends that, at the next opening.
func TestOlderProgramGoesOn(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	old := openStore(t, Options{PostgresURL: url})
	session, other := newTestSession(t, old), newTestSession(t, old)
	l := live(t, old, session, other)
	defer l.stop()
	l.more(t, 100)

	later := make([]*Store, 2) // two nodes of the later program start at once
	starting, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := range later {
		wg.Go(func() {
			var err error
			if later[i], err = Open(starting, Options{PostgresURL: url, schema: expandedLive(t)}); err != nil {
				t.Errorf("a later program does not start: %v", err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	defer later[1].Close()
	defer later[0].Close()
	l.more(t, 100)
	newer := live(t, later[0], session, other)
	l.more(t, 100)
	newer.more(t, 100)
	if got := query(t, url, "SELECT mood || ' ' || CAST((SELECT SUM(weight) = COUNT(*) FROM events) AS TEXT) FROM sessions LIMIT 1"); got != "calm true" {
		t.Errorf("what the later program has added is %q", got)
	}

	again := openStore(t, Options{PostgresURL: url}) // the older program, on the expanded tables
	l2 := live(t, again, session)
	l2.more(t, 50)
	started := newTestSession(t, again)
	mustUpdate(t, later[1], append1(started.ID, newID()))
	mustUpdate(t, again, append1(started.ID, newID()))
	for _, l := range []*life{l, newer, l2} {
		l.stop()
	}
	for _, s := range []*Store{old, later[0], again} {
		wantNoGap(t, s, session)
		wantNoGap(t, s, started)
	}
	if again.LogID() != old.LogID() || later[0].LogID() != old.LogID() {
		t.Error("the log id has changed")
	}

	if err := openStore(t, Options{PostgresURL: url, schema: contracted(t)}).Close(); err != nil {
		t.Fatal(err)
	}
	wantTooOld(t, Options{PostgresURL: url})
}

// wantNoGap reads a session to its end.
func wantNoGap(t *testing.T, s *Store, session *chat.Session) {
	t.Helper()
	found, err := s.FindSession(context.Background(), session.ID)
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.ListEvents(context.Background(), session.Ref(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(events)) != found.Sequence || events[len(events)-1].Sequence != found.Sequence {
		t.Errorf("the session stands at %d and has %d events", found.Sequence, len(events))
	}
}

// wantTooOld: the data is left to later programs.
func wantTooOld(t *testing.T, o Options) {
	t.Helper()
	for range 2 {
		s, err := Open(context.Background(), o)
		if err == nil {
			s.Close()
			t.Fatal("an older program opens what it does not understand")
		}
		if !strings.Contains(err.Error(), "version 9002") || !strings.Contains(err.Error(), "start a later program") {
			t.Errorf("error %v", err)
		}
	}
}

// TestProgramsTakeTurns is the same on SQLite, which one program has at a time.
func TestProgramsTakeTurns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var session *chat.Session
	for i, schema := range []*schema{nil, expandedLive(t), nil, expandedLive(t), nil} {
		s, err := Open(context.Background(), Options{Dir: dir, schema: schema})
		if err != nil {
			t.Fatalf("opening %d: %v", i+1, err)
		}
		if session == nil {
			session = newTestSession(t, s)
		}
		mustUpdate(t, s, append1(session.ID, newID()))
		wantNoGap(t, s, session)
		if err := readAll(s, session); err != nil {
			t.Errorf("opening %d: %v", i+1, err)
		}
		newTestSession(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(context.Background(), Options{Dir: dir, schema: contracted(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantTooOld(t, Options{Dir: dir})
}

// TestProgramsStartAtOnce on an empty database: one makes the tables, all go on.
func TestProgramsStartAtOnce(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	starting, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 {
		url := server.NewDatabase(t)
		stores := make([]*Store, 5)
		var wg sync.WaitGroup
		for i := range stores {
			wg.Go(func() {
				o := Options{PostgresURL: url}
				if i == 4 {
					o.schema = expandedLive(t)
				}
				var err error
				if stores[i], err = Open(starting, o); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			t.FailNow()
		}
		session := newTestSession(t, stores[0])
		for _, s := range stores {
			if s.LogID() != stores[0].LogID() {
				t.Error("they have different logs")
			}
			mustUpdate(t, s, append1(session.ID, newID()))
		}
		for _, s := range stores {
			wantNoGap(t, s, session)
			s.Close()
		}
	}
}

// TestFailedMigration leaves the data as it was, and the program before goes on.
func TestFailedMigration(t *testing.T) {
	t.Parallel()
	broken := laterSchema(t, 9001, map[string]string{"09001_broken.sql": `-- +goose Up
ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
DELETE FROM events;
INSERT INTO nowhere VALUES (1);
`})
	mended := laterSchema(t, 1, map[string]string{"09001_mended.sql": `-- +goose Up
ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
`})
	for name, o := range map[string]Options{
		"sqlite":   {Dir: t.TempDir()},
		"postgres": {PostgresURL: servers.NewPostgres(t).NewDatabase(t)},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, o)
			session := newTestSession(t, s)
			mustUpdate(t, s, append1(session.ID, newID()))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			later := o
			later.schema = broken
			for range 2 {
				if _, err := Open(context.Background(), later); err == nil || !strings.Contains(err.Error(), "to 9001") {
					t.Fatalf("error %v", err)
				}
			}
			s = openStore(t, o)
			wantNoGap(t, s, session)
			if found, err := s.FindSession(t.Context(), session.ID); err != nil || found.Sequence != 1 {
				t.Errorf("session %+v, %v", found, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			later.schema = mended
			s = openStore(t, later)
			mustUpdate(t, s, append1(session.ID, newID()))
			wantNoGap(t, s, session)
		})
	}
}
