package files_test

import (
	"os"
	"testing"
	"time"

	"github.com/govorun/govorun/test/leaks"
)

// TestMain looks for goroutines that outlive the transfers they served.
func TestMain(m *testing.M) { os.Exit(leaks.Run(m, 20*time.Second, "internal/files.")) }
