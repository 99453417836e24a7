package sqlstore

import (
	"context"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// ListClientSessions implements chat.Reader.
func (s *Store) ListClientSessions(ctx context.Context, chatKey, client int64, limit int) ([]chat.Session, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Session, error) {
		rows, err := q.ListClientSessions(ctx, sqlgen.ListClientSessionsParams{ChatKey: chatKey, ClientKey: client, MaxRows: maxRows(limit)})
		sessions := make([]chat.Session, len(rows))
		for i, r := range rows {
			sessions[i] = *sessionOf(r.Session, r.SessionHead)
		}
		return sessions, err
	})
}

// FindEventOfClient implements chat.Reader.
func (s *Store) FindEventOfClient(ctx context.Context, client chat.ClientRef, id string) (*chat.Event, error) {
	return read(ctx, s, "event", func(ctx context.Context, q *sqlgen.Queries) (*chat.Event, error) {
		row, err := q.FindEventOfClient(ctx, sqlgen.FindEventOfClientParams{ID: id, ChatKey: client.Chat, ClientKey: client.Client})
		if err != nil {
			return nil, err
		}
		e, err := eventOf(chat.SessionRef{Key: row.Event.SessionKey, ID: row.SessionID}, &row.Event)
		return &e, err
	})
}

// FindPollCursor implements chat.Reader.
func (s *Store) FindPollCursor(ctx context.Context, client chat.ClientRef, cid string) (*chat.PollCursor, error) {
	return read(ctx, s, "poll cursor", func(ctx context.Context, q *sqlgen.Queries) (*chat.PollCursor, error) {
		r, err := q.FindPollCursor(ctx, sqlgen.FindPollCursorParams{ChatKey: client.Chat, ClientKey: client.Client, Cid: cid})
		return &chat.PollCursor{
			Client: client, CID: cid, Position: chat.Position{Session: r.SessionKey, Sequence: r.Sequence}, UsedAt: timeOf(r.UsedAt),
		}, err
	})
}

// AdvancePollCursor implements chat.Tx.
func (t *tx) AdvancePollCursor(c chat.PollCursor) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("poll cursor", t.q.AdvancePollCursor(context.Background(), sqlgen.AdvancePollCursorParams{
		ChatKey: c.Client.Chat, ClientKey: c.Client.Client, Cid: c.CID,
		SessionKey: c.Session, Sequence: c.Sequence, UsedAt: micros(c.UsedAt),
	}))
}

// DeletePollCursorsBefore implements chat.Tx.
func (t *tx) DeletePollCursorsBefore(before time.Time, limit int) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	n, err := t.q.DeletePollCursors(context.Background(), sqlgen.DeletePollCursorsParams{Before: micros(before), MaxRows: maxRows(limit)})
	return n, t.fail("poll cursor", err)
}
