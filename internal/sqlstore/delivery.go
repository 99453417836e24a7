package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// streamDigest stands for a URL in the index of streams: short, and of one length.
func streamDigest(url string) string { return digest("stream", url) }

// AppendDeliveries implements chat.Tx.
func (t *tx) AppendDeliveries(list []chat.Delivery) error {
	t.deliveries = append(t.deliveries, list...)
	return nil
}

// flushDeliveries stores what AppendDeliveries was given. The database gives the keys, which grow in
// the order of the commits because PutStream locks the stream before.
func (t *tx) flushDeliveries() error {
	if len(t.deliveries) == 0 {
		return nil
	}
	if err := t.begin(); err != nil {
		return err
	}
	slices.SortStableFunc(t.deliveries, func(a, b chat.Delivery) int {
		return cmp.Or(cmp.Compare(a.ClientKey, b.ClientKey), cmp.Compare(a.URL, b.URL))
	})
	for i := range t.deliveries {
		if err := t.createDelivery(&t.deliveries[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) createDelivery(d *chat.Delivery) error {
	log, err := logText(d)
	if err != nil {
		return err
	}
	digest := streamDigest(d.URL)
	err = t.q.PutStream(context.Background(), sqlgen.PutStreamParams{
		ClientKey: d.ClientKey, Digest: digest, Receiver: chat.Receiver(d.URL), DueAt: max(micros(d.CreatedAt), 1),
	})
	if err != nil {
		return t.fail("delivery", err)
	}
	t.written += len(d.URL) + len(d.Data)
	return t.fail("delivery", t.q.CreateDelivery(context.Background(), sqlgen.CreateDeliveryParams{
		ClientKey: d.ClientKey, Digest: digest, ClientKey_2: d.ClientKey, ID: d.ID, SessionKey: d.Session.Key, SessionID: d.Session.ID,
		ChatID: d.ChatID, Kind: string(d.Kind), Url: d.URL, Data: d.Data, FirstSequence: d.First, LastSequence: d.Last,
		State: string(d.State), Attempts: int64(d.Attempts), Log: log, Reason: d.Reason,
		CreatedAt: micros(d.CreatedAt), Since: micros(d.Since), NextAt: micros(d.NextAt), EndedAt: micros(d.EndedAt),
	}))
}

// ClaimStreams implements chat.Tx.
func (t *tx) ClaimStreams(node, receiver string, now, until time.Time, limit int) ([]chat.StreamLease, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	rows, err := t.q.ClaimStreams(context.Background(), sqlgen.ClaimStreamsParams{
		Node: node, Until: micros(until), Receiver: receiver, Now: micros(now), MaxRows: maxRows(limit),
	})
	if err != nil {
		return nil, t.fail("stream", err)
	}
	leases := make([]chat.StreamLease, len(rows))
	for i, r := range rows {
		leases[i] = chat.StreamLease{Stream: r.Key, Node: node, Claim: r.Claims}
	}
	return leases, nil
}

// LockStream implements chat.Tx.
func (t *tx) LockStream(l chat.StreamLease) error {
	r, err := t.q.LockStream(context.Background(), l.Stream)
	if err != nil {
		return t.fail("stream", err)
	}
	if r.LeaseNode != l.Node || r.Claims != l.Claim {
		return chat.Errorf(chat.CodeConflict, "the lease of stream %d was lost", l.Stream)
	}
	return nil
}

// FindPending implements chat.Tx.
func (t *tx) FindPending(stream int64) (key int64, nextAt time.Time, err error) {
	found, err := t.q.FindPending(context.Background(), stream)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return found.Key, timeOf(found.NextAt), t.fail("delivery", err)
}

// ReleaseStream implements chat.Tx.
func (t *tx) ReleaseStream(stream int64, at time.Time) (pending bool, err error) {
	if err := t.begin(); err != nil {
		return false, err
	}
	due, err := t.q.ReleaseStream(context.Background(), sqlgen.ReleaseStreamParams{DueAt: max(micros(at), 1), Key: stream})
	return due > 0, t.fail("stream", err)
}

// WakeStream implements chat.Tx. A stream in which nothing is pending is given back at its next claim.
func (t *tx) WakeStream(stream int64, at time.Time) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("stream", t.q.WakeStream(context.Background(), sqlgen.WakeStreamParams{DueAt: max(micros(at), 1), Key: stream}))
}

// LockDelivery implements chat.Tx. The stream is locked before its delivery, as everywhere.
func (t *tx) LockDelivery(id string) (*chat.Delivery, error) {
	found, err := t.q.FindDelivery(context.Background(), id)
	if err != nil {
		return nil, t.fail("delivery", err)
	}
	if _, err := t.q.LockStream(context.Background(), found.StreamKey); err != nil {
		return nil, t.fail("stream", err)
	}
	d, err := deliveryOf(t.q.LockDelivery(context.Background(), id))
	return d, t.fail("delivery", err)
}

// UpdateDelivery implements chat.Tx.
func (t *tx) UpdateDelivery(d *chat.Delivery) error {
	log, err := logText(d)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("delivery", t.q.UpdateDelivery(context.Background(), sqlgen.UpdateDeliveryParams{
		Key: d.Key, State: string(d.State), Attempts: int64(d.Attempts), Log: log, Reason: d.Reason,
		Since: micros(d.Since), NextAt: micros(d.NextAt), EndedAt: micros(d.EndedAt),
	}))
}

// DeleteDelivery implements chat.Tx.
func (t *tx) DeleteDelivery(key int64) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("delivery", t.q.DeleteDelivery(context.Background(), key))
}

// DeleteDeliveriesBefore implements chat.Tx.
func (t *tx) DeleteDeliveriesBefore(state chat.DeliveryState, before time.Time, limit int) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteDeliveriesBefore(context.Background(), sqlgen.DeleteDeliveriesBeforeParams{
		State: string(state), Before: micros(before), MaxRows: maxRows(limit),
	})
	return n, t.fail("delivery", err)
}

