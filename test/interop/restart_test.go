//go:build interop

package interop

import (
	"fmt"
	"testing"
)

// TestRestart restarts the server under connected clients while messages flow: killed once,
// stopped gracefully once. They come back by themselves and have heard everything.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	a := &api{t, s.url()}
	session := a.greeted()
	channel := widget(session)
	clients, by := map[string]*client{}, map[string]string{}
	for i, f := range flavours() {
		follow := i%2 == 1
		c := startClient(t, f, options{URL: s.url(), Sessions: []string{session}, Follow: follow})
		c.connect()
		c.join(session)
		clients[f.name], by[f.name] = c, "server"
		if follow {
			by[f.name] = "client"
			c.await("subscription of its own", isSubscribed(channel))
		}
	}
	for i, end := range []func(){s.kill, s.stop} {
		halfway, said := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(said)
			for n := range 40 {
				a.say(session, fmt.Sprintf("Сообщение %d.%d", i, n))
				if n == 20 {
					close(halfway)
				}
			}
		}()
		<-halfway
		end()
		s.start()
		<-said
	}
	answer := a.ask(session, "Пока")
	history := byAuthors(a.history(session), "BOT")
	for name, c := range clients {
		c.await("last answer", hasHeardBy(answer.ID, by[name]))
		c.join(session)
		t.Run(name, func(t *testing.T) {
			events := c.seen()
			expectRecovered(t, events)
			got := heard(t, events, channel, by[name])
			want := history
			for len(want) > 0 && len(got) > 0 && want[0].Sequence < got[0].Sequence {
				want = want[1:] // given to others before the first connect
			}
			if len(want) < 80 {
				t.Fatalf("only %d messages are to be heard", len(want))
			}
			expectExactly(t, got, got[0].Offset-1, want)
			if t.Failed() {
				t.Logf("the client program printed:\n%s", tail(events))
			}
		})
	}
}
