package servers_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// TestMain is also the program that TestServersEndWithTheirStarter kills.
func TestMain(m *testing.M) {
	if os.Getenv("STARTER") != "" {
		if err := startAndWait(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// startAndWait starts a server of each kind, pauses PostgreSQL, says which processes they are
// and where the data is, and waits to be killed.
func startAndWait() error {
	dir := os.Getenv("STARTER")
	pg, err := servers.StartPostgres(context.Background(), dir)
	if err != nil {
		return err
	}
	redis, err := servers.StartRedis(context.Background())
	if err != nil {
		return err
	}
	if err := pg.Pause(); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, pg.PID(), redis.PID())
	select {}
}

func TestServersEndWithTheirStarter(t *testing.T) {
	t.Parallel()
	servers.NewPostgres(t) // to be skipped where there is none
	servers.NewRedis(t)

	dir, err := os.MkdirTemp("", "govorun-guard-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
		t.Fatal(err)
	}
	starter := exec.Command(os.Args[0])
	starter.Env = append(os.Environ(), "STARTER="+dir)
	starter.Stderr = os.Stderr
	out, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_ = starter.Process.Kill()
	_ = starter.Wait()
	if err != nil {
		t.Fatal(err)
	}

	var pg, redis int
	if _, err := fmt.Sscan(line, &pg, &redis); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the processes are gone", func() bool { return gone(pg) && gone(redis) })
	eventually(t, "the data is removed", func() bool {
		left, err := os.ReadDir(dir)
		return err == nil && len(left) == 0
	})
}

// gone also holds for a process that only waits to be collected.
func gone(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err != nil || strings.Contains(string(data), "\nState:\tZ")
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	end := time.After(30 * time.Second)
	for !done() {
		select {
		case <-end:
			t.Fatalf("not after 30 s: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
