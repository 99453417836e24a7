package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// TransferOptions say what moves where: one of the two is "sqlite:DIR", a data directory, the
// other the URL of a PostgreSQL database.
type TransferOptions struct {
	From, To string
	Progress func(TransferProgress) // told of every batch; nil: nobody

	schema    *schema // tests: another than the program's own
	batchRows int     // tests: rows of a batch at most; 0: 5000
}

// TransferProgress is how far a transfer is.
type TransferProgress struct {
	Verifying      bool // the rows of both sides are compared; before that, they are copied
	Table          string
	Rows, Of       int64 // of the table
	AllRows, OfAll int64 // of all tables
}

// TransferredTable is a table as it is on both sides after a transfer.
type TransferredTable struct {
	Name         string
	Source, Copy TableDigest
}

// transfer is one run of Transfer.
type transfer struct {
	options  TransferOptions
	source   end
	target   end
	tables   []*table
	identity transferSource
	counts   map[string]int64 // of rows in the source
	all      int64            // their sum
}

// transferSource is what tells sources apart.
type transferSource struct {
	LogID   string `json:"logId"`
	LastKey int64  `json:"lastKey"` // of an event
	Version int64  `json:"version"` // of the tables
}

// transferState is how far the rows have been copied. It is kept in the target's table meta, and
// committed with the rows. Tables before this one are done, those after it have not begun.
type transferState struct {
	Source transferSource `json:"source"`
	Table  string         `json:"table"`
	After  []any          `json:"after"` // key of the last row; empty: none
	Rows   int64          `json:"rows"`
}

// Transfer copies all data from one engine to the other, compares what is there with what was
// copied, and leaves the target for servers to open; its log is another one then. No server may
// run on either side. The source is not changed. The target must be empty, or what an earlier,
// interrupted run with the same source has left, which is then gone on with; servers refuse such
// a target. Turns that were under way are free in the target, and it has no nodes.
//
// The tables are returned also with an error, if they were compared.
func Transfer(ctx context.Context, o TransferOptions) (tables []TransferredTable, err error) {
	if o.schema == nil {
		if o.schema, err = ownSchema(); err != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
	}
	if o.Progress == nil {
		o.Progress = func(TransferProgress) {}
	}
	if o.batchRows == 0 {
		o.batchRows = 5000
	}
	t := &transfer{options: o, counts: map[string]int64{}}
	defer func() {
		if closing := t.close(); closing != nil && err == nil {
			err = fmt.Errorf("migrate: %w", closing)
		}
	}()
	tables, err = t.run(ctx)
	if err != nil {
		return tables, fmt.Errorf("migrate: %w", err)
	}
	return tables, nil
}

func (t *transfer) close() error {
	var errs []error
	for _, e := range []end{t.target, t.source} {
		if e != nil {
			errs = append(errs, e.close())
		}
	}
	return errors.Join(errs...)
}

func (t *transfer) run(ctx context.Context) ([]TransferredTable, error) {
	if err := t.open(ctx); err != nil {
		return nil, err
	}
	state, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.count(ctx); err != nil {
		return nil, err
	}
	if err := t.copy(ctx, state); err != nil {
		return nil, err
	}
	tables, err := t.verify(ctx)
	if err != nil {
		return tables, err
	}
	if err := t.target.finish(ctx, t.tables); err != nil {
		return tables, fmt.Errorf("finish: %w", err)
	}
	return tables, nil
}

// open opens both ends, makes the target's tables and lists them.
func (t *transfer) open(ctx context.Context) (err error) {
	from, err := parseEnd(t.options.From)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	to, err := parseEnd(t.options.To)
	if err != nil {
		return fmt.Errorf("the target: %w", err)
	}
	if from.postgres == to.postgres {
		return errors.New("source and target are of one kind: to copy a data directory use govorun backup, to copy a PostgreSQL database pg_dump")
	}
	if t.source, err = from.openSource(ctx); err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	if t.identity, err = t.identify(ctx); err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	if t.target, err = to.openTarget(ctx, t.options.schema); err != nil {
		return fmt.Errorf("the target: %w", err)
	}
	if version, err := dataVersion(ctx, t.target.sql()); err != nil || version != t.identity.Version {
		return errors.Join(err, fmt.Errorf("the target is of version %d, the source of version %d", version, t.identity.Version))
	}
	lite := t.source
	if from.postgres {
		lite = t.target
	}
	if t.tables, err = listTables(ctx, lite.sql()); err != nil {
		return fmt.Errorf("list the tables: %w", err)
	}
	if err := t.source.hold(ctx, t.tables); err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	return nil
}

// identify also refuses a source that this program cannot copy.
func (t *transfer) identify(ctx context.Context) (s transferSource, err error) {
	program, err := programVersion(t.options.schema)
	if err != nil {
		return s, err
	}
	if s.Version, err = dataVersion(ctx, t.source.sql()); err != nil {
		return s, fmt.Errorf("it holds no data of Govorun: %w", err)
	}
	switch {
	case s.Version < program:
		return s, fmt.Errorf("it is of version %d, this program's is %d: start this program's server on it once and stop it", s.Version, program)
	case s.Version > program:
		return s, fmt.Errorf("it is of version %d, this program knows versions up to %d: use a later program", s.Version, program)
	}
	q := sqlgen.New(t.source.sql())
	if err := refuseUnfinished(ctx, q); err != nil {
		return s, err
	}
	if s.LogID, err = q.FindMeta(ctx, metaLogID); err != nil {
		return s, fmt.Errorf("it has no log: start a server on it once and stop it: %w", err)
	}
	s.LastKey, err = q.LastEventKey(ctx)
	return s, err
}

