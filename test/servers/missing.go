package servers

import (
	"errors"
	"os"
	"testing"
)

// ErrMissing says that a server is not installed.
var ErrMissing = errors.New("not installed")

// Check ends the test when a server has not started. A server that is not installed skips the
// test, unless the environment says TEST_SERVERS=required.
func Check(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("TEST_SERVERS") != "required":
		t.Skipf("%v (TEST_SERVERS=required makes this a failure)", err)
	default:
		t.Fatal(err)
	}
}
