package chat

import (
	"context"
	"fmt"
)

// ChangeOwner gives an open session to somebody else: an operator takes it over, or hands it
// back to a bot. A turn that runs is dropped; a bot that gets the session is told if people had it,
// and reacts to what comes from now on.
func (s *Service) ChangeOwner(ctx context.Context, sessionID string, o Owner) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := s.lockSession(tx, sessionID)
		if err != nil {
			return err
		}
		if err := s.writable(session); err != nil {
			return err
		}
		if session.Owner == o {
			return nil
		}
		ch := s.change(session)
		if people := session.Owner.Kind == OwnerQueue || session.Owner.Kind == OwnerOperator; people && o.Kind == OwnerBot {
			ch.giveBack(o)
		} else {
			ch.setOwner(o)
		}
		return ch.commit(tx)
	})
	if err != nil {
		return fmt.Errorf("change owner: %w", err)
	}
	return nil
}