// refuseUnfinished is for data into which a transfer was not finished.
func refuseUnfinished(ctx context.Context, q *sqlgen.Queries) error {
	state, err := metaOr(q.FindMeta(ctx, metaTransfer))
	if err == nil && state != "" {
		err = errors.New("a migration into this database has not been finished: run govorun migrate again")
	}
	return err
}

// begin marks the target, or finds out how far an earlier run has come.
func (t *transfer) begin(ctx context.Context) (*transferState, error) {
	first := &transferState{Source: t.identity, Table: t.tables[0].name}
	text, err := metaOr(sqlgen.New(t.target.sql()).FindMeta(ctx, metaTransfer))
	if err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	if text == "" {
		if err := t.target.claim(ctx, t.tables, first); err != nil {
			return nil, fmt.Errorf("the target: %w", err)
		}
		return first, nil
	}
	state, err := t.parseState(text)
	if err != nil {
		return nil, fmt.Errorf("the target: how far the earlier migration has come: %w", err)
	}
	if state.Source != t.identity {
		return nil, errors.New("the target: a migration from another source, or from this one before it was changed, has not been finished there: begin with a new database")
	}
	return state, nil
}

// parseState reads what text made. Keys keep their types.
func (t *transfer) parseState(text string) (*transferState, error) {
	s := &transferState{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(s); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(t.tables, func(tb *table) bool { return tb.name == s.Table }) {
		return nil, fmt.Errorf("there is no table %q", s.Table)
	}
	for i := range s.After {
		if n, ok := s.After[i].(json.Number); ok {
			key, err := n.Int64()
			if err != nil {
				return nil, err
			}
			s.After[i] = key
		}
	}
	return s, nil
}

// text is how the state is stored.
func (s *transferState) text() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // numbers and strings always encode
	}
	return string(text)
}

func (t *transfer) count(ctx context.Context) error {
	for _, tb := range t.tables {
		var n int64
		if err := t.source.sql().QueryRowContext(ctx, "SELECT COUNT(*) FROM "+tb.name).Scan(&n); err != nil {
			return fmt.Errorf("count %s: %w", tb.name, err)
		}
		t.counts[tb.name] = n
		t.all += n
	}
	return nil
}

// copy copies what the state says is missing.
func (t *transfer) copy(ctx context.Context, s *transferState) error {
	first := slices.IndexFunc(t.tables, func(tb *table) bool { return tb.name == s.Table })
	var before int64 // rows of the tables that are done
	for i, tb := range t.tables {
		if i > first {
			s.Table, s.After, s.Rows = tb.name, nil, 0
		}
		if i >= first {
			if err := t.copyTable(ctx, tb, s, before); err != nil {
				return fmt.Errorf("copy %s: %w", tb.name, err)
			}
		}
		before += t.counts[tb.name]
	}
	return nil
}

func (t *transfer) copyTable(ctx context.Context, tb *table, s *transferState, before int64) error {
	rows, err := openStream(ctx, t.source, tb, s.After, true)
	if err != nil {
		return err
	}
	defer rows.close()
	for {
		b := &batch{stream: rows, rows: t.options.batchRows, state: s}
		if err := t.target.write(ctx, b); err != nil {
			if rows.err != nil {
				return rows.err // it made the writing fail
			}
			return err
		}
		*s = b.after()
		t.options.Progress(TransferProgress{Table: tb.name, Rows: s.Rows, Of: t.counts[tb.name], AllRows: before + s.Rows, OfAll: t.all})
		if rows.done {
			return nil
		}
	}
}

// verify reads all rows of both sides and compares their digests.
func (t *transfer) verify(ctx context.Context) ([]TransferredTable, error) {
	var tables []TransferredTable
	var before int64
	var differing []string
	for _, tb := range t.tables {
		compared, err := t.compare(ctx, tb, before)
		if err != nil {
			return tables, fmt.Errorf("verify %s: %w", tb.name, err)
		}
		tables = append(tables, compared)
		if compared.Source != compared.Copy {
			differing = append(differing, tb.name)
		}
		before += t.counts[tb.name]
	}
	if differing != nil {
		return tables, fmt.Errorf("the copy differs from the source in %s: begin with a new database", strings.Join(differing, ", "))
	}
	return tables, nil
}

// compare reads a table on both sides at once.
func (t *transfer) compare(ctx context.Context, tb *table, before int64) (TransferredTable, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	result := TransferredTable{Name: tb.name}
	finished := make(chan error)
	go func() {
		var err error
		if result.Copy, err = digestOf(ctx, t.target, tb, false, func(int64) {}); err != nil {
			cancel(err)
		}
		finished <- err
	}()
	var err error
	result.Source, err = digestOf(ctx, t.source, tb, true, func(n int64) {
		t.options.Progress(TransferProgress{Verifying: true, Table: tb.name, Rows: n, Of: t.counts[tb.name], AllRows: before + n, OfAll: t.all})
	})
	if err != nil {
		cancel(err)
	}
	if other := <-finished; err != nil || other != nil {
		return result, context.Cause(ctx) // the first of them
	}
	return result, nil
}
