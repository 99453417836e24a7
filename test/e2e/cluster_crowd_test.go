//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	clusterPeople = 24
	clusterPace   = 120 * time.Millisecond // between two messages of one person
	longHistory   = 150                    // messages
)

// nomads are people, readers and starters who go to another node when theirs does not serve.
// Half of the people talk to the demo bot, half to nobody. Who listens to a session begins at
// another node than who talks there.
type nomads struct {
	cluster   *cluster
	people    []*person
	listeners []*listener
	readers   []*historyReader
	starter   *starter
	starts    int
	probes    []*probe
	apis      []*api
}

func (c *cluster) gather(t *testing.T) *nomads {
	t.Helper()
	n := &nomads{cluster: c}
	n.starter = &starter{api: n.roaming(0), got: map[string]started{}}
	for i := range clusterPeople {
		request := object{"name": fmt.Sprintf("person %d", i), "clientExternalId": uuid.NewString(), "returnAnswerAsync": i%3 == 0}
		if i%2 == 1 {
			request["botId"] = noBot
		}
		a := n.roaming(i)
		p := &person{api: a, session: a.open(t, request).ID, bot: i%2 == 0}
		n.people = append(n.people, p)
		l := &listener{url: "http://cluster", sessions: []string{p.session}, echo: i%4 < 2, subscribes: i%8 >= 4}
		var patience time.Duration
		if i%3 == 0 {
			patience = 4 * time.Second
		}
		l.dial = c.route(i+1, patience)
		n.listeners = append(n.listeners, listen(t, l))
		if i%5 == 0 {
			n.readers = append(n.readers, &historyReader{api: n.roaming(i + 2), session: p.session})
		}
	}
	for i := range c.nodes {
		n.probes = append(n.probes, c.newProbe(t, i, (i+1)%len(c.nodes)))
	}
	for _, l := range n.listeners {
		l.await(t, startWithin, "connected", func() bool { return len(l.places) == len(l.channels()) })
	}
	n.remember(t)
	return n
}

func (n *nomads) roaming(first int) *api {
	a := n.cluster.roaming(first)
	n.apis = append(n.apis, a)
	return a
}

// remember gives some sessions a long history.
func (n *nomads) remember(t *testing.T) {
	t.Helper()
	atOnce(3, func(i int) {
		p := n.people[1+4*i]
		for k := range longHistory {
			if err := p.say(t.Context(), fmt.Sprintf("long ago %d, %s", k, strings.Repeat("давно ", k))); err != nil {
				t.Error(err)
				return
			}
		}
	})
}

// during has everybody talk while something is done, and finish what they began after it.
func (n *nomads) during(t *testing.T, round int, r *rand.Rand, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	var talking, forgiving sync.WaitGroup
	for i, p := range n.people {
		seed := r.Uint64()
		talking.Go(func() { p.chat(ctx, stop, fmt.Sprintf("%d.%d", round, i), rand.New(rand.NewPCG(seed, 1))) })
	}
	for _, h := range n.readers {
		talking.Go(func() { h.run(ctx, stop) })
	}
	talking.Go(func() {
		for range paced(4*clusterPace, stop) {
			n.starts++
			n.starter.start(ctx, fmt.Sprintf("start %d", n.starts), n.starts)
		}
	})
	talked := make(chan struct{})
	forgiving.Go(func() {
		for range paced(4*reconnectEvery, talked) {
			n.forgive()
		}
	})
	do()
	close(stop)
	late := time.AfterFunc(settleWithin, cancel)
	talking.Wait()
	if !late.Stop() {
		t.Errorf("some messages are not acknowledged %s after all was healed", settleWithin)
	}
	close(talked)
	forgiving.Wait()
}

func (n *nomads) forgive() {
	for _, l := range n.listeners {
		l.forgiveOutage()
	}
	for _, p := range n.probes {
		p.listener.forgiveOutage()
	}
}

