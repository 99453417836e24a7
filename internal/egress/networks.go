package egress

import (
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// ClientFor is Client for public addresses and those of some networks.
func ClientFor(networks []netip.Prefix, timeout time.Duration) *http.Client {
	var v4, v6 []netip.Prefix
	for _, n := range networks {
		if n.Addr().Is4() {
			v4 = append(v4, n)
		} else {
			v6 = append(v6, n)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return client(guard.Safe, timeout)
}
