//go:build e2e

package docs_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/govorun/govorun/test/contract"
)

// server is a real Govorun with the demo chat.
type server struct{ address, binary, data, link string }

// start runs a server without any data on a free port until the end of the test, which fails unless it
// stops well. Flags are those that it is given beside.
func start(t *testing.T, flags ...string) server {
	t.Helper()
	return startOn(t, t.TempDir(), flags...)
}

// startOn is start with a directory of data.
func startOn(t *testing.T, data string, flags ...string) server {
	t.Helper()
	s := server{binary: os.Getenv("GOVORUN_BIN"), data: data}
	if s.binary == "" {
		s.binary = filepath.Join(t.TempDir(), "govorun")
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "../../cmd/govorun").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cmd := exec.Command(s.binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", s.data}, flags...)...)
	var complaints bytes.Buffer
	cmd.Env, cmd.Stderr = environment(), &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server did not stop well: %v", err)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", complaints.String())
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "Page" {
			s.address = strings.TrimPrefix(contract.Proxy(t, strings.TrimSuffix(words[1], "/")), "http://")
		} else if strings.Contains(lines.Text(), "/setup#") {
			s.link = strings.TrimSpace(lines.Text())
			return s // nothing is printed after the link for the first administrator
		}
	}
	t.Fatal("the server ended at its start")
	return s
}

// environment is that of the tests without what is meant for them: to the server, an unknown
// variable of its own is an error.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVORUN_") })
}
