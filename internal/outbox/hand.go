package outbox

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// streamBatch is how many deliveries of a stream a hand makes before others have their turn.
	streamBatch = 16
	// leaseMargin is how much longer than two attempts a lease lasts: storage may be slow. A node that
	// dies is noticed long before.
	leaseMargin = 40 * time.Second
	// retryFirst is the first wait for storage that is away.
	retryFirst = 20 * time.Millisecond
	// awayWait is how long a stream is left alone when storage cannot say what is in it.
	awayWait = time.Second
	// brokenWait is the same for one whose rows are damaged.
	brokenWait = time.Minute
	// giveBackTimeout bounds giving a stream back; otherwise its lease ends by itself.
	giveBackTimeout = 2 * time.Second
)

func (b *Outbox) lease() time.Duration { return 2*b.Timeout + leaseMargin }

// turn is for how long a hand takes up further deliveries of a stream. It is much shorter than a lease, and
// so short that a receiver that is slow is soon known to be.
func (b *Outbox) turn() time.Duration { return b.Timeout / 5 }

// serve delivers what a stream has, in order, until it is empty, has had its turn, or must wait.
// Nothing is begun after work has ended, and attempts end with posts.
func (b *Outbox) serve(work, posts context.Context, receiver string, l chat.StreamLease) report {
	rep := report{receiver: receiver}
	began := time.Now()
	list, err := b.pending(l)
	if err != nil || len(list) == 0 {
		b.giveBack(l, b.waitAfter(l, err))
		return rep
	}
	for i := range list {
		d := &list[i]
		a, err := b.attempt(posts, d)
		if err != nil {
			wait := awayWait
			if posts.Err() != nil { // it is not storage's fault: others may go on at once
				wait = 0
			}
			b.giveBack(l, wait)
			return rep
		}
		st := chat.Settlement{Lease: l, GiveUp: b.GiveUp, Jitter: rand.Float64()}
		if i+1 < len(list) && work.Err() == nil && time.Since(began) < b.turn() {
			st.Next = list[i+1].Key
		}
		if a.Delivered { // before the delivery is settled: after a crash in between both are done again
			b.noteReceipt(d, true)
		}
		kept, due, err := b.settle(d, a.Outcome, st)
		if err != nil {
			return rep
		}
		rep.due = due
		rep.tried, rep.delivered = a.posted && !a.Permanent, a.Delivered
		if a.posted {
			rep.took = a.Took
		}
		if d.State == chat.DeliveryDead {
			rep.died = d
			b.noteReceipt(d, false)
		}
		if !kept {
			break
		}
	}
	return rep
}

// noteReceipt has the domain note that messages have arrived, or never will.
func (b *Outbox) noteReceipt(d *chat.Delivery, arrived bool) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := b.Service.NoteReceipt(ctx, d, arrived); err != nil {
		b.Log.Error("outbox: the status of messages is not noted", "delivery", d.ID, "error", err)
	}
}

func (b *Outbox) pending(l chat.StreamLease) ([]chat.Delivery, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	return b.Service.ListPending(ctx, l, streamBatch)
}

// waitAfter is how long a stream is left alone that could not be read, or was empty.
func (b *Outbox) waitAfter(l chat.StreamLease, err error) time.Duration {
	switch {
	case err == nil:
		return 0
	case passing(err):
		return awayWait
	}
	b.Log.Error("outbox: a stream cannot be read", "stream", l.Stream, "error", err)
	return brokenWait
}

// giveBack ends a lease before its time; the stream is left alone for a time. When that fails, the lease
// ends by itself.
func (b *Outbox) giveBack(l chat.StreamLease, wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), giveBackTimeout)
	defer cancel()
	if err := b.Service.GiveBackStream(ctx, l, wait); err != nil {
		b.Log.Debug("outbox: a stream is not given back", "stream", l.Stream, "error", err)
	}
}

// settle notes what came of an attempt, and goes on trying while storage is away and the lease lasts: if
// it cannot, the delivery is repeated.
func (b *Outbox) settle(d *chat.Delivery, o chat.Outcome, st chat.Settlement) (kept, due bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), b.lease()/2)
	defer cancel()
	for wait := retryFirst; ; wait = min(2*wait, time.Second) {
		kept, due, err = b.Service.SettleDelivery(ctx, d, o, st)
		if err == nil || chat.CodeOf(err) != chat.CodeUnavailable {
			break
		}
		select {
		case <-time.After(wait):
			continue
		case <-ctx.Done():
		}
		break
	}
	b.count(d, o, err)
	if err != nil && chat.CodeOf(err) != chat.CodeConflict && chat.CodeOf(err) != chat.CodeUnavailable {
		b.Log.Error("outbox: an attempt cannot be noted", "delivery", d.ID, "error", err)
	}
	return kept, due, err
}

func (b *Outbox) count(d *chat.Delivery, o chat.Outcome, err error) {
	outcome := "failed"
	switch {
	case err != nil:
		outcome = "not_settled"
	case o.Delivered:
		outcome = "delivered"
	case d.State == chat.DeliveryDead:
		outcome = "dead"
	}
	if m := b.Metrics.Attempts; m != nil {
		m.WithLabelValues(outcome).Inc()
	}
	if m := b.Metrics.Seconds; m != nil {
		m.Observe(o.Took.Seconds())
	}
	if m := b.Metrics.Lag; m != nil && o.Delivered {
		m.Observe(o.At.Add(o.Took).Sub(d.CreatedAt).Seconds())
	}
}
