package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is what a transfer copies rows of. Names of tables and columns need no quotes: they are
// our own.
type table struct {
	name    string
	columns []column
	order   []int // columns by which the rows are in one order, the same on both engines
}

// column is a column as SQLite has it. The types are those of the migrations.
type column struct {
	name string
	kind string // TEXT, BIGINT or BOOLEAN
	free string // what every value of the source is taken as; "": it is copied
	own  bool   // the engines give it values of their own: it is not compared
}

// transferred reports whether a transfer copies a table. What meta says is of the database
// itself, and nodes are processes.
func transferred(table string) bool {
	return table != "meta" && table != "nodes" && table != "goose_db_version" && !strings.HasPrefix(table, "sqlite_")
}

// listTables describes the tables of a database on SQLite in the order in which they were made,
// which has those that others refer to before these.
func listTables(ctx context.Context, c *sql.Conn) ([]*table, error) {
	names, err := scanAll(ctx, c, func(name *string) []any { return []any{name} },
		"SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	var tables []*table
	for _, name := range names {
		if !transferred(name) {
			continue
		}
		t, err := describeTable(ctx, c, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// describedColumn is a line of pragma_table_info.
type describedColumn struct {
	name, kind string
	key        int // its place in the primary key; 0: not in it
}

func describeTable(ctx context.Context, c *sql.Conn, name string) (*table, error) {
	columns, err := scanAll(ctx, c, func(d *describedColumn) []any { return []any{&d.name, &d.kind, &d.key} },
		"SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid", name)
	if err != nil {
		return nil, err
	}
	t := &table{name: name}
	keys := map[int]int{} // columns by their place
	for i, d := range columns {
		if d.kind == "INTEGER" {
			d.kind = "BIGINT"
		}
		t.columns = append(t.columns, column{name: d.name, kind: d.kind})
		if d.key > 0 {
			keys[d.key] = i
		}
	}
	for place := 1; place <= len(keys); place++ {
		t.order = append(t.order, keys[place])
	}
	if t.order == nil {
		return nil, errors.New("it has no primary key")
	}
	t.except()
	return t, nil
}

// except treats what is not copied as it is: turns are free in the copy, whose nodes are others;
// and the keys of events, which several may share on PostgreSQL, count by their order alone.
func (t *table) except() {
	switch t.name {
	case "session_heads":
		t.columns[t.index("lease_node")].free = "''"
		t.columns[t.index("lease_until")].free = "0"
	case "delivery_streams":
		t.columns[t.index("lease_node")].free = "''"
	case "events":
		t.columns[t.index("key")].own = true
		t.order = []int{t.index("key"), t.index("session_key"), t.index("sequence")}
	}
}

func (t *table) index(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
}

// columnNames lists the columns.
func (t *table) columnNames() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// selectRows is the statement that reads the table from one row on, or from the beginning.
func (t *table) selectRows(postgres, source, from bool) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, c := range t.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		if source && c.free != "" {
			b.WriteString(c.free + " AS ")
		}
		b.WriteString(c.name)
	}
	b.WriteString(" FROM " + t.name)
	keys := make([]string, len(t.order))
	places := make([]string, len(t.order))
	for i, k := range t.order {
		keys[i] = t.name + "." + t.columns[k].name
		if postgres && t.columns[k].kind == "TEXT" {
			keys[i] += ` COLLATE "C"` // the order of bytes, as on SQLite
		}
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	if from {
		fmt.Fprintf(&b, " WHERE (%s) > (%s)", strings.Join(keys, ", "), strings.Join(places, ", "))
	}
	b.WriteString(" ORDER BY " + strings.Join(keys, ", "))
	return b.String()
}

// value makes a driver's value one of int64, string, bool and nil. It refuses a text that not
// both engines take.
func (c *column) value(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if c.kind != "TEXT" {
			break
		}
		if strings.IndexByte(v, 0) >= 0 {
			return nil, fmt.Errorf("%s contains the character U+0000, which PostgreSQL does not store", c.name)
		}
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("%s is not UTF-8", c.name)
		}
		return v, nil
	case int64:
		if c.kind == "BIGINT" {
			return v, nil
		}
		if c.kind == "BOOLEAN" {
			return v != 0, nil
		}
	case bool:
		if c.kind == "BOOLEAN" {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s is a %T where a %s should be", c.name, v, c.kind)
}

// scanAll reads what a query answers; into gives the places of a row's values.
func scanAll[T any](ctx context.Context, c *sql.Conn, into func(*T) []any, query string, args ...any) (all []T, err error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	for rows.Next() {
		var one T
		if err := rows.Scan(into(&one)...); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
