//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	crashPeople   = 40
	crashPace     = 30 * time.Millisecond // between two messages of one person
	crashStarters = 3
	settleWithin  = 60 * time.Second
)

// crowd is many people who talk at once, with all kinds of readers. Some talk to the demo bot,
// some to nobody; some have a listener for everything, some for the documented events, some
// subscribe to what they are given; some read the history.
type crowd struct {
	api       *api
	people    []*person
	listeners []*listener
	readers   []*historyReader
	starters  []*starter

	repeats, reconnects, early int // known at the end

	stop    chan struct{} // closed when nobody is to begin anything new
	talking sync.WaitGroup
}

// gather starts sessions and connects readers; nobody talks yet.
func gather(t *testing.T, url string, people int) *crowd {
	t.Helper()
	c := &crowd{api: newAPI(t, url), stop: make(chan struct{})}
	var given []int64 // of the widget stream, by the answers to the starts
	for i := range people {
		request := object{"name": fmt.Sprintf("person %d", i), "clientExternalId": uuid.NewString(), "returnAnswerAsync": i%3 == 0}
		if i%2 == 1 {
			request["botId"] = noBot
		}
		session := c.api.open(t, request)
		given = append(given, int64(len(session.Messages)))
		p := &person{api: c.api, session: session.ID, bot: i%2 == 0}
		c.people = append(c.people, p)
		l := &listener{url: url, sessions: []string{p.session}, echo: i%4 < 2, subscribes: i%8 >= 4}
		c.listeners = append(c.listeners, listen(t, l))
		if i%5 == 0 {
			c.readers = append(c.readers, &historyReader{api: c.api, session: p.session})
		}
	}
	for i, l := range c.listeners {
		l.await(t, startWithin, "connected", func() bool { return len(l.places) == len(l.channels()) })
		l.mu.Lock()
		if start := l.places["widget:"+l.sessions[0]].start; start != given[i] {
			t.Errorf("a first connection begins after %d, the client was given %d", start, given[i])
		}
		l.mu.Unlock()
	}
	return c
}

// talk has everybody talk until hush.
func (c *crowd) talk(t *testing.T, r *rand.Rand) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel() // what could not end by itself
		c.talking.Wait()
	})
	for i, p := range c.people {
		seed := r.Uint64()
		c.talking.Go(func() { p.talk(ctx, c.stop, i, rand.New(rand.NewPCG(seed, 1))) })
	}
	for _, s := range c.starters {
		c.talking.Go(func() { s.run(ctx, c.stop) })
	}
	for _, h := range c.readers {
		c.talking.Go(func() { h.run(ctx, c.stop) })
	}
}

// paced counts from 1, one number every so often, until stop.
func paced(every time.Duration, stop <-chan struct{}) iter.Seq[int] {
	return func(yield func(int) bool) {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
			if !yield(n) {
				return
			}
		}
	}
}

// talk sends message after message. Some are sent without a key and not repeated; in between
// it reads, types and presses buttons.
func (p *person) talk(ctx context.Context, stop <-chan struct{}, number int, r *rand.Rand) {
	for n := range paced(crashPace, stop) {
		body := fmt.Sprintf("message %d of person %d, раз два 👋", n, number)
		switch r.IntN(20) {
		case 0, 1:
			p.sayOnce(ctx, body)
		case 2:
			p.act(ctx, "read", object{"messageId": p.lastID()}, http.StatusOK, http.StatusBadRequest)
		case 3:
			p.act(ctx, "typing", object{"body": body}, http.StatusOK)
		case 4:
			p.act(ctx, "actions", object{"event": "pressed", "data": object{"n": n}}, http.StatusCreated)
		default:
			if p.say(ctx, body) != nil {
				return
			}
		}
	}
}

// hush has everybody finish what they began.
func (c *crowd) hush(t *testing.T) {
	t.Helper()
	close(c.stop)
	done := make(chan struct{})
	go func() {
		c.talking.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("some messages are not acknowledged 30 s after the last restart")
	}
}

// checkMeanwhile compares what is known so far while everybody goes on talking.
func (c *crowd) checkMeanwhile(t *testing.T, d data) {
	t.Helper()
	type account struct {
		acked          []said
		unsure, faults []string
	}
	accounts := make([]account, len(c.people))
	for i, p := range c.people { // before the book is read, which may have more
		accounts[i].acked, accounts[i].unsure, accounts[i].faults = p.account()
	}
	b := readBook(t, d)
	b.checkNumbers(t)
	b.checkTurns(t, false)
	wrong := &complaints{t: t}
	for i, p := range c.people {
		for _, f := range accounts[i].faults {
			wrong.add("person %d: %s", i, f)
		}
		b.checkPerson(t, wrong, p, accounts[i].acked, accounts[i].unsure, false)
	}
}

