package servers

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// guard is a small process that ends a server when ours is gone. It reads from a pipe of which
// only we hold the other end: the read returns when we have ended, in whatever way.
type guard struct {
	cmd  *exec.Cmd
	pipe *os.File
}

// guardScript takes a process, a signal and a directory. A paused process hears the signal when
// it goes on. Its end is not waited for longer than PostgreSQL waits for its children.
const guardScript = `
read -r _
kill -"$2" "$1"
kill -CONT "$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	kill -0 "$1" || break
	sleep 1
done
rm -rf "$3"
`

// newGuard guards a process, which it ends by the signal of this name, and its directory.
func newGuard(pid int, sig, dir string) (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	cmd := exec.CommandContext(context.Background(), "/bin/sh", "-c", guardScript, "guard", strconv.Itoa(pid), sig, dir)
	cmd.Dir = "/"
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends our group must not end it
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &guard{cmd: cmd, pipe: w}, nil
}

// dismiss ends the guard: the server is gone.
func (g *guard) dismiss() {
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait() // killed, as it should be
	_ = g.pipe.Close()
}
