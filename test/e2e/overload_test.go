//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// flood sends messages of many people without waiting for answers, perTick of them every
// tick, and returns the answers by status. What could not be sent counts as 0.
func flood(t *testing.T, people []*person, perTick int, tick, length time.Duration) map[int]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var mu sync.Mutex
	answers := map[int]int{}
	name := uuid.NewString() // a test may do this again, with the same people
	var flying sync.WaitGroup
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for n := 0; ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			flying.Wait()
			return answers
		}
		for range perTick {
			n++
			p, body := people[n%len(people)], fmt.Sprintf("flood %d %s", n, name)
			flying.Go(func() {
				res, err := p.api.do(t.Context(), "POST", messagesOf(p.session), object{"body": body}, "")
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					answers[0]++
					p.unsure = append(p.unsure, body)
					return
				}
				answers[res.status]++
				switch res.status {
				case http.StatusCreated:
					var created listed
					res.decode(t, &created)
					p.acked = append(p.acked, said{body: body, id: created.ID, sequence: created.Sequence})
				case http.StatusServiceUnavailable, http.StatusTooManyRequests:
					res.mustBeError(t, "refused") // and it is not there: a refusal is sure
				default:
					t.Errorf("answer %d %s", res.status, res.body)
				}
			})
		}
	}
}

// checkFlood: what was acknowledged is there, what was refused is not.
func checkFlood(t *testing.T, s *server, people []*person) {
	t.Helper()
	awaitSettled(t, s.data, settleWithin)
	b := readSound(t, s.data)
	wrong := &complaints{t: t}
	for _, p := range people {
		acked := p.acked
		sortBySequence(acked) // they were sent at once, so their order is the server's
		b.checkPerson(t, wrong, p, acked, p.unsure, true)
	}
}

func openPeople(t *testing.T, a *api, n int) []*person {
	t.Helper()
	var people []*person
	for i := range n {
		request := object{"returnAnswerAsync": true}
		if i%2 == 1 {
			request["botId"] = noBot
		}
		people = append(people, &person{api: a, session: a.open(t, request).ID, bot: i%2 == 0})
	}
	return people
}

// TestOverload sends far more than the server works on at once: the rest is refused, nothing
// acknowledged is lost, and afterwards an answer comes at once.
func TestOverload(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--http-max-in-flight", "8")
	a := newAPI(t, s.url())
	a.pool.MaxConnsPerHost = 512 // what the test holds, not what it sends
	a.pool.MaxIdleConnsPerHost = 512
	people := openPeople(t, a, 20)
	// What piles up holds up every first message after a flood, a busy machine one of them.
	fastest := time.Hour
	for round := range 3 {
		answers := flood(t, people, 60, 20*time.Millisecond, time.Second)
		t.Logf("answers by status: %v", answers)
		if answers[http.StatusCreated] == 0 || answers[http.StatusServiceUnavailable] == 0 {
			t.Errorf("expected some acknowledged and some refused: %v", answers)
		}
		began := time.Now()
		if err := people[0].say(t.Context(), fmt.Sprintf("after flood %d", round)); err != nil {
			t.Fatal(err)
		}
		fastest = min(fastest, time.Since(began))
	}
	if fastest > time.Second {
		t.Errorf("the fastest first message after a flood took %s", fastest)
	}
	checkFlood(t, s, people)
}

// TestRateLimit: who asks too often is told when to come back, and may then.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--rate-limit", "on", "--rates-address", "30", "--rates-address-burst", "60")
	a := newAPI(t, s.url())
	people := openPeople(t, a, 4)
	answers := flood(t, people, 10, 20*time.Millisecond, 2*time.Second)
	t.Logf("answers by status: %v", answers)
	if answers[http.StatusCreated] == 0 || answers[http.StatusTooManyRequests] == 0 {
		t.Errorf("expected some acknowledged and some refused: %v", answers)
	}
	res := a.post(t, messagesOf(people[0].session), object{"body": "again"}, "")
	if res.status == http.StatusTooManyRequests {
		seconds, err := strconv.Atoi(res.header.Get("Retry-After"))
		if err != nil || seconds < 1 || seconds > 60 {
			t.Fatalf("Retry-After %q", res.header.Get("Retry-After"))
		}
		pause(t.Context(), time.Duration(seconds)*time.Second)
		res = a.post(t, messagesOf(people[0].session), object{"body": "again"}, "")
	}
	if res.status != http.StatusCreated {
		t.Fatalf("after the time named: %d %s", res.status, res.body)
	}
	if err := people[0].note("again", res, 0); err != nil {
		t.Fatal(err)
	}
	checkFlood(t, s, people)
}

// TestSessionRateLimit: who floods one session does not use up another's rate.
func TestSessionRateLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--rate-limit", "on", "--rates-session", "1", "--rates-session-burst", "10")
	people := openPeople(t, newAPI(t, s.url()), 2)
	answers := flood(t, people[:1], 10, 20*time.Millisecond, 500*time.Millisecond)
	if answers[http.StatusCreated] < 10 || answers[http.StatusTooManyRequests] == 0 {
		t.Errorf("expected some acknowledged and some refused: %v", answers)
	}
	res := people[1].api.post(t, messagesOf(people[1].session), object{"body": "unhurt"}, "")
	if res.status != http.StatusCreated {
		t.Fatalf("another session: %d %s", res.status, res.body)
	}
	if err := people[1].note("unhurt", res, 0); err != nil {
		t.Fatal(err)
	}
	checkFlood(t, s, people)
}
