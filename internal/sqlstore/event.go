package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// AppendEvents implements chat.Tx.
func (t *tx) AppendEvents(events []chat.Event) error {
	if err := t.begin(); err != nil {
		return err
	}
	for i := range events {
		e := &events[i]
		payload, err := chat.EncodePayload(e.Payload)
		if err != nil {
			return err
		}
		err = t.q.CreateEvent(context.Background(), sqlgen.CreateEventParams{
			Key: t.nextEventKey(), SessionKey: e.Session.Key, Sequence: e.Sequence, WidgetNo: e.WidgetNo, SessionNo: e.SessionNo,
			ID: e.ID, Kind: string(e.Payload.Kind()), At: micros(e.At), Payload: string(payload),
		})
		if err != nil {
			return t.fail("event", err)
		}
		t.written += len(payload)
	}
	return nil
}

// FindEvent implements chat.Tx.
func (t *tx) FindEvent(session int64, id string) (*chat.Event, error) {
	row, err := t.q.FindEvent(context.Background(), sqlgen.FindEventParams{ID: id, SessionKey: session})
	if err != nil {
		return nil, t.fail("event", err)
	}
	e, err := eventOf(chat.SessionRef{Key: session, ID: row.SessionID}, &row.Event)
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// FindEventAt implements chat.Tx.
func (t *tx) FindEventAt(session, sequence int64) (*chat.Event, error) {
	row, err := t.q.FindEventAt(context.Background(), sqlgen.FindEventAtParams{SessionKey: session, Sequence: sequence})
	if err != nil {
		return nil, t.fail("event", err)
	}
	e, err := eventOf(chat.SessionRef{Key: session, ID: row.SessionID}, &row.Event)
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// ListEvents implements chat.Reader.
func (s *Store) ListEvents(ctx context.Context, ref chat.SessionRef, after int64, limit int) ([]chat.Event, error) {
	return read(ctx, s, "event", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Event, error) {
		return eventsOf(ref)(q.ListEvents(ctx, sqlgen.ListEventsParams{SessionKey: ref.Key, After: after, MaxRows: maxRows(limit)}))
	})
}

// ListStream implements chat.Reader.
func (s *Store) ListStream(ctx context.Context, ref chat.SessionRef, stream chat.Stream, after int64, limit int, reverse bool) ([]chat.Event, error) {
	return read(ctx, s, "event", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Event, error) {
		of, n := eventsOf(ref), maxRows(limit)
		before := after
		if before == 0 {
			before = math.MaxInt64
		}
		switch {
		case stream == chat.StreamWidget && reverse:
			return of(q.ListWidgetStreamReverse(ctx, sqlgen.ListWidgetStreamReverseParams{SessionKey: ref.Key, Before: before, MaxRows: n}))
		case stream == chat.StreamWidget:
			return of(q.ListWidgetStream(ctx, sqlgen.ListWidgetStreamParams{SessionKey: ref.Key, After: after, MaxRows: n}))
		case stream == chat.StreamSession && reverse:
			return of(q.ListSessionStreamReverse(ctx, sqlgen.ListSessionStreamReverseParams{SessionKey: ref.Key, Before: before, MaxRows: n}))
		case stream == chat.StreamSession:
			return of(q.ListSessionStream(ctx, sqlgen.ListSessionStreamParams{SessionKey: ref.Key, After: after, MaxRows: n}))
		default:
			return nil, fmt.Errorf("unknown stream %q", stream)
		}
	})
}

// ListMessages implements chat.Reader.
func (s *Store) ListMessages(ctx context.Context, ref chat.SessionRef, m chat.MessagesQuery) (events []chat.Event, total int64, err error) {
	events, err = read(ctx, s, "event", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Event, error) {
		if total, err = q.CountMessages(ctx, ref.Key); err != nil {
			return nil, err
		}
		p := sqlgen.ListMessagesParams{SessionKey: ref.Key, After: m.After, MaxRows: maxRows(m.Limit), Skip: maxRows(m.Offset)}
		if !m.Newest {
			return eventsOf(ref)(q.ListMessages(ctx, p))
		}
		events, err := eventsOf(ref)(q.ListMessagesReverse(ctx, sqlgen.ListMessagesReverseParams(p)))
		slices.Reverse(events)
		return events, err
	})
	return events, total, err
}

// ListChanged implements chat.Reader.
func (s *Store) ListChanged(ctx context.Context, after int64) (changes []chat.Change, position int64, err error) {
	changes, err = readOn(ctx, s, "event", func(ctx context.Context, c sqlgen.DBTX) ([]chat.Change, error) {
		var rows []sqlgen.ListChangedRow
		rows, position, err = s.listChanged(ctx, c, after)
		changes := make([]chat.Change, len(rows))
		for i, r := range rows {
			changes[i] = chat.Change{
				SessionKey: r.SessionKey, Sequence: r.Sequence,
				Client: chat.ClientRef{Chat: r.ChatKey, Client: r.ClientKey},
			}
		}
		return changes, err
	})
	return changes, position, err
}

func eventsOf(ref chat.SessionRef) func([]sqlgen.Event, error) ([]chat.Event, error) {
	return func(rows []sqlgen.Event, err error) ([]chat.Event, error) {
		if err != nil {
			return nil, err
		}
		events := make([]chat.Event, len(rows))
		for i := range rows {
			if events[i], err = eventOf(ref, &rows[i]); err != nil {
				return nil, err
			}
		}
		return events, nil
	}
}

func eventOf(ref chat.SessionRef, r *sqlgen.Event) (chat.Event, error) {
	p, err := chat.DecodePayload(chat.Kind(r.Kind), []byte(r.Payload))
	if err != nil {
		return chat.Event{}, fmt.Errorf("event %d: %w", r.Key, err)
	}
	return chat.Event{
		Key: r.Key, ID: r.ID, Session: ref, Sequence: r.Sequence, WidgetNo: r.WidgetNo, SessionNo: r.SessionNo,
		At: timeOf(r.At), Payload: p,
	}, nil
}
