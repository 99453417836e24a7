package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindAPIKey implements chat.Reader.
func (s *Store) FindAPIKey(ctx context.Context, digest string) (*chat.APIKey, error) {
	return read(ctx, s, "key", func(ctx context.Context, q *sqlgen.Queries) (*chat.APIKey, error) {
		row, err := q.FindAPIKey(ctx, digest)
		return apiKeyOf(sqlgen.ListAPIKeysRow(row), err)
	})
}

// ListAPIKeys implements chat.Reader.
func (s *Store) ListAPIKeys(ctx context.Context) ([]chat.APIKey, error) {
	return read(ctx, s, "key", func(ctx context.Context, q *sqlgen.Queries) ([]chat.APIKey, error) {
		rows, err := q.ListAPIKeys(ctx)
		return each(rows, err, apiKeyOf)
	})
}

// CreateAPIKey implements chat.Tx.
func (t *tx) CreateAPIKey(k *chat.APIKey) error {
	permissions, err := json.Marshal(k.Permissions)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("key", t.q.CreateAPIKey(context.Background(), sqlgen.CreateAPIKeyParams{
		ID: k.ID, Name: k.Name, Digest: k.Digest, Hint: k.Hint, Permissions: string(permissions),
		CreatedAt: micros(k.CreatedAt), ExpiresAt: micros(k.ExpiresAt),
	}))
}

// LockAPIKey implements chat.Tx.
func (t *tx) LockAPIKey(id string) (*chat.APIKey, error) {
	row, err := t.q.LockAPIKey(context.Background(), id)
	k, err := apiKeyOf(sqlgen.ListAPIKeysRow(row), err)
	if err != nil {
		return nil, t.fail("key", err)
	}
	return k, nil
}

// TouchAPIKey implements chat.Tx.
func (t *tx) TouchAPIKey(id string, at time.Time) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("key", t.q.TouchAPIKey(context.Background(), sqlgen.TouchAPIKeyParams{LastUsedAt: micros(at), ID: id}))
}

// DeleteAPIKey implements chat.Tx.
func (t *tx) DeleteAPIKey(id string) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("key", oneRow(t.q.DeleteAPIKey(context.Background(), id)))
}

func apiKeyOf(r sqlgen.ListAPIKeysRow, err error) (*chat.APIKey, error) {
	if err != nil {
		return nil, err
	}
	k := &chat.APIKey{
		ID: r.ID, Name: r.Name, Digest: r.Digest, Hint: r.Hint,
		CreatedAt: timeOf(r.CreatedAt), ExpiresAt: timeOf(r.ExpiresAt), LastUsedAt: timeOf(r.LastUsedAt),
	}
	if err := json.Unmarshal([]byte(r.Permissions), &k.Permissions); err != nil {
		return nil, fmt.Errorf("permissions of key %s: %w", r.ID, err)
	}
	return k, nil
}
