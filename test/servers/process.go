package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startWithin = 60 * time.Second // for a server to become ready, on a busy machine
	endWithin   = 30 * time.Second // for a server to end after it was told to
	pollEvery   = 5 * time.Millisecond
)

// process is a server's process: it may be started and ended many times. Its methods are for
// one goroutine at a time.
type process struct {
	name    string
	dir     string // ours, removed by Close
	log     string // file
	command command
	args    []string
	quit    string // the signal by which it ends at once, with its children: what the guard sends
	ready   func(ctx context.Context) error

	cmd    *exec.Cmd // nil while it is down
	exited chan struct{}
	guard  *guard
}

// command makes a command of a program and its arguments.
type command func(ctx context.Context, args ...string) *exec.Cmd

// PID is the id of the server's first process, 0 while it is down.
func (p *process) PID() int {
	if !p.running() {
		return 0
	}
	return p.cmd.Process.Pid
}

// Start starts the server on its port and data, and waits until it answers.
func (p *process) Start(ctx context.Context) error {
	if p.running() {
		return fmt.Errorf("%s runs already", p.name)
	}
	if err := p.launch(ctx); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := p.awaitReady(ctx); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w\n%s", p.name, err, p.LastLines(20)), p.Kill())
	}
	return nil
}

func (p *process) awaitReady(ctx context.Context) error {
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("it has ended: %s", p.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pollEvery):
		}
	}
}

func (p *process) launch(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := p.command(context.WithoutCancel(ctx), p.args...) // it outlives the call
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		close(exited)
	}()
	p.cmd, p.exited = cmd, exited
	p.guard, err = newGuard(cmd.Process.Pid, p.quit, p.dir)
	if err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

// running also holds for a process that has ended by itself and was not told to.
func (p *process) running() bool { return p.cmd != nil }

// Kill ends the server and its children at once, as a power cut does, and waits until they are
// gone. What it wrote to its files stays. It is safe to call while it is down.
func (p *process) Kill() error {
	if !p.running() {
		return nil
	}
	pids, err := p.freeze()
	for _, pid := range pids {
		err = errors.Join(err, signal(pid, syscall.SIGKILL))
	}
	return errors.Join(err, p.awaitEnd(pids))
}

// stop asks the server to end by a signal, and waits until it and its children are gone.
func (p *process) stop(sig syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if err := p.Resume(); err != nil {
		return err
	}
	if err := signal(p.PID(), sig); err != nil {
		return err
	}
	return p.awaitEnd(nil)
}

// Pause stops the server and its children as they are: they keep their connections and answer
// nobody until Resume.
func (p *process) Pause() error {
	if !p.running() {
		return fmt.Errorf("%s is down", p.name)
	}
	_, err := p.freeze()
	return err
}

// Resume lets a paused server go on.
func (p *process) Resume() error {
	if !p.running() {
		return fmt.Errorf("%s is down", p.name)
	}
	pids, err := children(p.PID())
	for _, pid := range append(pids, p.PID()) {
		err = errors.Join(err, signal(pid, syscall.SIGCONT))
	}
	return err
}

// freeze pauses the server, then its children, of which it can then have no new ones. It
// returns all of them, the server first.
func (p *process) freeze() ([]int, error) {
	select {
	case <-p.exited: // by itself; its id may be another's by now
		return nil, nil
	default:
	}
	pid := p.PID()
	if err := signal(pid, syscall.SIGSTOP); err != nil {
		return []int{pid}, err
	}
	if err := awaitStopped(pid); err != nil {
		return []int{pid}, err
	}
	pids, err := children(pid)
	for _, child := range pids {
		err = errors.Join(err, signal(child, syscall.SIGSTOP))
	}
	return append([]int{pid}, pids...), err
}

// awaitStopped waits until the signal has been heard: until then a process may fork.
func awaitStopped(pid int) error {
	return within(endWithin, func() bool {
		state, _ := status(pid)
		return state == 'T' || !alive(pid)
	})
}

// awaitEnd waits until the process and pids are gone, and dismisses the guard.
func (p *process) awaitEnd(pids []int) error {
	select {
	case <-p.exited:
	case <-time.After(endWithin):
		return fmt.Errorf("%s has not ended within %s\n%s", p.name, endWithin, p.LastLines(20))
	}
	err := within(endWithin, func() bool {
		for _, pid := range pids {
			if alive(pid) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("children of %s: %w", p.name, err)
	}
	if p.guard != nil {
		p.guard.dismiss()
	}
	p.cmd, p.guard = nil, nil
	return nil
}

// Close kills the server and removes its data.
func (p *process) Close() error {
	return errors.Join(p.Kill(), os.RemoveAll(p.dir))
}

// LastLines are the last n lines of the server's log.
func (p *process) LastLines(n int) string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// signal is kill(2). A process that is gone is none of its errors.
func signal(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%s to %d: %w", sig, pid, err)
	}
	return nil
}

// within waits until done.
func within(limit time.Duration, done func() bool) error {
	end := time.After(limit)
	for !done() {
		select {
		case <-end:
			return fmt.Errorf("not within %s", limit)
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// children are the processes whose parent is pid.
func children(pid int) ([]int, error) {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("there is no /proc")
	}
	var pids []int
	for _, name := range names {
		child, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			continue
		}
		if _, parent := status(child); parent == pid {
			pids = append(pids, child)
		}
	}
	return pids, nil
}

// alive says whether a process is there and not only waits to be collected by its parent.
func alive(pid int) bool {
	state, _ := status(pid)
	return state != 0 && state != 'Z' && state != 'X'
}

// status is the state of a process and its parent, zero when there is no such process.
// Source: proc_pid_stat(5).
func status(pid int) (state byte, parent int) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 2 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(string(fields[1])) // a number, as the kernel wrote it
	return fields[0][0], parent
}
