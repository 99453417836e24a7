package sqlstore

import (
	"context"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// KeepSecret implements chat.Tx.
func (t *tx) KeepSecret(name, value string) (string, error) {
	if err := t.begin(); err != nil {
		return "", err
	}
	if err := t.q.CreateSecret(context.Background(), sqlgen.CreateSecretParams{Name: name, Value: value}); err != nil {
		return "", t.fail("secret", err)
	}
	return t.FindSecret(name)
}

// FindSecret implements chat.Tx.
func (t *tx) FindSecret(name string) (string, error) {
	value, err := t.q.FindSecret(context.Background(), name)
	return value, t.fail("secret", err)
}

// DeleteSecret implements chat.Tx.
func (t *tx) DeleteSecret(name string) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("secret", oneRow(t.q.DeleteSecret(context.Background(), name)))
}
