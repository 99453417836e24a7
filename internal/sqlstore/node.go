package sqlstore

import (
	"context"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// Shared reports whether other processes may use the same data.
func (s *Store) Shared() bool { return false }

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
	return int64(len(freed)), nil
}
