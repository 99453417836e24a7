package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"

	"github.com/govorun/govorun/internal/chat"
)

// asDomain says in the domain's words what went wrong with a thing ("session", "event" …). What is
// in its words already stays.
func asDomain(thing string, err error) error {
	if err == nil || isDomain(err) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Errorf(chat.CodeNotFound, "no such %s", thing)
	}
	switch failureOf(err) {
	case failedUnique:
		return &chat.Error{Code: chat.CodeConflict, Message: "the " + thing + " exists already", Err: err}
	case failedText:
		return &chat.Error{Code: chat.CodeInvalid, Message: "the " + thing + " holds a character that cannot be stored", Err: err}
	case failedAway, failedAgain:
		return unavailable("storage is not available", err)
	case failedFull:
		return &chat.Error{Code: chat.CodeUnavailable, Message: "the disk is full", RetryAfter: 5 * time.Second, Err: err}
	case failedBusy:
		return unavailable("the database is held by another process", err)
	default:
		return fmt.Errorf("store %s: %w", thing, err)
	}
}

// failure is what an error of an engine means to us.
type failure int

const (
	failed          failure = iota // anything else: what the engine did is not known
	failedUnique                   // a unique value is taken
	failedReference                // another constraint
	failedText                     // a text that the engine does not take
	failedFull                     // the disk is full
	failedBusy                     // another process holds the database
	failedAgain                    // the transaction met others and is to be run again
	failedAway                     // the engine cannot be reached, or not in time
)

// failureOf tells the errors of the drivers apart.
func failureOf(err error) failure {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return sqliteFailure(lite)
	}
	return postgresFailure(err)
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
