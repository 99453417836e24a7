//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// member is a node of a cluster. Its methods are for one goroutine at a time, and return errors:
// harm is done to several members at once.
type member struct {
	number int
	name   string
	addr   string // where clients find it
	dir    string
	log    string // file
	make   func() *exec.Cmd
	http   *http.Client

	cmd    *exec.Cmd     // nil before the first start
	exited chan struct{} // closed when the process has ended
}

func (m *member) url() string { return "http://" + m.addr }

// start starts the process, again and again when it ends by itself as a supervisor does, and
// waits until it is ready.
func (m *member) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*startWithin)
	defer cancel()
	for {
		if err := m.launch(); err != nil {
			return err
		}
		err := poll(ctx, 10*time.Millisecond, func() bool { return m.ended() || m.ready(ctx) })
		if err != nil {
			return fmt.Errorf("%s is not ready: %w\n%s", m.name, err, m.lastLines(10))
		}
		if !m.ended() {
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return fmt.Errorf("%s does not start: %w\n%s", m.name, ctx.Err(), m.lastLines(10))
		}
	}
}

// launch starts the process and does not wait.
func (m *member) launch() error {
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	m.cmd = m.make()
	m.cmd.Stdout, m.cmd.Stderr = log, log
	if err := m.cmd.Start(); err != nil {
		return err
	}
	m.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // how it ended is in its state
		close(exited)
	}(m.cmd, m.exited)
	return os.WriteFile(m.pidFile(), []byte(strconv.Itoa(m.cmd.Process.Pid)), 0o600)
}

// pidFile tells the guard of the cluster whom to end.
func (m *member) pidFile() string { return filepath.Join(m.dir, m.name+".pid") }

func (m *member) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url()+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := m.http.Do(r)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (m *member) ended() bool {
	if m.cmd == nil {
		return true
	}
	select {
	case <-m.exited:
		return true
	default:
		return false
	}
}

// kill ends the process as kill -9 does, paused or not, and waits for its end.
func (m *member) kill() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Kill() // it may have ended by itself
	<-m.exited
	_ = os.Remove(m.pidFile())
}

// signal sends the process a signal.
func (m *member) signal(s syscall.Signal) error {
	if err := m.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s to %s: %w", s, m.name, err)
	}
	return nil
}

// terminate asks the process to stop, waits for its end, and returns its exit code.
func (m *member) terminate() (code int, err error) {
	if err := m.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-m.exited:
		return m.cmd.ProcessState.ExitCode(), nil
	case <-time.After(stopWithin):
		return 0, fmt.Errorf("%s has not ended %s after SIGTERM\n%s", m.name, stopWithin, m.lastLines(30))
	}
}

func (m *member) lastLines(n int) string {
	data, err := os.ReadFile(m.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
