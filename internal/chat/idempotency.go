package chat

import (
	"time"
)

// IdempotencyTTL is how long a key is remembered (design, promise 3).
const IdempotencyTTL = 7 * 24 * time.Hour

// minGlobalKey is the length from which a key counts as chosen by one caller alone: a UUID
// without its dashes has twice as many characters.
const minGlobalKey = 16

// once runs do, or repeat if the same was done before under the same key. The record is
// written in the transaction of the act, so a repeat in flight waits for the first: in the
// writer's queue, or on the unique index.
func (s *Service) once(tx Tx, scope string, idem Idempotency, do, repeat func(*IdempotencyRecord) error) error {
	r := &IdempotencyRecord{Scope: scope, Key: idem.Key, BodyHash: idem.BodyHash, CreatedAt: s.Now()}
	if idem.Key == "" {
		return do(r)
	}
	old, err := tx.FindIdempotency(scope, idem.Key)
	switch {
	case err == nil && old.BodyHash != idem.BodyHash:
		return &Error{Code: CodeKeyReused, Field: "Idempotency-Key", Message: "the key was used before with another body"}
	case err == nil:
		return repeat(old)
	case CodeOf(err) != CodeNotFound:
		return err
	}
	if err := do(r); err != nil {
		return err
	}
	return tx.CreateIdempotency(r)
}
