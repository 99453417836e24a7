package chat

import (
	"context"
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
		err := s.Store.Update(ctx, func(tx Tx) error { return s.expire(tx, ref) })
		if err != nil {
			return looked, false, fmt.Errorf("close expired: %w", err)
		}
		looked++
	}
	return looked, len(refs) == expireBatch, nil
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

// ForgetKeys removes idempotency keys older than IdempotencyTTL, a bounded number at a time.
func (s *Service) ForgetKeys(ctx context.Context) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		_, err := tx.DeleteIdempotencyBefore(s.Now().Add(-IdempotencyTTL), 1000)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget keys: %w", err)
	}
	return nil
}
