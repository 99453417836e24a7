//go:build interop

package interop

import (
	"maps"
	"slices"
	"testing"
)

// TestUnknownSession names sessions that do not exist: they are left out, joining one is an
// error, and a session that is made later can be subscribed to on the same connection.
func TestUnknownSession(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	t.Run("clients", func(t *testing.T) {
		for _, f := range flavours() {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				nameUnknown(t, s, f)
			})
		}
	})
}

func nameUnknown(t *testing.T, s *server, f flavour) {
	const unknown = "00000000-0000-4000-8000-000000000000"
	a := &api{t, s.url()}
	known := a.greeted()
	c := startClient(t, f, options{URL: s.url(), Sessions: []string{unknown, known, "no id at all"}})
	c.connect()
	c.join(known)
	events := c.await("greeting", hasMessages(1))
	granted := make(map[string]bool)
	for _, e := range events {
		if e.Event == "subscribed" {
			granted[e.Channel] = true
		}
	}
	if names := slices.Collect(maps.Keys(granted)); !slices.Equal(names, []string{widget(known)}) {
		t.Errorf("the connection has %q", names)
	}
	if reply := c.call("joinSession", map[string]string{"id": unknown}); reply.Code != 404 {
		t.Errorf("joining an unknown session was answered with %+v", reply)
	}
	if reply := c.call("noSuchMethod", map[string]string{}); reply.Code != 104 {
		t.Errorf("an unknown method was answered with %+v", reply)
	}
	refused := c.next("unsubscribed", func() { c.do(command{Do: "subscribe", Channel: widget(unknown)}) })
	if refused.Code != 103 {
		t.Errorf("subscribing to an unknown session was answered with %+v", refused)
	}

	later := a.greeted()
	c.do(command{Do: "subscribe", Channel: widget(later)})
	c.await("subscription to the later session", isSubscribed(widget(later))) // before REST gives the greeting away
	answer := a.ask(later, "Привет!")
	events = c.await("answer", hasHeard(answer.ID))
	expectExactly(t, heard(t, events, widget(later), "client"), 0, byAuthors(a.history(later), "BOT"))
	if t.Failed() {
		t.Logf("the client program printed:\n%s", tail(events))
	}
}
