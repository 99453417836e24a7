package outbox_test

import (
	"os"
	"testing"
	"time"

	"github.com/govorun/govorun/test/leaks"
)

// TestMain looks for goroutines that outlive the outboxes they served.
func TestMain(m *testing.M) { os.Exit(leaks.Run(m, 10*time.Second, "internal/outbox.")) }
