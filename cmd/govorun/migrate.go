package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/govorun/govorun/internal/sqlstore"
)

// migrateCmd moves the data to another engine.
type migrateCmd struct {
	From string `required:"" placeholder:"SOURCE" help:"Where the data is: sqlite:DIR or postgres://USER@HOST/DATABASE. No server may run on it. It is not changed."`
	To   string `required:"" placeholder:"TARGET" help:"Where it is to go, in the same form: a new directory or an empty database, or one that an interrupted migration has begun. A password may also be in PGPASSWORD or ~/.pgpass."`
}

// Run copies all data, compares both sides, and says what to do then. Interrupted, it goes on
// where it was when it is run again.
func (c *migrateCmd) Run(ctx context.Context, w *world) error {
	began := time.Now()
	progress := &migrateProgress{w: w.Stderr, began: began}
	tables, err := sqlstore.Transfer(ctx, sqlstore.TransferOptions{From: c.From, To: c.To, Progress: progress.tell})
	if err := writeTransferred(w.Stdout, tables); err != nil {
		return err
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("migrate: interrupted; to go on where it was, run the same command again: %w", context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, "Everything was copied in %s and is the same on both sides. Start the servers on the target; keep the source until they run well, and start none on it.\n",
		time.Since(began).Round(time.Second))
	return err
}

// writeTransferred writes a table of the tables.
func writeTransferred(w io.Writer, tables []sqlstore.TransferredTable) error {
	if len(tables) == 0 {
		return nil
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "TABLE\tROWS\tROWS COPIED\tSHA-256\tSHA-256 OF COPY\tRESULT")
	for _, t := range tables {
		result := "same"
		if t.Source != t.Copy {
			result = "DIFFERENT"
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%.16s\t%.16s\t%s\n", t.Name, t.Source.Rows, t.Copy.Rows, t.Source.Hash, t.Copy.Hash, result)
	}
	return out.Flush()
}

// migrateProgress writes a line a second.
type migrateProgress struct {
	w         io.Writer
	began     time.Time // of what is done now: copying, or verifying
	told      time.Time
	first     int64 // rows that were done when it began
	verifying bool
	started   bool
}

func (m *migrateProgress) tell(p sqlstore.TransferProgress) {
	now := time.Now()
	if !m.started || p.Verifying != m.verifying {
		m.started, m.verifying, m.began, m.told, m.first = true, p.Verifying, now, time.Time{}, p.AllRows
	}
	if now.Sub(m.told) < time.Second {
		return
	}
	m.told = now
	what := "copying"
	if p.Verifying {
		what = "verifying"
	}
	fmt.Fprintf(m.w, "%s %s: %d of %d rows; in all %d of %d%s\n", what, p.Table, p.Rows, p.Of, p.AllRows, p.OfAll, m.rate(p, now))
}

// rate is how fast it goes and how long it will take, once that can be said.
func (m *migrateProgress) rate(p sqlstore.TransferProgress, now time.Time) string {
	seconds := now.Sub(m.began).Seconds()
	done := float64(p.AllRows - m.first)
	if seconds < 0.5 || done == 0 {
		return ""
	}
	left := time.Duration(float64(p.OfAll-p.AllRows) / done * seconds * float64(time.Second))
	return fmt.Sprintf(", %.0f rows/s, about %s left", done/seconds, left.Round(time.Second))
}
