//go:build e2e

package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
)

// fault is what a proxy does to connections.
type fault int

const (
	faultNone       fault = iota
	faultSwallow          // what the server sends is dropped; nobody is told
	faultCutAfter         // the connection is cut right after the request was passed on
	faultCutAnswers       // the connection is cut when the answer comes, which is not passed on
)

// proxy passes connections on to a server, and breaks them as it is told.
type proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	fault  fault
	pairs  map[*pair]bool
	closed bool // no connection goes through
}

// pair is one connection through the proxy.
type pair struct {
	proxy          *proxy
	client, server net.Conn
	lost           bool // something was dropped: it can never go on; guarded by proxy.mu
}

// newProxy starts a proxy; the test ends it.
func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, pairs: map[*pair]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) close() {
	p.block(true)
	p.listener.Close()
	p.running.Wait()
}

// block cuts all connections and lets none through, until it is told otherwise.
func (p *proxy) block(closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = closed
	if closed {
		for c := range p.pairs {
			c.cut()
		}
	}
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		c := &pair{proxy: p, client: client, server: server}
		p.mu.Lock()
		if p.closed {
			c.cut()
		}
		p.pairs[c] = true
		p.mu.Unlock()
		p.running.Go(func() { c.pass(client, server, c.up) })
		p.running.Go(func() { c.pass(server, client, c.down) })
	}
}

func (p *proxy) set(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// heal ends the fault. Connections that lost something cannot go on: they are cut.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = faultNone
	for c := range p.pairs {
		if c.lost {
			c.cut()
		}
	}
}

func (p *proxy) now() fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

func (c *pair) cut() {
	c.client.Close()
	c.server.Close()
}

// pass copies one direction until the connection ends.
func (c *pair) pass(from, to net.Conn, write func(to io.Writer, b []byte) bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if (n > 0 && !write(to, buf[:n])) || err != nil {
			break
		}
	}
	c.cut()
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	delete(c.proxy.pairs, c)
}

// up and down report whether the connection goes on.
func (c *pair) up(to io.Writer, b []byte) bool {
	cut := c.proxy.now() == faultCutAfter
	if cut { // before the request is through: the answer may be quicker than the cut
		c.client.Close()
	}
	_, err := to.Write(b)
	return err == nil && !cut
}

func (c *pair) down(to io.Writer, b []byte) bool {
	c.proxy.mu.Lock()
	f := c.proxy.fault
	if f == faultSwallow {
		c.lost = true
	}
	lost := c.lost
	c.proxy.mu.Unlock()
	switch {
	case f == faultCutAnswers:
		return false
	case lost:
		return true
	}
	_, err := to.Write(b)
	return err == nil
}
