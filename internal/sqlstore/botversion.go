package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// ListBotVersions implements chat.Reader.
func (s *Store) ListBotVersions(ctx context.Context, botID string) ([]chat.BotVersion, error) {
	return read(ctx, s, "version", func(ctx context.Context, q *sqlgen.Queries) ([]chat.BotVersion, error) {
		rows, err := q.ListBotVersions(ctx, botID)
		return each(rows, err, botVersionOf)
	})
}

// FindBotVersion implements chat.Reader.
func (s *Store) FindBotVersion(ctx context.Context, botID string, number int64) (*chat.BotVersion, error) {
	return read(ctx, s, "version", func(ctx context.Context, q *sqlgen.Queries) (*chat.BotVersion, error) {
		return findBotVersion(ctx, q, botID, number)
	})
}

// FindBotArchive implements chat.Reader.
func (s *Store) FindBotArchive(ctx context.Context, botID string, number int64) ([]byte, error) {
	text, err := read(ctx, s, "version", func(ctx context.Context, q *sqlgen.Queries) (string, error) {
		return q.FindBotArchive(ctx, sqlgen.FindBotArchiveParams{BotID: botID, Number: number})
	})
	if err != nil {
		return nil, err
	}
	archive, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("archive of version %d of bot %s: %w", number, botID, err)
	}
	return archive, nil
}

// CreateBotVersion implements chat.Tx.
func (t *tx) CreateBotVersion(v *chat.BotVersion, archive []byte) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("version", t.q.CreateBotVersion(context.Background(), sqlgen.CreateBotVersionParams{
		BotID: v.BotID, Number: v.Number, Digest: v.Digest, Files: v.Files, Size: v.Size, Note: v.Note,
		AuthorID: v.AuthorID, Author: v.Author, CreatedAt: micros(v.CreatedAt),
		Archive: base64.StdEncoding.EncodeToString(archive),
	}))
}

// FindBotVersion implements chat.Tx.
func (t *tx) FindBotVersion(botID string, number int64) (*chat.BotVersion, error) {
	v, err := findBotVersion(context.Background(), t.q, botID, number)
	if err != nil {
		return nil, t.fail("version", err)
	}
	return v, nil
}

// LastBotVersion implements chat.Tx.
func (t *tx) LastBotVersion(botID string) (int64, error) {
	n, err := t.q.LastBotVersion(context.Background(), botID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, t.fail("version", err)
}

// DeleteBotVersions implements chat.Tx.
func (t *tx) DeleteBotVersions(botID string, upTo, kept int64) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteBotVersions(context.Background(), sqlgen.DeleteBotVersionsParams{BotID: botID, UpTo: upTo, Kept: kept})
	return n, t.fail("version", err)
}

func findBotVersion(ctx context.Context, q *sqlgen.Queries, botID string, number int64) (*chat.BotVersion, error) {
	row, err := q.FindBotVersion(ctx, sqlgen.FindBotVersionParams{BotID: botID, Number: number})
	return botVersionOf(sqlgen.ListBotVersionsRow(row), err)
}

func botVersionOf(r sqlgen.ListBotVersionsRow, err error) (*chat.BotVersion, error) {
	if err != nil {
		return nil, err
	}
	return &chat.BotVersion{
		BotID: r.BotID, Number: r.Number, Digest: r.Digest, Files: r.Files, Size: r.Size, Note: r.Note,
		AuthorID: r.AuthorID, Author: r.Author, CreatedAt: timeOf(r.CreatedAt),
	}, nil
}
