package main

import (
	"context"
	"errors"
	"maps"
	"net"
	"sync"
)

// proxy stands between nodes and a server of theirs and counts what passes.
type proxy struct {
	listener net.Listener
	target   string
	language func(*traffic) scanner
	running  sync.WaitGroup

	mu    sync.Mutex // guards all below
	sum   traffic
	conns map[net.Conn]bool // both ends; nil when closed
}

// traffic is what has passed.
type traffic struct {
	toServer, fromServer int64 // bytes
	roundTrips           int64 // how often a client spoke after it was last answered, or first
	commands             map[string]int64
}

// minus is what has passed since before.
func (t traffic) minus(before traffic) traffic {
	t.toServer -= before.toServer
	t.fromServer -= before.fromServer
	t.roundTrips -= before.roundTrips
	commands := make(map[string]int64)
	for name, n := range t.commands {
		if n -= before.commands[name]; n != 0 {
			commands[name] = n
		}
	}
	t.commands = commands
	return t
}

// total is the number of commands.
func (t traffic) total() (n int64) {
	for _, of := range t.commands {
		n += of
	}
	return n
}

// scanner reads what one client says, as it comes, and counts the commands.
type scanner interface{ scan(data []byte) }

// startProxy listens on a free port of the loopback. The language is that of the clients.
func startProxy(ctx context.Context, target string, language func(*traffic) scanner) (*proxy, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{
		listener: l, target: target, language: language,
		sum: traffic{commands: make(map[string]int64)}, conns: make(map[net.Conn]bool),
	}
	p.running.Go(p.accept)
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// traffic is what has passed so far.
func (p *proxy) traffic() traffic {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := p.sum
	sum.commands = maps.Clone(p.sum.commands)
	return sum
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.target)
		if err != nil {
			_ = client.Close() // it sees that nobody is there
			continue
		}
		if !p.keep(client, server) {
			return
		}
		link := &link{proxy: p, scanner: p.language(&p.sum)}
		p.running.Go(func() { p.copy(server, client, link.up) })
		p.running.Go(func() { p.copy(client, server, link.down) })
	}
}

// keep takes note of a connection, which it closes when the proxy is closed.
func (p *proxy) keep(ends ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range ends {
		if p.conns == nil {
			_ = c.Close() // nobody counts any more
			continue
		}
		p.conns[c] = true
	}
	return p.conns != nil
}

// copy hands on until either end closes. What is read is counted before it is handed on, so that it is
// counted before it is answered.
func (p *proxy) copy(to, from net.Conn, count func([]byte)) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		count(buffer[:n])
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				err = errors.Join(err, failed)
			}
		}
		if err != nil {
			break
		}
	}
	_ = errors.Join(to.Close(), from.Close()) // there is nobody left to be told
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, to)
	delete(p.conns, from)
}

// close cuts all connections and waits until nothing passes.
func (p *proxy) close() error {
	err := p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close() // whoever reads from it sees it
	}
	p.conns = nil
	p.mu.Unlock()
	p.running.Wait()
	return err
}

// link is one connection through a proxy.
type link struct {
	proxy   *proxy
	scanner scanner
	asked   bool // the client has spoken, and the server not yet; guarded by proxy.mu
}

func (l *link) up(data []byte) {
	if len(data) == 0 {
		return
	}
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.proxy.sum.toServer += int64(len(data))
	if !l.asked {
		l.proxy.sum.roundTrips++
	}
	l.asked = true
	l.scanner.scan(data)
}

func (l *link) down(data []byte) {
	if len(data) == 0 {
		return
	}
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.proxy.sum.fromServer += int64(len(data))
	l.asked = false
}
