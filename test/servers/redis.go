package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Redis is a Redis that keeps nothing: it is empty after every start.
type Redis struct {
	process
	addr string
}

// NewRedis starts a Redis that ends with the test. Settings are arguments of redis-server, such
// as "--maxmemory", "10mb".
func NewRedis(t testing.TB, settings ...string) *Redis {
	t.Helper()
	r, err := StartRedis(t.Context(), settings...)
	Check(t, err)
	t.Cleanup(func() { closeWith(t, &r.process) })
	return r
}

// StartRedis is NewRedis for TestMain and for programs. Close ends it. The error is ErrMissing
// when Redis is not installed.
func StartRedis(ctx context.Context, settings ...string) (*Redis, error) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server: %w", ErrMissing)
	}
	port, err := FreePort(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "govorun-redis-")
	if err != nil {
		return nil, err
	}
	args := append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port),
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", dir,
	}, settings...)
	r := &Redis{addr: fmt.Sprintf("127.0.0.1:%d", port)}
	r.process = process{
		name: "redis", dir: dir, log: filepath.Join(dir, "log"), quit: "TERM", ready: r.ping, args: args,
		command: func(ctx context.Context, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, bin, args...)
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			return cmd
		},
	}
	if err := r.Start(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Addr is its host:port.
func (r *Redis) Addr() string { return r.addr }

// URL is the address that the program takes.
func (r *Redis) URL() string { return "redis://" + r.addr }

// Stop ends it in order.
func (r *Redis) Stop() error { return r.stop(syscall.SIGTERM) }

// ping asks whether it answers.
func (r *Redis) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if answer != "+PONG\r\n" {
		return fmt.Errorf("redis says %q", answer)
	}
	return nil
}