// ListDueReceivers implements chat.Reader.
func (s *Store) ListDueReceivers(ctx context.Context, now time.Time) ([]string, error) {
	return read(ctx, s, "stream", func(ctx context.Context, q *sqlgen.Queries) ([]string, error) {
		return q.ListDueReceivers(ctx, micros(now))
	})
}

// ListPending implements chat.Reader.
func (s *Store) ListPending(ctx context.Context, stream int64, limit int) ([]chat.Delivery, error) {
	return read(ctx, s, "delivery", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Delivery, error) {
		rows, err := q.ListPending(ctx, sqlgen.ListPendingParams{StreamKey: stream, Limit: maxRows(limit)})
		return each(rows, err, deliveryOf)
	})
}

// FindDelivery implements chat.Reader.
func (s *Store) FindDelivery(ctx context.Context, id string) (*chat.Delivery, error) {
	return read(ctx, s, "delivery", func(ctx context.Context, q *sqlgen.Queries) (*chat.Delivery, error) {
		return deliveryOf(q.FindDelivery(ctx, id))
	})
}

// CountDeliveries implements chat.Reader.
func (s *Store) CountDeliveries(ctx context.Context) (chat.DeliveryCounts, error) {
	return read(ctx, s, "delivery", func(ctx context.Context, q *sqlgen.Queries) (n chat.DeliveryCounts, err error) {
		rows, err := q.CountDeliveries(ctx)
		for _, r := range rows {
			switch chat.DeliveryState(r.State) {
			case chat.DeliveryPending:
				n.Pending = r.Deliveries
			case chat.DeliveryDead:
				n.Dead = r.Deliveries
			}
		}
		return n, err
	})
}

// ListDeliveries implements chat.Reader.
func (s *Store) ListDeliveries(ctx context.Context, d chat.DeliveriesQuery) (list []chat.Delivery, total int64, err error) {
	list, err = read(ctx, s, "delivery", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Delivery, error) {
		var rows []sqlgen.Delivery
		switch {
		case d.SessionID != "":
			rows, total, err = deliveriesOfSession(ctx, q, &d)
		case d.State != "":
			of := sqlgen.CountDeliveriesInParams{State: string(d.State), ChatID: d.ChatID, Url: d.URL}
			if total, err = q.CountDeliveriesIn(ctx, of); err == nil {
				rows, err = q.ListDeliveriesIn(ctx, sqlgen.ListDeliveriesInParams{
					State: of.State, ChatID: of.ChatID, Url: of.Url, MaxRows: maxRows(d.Limit), Skip: maxRows(d.Offset),
				})
			}
		default:
			of := sqlgen.CountListedDeliveriesParams{ChatID: d.ChatID, Url: d.URL}
			if total, err = q.CountListedDeliveries(ctx, of); err == nil {
				rows, err = q.ListDeliveries(ctx, sqlgen.ListDeliveriesParams{
					ChatID: of.ChatID, Url: of.Url, MaxRows: maxRows(d.Limit), Skip: maxRows(d.Offset),
				})
			}
		}
		return each(rows, err, deliveryOf)
	})
	return list, total, err
}

// deliveriesOfSession finds the session by its id, so that deliveries need no index of those.
func deliveriesOfSession(ctx context.Context, q *sqlgen.Queries, d *chat.DeliveriesQuery) (rows []sqlgen.Delivery, total int64, err error) {
	session, err := q.FindSession(ctx, d.SessionID)
	if chat.CodeOf(asDomain("session", err)) == chat.CodeNotFound {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	of := sqlgen.CountDeliveriesOfParams{SessionKey: session.Session.Key, State: string(d.State), Url: d.URL}
	if total, err = q.CountDeliveriesOf(ctx, of); err != nil {
		return nil, 0, err
	}
	rows, err = q.ListDeliveriesOf(ctx, sqlgen.ListDeliveriesOfParams{
		SessionKey: of.SessionKey, State: of.State, Url: of.Url, MaxRows: maxRows(d.Limit), Skip: maxRows(d.Offset),
	})
	return rows, total, err
}

// logText is a delivery's log as it is stored.
func logText(d *chat.Delivery) (string, error) {
	if len(d.Log) == 0 {
		return "", nil
	}
	text, err := json.Marshal(d.Log)
	return string(text), err
}

func deliveryOf(r sqlgen.Delivery, err error) (*chat.Delivery, error) {
	if err != nil {
		return nil, err
	}
	d := &chat.Delivery{
		Key: r.Key, ID: r.ID, Stream: r.StreamKey, ClientKey: r.ClientKey, Session: chat.SessionRef{Key: r.SessionKey, ID: r.SessionID},
		ChatID: r.ChatID, Kind: chat.DeliveryKind(r.Kind), URL: r.Url, Data: r.Data, First: r.FirstSequence, Last: r.LastSequence,
		State: chat.DeliveryState(r.State), Attempts: int(r.Attempts), Reason: r.Reason,
		CreatedAt: timeOf(r.CreatedAt), Since: timeOf(r.Since), NextAt: timeOf(r.NextAt), EndedAt: timeOf(r.EndedAt),
	}
	if r.Log == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(r.Log), &d.Log); err != nil {
		return nil, fmt.Errorf("log of delivery %d: %w", r.Key, err)
	}
	return d, nil
}
