//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"testing"
)

// proxies is a network on the loopback, for those who may not make namespaces: each link is a
// proxy with an address of its own.
type proxies struct {
	plan  plan
	nodes int
	links [][linksOfNode]*stallingProxy
}

// connect implements network.
func (n *proxies) connect(t *testing.T, p ports) {
	t.Helper()
	for node := range n.nodes {
		var links [linksOfNode]*stallingProxy
		for l := range linksOfNode {
			target := "127.0.0.1"
			if l == toClients {
				target = n.plan.far(node, l)
			}
			links[l] = newStallingProxy(t, at(n.plan.near(node, l), p[l]), at(target, p[l]))
		}
		n.links = append(n.links, links)
	}
}

// at is host:port.
func at(host string, port int) string { return fmt.Sprintf("%s:%d", host, port) }

func (n *proxies) link(node, link int) link { return n.links[node][link] }

func (n *proxies) clients(node int) string { return n.plan.near(node, toClients) }

func (n *proxies) hosts(int) []string { return []string{"127.0.0.1"} }

func (n *proxies) command(_ int, name string, args ...string) *exec.Cmd {
	return exec.Command(name, args...)
}

// stallingProxy passes connections on. Cut, it holds back what is sent that way, the end of a
// connection too, until it is healed.
type stallingProxy struct {
	listener net.Listener
	target   string
	rewrite  func(to io.Writer) io.Writer // of what the target sends; nil: nothing is changed
	running  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	open  map[way]chan struct{}
	conns map[net.Conn]bool // nil when closed
}

// newStallingProxy starts a proxy; the test ends it.
func newStallingProxy(t *testing.T, address, target string) *stallingProxy {
	t.Helper()
	return startStallingProxy(t, &stallingProxy{target: target}, address)
}

func startStallingProxy(t *testing.T, p *stallingProxy, address string) *stallingProxy {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	p.listener, p.conns = l, map[net.Conn]bool{}
	p.open = map[way]chan struct{}{there: closedChannel(), back: closedChannel()}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (p *stallingProxy) close() {
	p.listener.Close()
	p.heal()
	p.mu.Lock()
	for c := range p.conns {
		c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.running.Wait()
}

func (p *stallingProxy) cut(w way) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range []way{there, back} {
		if w&one != 0 {
			p.open[one] = make(chan struct{})
		}
	}
	return nil
}

func (p *stallingProxy) heal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range []way{there, back} {
		select {
		case <-p.open[one]:
		default:
			close(p.open[one])
		}
	}
	return nil
}

// await waits while a way is cut.
func (p *stallingProxy) await(w way) {
	p.mu.Lock()
	open := p.open[w]
	p.mu.Unlock()
	<-open
}

// keep reports whether the connection may go on; it is closed with the proxy.
func (p *stallingProxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		c.Close()
		return false
	}
	p.conns[c] = true
	return true
}

func (p *stallingProxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.keep(client) {
			p.running.Go(func() { p.serve(client) })
		}
	}
}

// serve passes one connection on, until both sides have ended it or one has failed.
func (p *stallingProxy) serve(client net.Conn) {
	defer p.drop(client)
	p.await(there)
	server, err := net.Dial("tcp", p.target)
	if err != nil || !p.keep(server) {
		return
	}
	defer p.drop(server)
	var answers io.Writer = client
	if p.rewrite != nil {
		answers = p.rewrite(client)
	}
	var running sync.WaitGroup
	running.Go(func() { p.pass(there, client, server, server) })
	running.Go(func() { p.pass(back, server, client, answers) })
	running.Wait()
}

func (p *stallingProxy) drop(c net.Conn) {
	c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// pass copies one direction. Its end ends the other one too, when it can pass.
func (p *stallingProxy) pass(w way, from, to net.Conn, write io.Writer) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.await(w)
		if n > 0 {
			if _, err := write.Write(buf[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			to.Close()
			return
		}
	}
}
