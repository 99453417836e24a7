package loadtest

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// dialHTTP opens a connection for requests.
func (g *generator) dialHTTP() (net.Conn, error) {
	return g.dial(context.Background(), "tcp", g.host)
}

// dial connects; on loopback the source addresses are spread, as one has only about 28,000 ports.
func (g *generator) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := g.dialer
	d.Timeout = requestTimeout
	d.LocalAddr = g.local.next()
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
