// Package egress makes the HTTP clients with which the server calls addresses that people have set:
// webhooks and remote bots. They follow no redirect, know no proxy, and reach no private address
// unless they are told to. What is said to whom, and how often it is tried, is not its business.
package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrPrivate is why a call fails whose host is, or resolves to, an address that is not public.
var ErrPrivate = errors.New("the address is not public, and calls to private addresses are not allowed")

// Limits of a client. Connections beyond those kept idle are closed after their call.
const (
	dialTimeout  = 10 * time.Second
	idlePerHost  = 64
	idleInAll    = 512
	idleTimeout  = 90 * time.Second
	maxHeader    = 64 << 10
	maxHandshake = 10 * time.Second
)

// Client returns a client for calls of at most timeout, from the dial to the end of the answer; a
// shorter deadline is the context's. An answer that redirects is returned as it is. Addresses are
// judged when they are dialled, so that a name cannot resolve to another one meanwhile.
func Client(allowPrivate bool, timeout time.Duration) *http.Client {
	if allowPrivate {
		return client(nil, timeout)
	}
	return ClientFor(nil, timeout)
}

// client returns a client whose connections guard judges before they are made; nil for none.
func client(guard func(network, address string, c syscall.RawConn) error, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dial(dialer),
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    maxHandshake,
			MaxIdleConns:           idleInAll,
			MaxIdleConnsPerHost:    idlePerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
		},
	}
}

// dial names in our words what the guard refuses.
func dial(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
			return nil, ErrPrivate
		}
		return conn, err
	}
}
