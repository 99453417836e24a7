//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/test/contract"
)

// flavour is a library, a transport and an encoding.
type flavour struct {
	name      string
	program   func() []string
	transport string
	protocol  string
}

func flavours() []flavour {
	return []flavour{
		{"js websocket json", javascript, "websocket", "json"},
		{"js websocket protobuf", javascript, "websocket", "protobuf"},
		{"js http_stream", javascript, "http_stream", "json"},
		{"js sse", javascript, "sse", "json"},
		{"python json", python, "websocket", "json"},
		{"python protobuf", python, "websocket", "protobuf"},
		{"go json", golang, "websocket", "json"},
		{"go protobuf", golang, "websocket", "protobuf"},
	}
}

func javascript() []string { return script("client.mjs") }
func python() []string     { return []string{installed.python, "python/client.py"} }
func golang() []string     { return []string{installed.goClient} }

// script is the command line of a program in JavaScript.
func script(name string) []string {
	return []string{"node", filepath.Join(installed.nodeDir, "js", name)}
}

// options are given to a client program as its only argument, as JSON.
type options struct {
	URL       string   `json:"url"`
	Transport string   `json:"transport"`
	Protocol  string   `json:"protocol"`
	Sessions  []string `json:"sessions"`
	Echo      bool     `json:"echo,omitempty"`
	Follow    bool     `json:"follow,omitempty"` // subscribe to every channel the server names
}

// command is a line that leads a client program. It ends when there are no more.
// Those of Socket.IO know connect, disconnect, emit (of the event Method) and die.
type command struct {
	Do      string `json:"do"`                // connect, disconnect, subscribe or rpc
	Channel string `json:"channel,omitempty"` // to subscribe to
	Method  string `json:"method,omitempty"`  // of an rpc
	Data    any    `json:"data,omitempty"`    // of an rpc
}

// event is a line that a client program prints: what its library told it.
type event struct {
	Event      string          `json:"event"` // connecting, connected, disconnected, subscribed, unsubscribed, publication, reply (to an rpc) or error
	By         string          `json:"by"`    // whose subscription: server or client
	Channel    string          `json:"channel"`
	Code       int             `json:"code"` // of a disconnect, an unsubscribe or a refused rpc
	Message    string          `json:"message"`
	Recovering bool            `json:"recovering"` // a position was named
	Recovered  bool            `json:"recovered"`
	Offset     int64           `json:"offset"`
	Data       json.RawMessage `json:"data"`
}

// client is a running client program.
type client struct {
	t       *testing.T
	in      io.WriteCloser
	mu      sync.Mutex // guards what follows
	events  []event
	ended   bool
	changed chan struct{} // closed at the next event
}

// startClient runs a client program until the end of the test.
func startClient(t *testing.T, f flavour, o options) *client {
	t.Helper()
	o.Transport, o.Protocol = f.transport, f.protocol
	argument, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return startProgram(t, append(f.program(), string(argument)))
}

// startProgram runs a program that prints events and is led by commands.
func startProgram(t *testing.T, line []string) *client {
	t.Helper()
	cmd := exec.Command(line[0], line[1:]...)
	complaints := &output{}
	cmd.Stderr = complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, in: in, changed: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(out)
	}()
	t.Cleanup(func() {
		in.Close()
		kill := time.AfterFunc(patience, func() { cmd.Process.Kill() })
		defer kill.Stop()
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("client program: %v", err)
		}
		if text := complaints.String(); text != "" {
			t.Errorf("client program: %s", text)
		}
	})
	return c
}

func (c *client) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			c.t.Errorf("client program printed %q: %v", lines.Text(), err)
			continue
		}
		if e.Event == "publication" {
			var envelope struct{ Event string }
			_ = json.Unmarshal(e.Data, &envelope) // what is no object is no documented event either
			contract.Event(c.t, e.Channel, envelope.Event, e.Data)
		}
		if e.Event == "received" {
			contract.Event(c.t, "socketio", e.Message, e.Data)
		}
		c.note(func() { c.events = append(c.events, e) })
	}
	c.note(func() { c.ended = true })
}

func (c *client) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.changed)
	c.changed = make(chan struct{})
}

// do leads the program.
func (c *client) do(cmd command) {
	c.t.Helper()
	text, err := json.Marshal(cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, '\n')); err != nil {
		c.t.Fatalf("client program: %v", err)
	}
}

// seen returns what was printed so far.
func (c *client) seen() []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// await waits until what was printed is so.
func (c *client) await(what string, so func([]event) bool) []event {
	c.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		c.mu.Lock()
		events, ended, changed := slices.Clone(c.events), c.ended, c.changed
		c.mu.Unlock()
		if so(events) {
			return events
		}
		if ended {
			c.t.Fatalf("the client program ended before %s; it printed:\n%s", what, tail(events))
		}
		select {
		case <-changed:
		case <-deadline.C:
			c.t.Fatalf("no %s in time; the client program printed:\n%s", what, tail(events))
		}
	}
}

// end ends the program by a command and waits until everything it printed has been read.
func (c *client) end(how string) {
	c.t.Helper()
	c.do(command{Do: how})
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		c.mu.Lock()
		ended, changed := c.ended, c.changed
		c.mu.Unlock()
		if ended {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			c.t.Fatalf("the client program does not end; it printed:\n%s", tail(c.seen()))
		}
	}
}

// next does something and waits for an event of a kind after it.
func (c *client) next(kind string, act func()) event {
	c.t.Helper()
	before := len(c.seen())
	act()
	var found event
	c.await(kind, func(events []event) bool {
		i := slices.IndexFunc(events[before:], func(e event) bool { return e.Event == kind })
		if i < 0 {
			return false
		}
		found = events[before+i]
		return true
	})
	return found
}

func (c *client) connect() {
	c.t.Helper()
	c.next("connected", func() { c.do(command{Do: "connect"}) })
}

func (c *client) call(method string, data any) event {
	c.t.Helper()
	return c.next("reply", func() { c.do(command{Do: "rpc", Method: method, Data: data}) })
}

// join joins a session as the vendor's article has it. Its answer comes after everything that
// the server had to say before, so it also serves as a fence.
func (c *client) join(session string) {
	c.t.Helper()
	reply := c.call("joinSession", map[string]string{"id": session})
	if reply.Code != 0 || string(reply.Data) != `{"success":true}` {
		c.t.Errorf("joinSession was answered with %d %s %s", reply.Code, reply.Message, reply.Data)
	}
}

// tail shows the end of a list of events.
func tail(events []event) string {
	const shown = 30
	var text []byte
	for _, e := range events[max(0, len(events)-shown):] {
		line, err := json.Marshal(e)
		if err != nil {
			return err.Error()
		}
		text = append(append(text, line...), '\n')
	}
	return string(text)
}
