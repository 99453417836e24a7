package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// What the domain does, from many at once. On SQLite its transactions come one after another.

func newService(t *testing.T, s *Store) (*chat.Service, *chat.Chat) {
	t.Helper()
	service := chat.NewService(chat.Params{
		Store: s, Node: "here", Now: time.Now, NewID: newID, NewSecretID: uuid.NewString, Ring: func(chat.Ring) {}, TurnLease: 30 * time.Second,
	})
	bot := chat.BotRecord{ID: uuid.NewString(), Name: "Bot"}
	c := &chat.Chat{ID: uuid.NewString(), Name: "shop", BotID: bot.ID, Identity: chat.IdentityOpen, Language: "en"}
	mustUpdate(t, s, func(tx chat.Tx) error { return errors.Join(tx.PutBot(&bot), tx.CreateChat(c)) })
	return service, c
}

// startTogether has starts happen at once, none of which may fail.
func startTogether(t *testing.T, service *chat.Service, starts []chat.StartParams) {
	t.Helper()
	var wg sync.WaitGroup
	for _, p := range starts {
		wg.Go(func() {
			if _, err := service.Start(context.Background(), p); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestStartsOfOneClientAtOnce: each supersedes the one before; one session is open in the end.
func TestStartsOfOneClientAtOnce(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	for name, o := range map[string]Options{"sqlite": {}, "postgres": {PostgresURL: url}} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, o)
			service, c := newService(t, s)
			for i := range 5 {
				starts := make([]chat.StartParams, 16)
				for j := range starts {
					starts[j] = chat.StartParams{ChatID: c.ID, ExternalID: fmt.Sprint("u", i)}
				}
				startTogether(t, service, starts)
			}
		})
	}
	if open := query(t, url, "SELECT CAST(COUNT(*) AS TEXT) FROM sessions WHERE status = 'open'"); open != "5" {
		t.Errorf("%s sessions are open", open)
	}
	if clients := query(t, url, "SELECT CAST(COUNT(*) AS TEXT) FROM clients"); clients != "5" {
		t.Errorf("there are %s clients", clients)
	}
}

// TestReturningClientAtOnce: some change the client, others do not; none waits for each other in
// a circle.
func TestReturningClientAtOnce(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	service, c := newService(t, openStore(t, Options{PostgresURL: url}))
	for i := range 20 {
		known := chat.StartParams{ChatID: c.ID, ExternalID: fmt.Sprint("u", i)}
		r, err := service.Start(t.Context(), known)
		if err != nil {
			t.Fatal(err)
		}
		if err := service.Close(t.Context(), r.Session.ID, chat.ClosedByClient, ""); err != nil {
			t.Fatal(err)
		}
		known.Continue = true
		starts := make([]chat.StartParams, 6)
		for j := range starts {
			starts[j] = known
			if j%2 == 0 {
				starts[j].Client.Name = fmt.Sprint("name ", j)
			}
		}
		startTogether(t, service, starts)
	}
	if n := query(t, url, "SELECT CAST(deadlocks AS TEXT) FROM pg_stat_database WHERE datname = current_database()"); n != "0" {
		t.Errorf("%s deadlocks", n)
	}
}

