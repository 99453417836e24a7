package loadtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// node is one of the servers that are loaded.
type node struct {
	host  string // host:port
	local *localAddresses
	conns connPool
	// headers go with every request, each after an end of line.
	headers string
}

func newNode(address string) (*node, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("url %q: want http://host:port", address)
	}
	n := &node{host: u.Host, local: newLocalAddresses(u.Hostname())}
	if u.Port() == "" {
		n.host = net.JoinHostPort(u.Hostname(), "80")
	}
	n.conns.make = func() *httpConn { return &httpConn{host: n.host, headers: n.headers, dial: n.dialHTTP} }
	return n, nil
}

// dialHTTP opens a connection for requests.
func (n *node) dialHTTP() (net.Conn, error) {
	return n.dial(context.Background(), "tcp", n.host)
}

// dial connects; on loopback the source addresses are spread, as one has only about 28,000 ports.
func (n *node) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: requestTimeout, LocalAddr: n.local.next()}
	return d.DialContext(ctx, network, address)
}

// localAddresses hands out source addresses within 127.0.0.0/8, from a random one on: the ports of
// earlier runs may not be free again yet.
type localAddresses struct {
	loopback bool
	base     uint32
	taken    atomic.Uint32
}

const connectionsPerAddress = 2000

func newLocalAddresses(host string) *localAddresses {
	return &localAddresses{loopback: isLoopback(host), base: rand.Uint32()}
}

func (l *localAddresses) next() net.Addr {
	if !l.loopback {
		return nil
	}
	const first, count = 0x7f_00_00_01, 1<<24 - 2 // neither the network's address nor the broadcast's
	n := (l.base + l.taken.Add(1)/connectionsPerAddress) % count
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], first+n)
	return &net.TCPAddr{IP: ip[:]}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback() && ip.To4() != nil
}

// connPool keeps idle connections; the last one used is the next.
type connPool struct {
	make func() *httpConn
	mu   sync.Mutex // guards idle
	idle []*httpConn
}

func (p *connPool) take() *httpConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return c
	}
	return p.make()
}

func (p *connPool) put(c *httpConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

func (p *connPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
}
