package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipe is a connection to PostgreSQL as database/sql wants it. It spares round trips: what
// answers nothing (BEGIN, INSERT, UPDATE) is held back and sent together with the next
// statement that answers something, or with COMMIT. So an error of such a statement shows with
// a later one. Instead of a context for every statement it has a deadline for all of them.
type pipe struct {
	conn *pgx.Conn
	wire net.Conn
	held []*heldResult
	sent bool // something has been sent since begin

	texts map[string]string // statements in the dialect
}

// heldResult is a statement that is held back, and its result once it was sent.
type heldResult struct {
	pipe      *pipe
	statement string
	args      []any
	done      bool
	tag       pgconn.CommandTag
}

// connector opens pipes.
type connector struct{ config *pgx.ConnConfig }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c.config.Copy())
	if err != nil {
		return nil, err
	}
	return &pipe{conn: conn, wire: conn.PgConn().Conn(), texts: map[string]string{}}, nil
}

// Driver implements driver.Connector.
func (connector) Driver() driver.Driver { return nil }

// begin starts a transaction that has until a deadline, commit included.
func (p *pipe) begin(deadline time.Time) {
	p.held, p.sent = p.held[:0], false
	p.hold("BEGIN", nil)
	p.limit(deadline)
}

// limit sets until when answers may come; the zero time is for ever.
func (p *pipe) limit(deadline time.Time) {
	_ = p.wire.SetDeadline(deadline) // it fails when the connection is closed, which shows soon
}

// commit sends what is held. sent tells whether PostgreSQL may have got the COMMIT: with an
// error that is no answer of its own, nobody knows then what became of it.
func (p *pipe) commit() (sent bool, err error) {
	if !p.sent && len(p.held) == 1 {
		p.held = p.held[:0] // nothing was done
		return false, nil
	}
	last := p.hold("COMMIT", nil)
	if err := p.flush(); err != nil && !last.done { // else the connection broke after the answer
		return !pgconn.SafeToRetry(err), err
	}
	if last.tag.String() != "COMMIT" {
		return true, fmt.Errorf("commit was answered %q", last.tag)
	}
	p.limit(time.Time{})
	return true, nil
}

// rollback ends the transaction. A connection that does not take it is closed, which has the
// same effect.
func (p *pipe) rollback() {
	p.held = p.held[:0]
	if !p.sent || p.conn.IsClosed() {
		return
	}
	if _, err := p.conn.Exec(context.Background(), "ROLLBACK"); err != nil {
		_ = p.Close()
	}
	p.limit(time.Time{})
}

func (p *pipe) hold(statement string, args []any) *heldResult {
	r := &heldResult{pipe: p, statement: statement, args: args}
	p.held = append(p.held, r)
	return r
}

// batch makes one of everything that is held.
func (p *pipe) batch() *pgx.Batch {
	b := &pgx.Batch{}
	for _, r := range p.held {
		b.Queue(r.statement, r.args...)
	}
	p.sent = true
	return b
}

// take reads the results of what was held.
func (p *pipe) take(results pgx.BatchResults) error {
	held := p.held
	p.held = p.held[:0]
	for _, r := range held {
		var err error
		if r.tag, err = results.Exec(); err != nil {
			return err
		}
		r.done = true
	}
	return nil
}

// flush sends what is held back.
func (p *pipe) flush() error {
	if len(p.held) == 0 {
		return nil
	}
	results := p.conn.SendBatch(context.Background(), p.batch())
	err := p.take(results)
	if closing := results.Close(); err == nil {
		err = closing
	}
	return err
}

// ExecContext implements driver.ExecerContext.
func (p *pipe) ExecContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	return p.hold(p.text(statement), values(args)), nil
}

// QueryContext implements driver.QueryerContext.
func (p *pipe) QueryContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	if len(p.held) == 0 {
		rows, err := p.conn.Query(context.Background(), p.text(statement), values(args)...)
		return &pipeRows{rows: rows}, err
	}
	b := p.batch()
	b.Queue(p.text(statement), values(args)...)
	results := p.conn.SendBatch(context.Background(), b)
	err := p.take(results)
	if err == nil {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			return &pipeRows{rows: rows, results: results}, nil
		}
	}
	_ = results.Close() // the first error counts
	return nil, err
}

// text turns a statement into the dialect, once.
func (p *pipe) text(statement string) string {
	text, ok := p.texts[statement]
	if !ok {
		text = postgresText(statement)
		p.texts[statement] = text
	}
	return text
}

func values(args []driver.NamedValue) []any {
	v := make([]any, len(args))
	for i := range args {
		v[i] = args[i].Value
	}
	return v
}

// RowsAffected implements driver.Result. It sends the statement if it is held back yet.
func (r *heldResult) RowsAffected() (int64, error) {
	if !r.done {
		if err := r.pipe.flush(); err != nil {
			return 0, err
		}
	}
	return r.tag.RowsAffected(), nil
}

// LastInsertId implements driver.Result.
func (*heldResult) LastInsertId() (int64, error) {
	return 0, errors.New("PostgreSQL has no last insert id")
}

// Close implements driver.Conn.
func (p *pipe) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return p.conn.Close(ctx)
}

// IsValid implements driver.Validator.
func (p *pipe) IsValid() bool { return !p.conn.IsClosed() }

// Prepare implements driver.Conn. pgx prepares by itself.
func (*pipe) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("statements are prepared by the driver below")
}

// Begin implements driver.Conn.
func (*pipe) Begin() (driver.Tx, error) {
	return nil, errors.New("transactions are begun by the store")
}

// pipeRows is the answer to a query.
type pipeRows struct {
	rows    pgx.Rows
	results pgx.BatchResults
}

// Columns implements driver.Rows.
func (r *pipeRows) Columns() []string {
	fields := r.rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

// Next implements driver.Rows.
func (r *pipeRows) Next(dest []driver.Value) error {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	row, err := r.rows.Values()
	for i := range row {
		dest[i] = row[i]
	}
	return err
}

// Close implements driver.Rows.
func (r *pipeRows) Close() error {
	r.rows.Close()
	if r.results == nil {
		return nil
	}
	return r.results.Close()
}
