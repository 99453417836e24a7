package socketio_test

import (
	"os"
	"testing"
	"time"

	"github.com/govorun/govorun/test/leaks"
)

// libraryTimer is how long the library keeps a timer of a polling connection that it was closing.
const libraryTimer = 40 * time.Second

// TestMain looks for goroutines that outlive the servers they served, the library's among them.
func TestMain(m *testing.M) {
	os.Exit(leaks.Run(m, libraryTimer, "internal/socketio", "internal/feed.", "zishang520"))
}
