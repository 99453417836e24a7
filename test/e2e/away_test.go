//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// What PostgreSQL's absence may cost.
const (
	// answerWithin bounds every answer: a request reads and writes, each for 5 s at most.
	answerWithin = 12 * time.Second
	// unreadyWithin is how soon /readyz says that PostgreSQL is away.
	unreadyWithin = 10 * time.Second
	// healWithin is how soon everything goes on when it is back.
	healWithin = 10 * time.Second
	// poolSize is how many connections to PostgreSQL a server may open and keep.
	poolSize = 24
)

// witness passes requests on and remembers answers that no client should ever get, and how long
// the slowest took.
type witness struct {
	next http.RoundTripper

	mu       sync.Mutex // guards what follows
	slowest  time.Duration
	statuses map[int]int
	faults   []string
}

func newWitness(c *http.Client) *witness {
	w := &witness{next: c.Transport, statuses: map[int]int{}}
	c.Transport = w
	return w
}

// CloseIdleConnections is what http.Client looks for.
func (w *witness) CloseIdleConnections() {
	w.next.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	res, err := w.next.RoundTrip(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slowest = max(w.slowest, time.Since(began))
	switch {
	case err != nil:
		w.faults = append(w.faults, fmt.Sprintf("%s %s after %s: %v", r.Method, r.URL.Path, time.Since(began), err))
		return nil, err
	case res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable:
		w.faults = append(w.faults, fmt.Sprintf("%s %s: %d", r.Method, r.URL.Path, res.StatusCode))
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "":
		w.faults = append(w.faults, fmt.Sprintf("%s %s: 503 without Retry-After", r.Method, r.URL.Path))
	}
	w.statuses[res.StatusCode]++
	return res, nil
}

// check fails the test for every fault since the last check.
func (w *witness) check(t *testing.T, what string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	t.Logf("%s: answers %v, the slowest after %s", what, w.statuses, w.slowest)
	if w.slowest > answerWithin {
		t.Errorf("%s: an answer took %s", what, w.slowest)
	}
	wrong := &complaints{t: t}
	for _, f := range w.faults {
		wrong.add("%s: %s", what, f)
	}
	w.slowest, w.faults, w.statuses = 0, nil, map[int]int{}
}

// harm is what is done to PostgreSQL under load.
type harm struct {
	name string
	do   func(pg *servers.Postgres) error
	away time.Duration // for how long; 0: it is never away for /readyz
	heal func(ctx context.Context, pg *servers.Postgres) error
}

func start(ctx context.Context, pg *servers.Postgres) error { return pg.Start(ctx) }
func resume(_ context.Context, pg *servers.Postgres) error  { return pg.Resume() }
func nothing(_ context.Context, _ *servers.Postgres) error  { return nil }
func stop(mode string) func(pg *servers.Postgres) error {
	return func(pg *servers.Postgres) error { return pg.Stop(mode) }
}

// terminateConnections has PostgreSQL end all connections, again and again.
func terminateConnections(pg *servers.Postgres) error {
	db, err := sql.Open("pgx", pg.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for range 20 {
		if _, err := db.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'govorun'`); err != nil {
			return err
		}
		pause(context.Background(), 50*time.Millisecond)
	}
	return nil
}

var harms = []harm{
	{"killed", (*servers.Postgres).Kill, 2 * time.Second, start},
	{"paused shortly", (*servers.Postgres).Pause, 2 * time.Second, resume},
	{"connections ended", terminateConnections, 0, nothing},
	{"stopped", stop(servers.Fast), time.Second, start},
	{"paused for longer than any transaction may last", (*servers.Postgres).Pause, 7 * time.Second, resume},
	{"stopped without a checkpoint", stop(servers.Immediate), time.Second, start},
}

// TestPostgresAway does harm to PostgreSQL while many people talk: whoever asks is answered, in
// time and clearly, sockets stay open, and when it is back everything goes on by itself.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	pg := newPostgres(t)
	r := random(t)
	s := newServerOn(t, data{dir: t.TempDir(), url: pg.NewDatabase(t)})
	c := gather(t, s.url(), 16)
	w := newWitness(c.api.http)
	c.starters = append(c.starters, &starter{api: c.api, got: map[string]started{}})
	c.talk(t, r)
	goroutines, files := 0.0, 0.0
	for i, h := range harms {
		pause(t.Context(), 500*time.Millisecond)
		if i == 0 {
			goroutines, files = s.metric(t, "go_goroutines"), s.metric(t, "process_open_fds")
		}
		if err := h.do(pg); err != nil {
			t.Fatalf("%s: %v", h.name, err)
		}
		began := time.Now()
		if h.away > 0 {
			s.awaitAway(t, h.name)
			pause(t.Context(), h.away-time.Since(began))
		}
		if err := h.heal(t.Context(), pg); err != nil {
			t.Fatalf("%s: %v", h.name, err)
		}
		healed := time.Now()
		eventually(t, healWithin, h.name+": ready again", func() bool { return s.status("/readyz") == http.StatusOK })
		c.awaitProgress(t, h.name)
		t.Logf("%s: away for %s, all go on %s after it", h.name, healed.Sub(began), time.Since(healed))
		c.checkMeanwhile(t, s.data)
		w.check(t, h.name)
		if s.ended() {
			t.Fatalf("%s: the server has ended", h.name)
		}
	}
	c.hush(t)
	c.checkEnd(t, s.data)
	w.check(t, "at the end")
	if c.reconnects > 0 {
		t.Errorf("%d sockets were closed", c.reconnects)
	}
	c.api.http.CloseIdleConnections()
	eventually(t, 20*time.Second, "no goroutine and no connection is left over", func() bool {
		return s.metric(t, "go_goroutines") <= goroutines+poolSize && s.metric(t, "process_open_fds") <= files+poolSize
	})
}

// awaitAway waits until the server says that it is not ready, while it answers that it lives.
func (s *server) awaitAway(t *testing.T, what string) {
	t.Helper()
	eventually(t, unreadyWithin, what+": /readyz says 503", func() bool { return s.status("/readyz") == http.StatusServiceUnavailable })
	if status := s.status("/healthz"); status != http.StatusOK {
		t.Errorf("%s: /healthz %d", what, status)
	}
}

// awaitProgress waits until everybody who talks has been acknowledged something more.
func (c *crowd) awaitProgress(t *testing.T, what string) {
	t.Helper()
	before := make([]int, len(c.people))
	for i, p := range c.people {
		acked, _, _ := p.account()
		before[i] = len(acked)
	}
	eventually(t, healWithin, what+": everybody is acknowledged something", func() bool {
		return !slices.ContainsFunc(c.people, func(p *person) bool {
			acked, _, _ := p.account()
			return len(acked) == before[slices.Index(c.people, p)]
		})
	})
}
