package chat

import (
	"context"
	"errors"
	"fmt"
)

// expireBatch bounds what one call of CloseExpired does.
const expireBatch = 500

// CloseExpired ends sessions whose client has been silent for their life time, and looks
// again later at those whose client has not. It returns how many it looked at; a full batch
// means that there may be more.
func (s *Service) CloseExpired(ctx context.Context) (looked int, full bool, err error) {
	refs, err := s.Store.ListExpiring(ctx, s.Now(), expireBatch)
	if err != nil {
		return 0, false, fmt.Errorf("close expired: %w", err)
	}
	for _, ref := range refs {
		if e := s.Store.Update(ctx, func(tx Tx) error { return s.expire(tx, ref) }); e != nil {
			err = errors.Join(err, fmt.Errorf("close expired session %d: %w", ref.Key, e))
			continue // one that cannot be closed keeps no other open
		}
		looked++
	}
	return looked, err == nil && len(refs) == expireBatch, err
}

func (s *Service) expire(tx Tx, ref SessionRef) error {
	session, err := tx.LockSessionByKey(ref.Key)
	if err != nil || session.Status != StatusOpen {
		return err
	}
	if s.Now().Before(session.ExpiresAt()) {
		session.CheckAt = session.ExpiresAt()
		return tx.UpdateSession(session)
	}
	return s.closeLocked(tx, session, ClosedByLifetime, "")
}

// forgetBatch is how many keys are removed in one transaction.
const forgetBatch = 500

// ForgetKeys removes idempotency keys older than IdempotencyTTL.
func (s *Service) ForgetKeys(ctx context.Context) error {
	for n := int64(forgetBatch); n == forgetBatch; {
		err := s.Store.Update(ctx, func(tx Tx) (err error) {
			n, err = tx.DeleteIdempotencyBefore(s.Now().Add(-IdempotencyTTL), forgetBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget keys: %w", err)
		}
	}
	return nil
}
