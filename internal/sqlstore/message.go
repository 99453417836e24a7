package sqlstore

import (
	"context"
	"encoding/json"
	"math"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindClientByAlias implements chat.Reader.
func (s *Store) FindClientByAlias(ctx context.Context, chatKey int64, a chat.Alias) (*chat.Client, error) {
	return read(ctx, s, "client", func(ctx context.Context, q *sqlgen.Queries) (*chat.Client, error) {
		return clientOf(q.FindClientByAlias(ctx, sqlgen.FindClientByAliasParams{ChatKey: chatKey, Kind: string(a.Kind), Value: a.Value}))
	})
}

// ListDialogue implements chat.Reader.
func (s *Store) ListDialogue(ctx context.Context, chatKey, client int64, d chat.DialogueQuery) (items []chat.DialogueItem, total int64, err error) {
	since, before := micros(d.From), int64(math.MaxInt64)
	if !d.To.IsZero() {
		before = micros(d.To)
	}
	items, err = read(ctx, s, "event", func(ctx context.Context, q *sqlgen.Queries) ([]chat.DialogueItem, error) {
		total, err = q.CountDialogue(ctx, sqlgen.CountDialogueParams{ChatKey: chatKey, ClientKey: client, Since: since, Before: before})
		if err != nil {
			return nil, err
		}
		rows, err := q.ListDialogue(ctx, sqlgen.ListDialogueParams{
			ChatKey: chatKey, ClientKey: client, Since: since, Before: before, MaxRows: maxRows(d.Limit), Skip: maxRows(d.Offset),
		})
		return dialogueOf(rows, err)
	})
	return items, total, err
}

// ListUnreadOfClient implements chat.Reader.
func (s *Store) ListUnreadOfClient(ctx context.Context, chatKey, client int64, limit int) ([]chat.DialogueItem, error) {
	return read(ctx, s, "event", func(ctx context.Context, q *sqlgen.Queries) ([]chat.DialogueItem, error) {
		rows, err := q.ListUnreadOfClient(ctx, sqlgen.ListUnreadOfClientParams{ChatKey: chatKey, ClientKey: client, MaxRows: maxRows(limit)})
		same := make([]sqlgen.ListDialogueRow, len(rows))
		for i, r := range rows {
			same[i] = sqlgen.ListDialogueRow(r)
		}
		return dialogueOf(same, err)
	})
}

func dialogueOf(rows []sqlgen.ListDialogueRow, err error) ([]chat.DialogueItem, error) {
	if err != nil {
		return nil, err
	}
	items := make([]chat.DialogueItem, len(rows))
	for i := range rows {
		r := &rows[i]
		e, err := eventOf(chat.SessionRef{Key: r.Event.SessionKey, ID: r.SessionID}, &r.Event)
		if err != nil {
			return nil, err
		}
		items[i] = chat.DialogueItem{Event: e, ClientRead: r.ClientRead}
	}
	return items, nil
}

// ListMessageStatuses implements chat.Reader.
func (s *Store) ListMessageStatuses(ctx context.Context, session, first, last int64) ([]chat.MessageStatusRecord, error) {
	return read(ctx, s, "status", func(ctx context.Context, q *sqlgen.Queries) ([]chat.MessageStatusRecord, error) {
		rows, err := q.ListMessageStatuses(ctx, sqlgen.ListMessageStatusesParams{SessionKey: session, First: first, Last: last})
		records := make([]chat.MessageStatusRecord, len(rows))
		for i, r := range rows {
			records[i] = statusOf(r)
		}
		return records, err
	})
}

// FindWidgetState implements chat.Reader.
func (s *Store) FindWidgetState(ctx context.Context, chatKey, client int64) (json.RawMessage, error) {
	return read(ctx, s, "state", func(ctx context.Context, q *sqlgen.Queries) (json.RawMessage, error) {
		data, err := q.FindWidgetState(ctx, sqlgen.FindWidgetStateParams{ChatKey: chatKey, ClientKey: client})
		return json.RawMessage(data), err
	})
}

// FindEventOfClient implements chat.Tx.
func (t *tx) FindEventOfClient(client chat.ClientRef, id string) (*chat.Event, error) {
	row, err := t.q.FindEventOfClient(context.Background(), sqlgen.FindEventOfClientParams{ID: id, ChatKey: client.Chat, ClientKey: client.Client})
	if err != nil {
		return nil, t.fail("event", err)
	}
	e, err := eventOf(chat.SessionRef{Key: row.Event.SessionKey, ID: row.SessionID}, &row.Event)
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// ListUnread implements chat.Tx.
func (t *tx) ListUnread(ref chat.SessionRef, after int64, limit int) ([]chat.Event, error) {
	rows, err := t.q.ListUnread(context.Background(), sqlgen.ListUnreadParams{SessionKey: ref.Key, After: after, MaxRows: maxRows(limit)})
	if err != nil {
		return nil, t.fail("event", err)
	}
	return eventsOf(ref)(rows, nil)
}

// LockLatestSession implements chat.Tx.
func (t *tx) LockLatestSession(chatKey, client int64) (*chat.Session, error) {
	key, err := t.q.FindLatestSession(context.Background(), sqlgen.FindLatestSessionParams{ChatKey: chatKey, ClientKey: client})
	if err != nil {
		return nil, t.fail("session", err)
	}
	return t.LockSessionByKey(key)
}

// FindMessageStatus implements chat.Tx.
func (t *tx) FindMessageStatus(session, sequence int64) (*chat.MessageStatusRecord, error) {
	row, err := t.q.FindMessageStatus(context.Background(), sqlgen.FindMessageStatusParams{SessionKey: session, Sequence: sequence})
	if err != nil {
		return nil, t.fail("status", err)
	}
	r := statusOf(row)
	return &r, nil
}

// PutMessageStatus implements chat.Tx.
func (t *tx) PutMessageStatus(r *chat.MessageStatusRecord) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("status", t.q.PutMessageStatus(context.Background(), sqlgen.PutMessageStatusParams{
		SessionKey: r.SessionKey, Sequence: r.Sequence, Status: string(r.Status), UpTo: r.UpTo,
	}))
}

// PutWidgetState implements chat.Tx.
func (t *tx) PutWidgetState(chatKey, client int64, state json.RawMessage) error {
	if err := t.begin(); err != nil {
		return err
	}
	t.written += len(state)
	return t.fail("state", t.q.PutWidgetState(context.Background(), sqlgen.PutWidgetStateParams{ChatKey: chatKey, ClientKey: client, Data: string(state)}))
}

func statusOf(r sqlgen.MessageStatus) chat.MessageStatusRecord {
	return chat.MessageStatusRecord{SessionKey: r.SessionKey, Sequence: r.Sequence, Status: chat.MessageStatus(r.Status), UpTo: r.UpTo}
}
