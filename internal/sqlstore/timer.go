package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindNextTimer implements chat.Reader.
func (s *Store) FindNextTimer(ctx context.Context) (time.Time, error) {
	return read(ctx, s, "timer", func(ctx context.Context, q *sqlgen.Queries) (time.Time, error) {
		at, err := q.FindNextTimer(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return time.Time{}, nil
		}
		return timeOf(at), err
	})
}

// CountTimers implements chat.Reader.
func (s *Store) CountTimers(ctx context.Context) (int64, error) {
	return read(ctx, s, "timer", func(ctx context.Context, q *sqlgen.Queries) (int64, error) {
		return q.CountTimers(ctx)
	})
}

// CreateTimer implements chat.Tx.
func (t *tx) CreateTimer(timer *chat.Timer) error {
	if err := t.begin(); err != nil {
		return err
	}
	at := micros(timer.At)
	key, err := t.q.CreateTimer(context.Background(), sqlgen.CreateTimerParams{
		ID: timer.ID, SessionKey: timer.SessionKey, ChatKey: timer.ChatKey, ClientKey: timer.ClientKey, BotID: timer.BotID,
		Kind: string(timer.Kind), At: at, DueAt: max(at, 1), Held: timer.Held, Event: timer.Event, Data: string(timer.Data),
		Target: timer.Target, CreatedAt: micros(timer.CreatedAt),
	})
	if err != nil {
		return t.fail("timer", err)
	}
	t.written += len(timer.Data)
	timer.Key = key
	return nil
}

// FindTimer implements chat.Tx.
func (t *tx) FindTimer(id string) (*chat.Timer, error) {
	row, err := t.q.FindTimer(context.Background(), id)
	if err != nil {
		return nil, t.fail("timer", err)
	}
	timer := timerOf(row)
	return &timer, nil
}

// CountTimersOf implements chat.Tx.
func (t *tx) CountTimersOf(session int64) (int64, error) {
	n, err := t.q.CountTimersOf(context.Background(), session)
	return n, t.fail("timer", err)
}

// ClaimTimers implements chat.Tx.
func (t *tx) ClaimTimers(now, until time.Time, limit int) ([]chat.Timer, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	rows, err := t.q.ClaimTimers(context.Background(), sqlgen.ClaimTimersParams{Until: micros(until), Now: micros(now), MaxRows: maxRows(limit)})
	if err != nil {
		return nil, t.fail("timer", err)
	}
	timers := make([]chat.Timer, len(rows))
	for i, r := range rows {
		timers[i] = timerOf(r)
	}
	slices.SortFunc(timers, func(a, b chat.Timer) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	return timers, nil
}

// HoldTimer implements chat.Tx.
func (t *tx) HoldTimer(key int64, until time.Time) error {
	if err := t.begin(); err != nil {
		return err
	}
	n, err := t.q.HoldTimer(context.Background(), sqlgen.HoldTimerParams{DueAt: max(micros(until), 1), Key: key})
	return t.fail("timer", oneRow(n, err))
}

// WakeTimers implements chat.Tx.
func (t *tx) WakeTimers(chatKey, client int64, at time.Time) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("timer", t.q.WakeTimers(context.Background(), sqlgen.WakeTimersParams{DueAt: max(micros(at), 1), ChatKey: chatKey, ClientKey: client}))
}

// DeleteTimer implements chat.Tx.
func (t *tx) DeleteTimer(key int64) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("timer", oneRow(t.q.DeleteTimer(context.Background(), key)))
}

// DeleteTimeout implements chat.Tx.
func (t *tx) DeleteTimeout(session int64) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("timer", t.q.DeleteTimeout(context.Background(), session))
}

func timerOf(r sqlgen.Timer) chat.Timer {
	timer := chat.Timer{
		Key: r.Key, ID: r.ID, SessionKey: r.SessionKey, ChatKey: r.ChatKey, ClientKey: r.ClientKey, BotID: r.BotID,
		Kind: chat.TimerKind(r.Kind), At: timeOf(r.At), Held: r.Held, Event: r.Event, Target: r.Target, CreatedAt: timeOf(r.CreatedAt),
	}
	if r.Data != "" {
		timer.Data = json.RawMessage(r.Data)
	}
	return timer
}