// chat sends message after message, until stop. Some are sent without a key and not repeated;
// in between it reads, types and presses buttons.
func (p *person) chat(ctx context.Context, stop <-chan struct{}, name string, r *rand.Rand) {
	for k := range paced(clusterPace, stop) {
		body := fmt.Sprintf("message %d of %s, раз два 👋", k, name)
		switch r.IntN(20) {
		case 0:
			p.sayOnce(ctx, body)
		case 1:
			p.act(ctx, "read", object{"messageId": p.lastID()}, http.StatusOK, http.StatusBadRequest)
		case 2:
			p.act(ctx, "typing", object{"body": body}, http.StatusOK)
		case 3:
			p.act(ctx, "actions", object{"event": "pressed", "data": object{"n": k}}, http.StatusCreated)
		default:
			if p.say(ctx, body) != nil {
				return
			}
		}
	}
}

// check compares everything, when nobody talks and every bot has answered.
func (n *nomads) check(t *testing.T) {
	t.Helper()
	b := n.cluster.check(t)
	wrong := &complaints{t: t}
	for i, p := range n.people {
		acked, unsure, faults := p.account()
		for _, f := range faults {
			wrong.add("person %d: %s", i, f)
		}
		b.checkPerson(t, wrong, p, acked, unsure, true)
	}
	n.forgive()
	listeners := slices.Clone(n.listeners)
	for _, p := range n.probes {
		listeners = append(listeners, p.listener)
	}
	for _, l := range listeners {
		b.awaitListener(t, l)
		b.checkListener(t, wrong, l)
	}
	for _, h := range n.readers {
		h.finish(t)
		b.checkHistory(wrong, h.session, h.got)
	}
	n.starter.check(b, wrong)
}

// awaitListener waits until a listener has heard all that the log has.
func (b book) awaitListener(t *testing.T, l *listener) {
	t.Helper()
	for _, channel := range l.channels() {
		stream, id, _ := strings.Cut(channel, ":")
		page := b[id]
		if page == nil {
			continue
		}
		want := page.widgetNo
		if stream == "session" {
			want = page.sessionNo
		}
		l.awaitOffset(t, 30*time.Second, channel, want)
	}
}

// report says how much was disturbed.
func (n *nomads) report(t *testing.T) {
	t.Helper()
	acked, repeats, reconnects, moves := 0, 0, 0, 0
	for _, p := range n.people {
		all, _, _ := p.account()
		acked += len(all)
		repeats += repeated(p)
	}
	for _, l := range n.listeners {
		reconnects += l.connections() - 1
	}
	for _, a := range n.apis {
		moves += a.http.Transport.(*roamer).moved()
	}
	t.Logf("%d messages acknowledged after %d repeats, %d moves to another node, %d reconnections, %d sessions started twice",
		acked, repeats, moves, reconnects, len(n.starter.got))
	if reconnects == 0 || moves == 0 {
		t.Error("nobody was disturbed")
	}
}

// probe is a person at one node and a listener at another, neither of whom goes elsewhere.
type probe struct {
	person   *person
	listener *listener
	count    int
}

func (c *cluster) newProbe(t *testing.T, at, hearing int) *probe {
	t.Helper()
	a := c.api(t, at)
	a.http.Timeout = patience
	p := &probe{person: &person{api: a, session: a.open(t, object{"botId": noBot}).ID}}
	p.listener = listening(t, &listener{url: c.nodes[hearing].url(), sessions: []string{p.person.session}, echo: true})
	return p
}

// serve waits until the node acknowledges a message and the other one has delivered it.
func (p *probe) serve(t *testing.T, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	body := p.next()
	if err := p.person.say(ctx, body); err != nil {
		t.Errorf("%s does not serve after %s: %v", p.person.api.url, within, err)
	}
}

func (p *probe) next() string {
	p.count++
	return fmt.Sprintf("probe %d", p.count)
}

// delay sends a message and returns how long after its acknowledgement it was heard.
func (p *probe) delay(t *testing.T, within time.Duration) time.Duration {
	t.Helper()
	body := p.next()
	if err := p.person.say(t.Context(), body); err != nil {
		t.Error(err)
		return 0
	}
	acknowledged := time.Now()
	p.listener.awaitBody(t, within, body)
	return time.Since(acknowledged)
}

// awaitBody waits until the last thing heard in the session's channel is a message.
func (l *listener) awaitBody(t *testing.T, within time.Duration, body string) {
	t.Helper()
	channel := "session:" + l.sessions[0]
	l.await(t, within, body, func() bool {
		all := l.heard[channel]
		return len(all) > 0 && all[len(all)-1].body == body
	})
}
