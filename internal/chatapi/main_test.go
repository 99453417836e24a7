package chatapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/govorun/govorun/internal/sqlstore"
	"github.com/govorun/govorun/test/leaks"
	"github.com/govorun/govorun/test/servers"
)

// postgres is the server that all tests share, nil on SQLite. It is set by TestMain and only read after.
var postgres *servers.Postgres

// TestMain chooses what the tests' data is kept in, by ENGINE, and looks for goroutines that outlive the
// servers of the tests.
func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	switch engine := os.Getenv("ENGINE"); engine {
	case "", "sqlite":
	case "postgres":
		var err error
		if postgres, err = servers.StartPostgres(context.Background(), ""); err != nil {
			fmt.Fprintln(os.Stderr, "chatapi:", err)
			return 1
		}
		defer func() { _ = postgres.Close() }()
	default:
		fmt.Fprintf(os.Stderr, "chatapi: ENGINE: expected sqlite or postgres, got %q\n", engine)
		return 1
	}
	return leaks.Run(m, patience, "govorun/internal/")
}

// openStore opens empty data that is gone with the test.
func openStore(t *testing.T) *sqlstore.Store {
	t.Helper()
	o := sqlstore.Options{Log: slog.New(slog.DiscardHandler)}
	if postgres != nil {
		o.PostgresURL, o.Connections = postgres.NewDatabase(t), 8
	} else {
		o.Dir = t.TempDir()
	}
	store, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}
