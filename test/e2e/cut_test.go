//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestOneWayCut drops what the server sends, while clients go on sending: one whose requests
// take another way, and one whose answers are lost too and who repeats them.
func TestOneWayCut(t *testing.T) {
	t.Parallel()
	const before, during = 20, 60
	s := newServer(t)
	network := newProxy(t, s.addr)
	direct := newAPI(t, s.url())
	through := newAPI(t, network.url())
	through.http = &http.Client{Timeout: 150 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}

	var people []*person
	var listeners []*listener
	for i := range 4 {
		p := &person{api: direct, session: direct.open(t, object{}).ID, bot: true}
		if i%2 == 1 {
			p.api = through
		}
		people = append(people, p)
		listeners = append(listeners, listening(t, &listener{url: network.url(), sessions: []string{p.session}, echo: true, subscribes: i >= 2}))
	}
	var talking sync.WaitGroup
	for i, p := range people {
		talking.Go(func() {
			for n := range before {
				_ = p.say(t.Context(), fmt.Sprintf("%d before the cut, of %d", n, i)) // checked below
			}
		})
	}
	talking.Wait()
	network.set(faultSwallow)
	for i, p := range people {
		talking.Go(func() {
			for n := range during {
				_ = p.say(t.Context(), fmt.Sprintf("%d during the cut, of %d", n, i))
			}
		})
	}
	// The direct ones are through while nothing of it reaches their sockets.
	for _, i := range []int{0, 2} {
		eventually(t, 20*time.Second, "those whose requests take another way are acknowledged", func() bool {
			acked, _, _ := people[i].account()
			return len(acked) == before+during
		})
	}
	awaitNewer := readBook(t, s.data)
	network.heal()
	talking.Wait()
	awaitSettled(t, s.data, settleWithin)

	b := readSound(t, s.data)
	wrong := &complaints{t: t}
	for i, p := range people {
		acked, unsure, faults := p.account()
		if len(acked) != before+during || len(faults) > 0 {
			t.Errorf("person %d: %d acknowledged, faults %q", i, len(acked), faults)
		}
		b.checkPerson(t, wrong, p, acked, unsure, true)
		listeners[i].awaitOffset(t, 20*time.Second, "session:"+p.session, b[p.session].sessionNo)
		listeners[i].awaitOffset(t, 20*time.Second, "widget:"+p.session, b[p.session].widgetNo)
		b.checkListener(t, wrong, listeners[i])
		if listeners[i].connections() < 2 {
			t.Errorf("listener %d was not cut", i)
		}
	}
	if repeated(people[1]) == 0 {
		t.Error("no answer was lost: the cut did not work")
	}
	if len(awaitNewer[people[0].session].entries) <= before {
		t.Error("nothing was written during the cut")
	}
}

// repeated is how often a person had to repeat a message.
func repeated(p *person) int {
	acked, _, _ := p.account()
	n := 0
	for _, s := range acked {
		n += s.repeats
	}
	return n
}
