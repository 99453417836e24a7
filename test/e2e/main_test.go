//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// settings of a run, read once before the tests.
type settings struct {
	bin      string
	seed     uint64
	rounds   int
	engine   engine
	postgres *servers.Postgres // that all tests share; nil on SQLite
}

// run is set by TestMain and only read after.
var run settings

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "govorun-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if run, err = readSettings(dir); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	if run.engine == onPostgres {
		if run.postgres, err = servers.StartPostgres(context.Background(), ""); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		defer run.postgres.Close()
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	if code == 0 && !goroutinesEnd(before) {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "e2e: goroutines are left over:\n%s\n", stacks[:runtime.Stack(stacks, true)])
		return 1
	}
	return code
}

func readSettings(dir string) (settings, error) {
	s := settings{bin: os.Getenv("GOVORUN_BIN"), seed: rand.Uint64(), rounds: 8, engine: onSQLite}
	if name := os.Getenv("ENGINE"); name != "" {
		if s.engine = engine(name); s.engine != onSQLite && s.engine != onPostgres {
			return s, fmt.Errorf("ENGINE: expected %s or %s, got %q", onSQLite, onPostgres, name)
		}
	}
	if text := os.Getenv("E2E_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return s, fmt.Errorf("E2E_SEED: %w", err)
		}
		s.seed = seed
	}
	if text := os.Getenv("E2E_ROUNDS"); text != "" {
		rounds, err := strconv.Atoi(text)
		if err != nil || rounds < 1 {
			return s, fmt.Errorf("E2E_ROUNDS: expected a positive number, got %q", text)
		}
		s.rounds = rounds
	}
	if s.bin == "" {
		s.bin = filepath.Join(dir, "govorun")
		build := exec.Command("go", "build", "-o", s.bin, "github.com/govorun/govorun/cmd/govorun")
		if out, err := build.CombinedOutput(); err != nil {
			return s, fmt.Errorf("build the program: %w\n%s", err, out)
		}
	}
	if _, err := os.Stat(s.bin); err != nil {
		return s, fmt.Errorf("the program: %w", err)
	}
	return s, nil
}

func goroutinesEnd(count int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return poll(ctx, 20*time.Millisecond, func() bool { return runtime.NumGoroutine() <= count }) == nil
}

// random gives a test its own random numbers, and says how to have them again.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("random choices: E2E_SEED=%d", run.seed)
	var name uint64
	for _, c := range t.Name() {
		name = name*31 + uint64(c)
	}
	return rand.New(rand.NewPCG(run.seed, name))
}

// poll asks again and again until something is so, or ctx ends.
func poll(ctx context.Context, every time.Duration, so func() bool) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// eventually fails the test when something is not so in time.
func eventually(t *testing.T, within time.Duration, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if poll(ctx, 10*time.Millisecond, so) != nil {
		t.Fatalf("not within %s: %s", within, what)
	}
}

// pause lets time pass where a load or a plan is made of time. It reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
