package chat

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// When a delivery is tried again: the vendor's three repeats first, then ever later. It is dead when it
// has been due for the time given and was tried so often at least.
const (
	deliveryRepeats    = 3
	deliveryRepeatWait = 3 * time.Second
	maxDeliveryWait    = 15 * time.Minute
)

// StreamClaim asks for streams of a receiver.
type StreamClaim struct {
	Receiver string
	Limit    int
}

// Outgoing is a delivery with what its body is made of.
type Outgoing struct {
	Delivery
	Chat    *Chat
	Session *Session        // as it is now
	Events  []Event         // that it is about, in order
	Details *SessionDetails // when the session's start is among them, or it is an answer; or nil
	Client  *Client         // likewise
}

// ToChat reports whether it goes to the URL that the chat's administrators have set, as it is set now,
// and not to one that whoever started the session has chosen.
func (o *Outgoing) ToChat() bool {
	s := &o.Chat.Settings
	return (o.Kind == DeliveryEvent && o.URL == s.EventCallbackURL) || (o.Kind == DeliveryAnswer && o.URL == s.WebhookURL)
}

// Outcome is what came of an attempt.
type Outcome struct {
	Attempt
	Delivered  bool
	Permanent  bool          // trying again is of no use
	Refused    bool          // the address may not be called: permanent if it stays so over the first repeats
	RetryAfter time.Duration // the receiver's wish; 0: none
}

// ListDueReceivers returns who has a stream that is due.
func (s *Service) ListDueReceivers(ctx context.Context) ([]string, error) {
	return s.Store.ListDueReceivers(ctx, s.Now())
}

// ClaimStreams leases due streams to this node for a time, of every receiver at most as many as asked.
func (s *Service) ClaimStreams(ctx context.Context, claims []StreamClaim, lease time.Duration) (leases [][]StreamLease, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		leases = make([][]StreamLease, len(claims))
		for i, c := range claims {
			now := s.Now()
			var err error
			if leases[i], err = tx.ClaimStreams(s.Node, c.Receiver, now, now.Add(lease), c.Limit); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim streams: %w", err)
	}
	return leases, nil
}

// ListPending returns the first deliveries of a stream, in their order, up to one whose time has not come:
// a stream may be woken while it waits for that.
func (s *Service) ListPending(ctx context.Context, l StreamLease, limit int) ([]Delivery, error) {
	list, err := s.Store.ListPending(ctx, l.Stream, limit)
	now := s.Now()
	if i := slices.IndexFunc(list, func(d Delivery) bool { return d.NextAt.After(now) }); i >= 0 {
		list = list[:i]
	}
	return list, err
}

// LoadOutgoing reads what a delivery's body is made of.
func (s *Service) LoadOutgoing(ctx context.Context, d *Delivery) (*Outgoing, error) {
	o := &Outgoing{Delivery: *d}
	var err error
	if o.Chat, err = s.cachedChat(ctx, d.ChatID); err != nil {
		return nil, fmt.Errorf("load delivery: %w", err)
	}
	if o.Session, err = s.Store.FindSessionByKey(ctx, d.Session.Key); err != nil {
		return nil, fmt.Errorf("load delivery: %w", err)
	}
	if o.Events, err = s.Store.ListEvents(ctx, d.Session, d.First-1, int(d.Last-d.First+1)); err != nil {
		return nil, fmt.Errorf("load delivery: %w", err)
	}
	if len(o.Events) == 0 {
		return nil, Errorf(CodeNotFound, "the events of delivery %s are gone", d.ID)
	}
	starts := o.Events[0].Payload.Kind() == KindSessionStarted
	if !starts && d.Kind != DeliveryAnswer {
		return o, nil
	}
	if o.Details, err = s.Store.FindSessionDetails(ctx, d.Session.Key); err != nil {
		return nil, fmt.Errorf("load delivery: %w", err)
	}
	if o.Client, err = s.Store.FindClientByKey(ctx, o.Session.ClientKey); err != nil {
		return nil, fmt.Errorf("load delivery: %w", err)
	}
	return o, nil
}

// Settlement is how an attempt is noted, and what becomes of the stream.
type Settlement struct {
	Lease  StreamLease
	Next   int64         // key of the delivery to go on with: the lease is kept if it is next indeed; 0: none
	GiveUp time.Duration // after which a delivery that fails is dead
	Jitter float64       // 0 to 1: a random share
}

