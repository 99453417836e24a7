//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestNodesTogether are promises of several nodes, one after the other on one cluster.
func TestNodesTogether(t *testing.T) {
	onPostgres.only(t)
	r := random(t)
	c := newCluster(t)
	measured := figures{}
	defer measured.report(t)
	t.Run("links", c.linksAreSilent)
	t.Run("two messages at once", c.twoMessagesAtOnce)
	t.Run("the same request at once", c.sameRequestAtOnce)
	t.Run("the same client at once", c.sameClientAtOnce)
	t.Run("large payloads", c.largePayloads)
	t.Run("forged rings", c.forgedRings)
	t.Run("delivery", func(t *testing.T) { c.delivery(t, measured) })
	t.Run("who holds what", c.whoHoldsWhat)
	t.Run("take-over", func(t *testing.T) { c.takeOver(t, measured) })
	t.Run("commits without an answer", c.unansweredCommits)
	t.Run("rolling restart", func(t *testing.T) {
		n := c.gather(t)
		n.during(t, 0, r, func() {
			codes, err := c.restart(t.Context())
			if err != nil {
				t.Error(err)
			}
			for _, code := range codes {
				if code != 0 {
					t.Errorf("exit codes %v", codes)
				}
			}
		})
		n.check(t)
		n.report(t)
		for _, a := range n.apis {
			for _, e := range a.http.Transport.(*roamer).complaints() {
				t.Errorf("a client saw: %s", e)
			}
		}
	})
}

// TestChaosOnProxies: the network that is there without root serves as well.
func TestChaosOnProxies(t *testing.T) {
	onPostgres.only(t)
	t.Parallel()
	r := random(t)
	c := newCluster(t, withNetwork("proxies"))
	t.Run("links", c.linksAreSilent)
	n := c.gather(t)
	measured := figures{}
	for round, kinds := range [][]string{
		{"cut PostgreSQL back", "cut Redis", "kill a node"},
		{"cut PostgreSQL there", "cut clients there"},
	} {
		c.round(t, n, round, c.drawMishaps(r, 2*time.Second, kinds...), r, measured)
	}
	n.report(t)
	measured.report(t)
}

// linksAreSilent: a link that is cut loses what is sent that way and tells nobody, and TCP goes
// on when it is healed.
func (c *cluster) linksAreSilent(t *testing.T) {
	link := c.network.link(0, toClients)
	for _, w := range []way{there, back, bothWays} {
		conn, err := net.DialTimeout("tcp", c.nodes[0].addr, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ask := func() error {
			_, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
			return err
		}
		buf := make([]byte, 4096)
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(buf); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(link.cut(w), ask()); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		var silent net.Error
		if n, err := conn.Read(buf); !errors.As(err, &silent) || !silent.Timeout() {
			t.Errorf("cut %s: read %d bytes, %v", w, n, err)
		}
		if err := link.heal(); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := conn.Read(buf); err != nil {
			t.Errorf("healed after %s: %v", w, err)
		}
	}
}

// delivery measures how long a message needs to a reader at another node.
func (c *cluster) delivery(t *testing.T, measured figures) {
	var probes []*probe
	for i := range c.nodes {
		probes = append(probes, c.newProbe(t, i, (i+1)%len(c.nodes)))
	}
	worst := func(what string, times int) (worst time.Duration) {
		for range times {
			for _, p := range probes {
				d := p.delay(t, deliverWithin)
				measured.add(what, d)
				worst = max(worst, d)
			}
		}
		return worst
	}
	worst("delivery to another node with Redis", 30)
	if err := c.redis.Kill(); err != nil {
		t.Fatal(err)
	}
	worst("delivery to another node, Redis has just been killed", 1)
	worst("delivery to another node without Redis", 2)
	if err := c.redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	eventually(t, 20*time.Second, "Redis is used again", func() bool {
		return worst("delivery to another node, Redis is back", 1) < 200*time.Millisecond
	})
	measured.add("Redis is used again after its start", time.Since(back))
	b := c.check(t)
	for _, p := range probes {
		b.awaitListener(t, p.listener)
		b.checkListener(t, &complaints{t: t}, p.listener)
	}
}

// nodeList is what the command nodes says.
type nodeList struct {
	Nodes []struct {
		ID, Name, Address          string
		Alive, Eldest              bool
		Connections, Turns, Leases int64
	}
	OrphanedLeases int64
}

// whoHoldsWhat: the command and the metrics say who is alive, and what each holds.
func (c *cluster) whoHoldsWhat(t *testing.T) {
	const sockets = 4
	session := c.api(t, 0).open(t, object{"botId": noBot}).ID
	for range sockets {
		listening(t, &listener{url: c.nodes[1].url(), sessions: []string{session}})
	}
	var list nodeList
	eventually(t, 20*time.Second, "the sockets are shown", func() bool {
		list = c.listNodes(t)
		for _, n := range list.Nodes {
			if n.Name == c.nodes[1].name && n.Connections >= sockets {
				return true
			}
		}
		return false
	})
	eldest := 0
	for _, n := range list.Nodes {
		if !n.Alive || n.Leases != 0 || n.Turns != 0 || n.ID == "" || n.Address == "" {
			t.Errorf("at rest: %+v", n)
		}
		if n.Eldest {
			eldest++
		}
	}
	if len(list.Nodes) != clusterNodes || eldest != 1 || list.OrphanedLeases != 0 {
		t.Errorf("nodes: %+v", list)
	}
	sum := 0.0
	for _, m := range c.nodes {
		s := &server{addr: m.addr, http: m.http}
		if n := s.metric(t, "govorun_nodes"); n != clusterNodes {
			t.Errorf("%s sees %v nodes", m.name, n)
		}
		sum += s.metric(t, "govorun_node_eldest")
	}
	if sum != 1 {
		t.Errorf("%v nodes say that they are the eldest", sum)
	}
}

func (c *cluster) listNodes(t *testing.T) (list nodeList) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), run.bin, "nodes", "--json")
	cmd.Env = append(environment(), "GOVORUN_POSTGRES_URL="+c.postgres.URL(c.database))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nodes: %v", err)
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("nodes: %v: %s", err, out)
	}
	return list
}

