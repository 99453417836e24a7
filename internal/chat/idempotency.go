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
	old, err := findDone(tx, scope, idem)
	if err != nil {
		return err
	}
	if old != nil {
		return repeat(old)
	}
	if err := do(r); err != nil {
		return err
	}
	return tx.CreateIdempotency(r)
}

// findDone finds what was done under a key; nil when nothing was, or there is no key.
func findDone(tx Tx, scope string, idem Idempotency) (*IdempotencyRecord, error) {
	if idem.Key == "" {
		return nil, nil
	}
	old, err := tx.FindIdempotency(scope, idem.Key)
	switch {
	case CodeOf(err) == CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case old.BodyHash != idem.BodyHash:
		return nil, &Error{Code: CodeKeyReused, Field: "Idempotency-Key", Message: "the key was used before with another body"}
	default:
		return old, nil
	}
}
