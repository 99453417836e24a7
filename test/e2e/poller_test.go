//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The ways of a poller to say where it is.
const (
	byTime   = "ts"    // of what it was given last
	byID     = "after" // the same
	byServer = ""      // it leaves that to the server, and may be given something again
)

// poller polls for everything that happens to a client, again and again, and keeps what it is given. When
// a poll fails it goes on at the next node, and after every so many polls as well.
type poller struct {
	channel *channel
	apis    []*api
	client  string
	cid     string // its own: those of one cid share the place that the server remembers
	cursor  string // one of the ways above
	roam    int    // polls between two nodes; 0: it stays

	mu      sync.Mutex // guards what follows
	got     []answered
	repeats int // given again, and dropped
	lost    int // polls without an answer
	changed chan struct{}
}

// polling starts a poller that ends with the test.
func polling(t *testing.T, p *poller) *poller {
	t.Helper()
	for _, a := range p.apis {
		a.http.Timeout = 0 // longer than a poll waits
	}
	p.changed = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

// awaitPolls waits until so many polls wait at servers: a connection that is new begins when it polls.
func awaitPolls(t *testing.T, polls int, servers ...*server) {
	t.Helper()
	eventually(t, settleWithin, fmt.Sprint(polls, " polls wait"), func() bool {
		waiting := 0.0
		for _, s := range servers {
			waiting += s.metric(t, "govorun_long_polls")
		}
		return waiting == float64(polls)
	})
}

func (p *poller) run(ctx context.Context) {
	for polls, node := 1, 0; ctx.Err() == nil; polls++ {
		query := url.Values{"clientId": {p.client}, "all": {"true"}, "cid": {p.cid}}
		if p.cursor != byServer {
			query.Set(p.cursor, p.place())
		}
		within, cancel := context.WithTimeout(ctx, silence)
		objects, err := p.channel.poll(within, p.apis[node%len(p.apis)], query)
		cancel()
		p.take(objects, err)
		if err != nil {
			node++
			pause(ctx, reconnectEvery)
		} else if p.roam > 0 && polls%p.roam == 0 {
			node++
		}
	}
}

// place is where the poller is, as it says it.
func (p *poller) place() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch last := len(p.got) - 1; {
	case last < 0 && p.cursor == byTime:
		return "1"
	case last < 0:
		return "0"
	case p.cursor == byTime:
		return strconv.FormatInt(p.got[last].TS, 10)
	default:
		return p.got[last].ID
	}
}

func (p *poller) take(objects []answered, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.lost++
	}
	for _, o := range objects {
		again := func(had answered) bool { return had.ID == o.ID && had.same(&o) == "" }
		if p.cursor == byServer && slices.ContainsFunc(p.got, again) {
			p.repeats++
			continue
		}
		p.got = append(p.got, o)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// losses are how many polls had no answer, and how many objects came again.
func (p *poller) losses() (lost, repeats int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost, p.repeats
}

// await waits until the poller was given so much.
func (p *poller) await(t *testing.T, objects int) []answered {
	t.Helper()
	timeout := time.After(settleWithin)
	for {
		p.mu.Lock()
		got, changed, lost := p.got, p.changed, p.lost
		p.mu.Unlock()
		if len(got) >= objects {
			return slices.Clone(got)
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("poller of %s by %q: %d of %d objects after %s, %d polls without an answer", p.client, p.cursor, len(got), objects, settleWithin, lost)
		}
	}
}

// polled is what a poller of everything must be given of a client's sessions.
func polled(pages []*page) (want []answered) {
	for _, p := range pages {
		for i := range p.entries {
			e := &p.entries[i]
			o := answered{ID: e.id, Sequence: e.sequence, TS: e.at / 1000, Type: map[string]string{"CLIENT": "client", "BOT": "bot", "OPERATOR": "operator"}[e.author]}
			switch {
			case e.kind == "action.pressed":
				o.Type, o.Data.Event = "client", &e.event
			case e.kind != "message.created":
				continue
			case o.Type == "client":
				o.Data.Query = &e.body
			}
			if e.kind == "message.created" {
				o.Data.Replies = append(o.Data.Replies, reply{"text", e.body})
			}
			if last := len(want) - 1; i > 0 && o.Type == "bot" && e.cause != 0 && p.entries[i-1].cause == e.cause { // one turn is one object
				o.Data.Replies = slices.Concat(want[last].Data.Replies, o.Data.Replies)
				want[last] = o
				continue
			}
			want = append(want, o)
		}
	}
	return want
}

// same says how an object differs from what it must be; "" for not at all.
func (o *answered) same(want *answered) string {
	text := func(s *string) string {
		if s == nil {
			return "none"
		}
		return *s
	}
	show := func(o *answered) string {
		return fmt.Sprint(o.Type, " ", o.ID, " ", o.Sequence, " ", o.TS, " ", text(o.Data.Query), " ", text(o.Data.Event), " ", o.texts())
	}
	if show(o) == show(want) {
		return ""
	}
	return fmt.Sprintf("given %s, the log has %s", show(o), show(want))
}

// check compares what a poller was given with the log.
func (p *poller) check(t *testing.T, wrong *complaints, pages []*page) {
	t.Helper()
	want := polled(pages)
	got := p.await(t, len(want))
	if len(got) != len(want) {
		wrong.add("poller of %s by %q: %d objects, the log has %d", p.client, p.cursor, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if d := got[i].same(&want[i]); d != "" {
			wrong.add("poller of %s by %q, object %d: %s", p.client, p.cursor, i, d)
			return
		}
		if i > 0 && got[i].TS <= got[i-1].TS {
			wrong.add("poller of %s by %q: time %d after %d", p.client, p.cursor, got[i].TS, got[i-1].TS)
		}
	}
}
