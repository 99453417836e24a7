package sqlstore

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
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
	code := m.Run()
	if leaked := leakedGoroutines(); code == 0 && leaked != "" {
		fmt.Fprintf(os.Stderr, "leaked goroutines:\n%s\n", leaked)
		code = 1
	}
	os.Exit(code)
}

// leakedGoroutines lists those of this package that a store's Close should have waited for.
func leakedGoroutines() string {
	buf := make([]byte, 1<<20)
	var leaked []string
	for i, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if i > 0 && strings.Contains(stack, "internal/sqlstore.") {
			leaked = append(leaked, stack)
		}
	}
	return strings.Join(leaked, "\n\n")
}
