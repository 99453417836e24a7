package socketio_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// libraryTimer is how long the library keeps a timer of a polling connection that it was closing.
const libraryTimer = 40 * time.Second

// TestMain looks for goroutines that outlive the servers they served, the library's among them.
func TestMain(m *testing.M) {
	code := m.Run()
	if leaked := leaks(time.Now().Add(libraryTimer)); code == 0 && leaked != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", leaked)
		code = 1
	}
	os.Exit(code)
}

// leaks gives the goroutines of the package until the deadline to end.
func leaks(deadline time.Time) (stack string) {
	for time.Now().Before(deadline) {
		if stack = running(); stack == "" {
			return ""
		}
		runtime.Gosched()
	}
	return stack
}

func running() string {
	buffer := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		for _, of := range []string{"internal/socketio", "internal/feed.", "zishang520"} {
			if strings.Contains(stack, of) && !strings.Contains(stack, "TestMain") {
				return stack
			}
		}
	}
	return ""
}
