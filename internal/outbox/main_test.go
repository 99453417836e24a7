package outbox_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain looks for goroutines that outlive the outboxes they served.
func TestMain(m *testing.M) {
	code := m.Run()
	leaked := running()
	for end := time.Now().Add(10 * time.Second); leaked != "" && time.Now().Before(end); leaked = running() {
		runtime.Gosched()
	}
	if code == 0 && leaked != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", leaked)
		code = 1
	}
	os.Exit(code)
}

func running() string {
	buffer := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		if strings.Contains(stack, "internal/outbox.") {
			return stack
		}
	}
	return ""
}
