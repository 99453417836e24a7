package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite"
)

// maxGroup bounds the rows of one commit; a full queue makes its callers wait.
const maxGroup = 512

// sqliteStore writes messages to SQLite: one writer that commits all that wait at once, flushed.
type sqliteStore struct {
	db      *sql.DB // the writer's only connection
	reader  *sql.DB
	queue   chan *message
	commits chan []*message
	publish func(*message) // called in commit order
	index   indexing
}

func openSQLiteStore(ctx context.Context, dir string, publish func(*message)) (*sqliteStore, error) {
	pragmas := "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	path := "file:" + filepath.Join(dir, "floor.db") + pragmas
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err = db.ExecContext(ctx, "CREATE TABLE messages (key INTEGER PRIMARY KEY, session INTEGER NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL)"); err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, db.Close()))
	}
	reader, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, db.Close()))
	}
	return &sqliteStore{db: db, reader: reader, publish: publish,
		queue: make(chan *message, maxGroup), commits: make(chan []*message, 64)}, nil
}

func (s *sqliteStore) run(ctx context.Context) error {
	insert, err := s.db.PrepareContext(ctx, insertMessage)
	if err != nil {
		return fmt.Errorf("run store: %w", err)
	}
	var wg sync.WaitGroup
	wg.Go(s.publishAll)
	defer wg.Wait()
	defer close(s.commits)
	next := make(map[int64]int64) // last sequence by session
	for {
		group := s.group(ctx)
		if group == nil {
			return nil
		}
		err := s.write(ctx, insert, group, next)
		for _, m := range group {
			m.done <- err
		}
		if err == nil {
			s.commits <- group
		}
	}
}

// group waits for a message and takes all others that wait too; nil when ctx ends.
func (s *sqliteStore) group(ctx context.Context) []*message {
	var group []*message
	select {
	case m := <-s.queue:
		group = append(group, m)
	case <-ctx.Done():
		return nil
	}
	for len(group) < maxGroup {
		select {
		case m := <-s.queue:
			group = append(group, m)
		default:
			return group
		}
	}
	return group
}

func (s *sqliteStore) write(ctx context.Context, insert *sql.Stmt, group []*message, next map[int64]int64) error {
	ctx = context.WithoutCancel(ctx) // what was taken from the queue is written
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	stmt := tx.StmtContext(ctx, insert) //nolint:sqlclosecheck // the transaction does
	for _, m := range group {
		next[m.session]++
		m.sequence = next[m.session]
		if _, err := stmt.ExecContext(ctx, m.session, m.sequence, m.id, m.body, m.at.UnixMicro()); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// publishAll hands on what is committed, in order, while the next group is written.
func (s *sqliteStore) publishAll() {
	for group := range s.commits {
		for _, m := range group {
			s.publish(m)
		}
	}
}

func (s *sqliteStore) insert(_ context.Context, m *message) error {
	m.done = make(chan error, 1)
	s.queue <- m
	return <-m.done
}

func (s *sqliteStore) list(ctx context.Context, session, after int64, limit int) ([]message, error) {
	err := s.index.make(func() error {
		_, err := s.db.ExecContext(context.WithoutCancel(ctx), createIndex)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	rows, err := s.reader.QueryContext(ctx, listMessages, session, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var messages []message
	for rows.Next() {
		var m message
		var at int64
		if err := rows.Scan(&m.sequence, &m.id, &m.body, &at); err != nil {
			return nil, fmt.Errorf("list messages: %w", err)
		}
		m.at = time.UnixMicro(at)
		messages = append(messages, m)
	}
	return messages, rows.Err()
}

func (s *sqliteStore) close() error {
	return errors.Join(s.reader.Close(), s.db.Close())
}