// takeOver has nodes fail that have turns in hand, and measures until the turns are done by
// others. Killed nodes start again, paused ones wake and must do no harm.
func (c *cluster) takeOver(t *testing.T, measured figures) {
	const wanted, tries = 1, 20
	for _, how := range []struct {
		name      string
		fail, end func(m *member) error
	}{
		{"killed", func(m *member) error { m.kill(); return nil }, func(m *member) error { return m.start(t.Context()) }},
		{"paused", func(m *member) error { return m.signal(syscall.SIGSTOP) }, func(m *member) error { return m.signal(syscall.SIGCONT) }},
	} {
		for try, done := 0, 0; done < wanted; try++ {
			if try == tries {
				t.Fatalf("only %d of %d %s nodes had turns in hand", done, try, how.name)
			}
			victim := c.nodes[try%clusterNodes]
			held, took := c.failInTurns(t, victim, how.fail)
			if held > 0 {
				done++
				measured.add("turns of a "+how.name+" node are done by others", took)
				t.Logf("%d turns of a %s node were done after %s", held, how.name, took.Round(time.Millisecond))
			}
			if err := how.end(victim); err != nil {
				t.Fatal(err)
			}
			c.check(t)
		}
	}
}

// unansweredCommits kills PostgreSQL while many commits are under way: nobody can know what
// became of them, so nobody may be told that they were done.
func (c *cluster) unansweredCommits(t *testing.T) {
	const people, kills = 48, 3
	var all []*person
	for i := range people {
		a := c.roaming(i)
		all = append(all, &person{api: a, session: a.open(t, object{"botId": noBot}).ID})
	}
	for kill := range kills {
		ctx, cancel := context.WithTimeout(t.Context(), settleWithin)
		acked, killed := make(chan struct{}, 3*people), make(chan error, 1)
		go func() {
			<-acked
			killed <- errors.Join(c.postgres.Kill(), c.postgres.Start(ctx))
		}()
		atOnce(people, func(i int) {
			for k := range 3 {
				if err := all[i].say(ctx, fmt.Sprintf("%d before kill %d", k, kill)); err != nil {
					t.Error(err)
				}
				acked <- struct{}{}
			}
		})
		err := <-killed
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
	b := c.check(t)
	wrong := &complaints{t: t}
	repeats := 0
	for _, p := range all {
		b.checkPerson(t, wrong, p, p.acked, nil, true)
		repeats += repeated(p)
	}
	if repeats == 0 {
		t.Error("nothing was under way")
	}
}

// failInTurns has a node fail as soon as it has acknowledged one of many messages to bots. It
// returns how many turns the node had in hand, and when the others had done them.
func (c *cluster) failInTurns(t *testing.T, victim *member, fail func(m *member) error) (held int, took time.Duration) {
	t.Helper()
	const people, limit = 24, 15 * time.Second
	other := c.api(t, (victim.number+1)%clusterNodes)
	var all []*person
	for range people {
		p := &person{api: c.roaming(victim.number), bot: true}
		p.session = other.open(t, object{"clientExternalId": uuid.NewString()}).ID
		all = append(all, p)
	}
	c.awaitRest(t, settleWithin)
	var id string
	err := c.db.QueryRowContext(t.Context(), `SELECT id FROM nodes WHERE name = $1 ORDER BY key DESC LIMIT 1`, victim.name).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), settleWithin)
	defer cancel()
	acked, talked := make(chan struct{}, people), make(chan struct{})
	go func() {
		defer close(talked)
		atOnce(people, func(i int) {
			if err := all[i].say(ctx, "to be answered"); err != nil {
				t.Error(err)
			}
			acked <- struct{}{}
		})
	}()
	<-acked
	err = fail(victim)
	failed := time.Now()
	const due = `SELECT count(*) FROM session_heads WHERE due_at > 0`
	held = c.count(t, due+` AND lease_node = $1`, id)
	eventually(t, limit, "the turns in hand are done by others", func() bool {
		return c.count(t, due+` AND lease_node = $1`, id) == 0 && c.count(t, due) == 0
	})
	took = time.Since(failed)
	<-talked
	if err != nil {
		t.Fatal(err)
	}
	return held, took
}
