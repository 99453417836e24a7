package sqlstore

import (
	"os"
	"testing"

	"github.com/govorun/govorun/test/leaks"
)

// childMode names what the test binary does when a test has started it as another process.
const childMode = "SQLSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "write":
		os.Exit(childWrites())
	case "backup":
		os.Exit(childBacksUp())
	case "open":
		os.Exit(childOpens())
	}
	os.Exit(leaks.Run(m, 0, "internal/sqlstore.")) // a store's Close waits for them
}
