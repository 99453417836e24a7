package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindIdempotency implements chat.Tx.
func (t *tx) FindIdempotency(scope, key string) (*chat.IdempotencyRecord, error) {
	r, err := t.q.FindIdempotency(context.Background(), digest(scope, key))
	if err != nil {
		return nil, t.fail("idempotency key", err)
	}
	return &chat.IdempotencyRecord{
		Scope: scope, Key: key, BodyHash: r.BodyHash, SessionID: r.SessionID, EventID: r.EventID, Sequence: r.Sequence,
		CreatedAt: timeOf(r.CreatedAt),
	}, nil
}

// CreateIdempotency implements chat.Tx.
func (t *tx) CreateIdempotency(r *chat.IdempotencyRecord) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("idempotency key", t.q.CreateIdempotency(context.Background(), sqlgen.CreateIdempotencyParams{
		Digest: digest(r.Scope, r.Key), BodyHash: r.BodyHash, SessionID: r.SessionID, EventID: r.EventID, Sequence: r.Sequence,
		CreatedAt: micros(r.CreatedAt),
	}))
}

// DeleteIdempotencyBefore implements chat.Tx. It looks at the limit oldest records.
func (t *tx) DeleteIdempotencyBefore(before time.Time, limit int) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteIdempotency(context.Background(), sqlgen.DeleteIdempotencyParams{Before: micros(before), MaxRows: maxRows(limit)})
	return n, t.fail("idempotency key", err)
}

// digest stands for a scope and a caller's key in the index: short, of one length, and the
// caller's key is not kept.
func digest(scope, key string) string {
	sum := sha256.Sum256([]byte(scope + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}
