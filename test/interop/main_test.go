//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// patience is how long anything that must happen may take, with every core busy.
const patience = 30 * time.Second

// programs are the paths of what the tests run.
type programs struct {
	server, goClient, python, nodeDir, chromium string
	socketio4, socketio5                        string // Pythons with python-socketio 4 and 5

	postgres *servers.Postgres // where servers keep their data; nil: in files
}

// installed is set once, before any test.
var installed programs

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "govorun-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if installed, err = prepare(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch engine := setting("ENGINE", "sqlite"); engine {
	case "sqlite":
	case "postgres":
		if installed.postgres, err = servers.StartPostgres(context.Background(), ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer installed.postgres.Close()
	default:
		fmt.Fprintf(os.Stderr, "ENGINE: expected sqlite or postgres, got %q\n", engine)
		return 1
	}
	return m.Run()
}

// prepare builds what is ours and looks for what is not.
func prepare(dir string) (programs, error) {
	p := programs{
		server:    os.Getenv("GOVORUN_BIN"),
		goClient:  filepath.Join(dir, "client"),
		python:    setting("GOVORUN_PYTHON", "../../.cache/venv/bin/python"),
		socketio4: setting("GOVORUN_PYTHON_SOCKETIO4", "../../.cache/venv-socketio4/bin/python"),
		socketio5: setting("GOVORUN_PYTHON_SOCKETIO5", "../../.cache/venv-socketio5/bin/python"),
		nodeDir:   setting("GOVORUN_NODE_DIR", "."),
		chromium:  setting("GOVORUN_CHROMIUM", "/usr/bin/chromium"),
	}
	if err := build("go", p.goClient, "."); err != nil {
		return p, err
	}
	if p.server == "" {
		p.server = filepath.Join(dir, "govorun")
		if err := build("../..", p.server, "./cmd/govorun"); err != nil {
			return p, err
		}
	}
	for _, path := range []string{p.server, p.python, p.socketio4, p.socketio5, filepath.Join(p.nodeDir, "node_modules", "centrifuge"), p.chromium} {
		if _, err := os.Stat(path); err != nil {
			return p, fmt.Errorf("%w\n\"make test\" installs what these tests need and runs them", err)
		}
	}
	return p, nil
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func build(dir, program, target string) error {
	cmd := exec.Command("go", "build", "-o", program, target)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", target, dir, err, out)
	}
	return nil
}
