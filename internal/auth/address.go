// Package auth answers who a request is from and how often it may call: the remote address
// behind trusted proxies, rate limits per address and per session, and which browser origins
// may use a chat. It knows no routes and no wire format; the transports ask it.
package auth

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose X-Forwarded-For header is believed. The zero value
// believes nobody.
type Proxies []netip.Prefix

// ParseProxies reads networks ("10.0.0.0/8") and single addresses ("127.0.0.1").
func ParseProxies(networks []string) (Proxies, error) {
	proxies := make(Proxies, 0, len(networks))
	for _, s := range networks {
		s = strings.TrimSpace(s)
		if addr, err := netip.ParseAddr(s); err == nil {
			addr = plain(addr)
			proxies = append(proxies, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: expected an address or a network like 10.0.0.0/8", s)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

// ClientAddr is the address a request came from: that of the peer, or, when the peer is a
// trusted proxy, the last one in X-Forwarded-For that is not a trusted proxy itself. What
// stands before that one was written by the client and is not believed. The zero Addr
// means that the peer has no address (a Unix socket).
func (p Proxies) ClientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := plain(peer.Addr())
	hops := r.Header["X-Forwarded-For"]
	for i := len(hops) - 1; i >= 0; i-- {
		for rest := hops[i]; rest != ""; {
			var hop string
			rest, hop = lastHop(rest)
			if !p.trusts(addr) {
				return addr
			}
			next, ok := parseHop(hop)
			if !ok {
				return addr
			}
			addr = next
		}
	}
	return addr
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// lastHop splits the last element off a comma-separated list.
func lastHop(list string) (rest, hop string) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", list
	}
	return list[:i], list[i+1:]
}

// parseHop reads an address with or without a port: proxies write both.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return plain(addr), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	return netip.Addr{}, false
}

// plain makes equal what is the same address: no zone, no IPv4 inside IPv6.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
