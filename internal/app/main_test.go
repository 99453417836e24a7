package app_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain looks for goroutines of ours that closed servers have left behind. The centrifuge
// library leaves one of its own for every node, which a process has but once.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftOver(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left over:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftOver returns the stacks of our goroutines that do not end soon.
func leftOver() string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	over := time.After(5 * time.Second)
	for {
		stacks := ours()
		if stacks == "" {
			return ""
		}
		select {
		case <-tick.C:
		case <-over:
			return stacks
		}
	}
}

func ours() string {
	buf := make([]byte, 4<<20)
	var found []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(stack, "govorun/internal/") && !strings.Contains(stack, ".TestMain(") {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}
