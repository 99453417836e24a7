package sqlstore

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// TestUpgradeFromVersion1 opens data as the first version of the program has left it. The
// file in testdata is never edited.
func TestUpgradeFromVersion1(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := rawDB(t, dir)
	schema, err := ownSchema()
	if err != nil {
		t.Fatal(err)
	}
	m, err := schema.provider(db, sqliteDialect)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.UpTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(data)); err != nil {
		t.Fatal(err)
	}

	s := openStore(t, Options{Dir: dir})
	if want := "0b0d5f0e-0000-4000-8000-000000000001"; s.LogID() != want {
		t.Errorf("log id %s, want %s", s.LogID(), want)
	}
	session, err := s.FindSession(context.Background(), "22222222-2222-4222-8222-222222222222")
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.ListEvents(context.Background(), session.Ref(), 0, 10)
	if err != nil || len(events) != 2 || events[1].Message().Body != "Привет" {
		t.Fatalf("events %+v, %v", events, err)
	}
	if session.Sequence != 2 || session.Owner.Name != "Бот" || !session.TurnDue() {
		t.Errorf("session %+v", session)
	}
	if want := (chat.Lease{Attempts: 1}); session.Lease != want { // its holder is dead
		t.Errorf("lease %+v, want %+v", session.Lease, want)
	}
	found, err := s.FindChat(context.Background(), session.ChatID)
	if err != nil || found.Settings.SessionTTL != 3600 || found.Origins[0] != "https://example.org" {
		t.Errorf("chat %+v, %v", found, err)
	}
	client, err := s.FindClientByKey(context.Background(), session.ClientKey)
	if err != nil || *client.Timezone != 180 || client.Metadata["k"] != "v" {
		t.Errorf("client %+v, %v", client, err)
	}
	state, err := s.FindBotState(context.Background(), session.Key, session.BotID, session.ClientKey)
	if err != nil || string(state.Session) != `{"s":1}` || string(state.Client) != `{"c":1}` || state.ClientVersion != 3 {
		t.Errorf("state %+v, %v", state, err)
	}
	mustUpdate(t, s, func(x chat.Tx) error {
		if _, err := x.FindClientByAlias(found.Key, chat.Alias{Kind: chat.AliasExternal, Value: "ext"}); err != nil {
			return err
		}
		return append1(session.ID, newID())(x)
	})
}

// TestLaterDataIsRefused: a program older than its data does not start, and leaves it alone.
func TestLaterDataIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := openStore(t, Options{Dir: dir}).Close(); err != nil {
		t.Fatal(err)
	}
	db := rawDB(t, dir)
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE); UPDATE meta SET value = '4711' WHERE name = 'compatible_from'"); err != nil {
		t.Fatal(err)
	}
	known, err := migrations.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := Open(context.Background(), Options{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "version 4711") || !strings.Contains(err.Error(), "up to "+strconv.Itoa(len(known))) {
			t.Fatalf("error %v, want one that names both versions", err)
		}
	}
}

func rawDB(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := openSQLite(filepath.Join(dir, databaseName), writerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
