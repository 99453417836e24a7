package poll_test

import (
	"os"
	"testing"

	"github.com/govorun/govorun/test/leaks"
)

// TestMain looks for goroutines that outlive the hubs they served.
func TestMain(m *testing.M) {
	os.Exit(leaks.Run(m, patience, "internal/chatapi/poll.", "internal/feed."))
}
