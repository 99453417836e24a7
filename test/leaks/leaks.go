// Package leaks finds goroutines that tests have left behind.
package leaks

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Run runs the tests of a package and returns its exit code: that of the tests, or 1 when one of its
// goroutines, told by names that their stacks have, such as "internal/feed.", goes on for longer than patience.
func Run(m *testing.M, patience time.Duration, names ...string) (code int) {
	code = m.Run()
	if left := await(time.Now().Add(patience), names); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", left)
		return 1
	}
	return code
}

// await gives goroutines until the deadline to end, and returns the stacks of those that do not.
func await(deadline time.Time, names []string) string {
	buffer := make([]byte, 4<<20)
	for {
		left := running(buffer, names)
		if left == "" || time.Now().After(deadline) {
			return left
		}
		runtime.Gosched()
	}
}

func running(buffer []byte, names []string) string {
	var found []string
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		if strings.Contains(stack, ".TestMain(") {
			continue
		}
		for _, name := range names {
			if strings.Contains(stack, name) {
				found = append(found, stack)
				break
			}
		}
	}
	return strings.Join(found, "\n\n")
}