// SettleDelivery notes an attempt; d becomes what is stored. kept reports whether the lease is kept, due
// whether the stream, given back, has something to do at once. Meanwhile people may have dropped d, or
// what was to come next, or replayed what comes before it. It is CodeConflict when the lease was lost:
// then the delivery is somebody else's, and may be repeated.
func (s *Service) SettleDelivery(ctx context.Context, d *Delivery, o Outcome, st Settlement) (kept, due bool, err error) {
	settled := *d
	now := s.Now()
	settled.note(o, now, st)
	err = s.Store.Update(ctx, func(tx Tx) error {
		kept, due = false, false
		if err := tx.LockStream(st.Lease); err != nil {
			return err
		}
		if err := tx.UpdateDelivery(&settled); err != nil {
			return err
		}
		first, nextAt, err := tx.FindPending(st.Lease.Stream)
		if err != nil {
			return err
		}
		if kept = st.Next != 0 && first == st.Next && !nextAt.After(now); kept {
			return nil
		}
		due = first != 0 && !nextAt.After(now)
		_, err = tx.ReleaseStream(st.Lease.Stream, latest(now, nextAt))
		return err
	})
	if err != nil {
		return false, false, fmt.Errorf("settle delivery: %w", err)
	}
	*d = settled
	return kept, due, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// note writes what came of an attempt into the delivery.
func (d *Delivery) note(o Outcome, now time.Time, st Settlement) {
	d.Attempts++
	d.Log = append(d.Log[max(0, len(d.Log)+1-MaxAttemptLog):len(d.Log):len(d.Log)], o.Attempt)
	d.NextAt = time.Time{}
	switch {
	case o.Delivered:
		d.State, d.EndedAt = DeliveryDelivered, now
	case o.Permanent:
		d.State, d.EndedAt, d.Reason = DeliveryDead, now, o.Error
	case d.Attempts > deliveryRepeats && o.Refused:
		d.State, d.EndedAt, d.Reason = DeliveryDead, now, o.Error
	case d.Attempts > deliveryRepeats && !now.Before(d.Since.Add(st.GiveUp)):
		d.State, d.EndedAt = DeliveryDead, now
		d.Reason = fmt.Sprintf("given up after %s: %s", st.GiveUp, o.Error)
	default:
		d.NextAt = now.Add(deliveryWait(d.Attempts, o.RetryAfter, st.Jitter))
	}
}

// deliveryWait is how long to wait after so many attempts. A receiver may ask for more time than that,
// but for no more than maxDeliveryWait.
func deliveryWait(attempts int, wish time.Duration, jitter float64) time.Duration {
	wait := deliveryRepeatWait
	if attempts > deliveryRepeats {
		doublings := min(attempts-deliveryRepeats, 10)
		wait = min(deliveryRepeatWait<<doublings, maxDeliveryWait)
		wait += time.Duration(float64(wait) * (jitter - 0.5) / 2.5) // a fifth more or less
	}
	return max(wait, min(wish, maxDeliveryWait))
}

// NoteReceipt notes the status of what a delivery to a channel's webhook told: that it has arrived, or never
// will. It may be noted again.
func (s *Service) NoteReceipt(ctx context.Context, d *Delivery, arrived bool) error {
	if d.Kind != DeliveryAnswer {
		return nil
	}
	events, err := s.Store.ListEvents(ctx, d.Session, d.First-1, int(d.Last-d.First+1))
	if err != nil {
		return fmt.Errorf("note receipt: %w", err)
	}
	if arrived {
		return s.MarkDelivered(ctx, events)
	}
	return s.MarkNotSent(ctx, events)
}

// GiveBackStream ends a lease without an attempt; the stream is looked at again after a time, but not
// before its first delivery may be tried.
func (s *Service) GiveBackStream(ctx context.Context, l StreamLease, after time.Duration) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.LockStream(l); err != nil {
			return err
		}
		_, nextAt, err := tx.FindPending(l.Stream)
		if err != nil {
			return err
		}
		_, err = tx.ReleaseStream(l.Stream, latest(s.Now().Add(after), nextAt))
		return err
	})
	if err != nil && CodeOf(err) != CodeConflict {
		return fmt.Errorf("give back stream: %w", err)
	}
	return nil
}
