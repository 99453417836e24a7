package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// The names of the programs.
const (
	floor   = "floor"
	govorun = "govorun"
)

// program is a server to measure.
type program struct {
	name string
	path string
	args func(listen, data string, in backend) []string
}

// backend is where servers find their data and each other. The zero backend is SQLite in a directory
// of the server's own.
type backend struct {
	postgres string // URL
	redis    string // URL; "" for a node that is alone
}

// build compiles both programs into a directory, as make build does.
func build(ctx context.Context, dir string) ([]program, error) {
	programs := []program{
		{name: floor, args: func(listen, data string, in backend) []string {
			return []string{"-listen", listen, "-data", data, "-postgres-url", in.postgres}
		}},
		{name: govorun, args: func(listen, data string, in backend) []string {
			args := []string{"serve", "--listen", listen, "--data", data, "--rate-limit", "off", "--webhooks-allow-private", "127.0.0.1"}
			if in.postgres != "" {
				args = append(args, "--postgres-url", in.postgres)
			}
			if in.redis != "" {
				args = append(args, "--redis-url", in.redis)
			}
			return args
		}},
	}
	for i, source := range []string{"test/bench/floor", "cmd/govorun"} {
		programs[i].path = filepath.Join(dir, programs[i].name)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s", "-o", programs[i].path, "github.com/govorun/govorun/"+source)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", programs[i].name, err, out)
		}
	}
	return programs, nil
}

// server is a running program.
type server struct {
	url  string
	data string
	cmd  *exec.Cmd
	log  printed
	quit context.CancelFunc
	done chan error // what it ended with
}

// printed is what a server has printed so far.
type printed struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

// Write implements io.Writer.
func (p *printed) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.Write(data)
}

func (p *printed) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

// tail is its end.
func (p *printed) tail() string {
	text := p.text()
	return text[max(0, len(text)-2000):]
}

// How long a server may take to start and to stop.
const (
	startTimeout = 20 * time.Second
	stopTimeout  = 20 * time.Second
)

// start runs a program with an empty data directory on a free port and waits until it is healthy. It
// ends with ctx.
func start(ctx context.Context, p program, dir string, in backend) (*server, error) {
	data, err := os.MkdirTemp(dir, p.name+"-data-")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	listen, err := freeAddress(ctx)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	s := &server{url: "http://" + listen, data: data, done: make(chan error, 1)}
	ctx, s.quit = context.WithCancel(ctx)
	s.cmd = exec.CommandContext(ctx, p.path, p.args(listen, data, in)...)
	s.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOVORUN_") }) // flags alone count
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = stopTimeout // then it is killed
	if err := s.cmd.Start(); err != nil {
		s.quit()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() { s.done <- s.cmd.Wait() }()
	if err := s.healthy(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, errors.Join(err, s.stop()))
	}
	return s, nil
}

// alone measures one fresh server.
func (b *bench) alone(ctx context.Context, p program, measure func(s *server) error) (err error) {
	var in backend
	if b.cluster != nil {
		db, failed := b.cluster.newDatabase(ctx)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, db.drop(ctx)) }()
		in.postgres = db.url
	}
	s, err := start(ctx, p, b.dir, in)
	if err != nil {
		return err
	}
	err = errors.Join(measure(s), s.stop())
	debug.FreeOSMemory() // every run begins with an empty heap
	return err
}

// startNodes starts some servers over the same backend.
func startNodes(ctx context.Context, p program, dir string, in backend, n int) (nodes, error) {
	var ns nodes
	for range n {
		s, err := start(ctx, p, dir, in)
		if err != nil {
			return nil, errors.Join(err, ns.stop())
		}
		ns = append(ns, s)
	}
	return ns, nil
}

// nodes are servers over the same backend.
type nodes []*server

// load points a load at the servers.
func (ns nodes) load(o *loadtest.Options) {
	o.URL = ns[0].url
	for _, s := range ns {
		o.PIDs = append(o.PIDs, s.pid())
	}
	for _, s := range ns[1:] {
		o.Others = append(o.Others, s.url)
	}
}

func (ns nodes) stop() (err error) {
	for _, s := range ns {
		err = errors.Join(err, s.stop())
	}
	return err
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// healthy waits until the server answers.
func (s *server) healthy(ctx context.Context) error {
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/healthz", nil)
	if err != nil {
		return err
	}
	var last error
	for begin := time.Now(); time.Since(begin) < startTimeout; {
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close() // only the status is wanted
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("health: status %d", resp.StatusCode)
		}
		last = err
		select {
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("it ended: %w\n%s", err, s.log.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return last
}

// stop ends the server and removes its data. A server that does not end by itself in time, or ends
// badly, is an error.
func (s *server) stop() error {
	s.quit()
	err := <-s.done
	if errors.Is(err, context.Canceled) || err == nil {
		return os.RemoveAll(s.data)
	}
	return errors.Join(fmt.Errorf("stop: %w\n%s", err, s.log.tail()), os.RemoveAll(s.data))
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
