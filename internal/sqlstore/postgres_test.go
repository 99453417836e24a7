package sqlstore

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/storetest"
	"github.com/govorun/govorun/test/servers"
)

func TestStoreOnPostgres(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	storetest.Run(t, func(t *testing.T) chat.Store {
		return openStore(t, Options{PostgresURL: server.NewDatabase(t), Connections: 4})
	})
}

// query runs a statement beside the store.
func query(t *testing.T, url, statement string, args ...any) (result string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), statement, args...).Scan(&result); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return result
}

// TestPostgresAway: while PostgreSQL is away everything is refused, soon, and afterwards all goes
// on. Connections that broke meanwhile are nobody's business.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	s := openStore(t, Options{PostgresURL: server.NewDatabase(t)})
	session := newTestSession(t, s)
	var wg sync.WaitGroup
	for range 20 { // so that there are connections to break
		wg.Go(func() {
			if err := s.Update(context.Background(), append1(session.ID, newID())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantUnavailable(t, s.Update(context.Background(), append1(session.ID, newID())))
	_, err := s.FindSession(context.Background(), session.ID)
	wantUnavailable(t, err)
	_, _, err = s.ListChanged(context.Background(), 0)
	wantUnavailable(t, err)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, s, append1(session.ID, newID()))

	query(t, server.URL("postgres"), "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS TEXT) FROM pg_stat_activity WHERE application_name = 'govorun'")
	for range 20 {
		wg.Go(func() {
			if err := s.Update(context.Background(), append1(session.ID, newID())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := s.FindSession(context.Background(), session.ID); err != nil { // readers' connections are new by then
		t.Error(err)
	}
}

// TestPostgresPaused: a server that takes connections and never answers is away, too.
func TestPostgresPaused(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	s := openStore(t, Options{PostgresURL: server.NewDatabase(t)})
	session := newTestSession(t, s)
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantUnavailable(t, s.Update(context.Background(), append1(session.ID, newID())))
	if took := time.Since(began); took > transactionTimeout+2*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, s, append1(session.ID, newID()))
	wantDenseEvents(t, s, session)
}

func wantDenseEvents(t *testing.T, s *Store, session *chat.Session) {
	t.Helper()
	events, err := s.ListEvents(context.Background(), session.Ref(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if events[i].Sequence != int64(i+1) {
			t.Fatalf("event %d has sequence %d", i+1, events[i].Sequence)
		}
	}
}

// deaf is a connection that breaks when the answer to a COMMIT should come.
type deaf struct {
	net.Conn
	commits   *atomic.Int64
	listening atomic.Bool
}

func (d *deaf) Write(b []byte) (int, error) {
	n, err := d.Conn.Write(b)
	if strings.Contains(string(b), "INSERT INTO events") || d.commits.Load() > 0 {
		d.listening.Store(true)
	}
	return n, err
}

func (d *deaf) Read(b []byte) (int, error) {
	n, err := d.Conn.Read(b)
	if err == nil && d.listening.Load() && strings.Contains(string(b[:n]), "COMMIT\x00") && d.commits.Add(1) == 1 {
		return 0, net.ErrClosed
	}
	return n, err
}

// TestCommitWithoutAnswer: whether it is stored is not known, so it is neither acknowledged nor
// done again, and nothing rings. Here it is stored.
func TestCommitWithoutAnswer(t *testing.T) {
	t.Parallel()
	var commits atomic.Int64
	commits.Store(1) // none is lost yet
	s := openStore(t, Options{PostgresURL: servers.NewPostgres(t).NewDatabase(t), wire: func(c net.Conn) net.Conn {
		return &deaf{Conn: c, commits: &commits}
	}})
	session := newTestSession(t, s)
	mustUpdate(t, s, append1(session.ID, "first"))
	commits.Store(0)
	runs := 0
	err := s.Update(context.Background(), func(x chat.Tx) error {
		runs++
		x.OnCommit(func() { t.Error("it rings") })
		return append1(session.ID, "second")(x)
	})
	wantUnavailable(t, err)
	if runs != 1 {
		t.Errorf("the function ran %d times", runs)
	}
	wantEvents(t, s, session, "first", "second")
}

// TestLongTransactionOfOthers: what is under way elsewhere in the server holds the position back,
// not for ever.
func TestLongTransactionOfOthers(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	s := openStore(t, Options{PostgresURL: server.NewDatabase(t)})
	session := newTestSession(t, s)
	other, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	if _, err := other.Exec(t.Context(), "BEGIN; SELECT pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	_, position, err := s.ListChanged(context.Background(), -1)
	if err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, s, append1(session.ID, newID()))
	for range 3 {
		changes, next, err := s.ListChanged(context.Background(), position)
		if err != nil || len(changes) != 1 || next != position {
			t.Fatalf("changes %v, position %d after %d, %v", changes, next, position, err)
		}
	}
	p := s.engine.(*postgres)
	p.seenMu.Lock()
	for i := range p.seen { // as if they were seen long ago
		p.seen[i].at = p.seen[i].at.Add(-longestTransaction - time.Second)
	}
	p.seenMu.Unlock()
	_, next, err := s.ListChanged(context.Background(), position)
	if err != nil || next <= position {
		t.Fatalf("position %d after %d, %v", next, position, err)
	}
	changes, _, err := s.ListChanged(context.Background(), next)
	if err != nil || len(changes) != 0 {
		t.Fatalf("changes %v, %v", changes, err)
	}
}

// TestCopiedDatabaseIsAnotherLog: a copy has another log id, and its new events come after those
// that were copied whatever its server's transaction numbers are.
func TestCopiedDatabaseIsAnotherLog(t *testing.T) {
	t.Parallel()
	server, other := servers.NewPostgres(t), servers.NewPostgres(t)
	url, copied := server.NewDatabase(t), other.NewDatabase(t)
	s := openStore(t, Options{PostgresURL: url})
	session := newTestSession(t, s)
	for range 100 { // the copy's server has given fewer numbers
		mustUpdate(t, s, append1(session.ID, newID()))
	}
	logID := s.LogID()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again := openStore(t, Options{PostgresURL: url}); again.LogID() != logID {
		t.Error("the log id has changed without reason")
	}
	dump(t, url, copied)
	c := openStore(t, Options{PostgresURL: copied})
	if c.LogID() == logID {
		t.Error("the copy has the log id of the original")
	}
	_, position, err := c.ListChanged(context.Background(), -1)
	if err != nil {
		t.Fatal(err)
	}
	if changes, _, err := c.ListChanged(context.Background(), position); err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
	mustUpdate(t, c, append1(session.ID, newID()))
	if changes, _, err := c.ListChanged(context.Background(), position); err != nil || len(changes) != 1 {
		t.Errorf("changes %v, %v", changes, err)
	}
	if id := openStore(t, Options{PostgresURL: copied}).LogID(); id != c.LogID() {
		t.Error("another node opens the copy under another log id")
	}
}

func TestTextThatCannotBeStored(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{PostgresURL: servers.NewPostgres(t).NewDatabase(t)})
	err := s.Update(context.Background(), func(x chat.Tx) error {
		return x.CreateClient(&chat.Client{ID: newID(), Name: "a\x00b"})
	})
	if chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("error %v", err)
	}
}

// TestManyWaitForOneSession: who writes to a session waits for the others; nobody is refused.
func TestManyWaitForOneSession(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{PostgresURL: servers.NewPostgres(t).NewDatabase(t)})
	session := newTestSession(t, s)
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			if err := s.Update(context.Background(), append1(session.ID, newID())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantDenseEvents(t, s, session)
	found, err := s.FindSession(context.Background(), session.ID)
	if err != nil || found.Sequence != 500 {
		t.Errorf("sequence %d, %v", found.Sequence, err)
	}
}

// TestClosedStoreIsRefused: nothing hangs, nothing panics.
func TestClosedStoreIsRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{PostgresURL: servers.NewPostgres(t).NewDatabase(t)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, s.Update(context.Background(), func(chat.Tx) error { return nil }))
	_, err := s.FindSession(context.Background(), "x")
	wantUnavailable(t, err)
}

func TestPostgresThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Options{PostgresURL: "postgres://u:secret@127.0.0.1:1/x"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

// dump copies a database as pg_dump does.
func dump(t *testing.T, from, to string) {
	t.Helper()
	pg, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), pg, "--no-owner", "--dbname", from).Output()
	if err != nil {
		t.Fatal(err)
	}
	restore := exec.CommandContext(t.Context(), "psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", to)
	restore.Stdin = strings.NewReader(string(out))
	if out, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
