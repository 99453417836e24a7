//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

const clusterNodes = 3

// cluster is three nodes over a PostgreSQL and a Redis of their own, each connected by links
// that can be cut.
type cluster struct {
	network  network
	postgres *servers.Postgres
	redis    *servers.Redis
	nodes    []*member
	db       *sql.DB // of the tests, over no link

	dir      string
	plan     plan
	ports    ports
	database string // its name
	kind     string // of network; "" is the best there is
	redisOf  func(c *cluster, node int) string
}

// option changes a cluster before it is started.
type option func(c *cluster)

// withNetwork decides the kind of network, as CHAOS_NETWORK does for all.
func withNetwork(kind string) option { return func(c *cluster) { c.kind = kind } }

// withRedis gives the address at which a node reaches Redis.
func withRedis(address func(c *cluster, node int) string) option {
	return func(c *cluster) { c.redisOf = address }
}

// newCluster starts a cluster that ends with the test.
func newCluster(t *testing.T, options ...option) *cluster {
	t.Helper()
	c := &cluster{plan: newPlan(), database: "chaos", kind: os.Getenv("CHAOS_NETWORK")}
	c.redisOf = func(c *cluster, node int) string { return at(c.plan.near(node, toRedis), c.ports[toRedis]) }
	for _, o := range options {
		o(c)
	}
	c.makeDirectory(t)
	c.network = newNetwork(t, c.kind, clusterNodes, c.plan)
	c.startServers(t)
	c.network.connect(t, c.ports)
	for node := range clusterNodes {
		c.nodes = append(c.nodes, c.newMember(node))
	}
	c.guard(t)
	t.Cleanup(func() {
		for _, m := range c.nodes {
			m.kill()
			if t.Failed() {
				t.Logf("the last lines of the log of %s:\n%s", m.name, m.lastLines(15))
			}
		}
	})
	if err := atEach(c.nodes, func(m *member) error { return m.start(t.Context()) }); err != nil {
		t.Fatal(err)
	}
	c.awaitRings(t)
	return c
}

func (c *cluster) makeDirectory(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "govorun-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run as another user
		t.Fatal(err)
	}
	c.dir = dir
}

