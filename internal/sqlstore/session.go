package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindSession implements chat.Reader.
func (s *Store) FindSession(ctx context.Context, id string) (*chat.Session, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) (*chat.Session, error) {
		row, err := q.FindSession(ctx, id)
		return sessionOf(row.Session, row.SessionHead), err
	})
}

// FindSessionByKey implements chat.Reader.
func (s *Store) FindSessionByKey(ctx context.Context, key int64) (*chat.Session, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) (*chat.Session, error) {
		row, err := q.FindSessionByKey(ctx, key)
		return sessionOf(row.Session, row.SessionHead), err
	})
}

// FindSessionDetails implements chat.Reader.
func (s *Store) FindSessionDetails(ctx context.Context, key int64) (*chat.SessionDetails, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) (*chat.SessionDetails, error) {
		row, err := q.FindSessionDetails(ctx, key)
		if err != nil {
			return nil, err
		}
		return detailsOf(row)
	})
}

// FindSessionDetails implements chat.Tx.
func (t *tx) FindSessionDetails(key int64) (*chat.SessionDetails, error) {
	row, err := t.q.FindSessionDetails(context.Background(), key)
	if err != nil {
		return nil, t.fail("session", err)
	}
	return detailsOf(row)
}

// ListDueTurns implements chat.Reader.
func (s *Store) ListDueTurns(ctx context.Context, node string, now time.Time, after int64, limit int) ([]chat.SessionRef, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) ([]chat.SessionRef, error) {
		rows, err := q.ListDueTurns(ctx, sqlgen.ListDueTurnsParams{Node: node, Now: micros(now), After: after, MaxRows: maxRows(limit)})
		refs := make([]chat.SessionRef, len(rows))
		for i, r := range rows {
			refs[i] = chat.SessionRef{Key: r.Key, ID: r.ID}
		}
		return refs, err
	})
}

// ListExpiring implements chat.Reader.
func (s *Store) ListExpiring(ctx context.Context, now time.Time, limit int) ([]chat.SessionRef, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) ([]chat.SessionRef, error) {
		rows, err := q.ListExpiring(ctx, sqlgen.ListExpiringParams{Now: micros(now), MaxRows: maxRows(limit)})
		refs := make([]chat.SessionRef, len(rows))
		for i, r := range rows {
			refs[i] = chat.SessionRef{Key: r.Key, ID: r.ID}
		}
		return refs, err
	})
}

// LockSession implements chat.Tx.
func (t *tx) LockSession(id string) (*chat.Session, error) {
	if r, ok := t.sessions.byID[id]; ok {
		return sessionOf(r.session, r.head), nil
	}
	row, err := t.q.LockSession(context.Background(), id)
	return t.locked(row.Session, row.SessionHead, err)
}

// LockSessionByKey implements chat.Tx.
func (t *tx) LockSessionByKey(key int64) (*chat.Session, error) {
	if r, ok := t.sessions.byKey[key]; ok {
		return sessionOf(r.session, r.head), nil
	}
	row, err := t.q.LockSessionByKey(context.Background(), key)
	return t.locked(row.Session, row.SessionHead, err)
}

// LockOpenSession implements chat.Tx. Who has waited for a session that was closed meanwhile finds
// none, though there may be another one by then: so it looks again.
func (t *tx) LockOpenSession(chatKey, client int64) (*chat.Session, error) {
	of := sqlgen.LockOpenSessionParams{ChatKey: chatKey, ClientKey: client}
	for {
		row, err := t.q.LockOpenSession(context.Background(), of)
		if !errors.Is(err, sql.ErrNoRows) {
			return t.locked(row.Session, row.SessionHead, err)
		}
		if _, err := t.q.FindOpenSession(context.Background(), sqlgen.FindOpenSessionParams(of)); err != nil {
			return nil, t.fail("session", err)
		}
	}
}

func (t *tx) locked(s sqlgen.Session, h sqlgen.SessionHead, err error) (*chat.Session, error) {
	if err != nil {
		return nil, t.fail("session", err)
	}
	r := t.sessions.put(sessionRow{s, h})
	return sessionOf(r.session, r.head), nil
}

// CreateSession implements chat.Tx.
func (t *tx) CreateSession(s *chat.Session, d *chat.SessionDetails) error {
	if err := t.begin(); err != nil {
		return err
	}
	row := rowOfSession(s)
	key, err := t.q.CreateSession(context.Background(), createSessionParams(row.session))
	if err != nil {
		return t.fail("open session", err)
	}
	row.session.Key, row.head.SessionKey = key, key
	row.head.DueAt = dueAt(s, 0)
	if err := t.q.CreateSessionHead(context.Background(), sqlgen.CreateSessionHeadParams(row.head)); err != nil {
		return t.fail("session", err)
	}
	details, err := rowOfDetails(key, d)
	if err != nil {
		return err
	}
	if err := t.q.CreateSessionDetails(context.Background(), sqlgen.CreateSessionDetailsParams(details)); err != nil {
		return t.fail("session", err)
	}
	s.Key = key
	t.remember(row)
	return nil
}

