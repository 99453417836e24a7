package chat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// replayBatch is how many deliveries are replayed in one transaction.
	replayBatch = 100
	// forgetDeliveries is how many deliveries are removed in one transaction.
	forgetDeliveries = 500
	// MaxListedDeliveries bounds a list.
	MaxListedDeliveries = 1000
)

// ListDeliveries returns deliveries and how many there are in all.
func (s *Service) ListDeliveries(ctx context.Context, q DeliveriesQuery) ([]Delivery, int64, error) {
	switch q.State {
	case "", DeliveryPending, DeliveryDelivered, DeliveryDead:
	default:
		return nil, 0, Invalid("state", "expected %s, %s or %s", DeliveryPending, DeliveryDelivered, DeliveryDead)
	}
	if q.Offset < 0 {
		return nil, 0, Invalid("offset", "expected a number from 0 on")
	}
	if q.Limit < 0 || q.Limit > MaxListedDeliveries {
		return nil, 0, Invalid("limit", "expected a number from 0 to %d", MaxListedDeliveries)
	}
	list, total, err := s.Store.ListDeliveries(ctx, q)
	if err != nil {
		return nil, 0, fmt.Errorf("list deliveries: %w", err)
	}
	return list, total, nil
}

// FindDelivery finds a delivery by its id, with its last attempts.
func (s *Service) FindDelivery(ctx context.Context, id string) (*Delivery, error) {
	return s.Store.FindDelivery(ctx, id)
}

// CountDeliveries says how much there is to deliver, and how much is dead.
func (s *Service) CountDeliveries(ctx context.Context) (DeliveryCounts, error) {
	return s.Store.CountDeliveries(ctx)
}

// ReplayDelivery has a dead delivery delivered after all. It keeps its id and its place in the order
// of its client, and is tried next: what the client has waiting for the URL comes after it. One that is
// not dead is CodeState.
func (s *Service) ReplayDelivery(ctx context.Context, id string) (*Delivery, error) {
	var d *Delivery
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		if d, err = tx.LockDelivery(id); err != nil {
			return err
		}
		if d.State != DeliveryDead {
			return Errorf(CodeState, "the delivery is %s, not dead", d.State)
		}
		return s.replay(tx, d)
	})
	if err != nil {
		return nil, fmt.Errorf("replay delivery: %w", err)
	}
	return d, nil
}

func (s *Service) replay(tx Tx, d *Delivery) error {
	d.State, d.Attempts, d.Reason, d.Since, d.NextAt, d.EndedAt = DeliveryPending, 0, "", s.Now(), time.Time{}, time.Time{}
	if err := tx.UpdateDelivery(d); err != nil {
		return err
	}
	return tx.WakeStream(d.Stream, s.Now())
}

// ReplayDead replays all deliveries of a chat that are dead by now, and returns how many there were.
func (s *Service) ReplayDead(ctx context.Context, chatID string) (replayed int64, err error) {
	if _, err := s.Store.FindChat(ctx, chatID); err != nil {
		return 0, fmt.Errorf("replay dead: %w", err)
	}
	began := s.Now()
	for offset := 0; ; {
		list, _, err := s.Store.ListDeliveries(ctx, DeliveriesQuery{State: DeliveryDead, ChatID: chatID, Offset: offset, Limit: replayBatch})
		if err != nil || len(list) == 0 {
			return replayed, err
		}
		full := len(list)
		list = slices.DeleteFunc(list, func(d Delivery) bool { return d.EndedAt.After(began) })
		offset += full - len(list) // what has died meanwhile is left, and comes first
		n, err := s.replayAll(ctx, list)
		if err != nil {
			return replayed, fmt.Errorf("replay dead: %w", err)
		}
		replayed += n
	}
}

// replayAll locks streams in their order, see Tx.AppendDeliveries.
func (s *Service) replayAll(ctx context.Context, list []Delivery) (n int64, err error) {
	slices.SortFunc(list, func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.ClientKey, b.ClientKey), cmp.Compare(a.URL, b.URL))
	})
	err = s.Store.Update(ctx, func(tx Tx) error {
		n = 0
		for i := range list {
			d, err := tx.LockDelivery(list[i].ID)
			if CodeOf(err) == CodeNotFound && err != nil {
				continue
			}
			if err != nil {
				return err
			}
			if d.State != DeliveryDead {
				continue
			}
			if err := s.replay(tx, d); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// DropDelivery removes a delivery for good, whatever its state. One that is under way may arrive yet.
func (s *Service) DropDelivery(ctx context.Context, id string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		d, err := tx.LockDelivery(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteDelivery(d.Key); err != nil || d.State != DeliveryPending {
			return err
		}
		return tx.WakeStream(d.Stream, s.Now()) // what comes after it need not wait
	})
	if err != nil {
		return fmt.Errorf("drop delivery: %w", err)
	}
	return nil
}

// ForgetDeliveries removes what was delivered longer ago than keep, and what is dead for longer than
// keepDead.
func (s *Service) ForgetDeliveries(ctx context.Context, keep, keepDead time.Duration) error {
	for _, old := range []struct {
		state DeliveryState
		keep  time.Duration
	}{{DeliveryDelivered, keep}, {DeliveryDead, keepDead}} {
		for n := int64(forgetDeliveries); n == forgetDeliveries; {
			err := s.Store.Update(ctx, func(tx Tx) (err error) {
				n, err = tx.DeleteDeliveriesBefore(old.state, s.Now().Add(-old.keep), forgetDeliveries)
				return err
			})
			if err != nil {
				return fmt.Errorf("forget deliveries: %w", err)
			}
		}
	}
	return nil
}
