package main

import (
	"context"
	"sync"
	"time"
)

// message is one row.
type message struct {
	session  int64
	sequence int64
	id       string
	body     string
	at       time.Time
	channel  string // "" for a message that nobody is told of
	receiver string // URL of who is told instead; "" for nobody
	client   string // whose polls it answers; "" for nobody's
	done     chan error
}

// store keeps messages and publishes them once they are durable.
type store interface {
	run(ctx context.Context) error                // works until ctx ends
	insert(ctx context.Context, m *message) error // durable when it returns nil
	// list returns a session's messages after a sequence.
	list(ctx context.Context, session, after int64, limit int) ([]message, error)
	close() error
}

// The statements, on both engines.
const (
	insertMessage = "INSERT INTO messages (session, sequence, id, body, at) VALUES ($1, $2, $3, $4, $5)"
	listMessages  = "SELECT sequence, id, body, at FROM messages WHERE session = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
	createIndex   = "CREATE INDEX messages_session ON messages (session, sequence)"
)

// indexing makes the index when the first list is asked for: while messages are written there is only
// the row.
type indexing struct {
	once sync.Once
	err  error
}

func (i *indexing) make(create func() error) error {
	i.once.Do(func() { i.err = create() })
	return i.err
}

// openStore opens the store on PostgreSQL, or on SQLite when there is no URL.
func openStore(ctx context.Context, dir, postgres string, publish func(*message)) (store, error) {
	if postgres != "" {
		return openPostgresStore(ctx, postgres, publish)
	}
	return openSQLiteStore(ctx, dir, publish)
}
