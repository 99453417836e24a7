package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// poolSize is how many connections to PostgreSQL there are: as many as Govorun has unless it is told
// otherwise.
const poolSize = 24

// postgresStore writes messages to PostgreSQL: each is a transaction of its own of one prepared
// statement. Commits that come at once are flushed together by PostgreSQL itself.
type postgresStore struct {
	pool    *pgxpool.Pool
	publish func(*message)
	index   indexing
	mu      sync.Mutex // guards lines
	lines   map[int64]*line
}

// line is where the messages of a session stand in line, so that they are published in their order.
type line struct {
	mu   sync.Mutex // guards last, held until a message is published
	last int64
}

func openPostgresStore(ctx context.Context, url string, publish func(*message)) (*postgresStore, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	config.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if _, err = pool.Exec(ctx, "CREATE TABLE messages (key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session BIGINT NOT NULL, sequence BIGINT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, at BIGINT NOT NULL)"); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &postgresStore{pool: pool, publish: publish, lines: make(map[int64]*line)}, nil
}

// run waits until ctx ends: whoever has a message writes it.
func (s *postgresStore) run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (s *postgresStore) insert(ctx context.Context, m *message) error {
	l := s.line(m.session)
	l.mu.Lock()
	defer l.mu.Unlock()
	m.sequence = l.last + 1
	_, err := s.pool.Exec(context.WithoutCancel(ctx), insertMessage, m.session, m.sequence, m.id, m.body, m.at.UnixMicro())
	if err != nil {
		return err
	}
	l.last = m.sequence
	s.publish(m)
	return nil
}

func (s *postgresStore) line(session int64) *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[session]
	if l == nil {
		l = new(line)
		s.lines[session] = l
	}
	return l
}

func (s *postgresStore) list(ctx context.Context, session, after int64, limit int) ([]message, error) {
	err := s.index.make(func() error {
		_, err := s.pool.Exec(context.WithoutCancel(ctx), createIndex)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	rows, err := s.pool.Query(ctx, listMessages, session, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	defer rows.Close()
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

func (s *postgresStore) close() error {
	s.pool.Close()
	return nil
}
