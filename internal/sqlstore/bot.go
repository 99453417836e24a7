package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindBot implements chat.Reader.
func (s *Store) FindBot(ctx context.Context, id string) (*chat.BotRecord, error) {
	return read(ctx, s, "bot", func(ctx context.Context, q *sqlgen.Queries) (*chat.BotRecord, error) {
		return botOf(q.FindBot(ctx, id))
	})
}

// FindBot implements chat.Tx.
func (t *tx) FindBot(id string) (*chat.BotRecord, error) {
	b, err := botOf(t.q.FindBot(context.Background(), id))
	if err != nil {
		return nil, t.fail("bot", err)
	}
	return b, nil
}

// LockBot implements chat.Tx.
func (t *tx) LockBot(id string) (*chat.BotRecord, error) {
	b, err := botOf(t.q.LockBot(context.Background(), id))
	if err != nil {
		return nil, t.fail("bot", err)
	}
	return b, nil
}

// ListBots implements chat.Reader.
func (s *Store) ListBots(ctx context.Context) ([]chat.BotRecord, error) {
	return read(ctx, s, "bot", func(ctx context.Context, q *sqlgen.Queries) ([]chat.BotRecord, error) {
		rows, err := q.ListBots(ctx)
		return each(rows, err, botOf)
	})
}

// PutBot implements chat.Tx.
func (t *tx) PutBot(b *chat.BotRecord) error {
	row, err := rowOfBot(b)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("bot", t.q.PutBot(context.Background(), sqlgen.PutBotParams(row)))
}

// CreateBot implements chat.Tx.
func (t *tx) CreateBot(b *chat.BotRecord) error {
	row, err := rowOfBot(b)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("bot", t.q.CreateBot(context.Background(), sqlgen.CreateBotParams(row)))
}

// DeleteBot implements chat.Tx.
func (t *tx) DeleteBot(id string) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("bot", oneRow(t.q.DeleteBot(context.Background(), id)))
}

func rowOfBot(b *chat.BotRecord) (sqlgen.Bot, error) {
	settings, err := json.Marshal(b.Settings)
	kind := b.Kind
	if kind == "" {
		kind = chat.BotScenario
	}
	return sqlgen.Bot{ID: b.ID, Name: b.Name, Kind: string(kind), Settings: string(settings), CreatedAt: micros(b.CreatedAt), Version: b.Version}, err
}

func botOf(r sqlgen.Bot, err error) (*chat.BotRecord, error) {
	if err != nil {
		return nil, err
	}
	b := &chat.BotRecord{ID: r.ID, Name: r.Name, Kind: chat.BotKind(r.Kind), CreatedAt: timeOf(r.CreatedAt), Version: r.Version}
	if err := json.Unmarshal([]byte(r.Settings), &b.Settings); err != nil {
		return nil, fmt.Errorf("settings of bot %s: %w", r.ID, err)
	}
	return b, nil
}

// FindBriefing implements chat.Reader.
func (s *Store) FindBriefing(ctx context.Context, session, client int64, botID string) (*chat.Briefing, error) {
	return read(ctx, s, "session", func(ctx context.Context, q *sqlgen.Queries) (*chat.Briefing, error) {
		row, err := q.FindBriefing(ctx, sqlgen.FindBriefingParams{ClientKey: client, BotID: botID, SessionKey: session})
		if err != nil {
			return nil, err
		}
		details, err := detailsOf(row.SessionDetail)
		if err != nil {
			return nil, err
		}
		found, err := clientOf(row.Client, nil)
		if err != nil {
			return nil, err
		}
		state := chat.BotState{ClientVersion: row.ClientVersion}
		if row.SessionState != "" {
			state.Session = json.RawMessage(row.SessionState)
		}
		if row.ClientState != "" {
			state.Client = json.RawMessage(row.ClientState)
		}
		return &chat.Briefing{Details: details, Client: found, State: state}, nil
	})
}

// FindBotState implements chat.Reader. A bot that remembers nothing has an empty state.
func (s *Store) FindBotState(ctx context.Context, session int64, botID string, client int64) (*chat.BotState, error) {
	return read(ctx, s, "bot state", func(ctx context.Context, q *sqlgen.Queries) (*chat.BotState, error) {
		return findBotState(ctx, q, session, botID, client)
	})
}

// FindBotState implements chat.Tx.
func (t *tx) FindBotState(session int64, botID string, client int64) (*chat.BotState, error) {
	state, err := findBotState(context.Background(), t.q, session, botID, client)
	if err != nil {
		return nil, t.fail("bot state", err)
	}
	return state, nil
}

func findBotState(ctx context.Context, q *sqlgen.Queries, session int64, botID string, client int64) (*chat.BotState, error) {
	state := &chat.BotState{}
	data, err := q.FindSessionState(ctx, session)
	switch {
	case err == nil:
		state.Session = json.RawMessage(data)
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	row, err := q.FindClientState(ctx, sqlgen.FindClientStateParams{ClientKey: client, BotID: botID})
	switch {
	case err == nil:
		state.Client, state.ClientVersion = json.RawMessage(row.Data), row.Version
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	return state, nil
}

// SaveSessionState implements chat.Tx.
func (t *tx) SaveSessionState(session int64, data json.RawMessage) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("bot state", t.q.PutSessionState(context.Background(), sqlgen.PutSessionStateParams{SessionKey: session, Data: string(data)}))
}

// SaveClientState implements chat.Tx.
func (t *tx) SaveClientState(botID string, client int64, data json.RawMessage, version int64) error {
	if err := t.begin(); err != nil {
		return err
	}
	var n int64
	var err error
	if version == 0 {
		n, err = t.q.CreateClientState(context.Background(), sqlgen.CreateClientStateParams{ClientKey: client, BotID: botID, Data: string(data)})
	} else {
		n, err = t.q.UpdateClientState(context.Background(), sqlgen.UpdateClientStateParams{ClientKey: client, BotID: botID, Data: string(data), Version: version})
	}
	if err != nil {
		return t.fail("bot state", err)
	}
	if n == 0 {
		return chat.Errorf(chat.CodeConflict, "the client's state has changed since version %d", version)
	}
	return nil
}