// startServers starts PostgreSQL and Redis where the nodes' links lead.
func (c *cluster) startServers(t *testing.T) {
	t.Helper()
	rules := filepath.Join(c.dir, "pg_hba.conf")
	if err := os.WriteFile(rules, []byte("host all all 127.0.0.0/8 scram-sha-256\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.postgres = servers.NewPostgres(t, "hba_file="+rules, "listen_addresses="+strings.Join(c.network.hosts(toPostgres), ","))
	c.redis = servers.NewRedis(t, append([]string{"--protected-mode", "no", "--bind"}, c.network.hosts(toRedis)...)...)
	url, err := c.postgres.CreateDatabase(t.Context(), c.database)
	if err != nil {
		t.Fatal(err)
	}
	if c.db, err = sql.Open("pgx", url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.db.Close() })
	c.ports = ports{portOf(t, freeAddress(t)), portOf(t, c.postgres.Addr()), portOf(t, c.redis.Addr())}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (c *cluster) newMember(node int) *member {
	name := fmt.Sprint("node-", node)
	listen := at(c.plan.far(node, toClients), c.ports[toClients])
	database := strings.Replace(c.postgres.URL(c.database), c.postgres.Addr(), at(c.plan.near(node, toPostgres), c.ports[toPostgres]), 1)
	redis := c.redisOf(c, node)
	return &member{
		number: node, name: name, dir: c.dir,
		addr: at(c.network.clients(node), c.ports[toClients]),
		log:  filepath.Join(c.dir, name+".log"),
		http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		make: func() *exec.Cmd {
			cmd := c.network.command(node, run.bin, "serve", "--listen", listen, "--data", filepath.Join(c.dir, name),
				"--rate-limit", "off", "--shutdown-timeout", "10s", "--node-name", name)
			cmd.Env = append(environment(), "GOVORUN_POSTGRES_URL="+database, "GOVORUN_REDIS_URL=redis://"+redis)
			return cmd
		},
	}
}

// guardScript removes what a test leaves over that was ended itself, by a timeout for example:
// nodes by the files of their ids, the directory, namespaces.
const guardScript = `
read -r _
for f in "$1"/*.pid; do
	[ -f "$f" ] && kill -9 "$(cat "$f")"
done
rm -rf "$1"
shift
for space; do
	ip netns del "$space"
done
`

// guard starts a small process that reads from a pipe of which only we hold the other end: the
// read returns when we have ended, in whatever way. At the end of the test nothing is left for it.
func (c *cluster) guard(t *testing.T) {
	t.Helper()
	args := []string{"-c", guardScript, "guard", c.dir}
	if n, ok := c.network.(*namespaces); ok {
		for node := range clusterNodes {
			args = append(args, n.namespace(node))
		}
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends our group must not end it
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it should be
		_ = pipe.(io.Closer).Close()
	})
}

// atEach does something to all members at once.
func atEach(members []*member, do func(m *member) error) error {
	var running sync.WaitGroup
	errs := make([]error, len(members))
	for i, m := range members {
		running.Go(func() { errs[i] = do(m) })
	}
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// restart has all nodes stop in order and start again, one after the other.
func (c *cluster) restart(ctx context.Context) (codes []int, err error) {
	for _, m := range c.nodes {
		code, err := m.terminate()
		if err != nil {
			return codes, err
		}
		codes = append(codes, code)
		if err := m.start(ctx); err != nil {
			return codes, err
		}
	}
	return codes, nil
}

// api talks to one node.
func (c *cluster) api(t testing.TB, node int) *api { return newAPI(t, c.nodes[node].url()) }

// checkProcesses: no node has ended by itself, nor panicked.
func (c *cluster) checkProcesses(t *testing.T) {
	t.Helper()
	for _, m := range c.nodes {
		log, err := os.ReadFile(m.log)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(log, []byte("panic: ")); at >= 0 {
			t.Errorf("%s: %.4000s", m.name, log[at:])
		}
		if m.ended() {
			t.Errorf("%s has ended by itself:\n%s", m.name, m.lastLines(30))
		}
	}
}

// state is what must come to rest before the log can be compared with what was heard.
type state struct {
	due, leases, open, events, nodes int64
}

const stateQuery = `SELECT
	(SELECT count(*) FROM session_heads WHERE due_at > 0),
	(SELECT count(*) FROM session_heads WHERE due_at > 0 AND lease_node <> ''),
	(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
		AND clock_timestamp() - xact_start > interval '200 milliseconds'),
	(SELECT coalesce(sum(sequence), 0) FROM session_heads),
	(SELECT count(*) FROM nodes)`

func (c *cluster) state(ctx context.Context) (s state, err error) {
	err = c.db.QueryRowContext(ctx, stateQuery).Scan(&s.due, &s.leases, &s.open, &s.events, &s.nodes)
	return s, err
}

// awaitRest waits until no bot owes an answer, no turn is leased, no transaction is open, the
// nodes that are there are those that run, and nothing was written for a while.
func (c *cluster) awaitRest(t *testing.T, within time.Duration) {
	t.Helper()
	const calm = 400 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var last state
	var err error
	since := time.Now()
	waited := poll(ctx, 50*time.Millisecond, func() bool {
		var now state
		if now, err = c.state(ctx); err != nil {
			return false
		}
		if now != last {
			last, since = now, time.Now()
		}
		return now.due == 0 && now.leases == 0 && now.open == 0 && now.nodes == clusterNodes && time.Since(since) > calm
	})
	if waited != nil {
		t.Fatalf("no rest after %s: %+v (%v)", within, last, err)
	}
}

// awaitRings waits until all nodes hear each other over Redis.
func (c *cluster) awaitRings(t *testing.T) {
	t.Helper()
	for _, m := range c.nodes {
		s := &server{addr: m.addr, http: m.http}
		eventually(t, 10*time.Second, m.name+" uses Redis", func() bool { return s.metric(t, "govorun_relay_up") == 1 })
	}
}

// check reads the log when nobody writes, and checks what must be true of any.
func (c *cluster) check(t *testing.T) book {
	t.Helper()
	c.awaitRest(t, settleWithin)
	b := readBook(t, data{url: c.postgres.URL(c.database)})
	b.checkNumbers(t)
	b.checkTurns(t, true)
	if n := c.count(t, countTwice); n > 0 {
		t.Errorf("%d clients have more than one open session", n)
	}
	return b
}

const (
	countSessions = `SELECT count(*) FROM sessions`
	// countTwice: a client is who has a name in the integrator's system, or an id of ours.
	countTwice = `SELECT count(*) FROM (SELECT 1 FROM sessions s JOIN clients c ON c.key = s.client_key WHERE s.status = 'open'
		GROUP BY s.chat_key, CASE WHEN c.external_id = '' THEN c.id ELSE c.external_id END HAVING count(*) > 1) twice`
)

// count asks the database for a number.
func (c *cluster) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := c.db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// hosts are where clients find the nodes.
func (c *cluster) hosts() []string {
	var hosts []string
	for _, m := range c.nodes {
		hosts = append(hosts, m.addr)
	}
	return slices.Clip(hosts)
}
