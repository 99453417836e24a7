package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindClientByKey implements chat.Reader.
func (s *Store) FindClientByKey(ctx context.Context, key int64) (*chat.Client, error) {
	return read(ctx, s, "client", func(ctx context.Context, q *sqlgen.Queries) (*chat.Client, error) {
		return clientOf(q.FindClientByKey(ctx, key))
	})
}

// FindClient implements chat.Tx.
func (t *tx) FindClient(id string) (*chat.Client, error) {
	c, err := clientOf(t.q.FindClient(context.Background(), id))
	return c, t.fail("client", err)
}

// FindClientByAlias implements chat.Tx.
func (t *tx) FindClientByAlias(chatKey int64, a chat.Alias) (*chat.Client, error) {
	c, err := clientOf(t.q.FindClientByAlias(context.Background(), sqlgen.FindClientByAliasParams{ChatKey: chatKey, Kind: string(a.Kind), Value: a.Value}))
	return c, t.fail("client", err)
}

// CreateClient implements chat.Tx.
func (t *tx) CreateClient(c *chat.Client) error {
	metadata, err := json.Marshal(c.Metadata)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	key, err := t.q.CreateClient(context.Background(), sqlgen.CreateClientParams{
		ID: c.ID, ExternalID: c.ExternalID, Name: c.Name, FirstName: c.FirstName, MiddleName: c.MiddleName, LastName: c.LastName,
		NameForOperator: c.NameForOperator, Phone: c.Phone, Email: c.Email, DeviceID: c.DeviceID, Timezone: minutes(c.Timezone),
		Metadata: string(metadata), CreatedAt: micros(c.CreatedAt),
	})
	if err != nil {
		return t.fail("client", err)
	}
	c.Key = key
	return nil
}

// UpdateClient implements chat.Tx. A client's id and time of creation stay.
func (t *tx) UpdateClient(c *chat.Client) error {
	metadata, err := json.Marshal(c.Metadata)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	n, err := t.q.UpdateClient(context.Background(), sqlgen.UpdateClientParams{
		Key: c.Key, ExternalID: c.ExternalID, Name: c.Name, FirstName: c.FirstName, MiddleName: c.MiddleName, LastName: c.LastName,
		NameForOperator: c.NameForOperator, Phone: c.Phone, Email: c.Email, DeviceID: c.DeviceID, Timezone: minutes(c.Timezone),
		Metadata: string(metadata),
	})
	return t.fail("client", oneRow(n, err))
}

// LockClient implements chat.Tx.
func (t *tx) LockClient(key int64) (*chat.Client, error) {
	c, err := clientOf(t.q.LockClient(context.Background(), key))
	return c, t.fail("client", err)
}

// CreateAlias implements chat.Tx.
func (t *tx) CreateAlias(chatKey, client int64, a chat.Alias) error {
	if err := t.begin(); err != nil {
		return err
	}
	err := t.q.CreateAlias(context.Background(), sqlgen.CreateAliasParams{ChatKey: chatKey, Kind: string(a.Kind), Value: a.Value, ClientKey: client})
	return t.fail("alias", err)
}

// AddAlias implements chat.Tx.
func (t *tx) AddAlias(chatKey, client int64, a chat.Alias) error {
	if err := t.begin(); err != nil {
		return err
	}
	err := t.q.AddAlias(context.Background(), sqlgen.AddAliasParams{ChatKey: chatKey, Kind: string(a.Kind), Value: a.Value, ClientKey: client})
	return t.fail("alias", err)
}

func clientOf(r sqlgen.Client, err error) (*chat.Client, error) {
	if err != nil {
		return nil, err
	}
	c := &chat.Client{
		Key: r.Key, ID: r.ID, ExternalID: r.ExternalID, Name: r.Name, FirstName: r.FirstName, MiddleName: r.MiddleName, LastName: r.LastName,
		NameForOperator: r.NameForOperator, Phone: r.Phone, Email: r.Email, DeviceID: r.DeviceID, CreatedAt: timeOf(r.CreatedAt),
	}
	if r.Timezone.Valid {
		zone := int(r.Timezone.Int64)
		c.Timezone = &zone
	}
	if err := json.Unmarshal([]byte(r.Metadata), &c.Metadata); err != nil {
		return nil, fmt.Errorf("metadata of client %d: %w", r.Key, err)
	}
	return c, nil
}

func minutes(zone *int) sql.NullInt64 {
	if zone == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: int64(*zone), Valid: true}
}
