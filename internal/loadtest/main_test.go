package loadtest

import (
	"os"
	"testing"
	"time"

	"github.com/govorun/govorun/test/leaks"
)

// TestMain fails when a run has left a goroutine of this package behind.
func TestMain(m *testing.M) { os.Exit(leaks.Run(m, 5*time.Second, "internal/loadtest.(*")) }