// TestListChangedTakesOneConnection: were it to take a second one, many at once would wait for each
// other.
func TestListChangedTakesOneConnection(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{PostgresURL: servers.NewPostgres(t).NewDatabase(t), Connections: 4})
	var wg sync.WaitGroup
	began := time.Now()
	for range 16 {
		wg.Go(func() {
			for range 5 {
				if _, _, err := s.ListChanged(context.Background(), -1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > readTimeout {
		t.Errorf("it took %s", took)
	}
}

// TestErrorsThatComeWithTheCommit mean what they mean earlier.
func TestErrorsThatComeWithTheCommit(t *testing.T) {
	t.Parallel()
	url := servers.NewPostgres(t).NewDatabase(t)
	service, c := newService(t, openStore(t, Options{PostgresURL: url}))
	_, err := service.Start(t.Context(), chat.StartParams{ChatID: c.ID, Details: chat.SessionDetails{Name: "a\x00b"}})
	if chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("a name with U+0000: %v", err)
	}
	r, err := service.Start(t.Context(), chat.StartParams{ChatID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, url, `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
	execute(t, url, `CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION full_disk()`)
	_, err = service.Send(t.Context(), chat.SendParams{SessionID: r.Session.ID, Message: chat.MessageParams{Body: "x"}})
	wantUnavailable(t, err)
}

// TestStandbyThatTakesOver: its history is another one, so the next node to open it makes it another
// log, and a node that was connected all the time ends. Transaction numbers go on, and so do keys.
func TestStandbyThatTakesOver(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	url := server.NewDatabase(t)
	ended := make(chan error, 1)
	old := openStore(t, Options{PostgresURL: url, Fatal: func(err error) {
		select {
		case ended <- err:
		default:
		}
	}})
	session := newTestSession(t, old)
	mustUpdate(t, old, append1(session.ID, newID()))
	standBy(t, server, query(t, url, "SHOW data_directory"))
	wantUnavailable(t, old.Update(context.Background(), append1(session.ID, newID())))
	query(t, url, "SELECT CAST(pg_promote(true) AS TEXT)")
	mustUpdate(t, old, append1(session.ID, newID()))
	if _, _, err := old.ListChanged(context.Background(), -1); err != nil || len(ended) > 0 {
		t.Fatalf("nobody has said yet that the log is another one: %v", err)
	}

	young := openStore(t, Options{PostgresURL: url})
	if young.LogID() == old.LogID() {
		t.Error("it is the same log")
	}
	_, position, err := young.ListChanged(context.Background(), -1)
	if err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, old, append1(session.ID, newID()))
	if changes, _, err := young.ListChanged(context.Background(), position); err != nil || len(changes) != 1 {
		t.Errorf("the new node lists %v, %v", changes, err)
	}
	if _, _, err := old.ListChanged(context.Background(), -1); err != nil || len(ended) == 0 {
		t.Errorf("the old node goes on: %v", err)
	}
}

// standBy starts a server again as a standby.
func standBy(t *testing.T, server *servers.Postgres, data string) {
	t.Helper()
	if err := server.Stop(servers.Fast); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(data, "standby.signal")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "chown", "--reference="+data, mark).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestOrdinaryRole: it needs no more than a database of its own.
func TestOrdinaryRole(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	admin := server.URL("postgres")
	execute(t, admin, "CREATE ROLE plain LOGIN PASSWORD 'x'")
	execute(t, admin, "CREATE DATABASE own OWNER plain")
	url := "postgres://plain:x@" + server.Addr() + "/own?sslmode=disable"
	s := openStore(t, Options{PostgresURL: url})
	session := newTestSession(t, s)
	mustUpdate(t, s, append1(session.ID, newID()))
	if _, _, err := s.ListChanged(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if _, _, err := WatchNodes(t.Context(), url); err != nil {
		t.Error(err)
	}
}

// TestBesideIsNotHeldUp: what keeps all connections busy does not keep a node from beating.
func TestBesideIsNotHeldUp(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{PostgresURL: servers.NewPostgres(t).NewDatabase(t), QueueSize: 1})
	release := hold(t, s)
	defer release()
	wantUnavailable(t, s.Update(context.Background(), func(chat.Tx) error { return nil }))
	n := chat.Node{ID: newID(), Name: "node", Beat: 1, StartedAt: time.Now()}
	err := s.Beside().Update(context.Background(), func(tx chat.Tx) error { _, err := tx.PutNode(&n); return err })
	if err != nil {
		t.Error(err)
	}
	if nodes, err := s.Beside().ListNodes(t.Context()); err != nil || len(nodes) != 1 {
		t.Errorf("nodes %v, %v", nodes, err)
	}
}
