//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startWithin = 30 * time.Second // for a server to become ready, on a busy machine
	stopWithin  = 40 * time.Second // for a server to end after SIGTERM
)

// server is a process of the program. It may be started and ended many times, and keeps its
// address and its data.
type server struct {
	addr string
	data data
	args []string
	log  string // file

	http   *http.Client
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// newServer starts a server without any data. Limits of rate are off; args may
// switch them on.
func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	return newServerOn(t, newData(t), args...)
}

// newServerOn is newServer with its data.
func newServerOn(t *testing.T, d data, args ...string) *server {
	t.Helper()
	s := &server{
		addr: freeAddress(t),
		data: d,
		args: append([]string{"--rate-limit", "off"}, args...),
		log:  filepath.Join(t.TempDir(), "log"),
		http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second},
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the last lines of the server's log:\n%s", s.lastLines(30))
		}
	})
	s.start(t)
	return s
}

// freeAddress finds a port that stays free while a server is down: one below those that the
// system gives to clients' connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (s *server) url() string { return "http://" + s.addr }

// start starts the process and waits until it is ready.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.launch(t)
	s.awaitReady(t)
}

// launch starts the process and does not wait.
func (s *server) launch(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command(run.bin, append([]string{"serve", "--listen", s.addr, "--data", s.data.dir}, s.args...)...)
	s.cmd.Env = s.data.environment()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // how it ended is in its state
		close(exited)
	}(s.cmd, s.exited)
}

// environment is ours without what would configure the program: it takes GOVORUN_BIN for a key.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVORUN_") })
}

func (s *server) awaitReady(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	err := poll(ctx, 5*time.Millisecond, func() bool { return s.ended() || s.status("/readyz") == http.StatusOK })
	if err != nil || s.ended() {
		t.Fatalf("the server is not ready (ended: %v): %v\n%s", s.ended(), err, s.lastLines(30))
	}
}

// status is the status of a GET, 0 without an answer.
func (s *server) status(path string) int {
	res, err := s.http.Get(s.url() + path)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func (s *server) ended() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// kill ends the process as kill -9 does, and waits for its end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.exited
}

// terminate asks the process to stop, and returns its exit code.
func (s *server) terminate(t *testing.T) int {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("SIGTERM: %v", err)
	}
	select {
	case <-s.exited:
	case <-time.After(stopWithin):
		t.Fatalf("the server has not ended %s after SIGTERM\n%s", stopWithin, s.lastLines(30))
	}
	return s.cmd.ProcessState.ExitCode()
}

func (s *server) lastLines(n int) string {
	data, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// metric is the sum of a metric over its labels.
func (s *server) metric(t *testing.T, name string) float64 {
	t.Helper()
	text := (&api{url: s.url(), http: s.http}).get(t, "/metrics").text()
	sum, found := 0.0, false
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || !slices.Contains([]byte{' ', '{'}, rest[0]) {
			continue
		}
		value := rest[strings.LastIndexByte(rest, ' ')+1:]
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			t.Fatalf("metric %s: %v", name, err)
		}
		sum, found = sum+n, true
	}
	if !found {
		t.Fatalf("there is no metric %s", name)
	}
	return sum
}

// command runs another command of the program and returns its output and exit code.
func command(t *testing.T, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, run.bin, args...)
	cmd.Env = environment()
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", args[0], err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
