package egress_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/egress"
)

func TestSomeNetworksAreReached(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	get := func(host string, networks ...string) error {
		var allowed []netip.Prefix
		for _, n := range networks {
			allowed = append(allowed, netip.MustParsePrefix(n))
		}
		client := egress.ClientFor(allowed, 5*time.Second)
		defer client.CloseIdleConnections()
		res, err := client.Get("http://" + host + ":" + port + "/")
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	if err := get("127.0.0.1", "fd00::/8", "127.0.0.0/8"); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"10.0.0.1", "[::1]", "[fe80::1]"} {
		if err := get(host, "127.0.0.0/8", "fd00::/8"); !errors.Is(err, egress.ErrPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := get("127.0.0.1", "127.0.0.2/32"); !errors.Is(err, egress.ErrPrivate) {
		t.Errorf("beside the network: %v", err)
	}
	if err := get("[::1]", "::1/128"); errors.Is(err, egress.ErrPrivate) { // nobody listens there
		t.Error(err)
	}
}
