package chat

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// ClientRef names a client in a chat, by their keys.
type ClientRef struct{ Chat, Client int64 }

// Position is a place among the events of a client in a chat: those of its sessions one after the
// other, for a client has one open session at most, and the key of a later one is higher.
type Position struct{ Session, Sequence int64 }

// Compare returns a negative number when p comes before q, a positive one when it comes after it.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Session, q.Session), cmp.Compare(p.Sequence, q.Sequence))
}

// PollCursor is how far a long poll has been given a client's events (Chat API, 2).
type PollCursor struct {
	Client ClientRef
	CID    string // the connection id; "" for none
	Position
	UsedAt time.Time // to the day
}

// pollCursorLife is how long a cursor is kept that nobody uses.
const pollCursorLife = 30 * 24 * time.Hour

// pollCursorBatch is how many of them are forgotten in one transaction.
const pollCursorBatch = 1000

// AdvancePollCursors keeps how far long polls have been given events. A cursor never goes back. They are
// to be in the order of their clients and connections, as of everybody who keeps several.
func (s *Service) AdvancePollCursors(ctx context.Context, cursors []PollCursor) error {
	day := s.Now().Truncate(24 * time.Hour)
	err := s.Store.Update(ctx, func(tx Tx) error {
		for _, c := range cursors {
			c.UsedAt = day
			if err := tx.AdvancePollCursor(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("advance poll cursors: %w", err)
	}
	return nil
}

// ForgetPollCursors forgets those that nobody has used for a month: whoever comes back begins as at its
// first call.
func (s *Service) ForgetPollCursors(ctx context.Context) error {
	for {
		var n int64
		err := s.Store.Update(ctx, func(tx Tx) (err error) {
			n, err = tx.DeletePollCursorsBefore(s.Now().Add(-pollCursorLife), pollCursorBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget poll cursors: %w", err)
		}
		if n < pollCursorBatch {
			return nil
		}
	}
}
