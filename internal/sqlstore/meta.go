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
)

// openLog returns the id of the log. A new log and a copy that is opened for the first time
// get an id of their own: a position in the original must not count in a copy, whose
// history goes on differently.
func openLog(ctx context.Context, c *conn) (id string, err error) {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	defer func() {
		if err != nil {
			_ = c.exec("ROLLBACK")
		}
	}()
	id, err = metaOr(c.queries.FindMeta(ctx, metaLogID))
	if err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	copied, err := metaOr(c.queries.FindMeta(ctx, metaCopied))
	if err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	if id == "" || copied != "" {
		id = uuid.NewString()
		err := errors.Join(
			c.queries.PutMeta(ctx, sqlgen.PutMetaParams{Name: metaLogID, Value: id}),
			c.queries.PutMeta(ctx, sqlgen.PutMetaParams{Name: metaCopied, Value: ""}))
		if err != nil {
			return "", fmt.Errorf("open log: %w", err)
		}
	}
	if err := c.exec("COMMIT"); err != nil {
		return "", fmt.Errorf("open log: %w", err)
	}
	return id, nil
}

// metaOr takes a missing value as "".
func metaOr(value string, err error) (string, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
