//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is the real binary, on a port that it keeps over restarts.
type server struct {
	t       *testing.T
	address string // host:port
	data    data
	process *exec.Cmd
	log     *output
	links   chan string // for the first administrator, as starts print them
}

// killedBefore is what a server on PostgreSQL says of one that was killed.
const killedBefore = "a node was silent and is taken for dead"

// startServer starts a server on a free port with data of its own. It is stopped, gracefully,
// at the end of the test, which fails when the server has logged an error.
func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, address: "127.0.0.1:0", data: newData(t), log: &output{}, links: make(chan string, 100)}
	s.start()
	t.Cleanup(func() {
		if s.process != nil {
			s.stop()
		}
		for line := range strings.Lines(s.log.String()) {
			if (strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN")) && !strings.Contains(line, killedBefore) {
				t.Errorf("the server has logged: %s", line)
			}
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log)
		}
	})
	return s
}

func (s *server) url() string { return "http://" + s.address }

// start runs the server and waits until it says where it listens.
func (s *server) start() {
	s.t.Helper()
	cmd := exec.Command(installed.server, "serve", "--listen", s.address, "--data", s.data.dir, "--rate-limit", "off")
	cmd.Env = s.data.environment()
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.process = cmd
	page := make(chan string, 1)
	go func() {
		defer close(page)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "Page" {
				page <- words[1]
			} else if strings.Contains(lines.Text(), "/setup#") {
				s.links <- strings.TrimSpace(lines.Text())
			}
		}
	}()
	select {
	case url, ok := <-page:
		if !ok {
			s.process = nil
			s.t.Fatalf("the server ended at its start: %v\n%s", cmd.Wait(), s.log)
		}
		s.address = strings.Trim(strings.TrimPrefix(url, "http://"), "/")
	case <-time.After(patience):
		s.t.Fatalf("the server did not start:\n%s", s.log)
	}
}

// kill ends the server at once, as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	if err := s.process.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := s.process.Wait(); !errors.As(err, &exit) {
		s.t.Fatalf("the killed server ended with %v", err)
	}
	s.process = nil
}

// stop ends the server gracefully.
func (s *server) stop() {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		s.t.Errorf("the server did not stop gracefully: %v", err)
	}
	s.process = nil
}

// environment is ours without the settings of these tests, which a server takes for mistakes.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVORUN_") })
}

// output collects what programs print.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