// UpdateSession implements chat.Tx. It touches only the rows, and the indices, that change:
// a message changes the head alone.
func (t *tx) UpdateSession(s *chat.Session) error {
	old, ok := t.sessions.byKey[s.Key]
	if !ok {
		if _, err := t.LockSessionByKey(s.Key); err != nil {
			return err
		}
		old = t.sessions.byKey[s.Key]
	}
	row := rowOfSession(s)
	row.head.DueAt = dueAt(s, old.head.DueAt)
	row.session = withFixed(row.session, old.session)
	if row == *old {
		return nil
	}
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.updateSession(old, &row); err != nil {
		return t.fail("session", err)
	}
	t.remember(row)
	return nil
}

func (t *tx) updateSession(old, row *sessionRow) error {
	s, h := &row.session, &row.head
	if *s != old.session {
		err := t.q.UpdateSession(context.Background(), sqlgen.UpdateSessionParams{
			Key: s.Key, BotID: s.BotID, Status: s.Status, OwnerKind: s.OwnerKind, OwnerID: s.OwnerID, OwnerName: s.OwnerName,
			Term: s.Term, Ttl: s.Ttl, CheckAt: s.CheckAt, ClosedAt: s.ClosedAt, Hooks: s.Hooks,
		})
		if err != nil {
			return err
		}
	}
	switch {
	case *h == old.head:
		return nil
	case h.DueAt != old.head.DueAt:
		return t.q.UpdateSessionTurn(context.Background(), sqlgen.UpdateSessionTurnParams{
			SessionKey: h.SessionKey, Sequence: h.Sequence, WidgetNo: h.WidgetNo, SessionNo: h.SessionNo, WidgetGiven: h.WidgetGiven,
			ClientRead: h.ClientRead, Cursor: h.Cursor, Pending: h.Pending, ActiveAt: h.ActiveAt,
			LeaseNode: h.LeaseNode, LeaseUntil: h.LeaseUntil, LeaseAttempts: h.LeaseAttempts, TimeoutAt: h.TimeoutAt, LastAt: h.LastAt, DueAt: h.DueAt,
		})
	default:
		return t.q.UpdateSessionHead(context.Background(), sqlgen.UpdateSessionHeadParams{
			SessionKey: h.SessionKey, Sequence: h.Sequence, WidgetNo: h.WidgetNo, SessionNo: h.SessionNo, WidgetGiven: h.WidgetGiven,
			ClientRead: h.ClientRead, Cursor: h.Cursor, Pending: h.Pending, ActiveAt: h.ActiveAt,
			LeaseNode: h.LeaseNode, LeaseUntil: h.LeaseUntil, LeaseAttempts: h.LeaseAttempts, TimeoutAt: h.TimeoutAt, LastAt: h.LastAt,
		})
	}
}

// withFixed takes what never changes in a session from its stored row.
func withFixed(s, old sqlgen.Session) sqlgen.Session {
	s.ID, s.ChatKey, s.ChatID, s.Demo = old.ID, old.ChatKey, old.ChatID, old.Demo
	s.ClientKey, s.ClientID, s.StartedAt = old.ClientKey, old.ClientID, old.StartedAt
	return s
}

// dueAt is since when the bot owes a reaction: the client's act that began it.
func dueAt(s *chat.Session, old int64) int64 {
	switch {
	case !s.TurnDue():
		return 0
	case old != 0:
		return old
	default:
		return max(micros(s.ActiveAt), 1)
	}
}

func sessionOf(s sqlgen.Session, h sqlgen.SessionHead) *chat.Session {
	return &chat.Session{
		Key: s.Key, ID: s.ID, ChatKey: s.ChatKey, ChatID: s.ChatID, Demo: s.Demo, ClientKey: s.ClientKey, ClientID: s.ClientID,
		BotID: s.BotID, Status: chat.Status(s.Status),
		Owner: chat.Owner{Kind: chat.OwnerKind(s.OwnerKind), ID: s.OwnerID, Name: s.OwnerName}, Term: s.Term,
		Sequence: h.Sequence, WidgetNo: h.WidgetNo, SessionNo: h.SessionNo, WidgetGiven: h.WidgetGiven, ClientRead: h.ClientRead,
		Cursor: h.Cursor, Pending: h.Pending,
		Lease:     chat.Lease{Node: h.LeaseNode, Until: timeOf(h.LeaseUntil), Attempts: int(h.LeaseAttempts)},
		TimeoutAt: timeOf(h.TimeoutAt), LastAt: timeOf(h.LastAt),
		TTL: time.Duration(s.Ttl) * time.Microsecond, StartedAt: timeOf(s.StartedAt), ActiveAt: timeOf(h.ActiveAt),
		CheckAt: timeOf(s.CheckAt), ClosedAt: timeOf(s.ClosedAt), Hooks: hooksOf(s.Hooks),
	}
}

