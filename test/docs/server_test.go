//go:build e2e

package docs_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// server is a real Govorun with the demo chat.
type server struct{ address, binary, data string }

func start(t *testing.T) server {
	s := server{binary: os.Getenv("GOVORUN_BIN"), data: t.TempDir(), address: freeAddress(t)}
	if s.binary == "" {
		s.binary = filepath.Join(t.TempDir(), "govorun")
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "../../cmd/govorun").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cmd := exec.Command(s.binary, "serve", "--listen", s.address, "--data", s.data)
	cmd.Stderr = os.Stderr
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
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		resp, err := http.Get("http://" + s.address + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server is not ready: %v", err)
		}
		time.Sleep(20 * time.Millisecond) // polling another process
	}
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
