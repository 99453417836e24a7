package relay_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	model "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/relay"
)

const (
	// patience is how long anything may take on a busy machine.
	patience = 20 * time.Second
	logID    = "0b0d5f0e-0000-4000-8000-000000000001"
)

var ref = chat.SessionRef{Key: 7, ID: "5e55107e-0000-4000-8000-000000000007"}

// node is a relay and what it has handed on.
type node struct {
	*relay.Relay
	rings   chan chat.Ring
	resyncs chan int64
	clients chan chat.ClientRef
	metrics relay.Metrics
	log     *lines
}

// bounds tells which times were kept to in at least one round: what waits for Redis does so in
// every round, a busy machine is in the way of some.
type bounds map[string]bool

func (b bounds) add(what string, took, limit time.Duration) { b[what] = b[what] || took <= limit }

// inRounds runs a round until every bound was kept in one of them, a few times at most.
func inRounds(t *testing.T, round func(b bounds)) {
	t.Helper()
	b := bounds{}
	broken := func() (all []string) {
		for what, kept := range b {
			if !kept {
				all = append(all, what)
			}
		}
		return all
	}
	for range 5 {
		if round(b); len(broken()) == 0 {
			return
		}
	}
	t.Errorf("took too long in every round: %v", broken())
}

func start(t testing.TB, url, name string, change ...func(*relay.Params)) *node {
	t.Helper()
	n := &node{
		rings:   make(chan chat.Ring, 1<<16),
		resyncs: make(chan int64, 1<<16),
		clients: make(chan chat.ClientRef, 1<<16),
		log:     &lines{},
		metrics: relay.Metrics{
			Up:         prometheus.NewGauge(prometheus.GaugeOpts{Name: "up"}),
			Published:  prometheus.NewCounter(prometheus.CounterOpts{Name: "published"}),
			Received:   prometheus.NewCounter(prometheus.CounterOpts{Name: "received"}),
			Dropped:    prometheus.NewCounter(prometheus.CounterOpts{Name: "dropped"}),
			Unreadable: prometheus.NewCounter(prometheus.CounterOpts{Name: "unreadable"}),
		},
	}
	p := relay.Params{
		URL: url, LogID: logID, Node: name,
		Deliver:    func(r chat.Ring) { n.rings <- r },
		Resync:     func(session int64) { n.resyncs <- session },
		RingClient: func(c chat.ClientRef) { n.clients <- c },
		Log:        slog.New(slog.NewTextHandler(n.log, nil)),
		Metrics:    n.metrics,
	}
	for _, f := range change {
		f(&p)
	}
	r, err := relay.New(p)
	if err != nil {
		t.Fatal(err)
	}
	n.Relay = r
	t.Cleanup(r.Close)
	return n
}

// startUp starts a node and waits until it is connected.
func startUp(t testing.TB, url, name string, change ...func(*relay.Params)) *node {
	t.Helper()
	n := start(t, url, name, change...)
	n.awaitUp(t, 1)
	return n
}

// awaitUp waits until the relay says that Redis is there, or is not, and returns how long
// that took.
func (n *node) awaitUp(t testing.TB, up float64) time.Duration {
	t.Helper()
	began := time.Now()
	eventually(t, fmt.Sprintf("up is %v", up), func() bool { return value(t, n.metrics.Up) == up })
	return time.Since(began)
}

// ring waits for a ring of another node.
func (n *node) ring(t testing.TB) chat.Ring {
	t.Helper()
	select {
	case r := <-n.rings:
		return r
	case <-time.After(patience):
		t.Fatalf("no ring; log:\n%s", n.log)
		return chat.Ring{}
	}
}

func (n *node) resync(t testing.TB) int64 {
	t.Helper()
	select {
	case key := <-n.resyncs:
		return key
	case <-time.After(patience):
		t.Fatalf("no resync; log:\n%s", n.log)
		return 0
	}
}

// said makes the ring of a message with the given number.
func said(ref chat.SessionRef, sequence int64, body string) chat.Ring {
	id := fmt.Sprintf("01890a5d-ac96-774b-bcce-%012d", sequence)
	return chat.Ring{Session: ref, Sequence: sequence, Settled: sequence - 1, Events: []chat.Event{{
		Key: 1000 + sequence, ID: id, Session: ref, Sequence: sequence, WidgetNo: sequence - 1, SessionNo: sequence,
		At:      time.UnixMicro(1_750_000_000_123_456).UTC(),
		Payload: &chat.Message{ID: id, AuthorType: chat.AuthorBot, Type: chat.MessageRegular, Body: body, Answers: []string{"yes", "no"}},
	}}}
}

func value(t testing.TB, m prometheus.Metric) float64 {
	t.Helper()
	var out model.Metric
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	if out.Gauge != nil {
		return out.Gauge.GetValue()
	}
	return out.Counter.GetValue()
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	end := time.After(patience)
	for !done() {
		select {
		case <-end:
			t.Fatalf("not within %v: %s", patience, what)
		case <-time.After(time.Millisecond):
		}
	}
}

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) count(what string) int { return strings.Count(l.String(), what) }
