//go:build interop

package interop

import "testing"

// TestListensAndSubscribes does what the documentation of the realtime package warns of: a
// client listens for a while, then subscribes to the same channel without a position. Each
// subscription is exact by itself: the listener's up to the take-over, the subscriber's from
// where the connection began.
func TestListensAndSubscribes(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	t.Run("clients", func(t *testing.T) {
		for _, f := range flavours() {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				listenThenSubscribe(t, s, f)
			})
		}
	})
}

func listenThenSubscribe(t *testing.T, s *server, f flavour) {
	a := &api{t, s.url()}
	session := a.greeted()
	channel := widget(session)
	c := startClient(t, f, options{URL: s.url(), Sessions: []string{session}})
	c.connect()
	answer := a.ask(session, "Привет!")
	events := c.await("answer", hasHeard(answer.ID))
	listened := heard(t, events, channel, "server")

	c.do(command{Do: "subscribe", Channel: channel})
	answer = a.ask(session, "Пока")
	last := answer.ID
	c.await("answer to the subscriber", func(events []event) bool {
		got := heard(t, events, channel, "client")
		return len(got) > 0 && got[len(got)-1].Data.ID == last
	})
	c.join(session)

	events = c.seen()
	history := byAuthors(a.history(session), "BOT")
	byServer := heard(t, events, channel, "server")
	if len(byServer) < len(listened) {
		t.Fatalf("%d publications became %d", len(listened), len(byServer))
	}
	upTo := byServer[len(byServer)-1].Sequence
	var before []message
	for _, m := range history {
		if m.Sequence <= upTo {
			before = append(before, m)
		}
	}
	expectExactly(t, byServer, 0, before)
	expectExactly(t, heard(t, events, channel, "client"), 0, history)
	if t.Failed() {
		t.Logf("the client program printed:\n%s", tail(events))
	}
}
