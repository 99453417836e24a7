package realtime_test

import (
	"os"
	"testing"

	"github.com/govorun/govorun/test/leaks"
)

// TestMain looks for goroutines that outlive the servers they served.
func TestMain(m *testing.M) { os.Exit(leaks.Run(m, patience, "internal/realtime.", "internal/feed.")) }
