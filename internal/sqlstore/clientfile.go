package sqlstore

import (
	"context"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindFile implements chat.Reader.
func (s *Store) FindFile(ctx context.Context, id string) (*chat.File, error) {
	return read(ctx, s, "file", func(ctx context.Context, q *sqlgen.Queries) (*chat.File, error) {
		return fileOf(q.FindFile(ctx, id))
	})
}

// ListDoomedFiles implements chat.Reader.
func (s *Store) ListDoomedFiles(ctx context.Context, after int64, limit int) ([]chat.File, error) {
	return read(ctx, s, "file", func(ctx context.Context, q *sqlgen.Queries) ([]chat.File, error) {
		rows, err := q.ListDoomedFiles(ctx, sqlgen.ListDoomedFilesParams{After: after, MaxRows: maxRows(limit)})
		return each(rows, err, fileOf)
	})
}

// FindFile implements chat.Tx.
func (t *tx) FindFile(id string) (*chat.File, error) {
	f, err := fileOf(t.q.FindFile(context.Background(), id))
	return f, t.fail("file", err)
}

// CreateFile implements chat.Tx.
func (t *tx) CreateFile(f *chat.File) error {
	if err := t.begin(); err != nil {
		return err
	}
	key, err := t.q.CreateFile(context.Background(), sqlgen.CreateFileParams{
		ID: f.ID, SessionKey: f.SessionKey, ClientKey: f.ClientKey, Name: f.Name, ContentType: f.ContentType, Size: f.Size,
		Blob: f.Blob, Private: f.Private, State: string(f.State), CreatedAt: micros(f.CreatedAt),
	})
	if err != nil {
		return t.fail("file", err)
	}
	f.Key = key
	return nil
}

// ChangeFile implements chat.Tx.
func (t *tx) ChangeFile(key int64, from, to chat.FileState) error {
	if err := t.begin(); err != nil {
		return err
	}
	n, err := t.q.ChangeFile(context.Background(), sqlgen.ChangeFileParams{Next: string(to), Key: key, State: string(from)})
	return t.fail("file", oneRow(n, err))
}

// SumFiles implements chat.Tx.
func (t *tx) SumFiles(session int64) (count, bytes int64, err error) {
	sum, err := t.q.SumFiles(context.Background(), session)
	return sum.Files, sum.Bytes, t.fail("file", err)
}

// DoomFiles implements chat.Tx.
func (t *tx) DoomFiles(before time.Time, limit int) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	n, err := t.q.DoomFiles(context.Background(), sqlgen.DoomFilesParams{Before: micros(before), MaxRows: maxRows(limit)})
	return n, t.fail("file", err)
}

// DeleteFile implements chat.Tx.
func (t *tx) DeleteFile(key int64) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("file", oneRow(t.q.DeleteFile(context.Background(), key)))
}

func fileOf(r sqlgen.File, err error) (*chat.File, error) {
	if err != nil {
		return nil, err
	}
	return &chat.File{
		Key: r.Key, ID: r.ID, SessionKey: r.SessionKey, ClientKey: r.ClientKey, Name: r.Name, ContentType: r.ContentType, Size: r.Size,
		Blob: r.Blob, Private: r.Private, State: chat.FileState(r.State), CreatedAt: timeOf(r.CreatedAt),
	}, nil
}
