//go:build e2e

package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"time"
)

// roamer takes a client's requests to one node, and to the next one when that does not answer
// or says that it cannot. It repeats nothing: that is for the client.
type roamer struct {
	hosts []string
	base  http.RoundTripper

	mu     sync.Mutex // guards what follows
	at     int
	moves  int
	errors []string // that are neither a refused connection nor the end of patience or of an unused connection
}

// roaming is an api over all nodes, which begins with one.
func (c *cluster) roaming(first int) *api { return roaming(c.hosts(), first) }

func roaming(hosts []string, first int) *api {
	r := &roamer{hosts: hosts, at: first, base: &http.Transport{
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Second,
		DialContext: (&net.Dialer{Timeout: patience}).DialContext,
	}}
	return &api{url: "http://cluster", http: &http.Client{Transport: r, Timeout: patience}}
}

// patience is how long a client waits for an answer before it tries another node.
const patience = 3 * time.Second

// unused is how long a connection must have been for its end to be no surprise: a bit less than a node
// keeps it when it stops, since a client's clock starts later.
const unused = 300 * time.Millisecond

// RoundTrip implements http.RoundTripper. A connection that was not yet accepted when a node closed
// its listener is reset: that is as good as refused.
func (r *roamer) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	at := r.at
	r.mu.Unlock()
	var kept bool // for so long that a node which stops may end it
	q = q.Clone(httptrace.WithClientTrace(q.Context(), &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { kept = i.WasIdle && i.IdleTime > unused },
	}))
	q.URL.Host = r.hosts[at%len(r.hosts)]
	q.Host = q.URL.Host
	res, err := r.base.RoundTrip(q)
	if err != nil || res.StatusCode == http.StatusServiceUnavailable {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.at == at {
			r.at, r.moves = at+1, r.moves+1
		}
		gone := errors.Is(err, io.EOF) && kept
		if err != nil && !gone && !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			r.errors = append(r.errors, err.Error())
		}
	}
	return res, err
}

// complaints are the errors that a client of nodes which stop in order must not see.
func (r *roamer) complaints() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.errors...)
}

// moved is how often it went to another node.
func (r *roamer) moved() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moves
}

// route is the dialer of a listener that goes to the next node each time.
func (c *cluster) route(first int, patience time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	hosts := c.hosts()
	next := first // a listener dials from one goroutine
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		host := hosts[next%len(hosts)]
		next++
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, host)
		if err != nil || patience == 0 {
			return conn, err
		}
		return &impatient{Conn: conn, patience: patience}, nil
	}
}

// impatient is a connection whose reader goes away when it hears nothing, long before the
// protocol makes it: from a node that hangs it goes to another one.
type impatient struct {
	net.Conn
	patience time.Duration
}

// SetReadDeadline implements net.Conn.
func (c *impatient) SetReadDeadline(t time.Time) error {
	if limit := time.Now().Add(c.patience); t.After(limit) {
		t = limit
	}
	return c.Conn.SetReadDeadline(t)
}

// forgiveOutage takes back what a listener holds against nodes that could not reach their
// storage: they said so, by the error that makes clients come again.
func (l *listener) forgiveOutage() {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept []string
	for _, f := range l.faults {
		if !strings.Contains(f, "was answered 100 internal server error") {
			kept = append(kept, f)
		}
	}
	l.faults = kept
}