// rowOfSession leaves DueAt out.
func rowOfSession(s *chat.Session) sessionRow {
	return sessionRow{
		session: sqlgen.Session{
			Key: s.Key, ID: s.ID, ChatKey: s.ChatKey, ChatID: s.ChatID, Demo: s.Demo, ClientKey: s.ClientKey, ClientID: s.ClientID,
			BotID: s.BotID, Status: string(s.Status), OwnerKind: string(s.Owner.Kind), OwnerID: s.Owner.ID, OwnerName: s.Owner.Name,
			Term: s.Term, Ttl: s.TTL.Microseconds(), StartedAt: micros(s.StartedAt), CheckAt: micros(s.CheckAt), ClosedAt: micros(s.ClosedAt),
			Hooks: hooksText(s.Hooks),
		},
		head: sqlgen.SessionHead{
			SessionKey: s.Key, Sequence: s.Sequence, WidgetNo: s.WidgetNo, SessionNo: s.SessionNo, WidgetGiven: s.WidgetGiven,
			ClientRead: s.ClientRead, Cursor: s.Cursor, Pending: s.Pending, ActiveAt: micros(s.ActiveAt),
			LeaseNode: s.Lease.Node, LeaseUntil: micros(s.Lease.Until), LeaseAttempts: int64(s.Lease.Attempts),
			TimeoutAt: micros(s.TimeoutAt), LastAt: micros(s.LastAt),
		},
	}
}

func createSessionParams(s sqlgen.Session) sqlgen.CreateSessionParams {
	return sqlgen.CreateSessionParams{
		ID: s.ID, ChatKey: s.ChatKey, ChatID: s.ChatID, Demo: s.Demo, ClientKey: s.ClientKey, ClientID: s.ClientID, BotID: s.BotID,
		Status: s.Status, OwnerKind: s.OwnerKind, OwnerID: s.OwnerID, OwnerName: s.OwnerName, Term: s.Term, Ttl: s.Ttl,
		StartedAt: s.StartedAt, CheckAt: s.CheckAt, ClosedAt: s.ClosedAt, Hooks: s.Hooks,
	}
}

// hooksText is a session's webhooks as they are stored; "" for none, which nearly all have.
func hooksText(h *chat.Hooks) string {
	if h == nil {
		return ""
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // it has texts only
	}
	return string(text)
}

func hooksOf(text string) *chat.Hooks {
	if text == "" {
		return nil
	}
	h := &chat.Hooks{}
	if json.Unmarshal([]byte(text), h) != nil {
		return nil // nothing but hooksText has written it
	}
	return h
}

func detailsOf(r sqlgen.SessionDetail) (*chat.SessionDetails, error) {
	d := &chat.SessionDetails{
		Name: r.Name, Channel: r.Channel, MessengerType: r.MessengerType, MessengerUserID: r.MessengerUserID, Referer: r.Referer,
		BotNodeID: r.BotNodeID, CallbackURL: r.CallbackUrl, CallbackData: r.CallbackData,
		EventCallbackURL: r.EventCallbackUrl, EventCallbackData: r.EventCallbackData, ClientIP: r.ClientIp,
	}
	if err := json.Unmarshal([]byte(r.Variables), &d.Variables); err != nil {
		return nil, fmt.Errorf("variables of session %d: %w", r.SessionKey, err)
	}
	if err := json.Unmarshal([]byte(r.NotifyOnEvents), &d.NotifyOnEvents); err != nil {
		return nil, fmt.Errorf("notify on events of session %d: %w", r.SessionKey, err)
	}
	return d, nil
}

func rowOfDetails(key int64, d *chat.SessionDetails) (sqlgen.SessionDetail, error) {
	variables, err := json.Marshal(d.Variables)
	if err != nil {
		return sqlgen.SessionDetail{}, chat.Invalid("variables", "not JSON")
	}
	events, err := json.Marshal(d.NotifyOnEvents)
	return sqlgen.SessionDetail{
		SessionKey: key, Name: d.Name, Channel: d.Channel, MessengerType: d.MessengerType, MessengerUserID: d.MessengerUserID,
		Referer: d.Referer, Variables: string(variables), BotNodeID: d.BotNodeID, CallbackUrl: d.CallbackURL, CallbackData: d.CallbackData,
		EventCallbackUrl: d.EventCallbackURL, EventCallbackData: d.EventCallbackData, NotifyOnEvents: string(events), ClientIp: d.ClientIP,
	}, err
}
