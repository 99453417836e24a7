package chat

import (
	"errors"
	"fmt"
	"time"
)

// Code is the kind of an error; every transport maps it to its own numbers.
type Code string

// The error codes.
const (
	CodeInvalid         Code = "invalid"         // the input is wrong; Field names what
	CodeUnauthenticated Code = "unauthenticated" // credentials are missing or wrong
	CodeForbidden       Code = "forbidden"
	CodeNotFound        Code = "not_found"
	CodeState           Code = "state"      // not possible in this state, e.g. the session is closed
	CodeKeyReused       Code = "key_reused" // the idempotency key came with another body before
	CodeConflict        Code = "conflict"   // somebody else was first; the caller may try again
	CodeTooLarge        Code = "too_large"
	CodeRateLimited     Code = "rate_limited"
	CodeUnavailable     Code = "unavailable" // overload, full disk, shutting down: try again later
	CodeInternal        Code = "internal"
)

// Error is an error the domain knows.
type Error struct {
	Code       Code
	Field      string // of the input, if one is to blame
	Message    string // for the caller: what was expected
	RetryAfter time.Duration
	Err        error // cause, never shown outside
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Field != "" {
		s += ": " + e.Field
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error with a code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes an error that blames a field of the input.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// CodeOf is the code of an error; CodeInternal for one the domain does not know.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
