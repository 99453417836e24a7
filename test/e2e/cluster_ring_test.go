//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// mischief does to rings on their way from Redis to the nodes what may be done to them: each is
// lost, doubled, swapped with the next one, or passed on.
type mischief struct {
	mu                             sync.Mutex // guards what follows
	random                         *rand.Rand
	lost, doubled, swapped, passed int
}

// mischiefs are the answers of Redis on one connection.
type mischiefs struct {
	by   *mischief
	to   io.Writer
	rest []byte // the beginning of an answer
	held []byte // a ring that waits for the next one
}

func (m *mischief) rewrite(to io.Writer) io.Writer { return &mischiefs{by: m, to: to} }

// Write implements io.Writer.
func (m *mischiefs) Write(b []byte) (int, error) {
	m.rest = append(m.rest, b...)
	var out []byte
	for {
		n := answerLength(m.rest)
		if n == 0 {
			break
		}
		out = append(out, m.pass(bytes.Clone(m.rest[:n]))...)
		m.rest = m.rest[n:]
	}
	if _, err := m.to.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// pass returns what is passed on when an answer comes.
func (m *mischiefs) pass(answer []byte) []byte {
	if !isRing(answer) {
		return answer
	}
	m.by.mu.Lock()
	defer m.by.mu.Unlock()
	if m.held != nil {
		answer = append(answer, m.held...)
		m.held = nil
		m.by.swapped++
		return answer
	}
	switch m.by.random.IntN(4) {
	case 0:
		m.by.lost++
		return nil
	case 1:
		m.by.doubled++
		return append(answer, answer...)
	case 2:
		m.held = answer
		return nil
	}
	m.by.passed++
	return answer
}

// isRing: a message on the channel of a session. Source: Redis, RESP protocol specification,
// "Pushes"; in its second version they are arrays.
func isRing(answer []byte) bool {
	return bytes.HasPrefix(answer[1:], []byte("3\r\n$7\r\nmessage\r\n")) && bytes.Contains(answer[:min(len(answer), 120)], []byte(":ring:"))
}

// answerLength is the length of the answer that b begins with, 0 when it is not complete.
// Source: Redis, RESP protocol specification.
func answerLength(b []byte) int {
	line := bytes.Index(b, []byte("\r\n")) + 2
	if line < 2 {
		return 0
	}
	count, _ := strconv.Atoi(string(b[1 : line-2])) // other lines hold no number
	switch b[0] {
	case '$', '=', '!':
		if count < 0 {
			return line
		}
		if end := line + count + 2; end <= len(b) {
			return end
		}
		return 0
	case '%', '|':
		count *= 2
	case '*', '~', '>':
	default:
		return line
	}
	for range max(count, 0) {
		n := answerLength(b[line:])
		if n == 0 {
			return 0
		}
		line += n
	}
	return line
}

// TestMischiefWithRings: rings that are lost, doubled and swapped harm nobody, they cost the
// second until the log is read again.
func TestMischiefWithRings(t *testing.T) {
	onPostgres.only(t)
	t.Parallel()
	m := &mischief{random: random(t)}
	c := newCluster(t, withRedis(func(c *cluster, node int) string {
		p := &stallingProxy{target: c.redis.Addr(), rewrite: m.rewrite}
		address := at(c.plan.near(node, toRedis), c.ports[toRedis]+1)
		return startStallingProxy(t, p, address).listener.Addr().String()
	}))
	const people, messages = 9, 40
	worst := make([]time.Duration, people)
	var listeners [people]*listener
	var all [people]*person
	atOnce(people, func(i int) {
		a := c.api(t, i%clusterNodes)
		p := &person{api: a, bot: i%2 == 0}
		request := object{}
		if !p.bot {
			request["botId"] = noBot
		}
		p.session = a.open(t, request).ID
		l := listening(t, &listener{url: c.nodes[(i+1)%clusterNodes].url(), sessions: []string{p.session}, echo: true, subscribes: i%4 == 1})
		all[i], listeners[i] = p, l
		for k := range messages {
			if err := p.say(t.Context(), fmt.Sprintf("message %d", k)); err != nil {
				t.Error(err)
			}
			if p.bot || k%8 > 0 {
				continue
			}
			said := time.Now()
			l.awaitBody(t, deliverWithin, fmt.Sprintf("message %d", k))
			worst[i] = max(worst[i], time.Since(said))
		}
	})
	b := c.check(t)
	wrong := &complaints{t: t}
	for i, l := range listeners {
		b.checkPerson(t, wrong, all[i], all[i].acked, nil, true)
		b.awaitListener(t, l)
		b.checkListener(t, wrong, l)
		if l.connections() > 1 {
			t.Errorf("listener %d was disconnected: %v", i, l.closedWith())
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t.Logf("rings: %d lost, %d doubled, %d swapped, %d passed on; the worst delay was %s", m.lost, m.doubled, m.swapped, m.passed, maxOf(worst))
	if m.lost == 0 || m.doubled == 0 || m.swapped == 0 {
		t.Error("no mischief was done")
	}
}

func maxOf(all []time.Duration) (worst time.Duration) {
	for _, d := range all {
		worst = max(worst, d)
	}
	return worst
}

// forgedRings: rings that say what is not so, or nothing at all, harm nobody.
func (c *cluster) forgedRings(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{c.redis.Addr()}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p := c.newProbe(t, 0, 1)
	var key int64
	var log string
	err = c.db.QueryRowContext(t.Context(), `SELECT s.key, m.value FROM sessions s, meta m WHERE s.id = $1 AND m.name = 'log_id'`, p.person.session).Scan(&key, &log)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(key int64) string { return fmt.Sprintf("govorun:%s:ring:%d", log[:8], key) }
	publish := func(to int64, data []byte) {
		t.Helper()
		heard, err := client.Do(t.Context(), client.B().Publish().Channel(channel(to)).Message(string(data)).Build()).AsInt64()
		if err != nil || (to == key && heard == 0) {
			t.Errorf("a forged ring was heard by %d (%v)", heard, err)
		}
	}
	for round := range 5 {
		now := int64(p.count)
		good := forgeRing(1, key, p.person.session, now)
		for _, forged := range [][]byte{
			nil, []byte("hello"), good, good, good[:len(good)-2], append(bytes.Clone(good), 0),
			forgeRing(9, key, p.person.session, now+1),
			forgeRing(1, key+1, p.person.session, now+1),
			forgeRing(1, key, p.person.session, now+1000),
			forgeRing(1, key, p.person.session, 1),
			forgeRing(1, key, "", now+1),
		} {
			publish(key, forged)
		}
		publish(key+1000, forgeRing(1, key+1000, p.person.session, 5))
		if d := p.delay(t, deliverWithin); round == 0 {
			t.Logf("after forged rings: %s", d)
		}
	}
	b := c.check(t)
	b.awaitListener(t, p.listener)
	b.checkListener(t, &complaints{t: t}, p.listener)
	if n := p.listener.connections(); n > 1 {
		t.Errorf("%d connections: forged rings ended some: %v", n, p.listener.closedWith())
	}
}

// forgeRing writes a ring without events, as package relay does.
func forgeRing(version byte, key int64, session string, sequence int64) []byte {
	text := func(b []byte, s string) []byte { return append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	b := text([]byte{version}, "somebody")
	b = text(binary.AppendVarint(b, key), session)
	for _, n := range []int64{sequence, sequence, 0} { // the last is the count of events
		b = binary.AppendVarint(b, n)
	}
	return b
}

// largePayloads: what is too large for a ring is read from the log.
func (c *cluster) largePayloads(t *testing.T) {
	for _, withBot := range []bool{false, true} {
		request := object{}
		if !withBot {
			request["botId"] = noBot
		}
		a := c.api(t, 0)
		p := &person{api: a, session: a.open(t, request).ID, bot: withBot}
		l := listening(t, &listener{url: c.nodes[1].url(), sessions: []string{p.session}, echo: true})
		for k := range 3 {
			body := fmt.Sprint(k) + strings.Repeat("🙂", 49_999)
			if err := p.say(t.Context(), body); err != nil {
				t.Fatal(err)
			}
			said := time.Now()
			l.await(t, deliverWithin, "a large message", func() bool {
				for _, h := range l.heard["session:"+p.session] {
					if h.body == body {
						return true
					}
				}
				return false
			})
			t.Logf("a message of 200 kB was at another node after %s", time.Since(said).Round(time.Millisecond))
		}
		b := c.check(t)
		b.awaitListener(t, l)
		b.checkListener(t, &complaints{t: t}, l)
		b.checkPerson(t, &complaints{t: t}, p, p.acked, nil, true)
	}
}
