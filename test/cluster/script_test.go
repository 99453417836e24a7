//go:build e2e

package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

const (
	nodes       = 3
	startWithin = 2 * time.Minute // for everything, on a busy machine
	stopWithin  = time.Minute
)

// cluster is a run of the script.
type cluster struct {
	dir    string
	url    string // of the balancer
	log    string // file
	env    []string
	cmd    *exec.Cmd
	exited chan struct{}
}

// newCluster starts the script on ports and a directory of its own.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	// PostgreSQL may run as another user, for whom t.TempDir is closed.
	dir, err := os.MkdirTemp("", "govorun-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &cluster{dir: filepath.Join(dir, "state"), log: filepath.Join(dir, "log")}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the script says:\n%s", c.output())
		}
		c.end()
		os.RemoveAll(dir)
	})
	listen := fmt.Sprintf("127.0.0.1:%d", freePorts(t, nodes+1))
	c.url = "http://" + listen
	c.env = append(environment(),
		"BIN="+program(t, dir), "LISTEN="+listen, "NODES="+strconv.Itoa(nodes), "CLUSTER="+c.dir,
		"POSTGRES_PORT="+strconv.Itoa(freePorts(t, 1)), "REDIS_PORT="+strconv.Itoa(freePorts(t, 1)),
	)
	c.start(t)
	return c
}

// program is the path of the built program.
func program(t *testing.T, dir string) string {
	t.Helper()
	if path := os.Getenv("GOVORUN_BIN"); path != "" {
		return path
	}
	path := filepath.Join(dir, "govorun")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/govorun/govorun/cmd/govorun").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return path
}

// environment is ours without what would configure the program.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVORUN_") })
}

// freePorts finds the first of n free ports in a row.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	for range 100 {
		first, err := servers.FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if free(first, n) {
			return first
		}
	}
	t.Fatalf("no %d ports in a row are free", n)
	return 0
}

func free(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

// start starts the script and waits until it says that all is ready.
func (c *cluster) start(t *testing.T) {
	t.Helper()
	log, err := os.Create(c.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("../../scripts/run-cluster.sh")
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, log, log
	// When the test is killed, the script ends what it has started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.cmd, c.exited = cmd, make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		close(c.exited)
	}()
	c.await(t, "the cluster is ready", func() bool { return strings.Contains(c.output(), "The cluster is ready") })
}

// await polls, and fails when the script has ended.
func (c *cluster) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	end := time.After(startWithin)
	for !done() {
		select {
		case <-c.exited:
			t.Fatalf("not before the script has ended: %s", what)
		case <-end:
			t.Fatalf("not within %s: %s", startWithin, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// terminate asks the script to end, as Ctrl-C does, and looks for what it leaves behind.
func (c *cluster) terminate(t *testing.T) {
	t.Helper()
	all := c.pids(t)
	c.end()
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the script has ended with %d", code)
	}
	for _, pid := range all {
		if alive(pid) {
			t.Errorf("process %d is left behind", pid)
		}
	}
}

// end ends the script, also one that has ended.
func (c *cluster) end() {
	if c.exited == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(stopWithin):
		_ = c.cmd.Process.Kill() // what it has started is then for others to find
		<-c.exited
	}
}

func (c *cluster) output() string {
	data, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// pid is the process of a server, as the script tells it.
func (c *cluster) pid(t *testing.T, name string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, name+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// pids are all processes, the script's children and PostgreSQL's.
func (c *cluster) pids(t *testing.T) []int {
	t.Helper()
	names := []string{"postgres", "redis", "balancer"}
	for i := range nodes {
		names = append(names, fmt.Sprintf("node-%d", i+1))
	}
	var all []int
	for _, name := range names {
		all = append(all, c.pid(t, name))
	}
	postgres := all[0]
	data, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", postgres))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(data)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}

// alive says whether a process is there and not only waits to be collected.
func alive(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !strings.Contains(string(data), "\nState:\tZ")
}
