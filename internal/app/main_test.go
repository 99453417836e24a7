package app_test

import (
	"os"
	"testing"
	"time"

	"github.com/govorun/govorun/test/leaks"
)

// TestMain looks for goroutines of ours that closed servers have left behind. The centrifuge
// library leaves one of its own for every node, which a process has but once.
func TestMain(m *testing.M) { os.Exit(leaks.Run(m, 5*time.Second, "govorun/internal/")) }
