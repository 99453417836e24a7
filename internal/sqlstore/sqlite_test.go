package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// TestConnections: acknowledged is flushed, and readers cannot write.
func TestConnections(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{})
	want := map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "wal_autocheckpoint": "0"}
	mustUpdate(t, s, func(x chat.Tx) error {
		for pragma, value := range want {
			var got string
			if err := writerConn(s, x).QueryRowContext(context.Background(), "PRAGMA "+pragma).Scan(&got); err != nil {
				return err
			}
			if got != value {
				t.Errorf("%s is %s, want %s", pragma, got, value)
			}
		}
		return nil
	})
	c := <-s.engine.(*file).readers
	defer func() { s.engine.(*file).readers <- c }()
	if err := c.exec("DELETE FROM events"); err == nil {
		t.Error("a reader has written")
	}
}

// TestPlans: no statement of the domain reads a whole table, and lists need no sorting.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := openStore(t, Options{})
	session := newTestSession(t, s)
	mustUpdate(t, s, append1(session.ID, newID()))
	var plans []string
	mustUpdate(t, s, func(x chat.Tx) error {
		c := writerConn(s, x)
		for _, statement := range statementsOf(t) {
			plans = append(plans, plan(t, c, statement))
		}
		return nil
	})
	for _, p := range plans {
		if strings.Contains(p, "SCAN ") && !scans(p) {
			t.Errorf("reads a table: %s", p)
		}
		if strings.Contains(p, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("sorts: %s", p)
		}
	}
}

// scans reports whether a plan may read a whole table: what ListChanged has found already,
// the oldest of the idempotency keys, the few nodes, the few campaigns that are under way, the little that administrators have made (which they page through), the
// receivers, streams and timers that were found by an index, the deliveries that people page through, and
// what an insert would look at if a deferred constraint were violated, which none is.
func scans(plan string) bool {
	for _, may := range []string{
		"SEARCH v USING INTEGER PRIMARY KEY", "INSERT INTO",
		"DeleteIdempotency", "ListNodes", "ListChats", "CountChats", "ListBots", "ListAPIKeys", "ListCampaigns", "CountCampaigns", "LockDueCampaign",
		"ListDueReceivers", "ClaimStreams", "ClaimTimers", "-- name: ListDeliveries :many", "CountListedDeliveries",
	} {
		if strings.Contains(plan, may) {
			return true
		}
	}
	return false
}

// statementsOf lists the statements of queries/.
func statementsOf(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("sqlgen/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no statements", err)
	}
	var statements []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "`") {
			if i%2 == 1 {
				statements = append(statements, part)
			}
		}
	}
	return statements
}

// plan is a statement and how SQLite would run it.
func plan(t *testing.T, c *conn, statement string) string {
	t.Helper()
	n := 0
	for strings.Contains(statement, "$"+strconv.Itoa(n+1)) {
		n++
	}
	rows, err := c.raw.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+sqliteText(statement), make([]any, n)...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	p := statement
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		p += detail + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPositional(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"a = $1 AND b = $2":       "a = ? AND b = ?",
		"a = $2 AND b = $1":       "a = $2 AND b = $1",
		"a = $1 AND b = $1":       "a = $1 AND b = $1",
		"SELECT 1":                "SELECT 1",
		"x BIGINT PRIMARY KEY":    "x INTEGER PRIMARY KEY",
		"SELECT 1 FOR UPDATE":     "SELECT 1",
		"$1 $2 $3 $4 $5 $6 $7 $8": "? ? ? ? ? ? ? ?",
		"a = $1 LIMIT $2":         "a = ? LIMIT (?+0)",
		"LIMIT $2 OFFSET $1":      "LIMIT ($2+0) OFFSET $1",
		"LIMIT 1":                 "LIMIT 1",
	}
	for in, want := range tests {
		if got := sqliteText(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestLogIsBounded writes and reads much more than the write-ahead log may hold.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const limit = 1 << 20
	s := openStore(t, Options{Dir: dir, walLimit: limit})
	session := newTestSession(t, s)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.ListEvents(context.Background(), session.Ref(), 0, 10); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	var largest int64
	body := strings.Repeat("0123456789", 1000)
	for range 1000 { // some 20 MiB
		mustUpdate(t, s, func(t chat.Tx) error {
			locked, err := t.LockSession(session.ID)
			if err != nil {
				return err
			}
			locked.Sequence++
			if err := t.UpdateSession(locked); err != nil {
				return err
			}
			return t.AppendEvents([]chat.Event{{
				ID: newID(), Session: session.Ref(), Sequence: locked.Sequence, At: time.Now(),
				Payload: &chat.Message{Body: body},
			}})
		})
		if info, err := os.Stat(filepath.Join(dir, databaseName+"-wal")); err == nil {
			largest = max(largest, info.Size())
		}
	}
	close(stop)
	<-stopped
	if largest > 12*limit {
		t.Errorf("the log grew to %d bytes, want about %d", largest, limit)
	}
}

var _ sqlgen.DBTX = (*conn)(nil)
