package poll_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain looks for goroutines that outlive the hubs they served.
func TestMain(m *testing.M) {
	code := m.Run()
	if leaked := leaks(time.Now().Add(patience)); code == 0 && leaked != "" {
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
		if strings.Contains(stack, "internal/chatapi/poll.") || strings.Contains(stack, "internal/feed.") {
			return stack
		}
	}
	return ""
}