// checkEnd compares everything, when nobody talks any more and every bot has answered.
func (c *crowd) checkEnd(t *testing.T, d data) {
	t.Helper()
	awaitSettled(t, d, settleWithin)
	b := readSound(t, d)
	wrong := &complaints{t: t}
	total := 0
	for i, p := range c.people {
		acked, unsure, faults := p.account()
		total += len(acked)
		for _, f := range faults {
			wrong.add("person %d: %s", i, f)
		}
		b.checkPerson(t, wrong, p, acked, unsure, true)
	}
	for _, l := range c.listeners {
		c.reconnects += l.connections() - 1
		for _, channel := range l.channels() {
			page := b[l.sessions[0]]
			if page == nil {
				continue
			}
			want := page.widgetNo
			if channel[0] == 's' {
				want = page.sessionNo
			}
			l.awaitOffset(t, 20*time.Second, channel, want)
		}
		b.checkListener(t, wrong, l)
		c.early += l.earlyOnes()
	}
	for _, h := range c.readers {
		h.finish(t)
		b.checkHistory(wrong, h.session, h.got)
	}
	for _, s := range c.starters {
		s.check(b, wrong)
	}
	for _, p := range c.people {
		c.repeats += repeated(p)
	}
	t.Logf("%d messages acknowledged after %d repeats, %d reconnections; %d publications came before the reply to a subscribe",
		total, c.repeats, c.reconnects, c.early)
}

// historyReader reads a session's history again and again, from where it was.
type historyReader struct {
	api     *api
	session string
	got     []listed
}

func (h *historyReader) run(ctx context.Context, stop <-chan struct{}) {
	for range paced(50*time.Millisecond, stop) {
		_, _ = h.read(ctx) // the server may be down
	}
}

func (h *historyReader) read(ctx context.Context) (int, error) {
	after := int64(0)
	if len(h.got) > 0 {
		after = h.got[len(h.got)-1].Sequence
	}
	page, err := h.api.history(ctx, h.session, after)
	h.got = append(h.got, page...)
	return len(page), err
}

func (h *historyReader) finish(t *testing.T) {
	t.Helper()
	for {
		if n, err := h.read(t.Context()); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			return
		}
	}
}

// starter starts sessions, each with a key and a first message, and repeats every start until
// it is acknowledged.
type starter struct {
	api    *api
	number int
	got    map[string]started // by the first message
	faults []string
}

func (s *starter) run(ctx context.Context, stop <-chan struct{}) {
	for n := range paced(2*crashPace, stop) {
		s.start(ctx, fmt.Sprintf("start %d of starter %d", n, s.number), n)
	}
}

// start starts a session and, once that is acknowledged, does the same again: the second
// answer must name the same session.
func (s *starter) start(ctx context.Context, body string, n int) {
	key := uuid.NewString()
	request := object{"messageBody": body, "clientExternalId": "starter " + strconv.Itoa(s.number), "returnAnswerAsync": n%2 == 0}
	for seen := 0; seen < 2; {
		res, err := s.api.do(ctx, http.MethodPost, starts, request, key)
		if err == nil && res.status == http.StatusCreated {
			var now started
			if err := json.Unmarshal(res.body, &now); err != nil {
				s.faults = append(s.faults, err.Error())
				return
			}
			if old, ok := s.got[body]; ok && (old.ID != now.ID || old.MessageID != now.MessageID || old.ClientID != now.ClientID) {
				s.faults = append(s.faults, fmt.Sprintf("%q started %s, its repeat %s", body, old.ID, now.ID))
			}
			s.got[body] = now
			seen++
			continue
		}
		if err == nil && res.status != http.StatusServiceUnavailable {
			s.faults = append(s.faults, fmt.Sprintf("%q was answered %d %.200s", body, res.status, res.body))
			return
		}
		if !pause(ctx, repeatEvery) {
			return
		}
	}
}

func (s *starter) check(b book, wrong *complaints) {
	wrong.t.Helper()
	for _, f := range s.faults {
		wrong.add("starter %d: %s", s.number, f)
	}
	found := map[string]int{}
	for _, p := range b {
		for i := range p.entries {
			if p.entries[i].author == "CLIENT" {
				found[p.entries[i].body]++
			}
		}
	}
	open := 0
	for body, got := range s.got {
		p := b[got.ID]
		if found[body] != 1 || p == nil || !slices.ContainsFunc(p.entries, func(e entry) bool { return e.body == body && e.id == got.MessageID }) {
			wrong.add("starter %d: %q is there %d times, its session: %v", s.number, body, found[body], p != nil)
		}
		if p != nil && p.status == "open" {
			open++
		}
	}
	if len(s.got) > 0 && open != 1 {
		wrong.add("starter %d: its client has %d open sessions", s.number, open)
	}
}

// TestCrash kills the server again and again while many people talk.
func TestCrash(t *testing.T) {
	r := random(t)
	s := newServer(t)
	c := gather(t, s.url(), crashPeople)
	for i := range crashStarters {
		c.starters = append(c.starters, &starter{api: c.api, number: i, got: map[string]started{}})
	}
	c.talk(t, r)
	var slowest time.Duration
	for round := 1; round <= run.rounds && !t.Failed(); round++ {
		alive := 200*time.Millisecond + time.Duration(r.Int64N(int64(time.Second)))
		pause(t.Context(), alive)
		s.kill()
		if r.IntN(4) == 0 { // and once more, while it starts
			s.launch(t)
			pause(t.Context(), time.Duration(r.Int64N(int64(80*time.Millisecond))))
			s.kill()
		}
		began := time.Now()
		s.start(t)
		slowest = max(slowest, time.Since(began))
		c.checkMeanwhile(t, s.data)
		if round%25 == 0 {
			t.Logf("round %d", round)
		}
	}
	t.Logf("the slowest start took %s", slowest)
	c.hush(t)
	c.checkEnd(t, s.data)
	if c.reconnects < crashPeople || c.repeats == 0 {
		t.Errorf("the crashes did not disturb anybody: %d reconnections, %d repeats", c.reconnects, c.repeats)
	}
	if code := s.terminate(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	readSound(t, s.data)
}
