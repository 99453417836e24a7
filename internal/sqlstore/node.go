package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// ListNodes implements chat.Reader.
func (s *Store) ListNodes(ctx context.Context) ([]chat.Node, error) {
	return read(ctx, s, "node", listNodes)
}

// CountLeases implements chat.Reader.
func (s *Store) CountLeases(ctx context.Context) (map[string]int64, error) {
	return read(ctx, s, "lease", countLeases)
}

func listNodes(ctx context.Context, q *sqlgen.Queries) ([]chat.Node, error) {
	rows, err := q.ListNodes(ctx)
	nodes := make([]chat.Node, len(rows))
	for i, r := range rows {
		nodes[i] = chat.Node{
			ID: r.ID, Name: r.Name, Version: r.Version, Address: r.Address, StartedAt: timeOf(r.StartedAt),
			Beat: r.Beat, Connections: r.Connections, Turns: r.Turns,
		}
	}
	return nodes, err
}

func countLeases(ctx context.Context, q *sqlgen.Queries) (map[string]int64, error) {
	rows, err := q.CountLeases(ctx)
	leases := make(map[string]int64, len(rows))
	for _, r := range rows {
		leases[r.LeaseNode] = r.Leases
	}
	if err != nil {
		return leases, err
	}
	streams, err := q.CountStreamLeases(ctx)
	for _, r := range streams {
		leases[r.LeaseNode] += r.Leases
	}
	return leases, err
}

// PutNode implements chat.Tx.
func (t *tx) PutNode(n *chat.Node) (added bool, err error) {
	if err := t.begin(); err != nil {
		return false, err
	}
	known, err := t.q.UpdateNode(context.Background(), sqlgen.UpdateNodeParams{
		ID: n.ID, Name: n.Name, Version: n.Version, Address: n.Address, StartedAt: micros(n.StartedAt),
		Beat: n.Beat, Connections: n.Connections, Turns: n.Turns,
	})
	if err != nil || known > 0 {
		return false, t.fail("node", err)
	}
	err = t.q.CreateNode(context.Background(), sqlgen.CreateNodeParams{
		ID: n.ID, Name: n.Name, Version: n.Version, Address: n.Address, StartedAt: micros(n.StartedAt),
		Beat: n.Beat, Connections: n.Connections, Turns: n.Turns,
	})
	return err == nil, t.fail("node", err)
}

// RemoveNode implements chat.Tx.
func (t *tx) RemoveNode(id string, beat int64) (removed bool, err error) {
	if err := t.begin(); err != nil {
		return false, err
	}
	n, err := t.q.DeleteNode(context.Background(), sqlgen.DeleteNodeParams{ID: id, Beat: beat})
	if err != nil || n == 0 {
		return false, t.fail("node", err)
	}
	_, err = t.FreeLeases(id)
	return err == nil, err
}

// FreeLeases implements chat.Tx.
func (t *tx) FreeLeases(node string) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	freed, err := t.q.FreeLeasesOf(context.Background(), node)
	if err != nil {
		return 0, t.fail("lease", err)
	}
	for _, key := range freed {
		t.sessions.forget(key)
	}
	t.touched = append(t.touched, freed...) // what is read of them from here on may be rolled back
	streams, err := t.q.FreeStreamsOf(context.Background(), node)
	if err != nil {
		return 0, t.fail("lease", err)
	}
	return int64(len(freed)) + streams, nil
}

// NodeState is a node as somebody sees it who is none himself.
type NodeState struct {
	chat.Node
	Alive  bool  // it has beaten while it was watched
	Leases int64 // due turns and streams of deliveries that it has claimed
}

// watchFor is how long WatchNodes looks: longer than a node that lives and is well goes without
// a beat.
const watchFor = 1200 * time.Millisecond

// WatchNodes reads who shares a database of PostgreSQL, the eldest first, and waits a moment to
// see who beats. orphaned is how many due turns and streams are claimed by nodes that are not registered. It
// changes nothing. An error does not contain the URL's password.
func WatchNodes(ctx context.Context, postgresURL string) (nodes []NodeState, orphaned int64, err error) {
	config, err := parsePostgres(postgresURL)
	if err != nil {
		return nil, 0, fmt.Errorf("read nodes: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	before, _, err := lookAtNodes(ctx, db)
	if err != nil {
		return nil, 0, fmt.Errorf("read nodes from PostgreSQL on %s: %w", config.Host, err)
	}
	select {
	case <-time.After(watchFor):
	case <-ctx.Done():
		return nil, 0, fmt.Errorf("read nodes: %w", ctx.Err())
	}
	after, leases, err := lookAtNodes(ctx, db)
	if err != nil {
		return nil, 0, fmt.Errorf("read nodes from PostgreSQL on %s: %w", config.Host, err)
	}
	nodes, orphaned = nodeStates(before, after, leases)
	return nodes, orphaned, nil
}

// lookTimeout bounds a look, connecting included.
const lookTimeout = 5 * time.Second

func lookAtNodes(ctx context.Context, db *sql.DB) (nodes []chat.Node, leases map[string]int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	defer tx.Rollback() //nolint:errcheck // it has read only
	q := sqlgen.New(tx)
	if leases, err = countLeases(ctx, q); err == nil {
		nodes, err = listNodes(ctx, q)
	}
	var missing *pgconn.PgError
	if errors.As(err, &missing) && missing.Code == "42P01" { // undefined_table
		return nil, nil, fmt.Errorf("no server of this version has used the database yet: %w", err)
	}
	return nodes, leases, err
}

// nodeStates compares two looks at the nodes.
func nodeStates(before, after []chat.Node, leases map[string]int64) (states []NodeState, orphaned int64) {
	beats := make(map[string]int64, len(before))
	for _, n := range before {
		beats[n.ID] = n.Beat
	}
	for _, claimed := range leases {
		orphaned += claimed
	}
	for _, n := range after {
		beat, seen := beats[n.ID]
		states = append(states, NodeState{Node: n, Alive: !seen || beat != n.Beat, Leases: leases[n.ID]})
		orphaned -= leases[n.ID]
	}
	return states, orphaned
}
