package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// asDomain says in the domain's words what went wrong with a thing ("session", "event" …).
func asDomain(thing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Errorf(chat.CodeNotFound, "no such %s", thing)
	}
	switch sqliteFailure(err) {
	case failedUnique:
		return &chat.Error{Code: chat.CodeConflict, Message: "the " + thing + " exists already", Err: err}
	case failedFull:
		return &chat.Error{Code: chat.CodeUnavailable, Message: "the disk is full", RetryAfter: 5 * time.Second, Err: err}
	case failedBusy:
		return unavailable("the database is held by another process", err)
	default:
		return fmt.Errorf("store %s: %w", thing, err)
	}
}

// left is for a caller whose context ended, with cause, before anything was done for it.
func left(cause error) error { return unavailable("the request ended before its turn", cause) }

// unavailable refuses a request for now; cause may be nil.
func unavailable(message string, cause error) error {
	return &chat.Error{Code: chat.CodeUnavailable, Message: message, RetryAfter: time.Second, Err: cause}
}

func isDomain(err error) bool {
	var e *chat.Error
	return errors.As(err, &e)
}
