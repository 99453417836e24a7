package loadtest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails when a run has left a goroutine of this package behind.
func TestMain(m *testing.M) {
	code := m.Run()
	leaked := leak()
	for begin := time.Now(); leaked != "" && time.Since(begin) < 5*time.Second; leaked = leak() {
		runtime.Gosched() // one that has said it is done may still be returning
	}
	if leaked != "" {
		fmt.Fprintf(os.Stderr, "leaked goroutine:\n%s\n", leaked)
		code = max(code, 1)
	}
	os.Exit(code)
}

// leak is the stack of a goroutine of this package, if there is one.
func leak() string {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "internal/loadtest.(*") {
			return stack
		}
	}
	return ""
}
