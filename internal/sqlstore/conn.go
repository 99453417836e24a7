package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// conn is one connection with its prepared statements. It is sqlgen's DBTX: a statement is
// turned into the dialect and prepared when it is first used. It is not safe for use by
// several goroutines, and its statements are never cancelled: it ignores contexts.
type conn struct {
	raw        *sql.Conn
	statements map[string]*sql.Stmt
	queries    *sqlgen.Queries
}

// openConn takes a connection from db.
func openConn(ctx context.Context, db *sql.DB) (*conn, error) {
	raw, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	c := &conn{raw: raw, statements: map[string]*sql.Stmt{}}
	c.queries = sqlgen.New(c)
	return c, nil
}

func (c *conn) close() error {
	errs := make([]error, 0, len(c.statements)+1)
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

func (c *conn) exec(statement string) error {
	_, err := c.ExecContext(context.Background(), statement)
	return err
}

// ExecContext implements sqlgen.DBTX.
func (c *conn) ExecContext(_ context.Context, statement string, args ...any) (sql.Result, error) {
	s, err := c.prepared(statement) //nolint:sqlclosecheck // close does, when no query needs it any more
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

// QueryContext implements sqlgen.DBTX.
func (c *conn) QueryContext(_ context.Context, statement string, args ...any) (*sql.Rows, error) {
	s, err := c.prepared(statement) //nolint:sqlclosecheck // close does, when no query needs it any more
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

// QueryRowContext implements sqlgen.DBTX.
func (c *conn) QueryRowContext(_ context.Context, statement string, args ...any) *sql.Row {
	s, err := c.prepared(statement) //nolint:sqlclosecheck // close does, when no query needs it any more
	if err != nil {                 // the row must carry the error, which only database/sql can make it do
		return c.raw.QueryRowContext(context.Background(), sqliteText(statement), args...)
	}
	return s.QueryRowContext(context.Background(), args...)
}

// PrepareContext implements sqlgen.DBTX.
func (c *conn) PrepareContext(_ context.Context, statement string) (*sql.Stmt, error) {
	return c.prepared(statement)
}

func (c *conn) prepared(statement string) (*sql.Stmt, error) {
	if s, ok := c.statements[statement]; ok {
		return s, nil
	}
	s, err := c.raw.PrepareContext(context.Background(), sqliteText(statement))
	if err != nil {
		return nil, err
	}
	c.statements[statement] = s
	return s, nil
}
