package sqlstore

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

// Of BenchmarkClaim: a million deliveries of a hundred thousand clients for a hundred receivers.
const (
	benchStreams   = 100_000
	benchReceivers = 100
	benchEach      = 10
)

// fillStreams is SQL that both engines know. Foreign keys want one client.
var fillStreams = []string{
	`INSERT INTO clients (key, id, external_id, name, first_name, middle_name, last_name, name_for_operator, phone, email, device_id, metadata, created_at)
	 VALUES (1, 'c', '', '', '', '', '', '', '', '', '', '{}', 0)`,
	`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
	 INSERT INTO delivery_streams (key, client_key, digest, receiver, due_at, lease_node, claims)
	 SELECT i, 1, 'digest ' || i, 'host' || (i % 100), i, '', 0 FROM n`,
	`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
	 INSERT INTO deliveries (id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence,
	                         state, attempts, log, reason, created_at, since, next_at, ended_at)
	 SELECT 'id ' || i, i / 10 + 1, 1, i, 's', 'c', 'event', 'http://host', '', 1, 1, 'pending', 0, '', '', i, i, 0, 0 FROM n`,
}

// BenchmarkClaim finds out who is due, claims streams and reads the first of them. It must not depend on
// how much waits.
func BenchmarkClaim(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			o, driver := Options{Dir: b.TempDir()}, "sqlite"
			source := o.Dir + "/" + databaseName
			if name == "postgres" {
				source = servers.NewPostgres(b).NewDatabase(b)
				o, driver = Options{PostgresURL: source}, "pgx"
			}
			if err := openBench(b, o).Close(); err != nil {
				b.Fatal(err)
			}
			fillBench(b, driver, source)
			s := openBench(b, o)
			b.ResetTimer()
			for i := range b.N {
				claimOnce(b, s, i)
			}
		})
	}
}

func fillBench(b *testing.B, driver, source string) {
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, statement := range append(fillStreams, "ANALYZE") {
		if _, err := db.Exec(statement); err != nil {
			b.Fatal(err)
		}
	}
}

func claimOnce(b *testing.B, s *Store, i int) {
	now := time.UnixMicro(benchStreams)
	names, err := s.ListDueReceivers(context.Background(), now)
	if err != nil || len(names) != benchReceivers {
		b.Fatal(len(names), err)
	}
	var leases []chat.StreamLease
	err = s.Update(context.Background(), func(tx chat.Tx) (err error) {
		leases, err = tx.ClaimStreams("node", names[i%len(names)], now, now.Add(time.Hour), 16)
		return err
	})
	if err != nil || len(leases) != 16 {
		b.Fatal(len(leases), err)
	}
	list, err := s.ListPending(context.Background(), leases[0].Stream, 16)
	if err != nil || len(list) != benchEach {
		b.Fatal(len(list), err)
	}
}
