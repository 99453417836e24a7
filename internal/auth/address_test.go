package auth_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/auth"
)

func TestClientAddr(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		trusted   []string
		peer      string
		forwarded []string
		want      string
	}{
		{"nobody is trusted by default", nil, "203.0.113.9:4000", []string{"198.51.100.1"}, "203.0.113.9"},
		{"a stranger's header is not believed", []string{"10.0.0.0/8"}, "203.0.113.9:4000", []string{"198.51.100.1"}, "203.0.113.9"},
		{"a trusted proxy's is", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"only its last element", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"behind two proxies", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"1.1.1.1, 198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"over two headers", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"1.1.1.1, 198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		{"all are proxies", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"10.0.0.7, 10.9.9.9"}, "10.0.0.7"},
		{"no header", []string{"10.0.0.0/8"}, "10.1.2.3:4000", nil, "10.1.2.3"},
		{"empty header", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{""}, "10.1.2.3"},
		{"no address in it", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"198.51.100.1, unknown"}, "10.1.2.3"},
		{"garbage before the client is not looked at", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"<script>, 198.51.100.1"}, "198.51.100.1"},
		{"with a port", []string{"10.0.0.0/8"}, "10.1.2.3:4000", []string{"198.51.100.1:5555"}, "198.51.100.1"},
		{"IPv6", []string{"::1"}, "[::1]:4000", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets with a port", []string{"::1"}, "[::1]:4000", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"IPv6 in brackets", []string{"::1"}, "[::1]:4000", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv4 inside IPv6 is IPv4", []string{"127.0.0.1"}, "[::ffff:127.0.0.1]:4000", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"zone", nil, "[fe80::1%eth0]:4000", nil, "fe80::1"},
		{"Unix socket", []string{"127.0.0.1"}, "@", []string{"198.51.100.1"}, "invalid IP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			proxies, err := auth.ParseProxies(tt.trusted)
			if err != nil {
				t.Fatal(err)
			}
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{}}
			if tt.forwarded != nil {
				r.Header["X-Forwarded-For"] = tt.forwarded
			}
			if got := proxies.ClientAddr(r).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseProxiesRefusesWhatIsNoNetwork(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "localhost", "10.0.0.0/33", "10.0.0.0/8/8", "*"} {
		if _, err := auth.ParseProxies([]string{s}); err == nil || !strings.Contains(err.Error(), "trusted proxy") {
			t.Errorf("%q: got error %v", s, err)
		}
	}
}

func FuzzClientAddr(f *testing.F) {
	f.Add("10.0.0.1:1", "1.1.1.1, 10.0.0.2")
	f.Add("[::1]:1", "[2001:db8::1]:2,,")
	f.Add("", ",")
	proxies, err := auth.ParseProxies([]string{"10.0.0.0/8", "::1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := proxies.ClientAddr(r)
		ap, err := netip.ParseAddrPort(peer)
		if err != nil && got.IsValid() {
			t.Fatalf("an address %s out of nothing", got)
		}
		trusted := netip.MustParsePrefix("10.0.0.0/8").Contains(ap.Addr().Unmap()) || ap.Addr().WithZone("") == netip.IPv6Loopback()
		if err == nil && !trusted && got != ap.Addr().Unmap().WithZone("") {
			t.Fatalf("believed %q of stranger %s: %s", forwarded, peer, got)
		}
	})
}
