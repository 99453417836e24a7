package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// The names in the table meta.
const (
	metaLogID  = "log_id"
	metaCopied = "copied" // "yes" in a backup that was never opened
	// The version of the oldest program that can work with the tables.
	metaCompatibleFrom = "compatible_from"
	// On PostgreSQL: the server and the database, the branch of its history (its timeline), and what
	// is added to its transaction numbers.
	metaPlace   = "place"
	metaBranch  = "branch"
	metaKeyBase = "key_base"

	metaTransfer = "transfer" // how far rows of another database have been copied, see transferState
)

// openLog returns the id of the log. A new log and a copy get an id of their own: a position in
// the original must not count in a copy, whose history goes on differently.
func openLog(ctx context.Context, q *sqlgen.Queries, copied bool) (string, error) {
	if err := refuseUnfinished(ctx, q); err != nil {
		return "", err
	}
	id, err := metaOr(q.FindMeta(ctx, metaLogID))
	if err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	if id == "" || copied {
		id = uuid.NewString()
		if err := q.PutMeta(ctx, sqlgen.PutMetaParams{Name: metaLogID, Value: id}); err != nil {
			return "", fmt.Errorf("open log: %w", err)
		}
	}
	return id, nil
}

// noteMeta stores a value, and reports whether it was another before, or none.
func noteMeta(ctx context.Context, q *sqlgen.Queries, name, value string) (changed bool, err error) {
	before, err := metaOr(q.FindMeta(ctx, name))
	if err != nil || before == value {
		return false, err
	}
	return true, q.PutMeta(ctx, sqlgen.PutMetaParams{Name: name, Value: value})
}

// metaOr takes a missing value as "".
func metaOr(value string, err error) (string, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
