package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// stream reads the rows of a table in their order, one at a time.
type stream struct {
	table  *table
	rows   *sql.Rows
	places []any // pointers into raw
	raw    []any
	values []any // of the row that was read last: int64, string, bool or nil
	done   bool
	err    error
}

// openStream reads after a key, or from the beginning.
func openStream(ctx context.Context, e end, t *table, after []any, source bool) (*stream, error) {
	rows, err := e.sql().QueryContext(ctx, t.selectRows(e.isPostgres(), source, len(after) > 0), after...) //nolint:rowserrcheck // next does
	if err != nil {
		return nil, err
	}
	n := len(t.columns)
	s := &stream{table: t, rows: rows, places: make([]any, n), raw: make([]any, n), values: make([]any, n)}
	for i := range s.raw {
		s.places[i] = &s.raw[i]
	}
	return s, nil
}

func (s *stream) close() { _ = s.rows.Close() } // next has said what went wrong

// next reads a row. When there is none it sets done, or err.
func (s *stream) next() bool {
	if !s.rows.Next() {
		s.err = s.rows.Err()
		s.done = s.err == nil
		return false
	}
	if s.err = s.rows.Scan(s.places...); s.err != nil {
		return false
	}
	for i := range s.raw {
		if s.values[i], s.err = s.table.columns[i].value(s.raw[i]); s.err != nil {
			s.err = fmt.Errorf("the row with the key %s: %w", s.printKey(), s.err)
			return false
		}
	}
	return true
}

// key is that of the row that was read last.
func (s *stream) key() []any {
	key := make([]any, len(s.table.order))
	for i, k := range s.table.order {
		key[i] = s.values[k]
	}
	return key
}

// printKey names the row in messages.
func (s *stream) printKey() string {
	parts := make([]string, len(s.table.order))
	for i, k := range s.table.order {
		parts[i] = fmt.Sprintf("%q", fmt.Sprint(s.raw[k]))
		if n, ok := s.raw[k].(int64); ok {
			parts[i] = fmt.Sprint(n)
		}
	}
	return strings.Join(parts, ", ")
}

// batchBytes bounds the texts of a batch; one row is always taken.
const batchBytes = 8 << 20

// batch is the part of a stream that is written in one transaction. It is pgx.CopyFromSource.
type batch struct {
	*stream
	rows  int            // at most
	state *transferState // before it

	taken int
	bytes int
}

// Next implements pgx.CopyFromSource.
func (b *batch) Next() bool {
	if b.taken >= b.rows || b.bytes >= batchBytes || !b.next() {
		return false
	}
	b.taken++
	for _, v := range b.values {
		if text, ok := v.(string); ok {
			b.bytes += len(text)
		}
	}
	return true
}

// Values implements pgx.CopyFromSource.
func (b *batch) Values() ([]any, error) { return b.values, nil }

// Err implements pgx.CopyFromSource.
func (b *batch) Err() error { return b.err }

// after is the state once everything that was taken is written.
func (b *batch) after() transferState {
	s := *b.state
	if b.taken > 0 {
		s.After = b.key()
		s.Rows += int64(b.taken)
	}
	return s
}

// TableDigest is a table in short.
type TableDigest struct {
	Rows int64
	Hash string // SHA-256 of all rows in their order, in hexadecimal
}

// digestOf reads a table. told hears of its rows now and then.
func digestOf(ctx context.Context, e end, t *table, source bool, told func(rows int64)) (TableDigest, error) {
	rows, err := openStream(ctx, e, t, nil, source)
	if err != nil {
		return TableDigest{}, err
	}
	defer rows.close()
	var d TableDigest
	sum := sha256.New()
	var row []byte
	for rows.next() {
		row = row[:0]
		for i, v := range rows.values {
			if !t.columns[i].own {
				row = appendValue(row, v)
			}
		}
		sum.Write(row)
		if d.Rows++; d.Rows%10_000 == 0 {
			told(d.Rows)
		}
	}
	told(d.Rows)
	d.Hash = hex.EncodeToString(sum.Sum(nil))
	return d, rows.err
}

// appendValue writes a value so that no two rows look the same: a letter for the type, then 8
// bytes of a number, one of a boolean, a text with its length before it.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
	case string:
		return append(binary.BigEndian.AppendUint64(append(b, 's'), uint64(len(v))), v...)
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'f')
	default:
		return append(b, 'n')
	}
}
