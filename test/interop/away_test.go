//go:build interop

package interop

import (
	"fmt"
	"sync"
	"testing"
)

// TestAway takes clients of every library off the network while a thousand messages pass and
// the server is killed twice: back on, each is given exactly what its channel carried, and is
// told that nothing is missing (promises 1 and 2).
func TestAway(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	a := &api{t, s.url()}
	network := newLine(t, s)
	session := a.greeted()
	channel := widget(session)

	type reader struct {
		name string
		by   string
		*client
	}
	var readers []reader
	for _, f := range flavours() {
		listener := startClient(t, f, options{URL: network.url(), Sessions: []string{session}})
		subscriber := startClient(t, f, options{URL: network.url(), Sessions: []string{session}})
		subscriber.do(command{Do: "subscribe", Channel: channel})
		readers = append(readers, reader{f.name + " listens", "server", listener}, reader{f.name + " subscribes", "client", subscriber})
	}
	starts := make(map[string]int64) // where a first connection begins: after what others were given
	for _, r := range readers {
		r.connect()
	}
	answer := a.ask(session, "Привет!")
	for _, r := range readers {
		events := r.await("first answer", hasHeardBy(answer.ID, r.by))
		starts[r.name] = heard(t, events, channel, r.by)[0].Offset - 1
	}

	network.lower()
	passThousand(a, s, session)
	network.raise()
	answer = a.ask(session, "Я вернулся")
	last := answer.ID
	history := byAuthors(a.history(session), "BOT")
	if len(history) < 1000 {
		t.Errorf("the bot has said %d messages, want at least 1000", len(history))
	}
	for _, r := range readers {
		r.await("last answer", hasHeardBy(last, r.by))
		r.join(session)
		t.Run(r.name, func(t *testing.T) {
			events := r.seen()
			expectRecovered(t, events)
			recovered := 0
			for _, e := range events {
				if e.Event == "subscribed" && e.By == r.by && e.Recovering {
					recovered++
				}
			}
			if recovered == 0 {
				t.Error("the client has not recovered")
			}
			got := heard(t, events, channel, r.by)
			want := history
			for len(want) > 0 && want[0].Sequence < got[0].Sequence {
				want = want[1:] // given to others before the first connect
			}
			expectExactly(t, got, starts[r.name], want)
			if t.Failed() {
				t.Logf("the client program printed:\n%s", tail(events))
			}
		})
	}
}

// passThousand has the bot answer a thousand messages. The server is killed in the middle of
// it, twice; what it has not acknowledged is said again.
func passThousand(a *api, s *server, session string) {
	const speakers, messages, kills = 8, 1000, 2
	said := make(chan struct{}, messages)
	var running sync.WaitGroup
	for speaker := range speakers {
		running.Go(func() {
			for i := range messages / speakers {
				a.say(session, fmt.Sprintf("Сообщение %d.%d", speaker, i))
				said <- struct{}{}
			}
		})
	}
	for range kills {
		for range messages / (kills + 1) {
			<-said
		}
		s.kill()
		s.start()
	}
	running.Wait()
}
