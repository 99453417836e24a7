//go:build interop

package interop

import (
	"fmt"
	"slices"
	"testing"
)

// TestRestoredBackup opens a backup under clients with an old position: the number they were
// at exists in the restored history too, but means something else. They must not recover.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	copied := newData(t)
	s := startServer(t)
	a := &api{t, s.url()}
	network := newLine(t, s)
	session := a.greeted()
	channel := widget(session)
	a.ask(session, "До копии")
	s.data.copy(t, copied)

	clients := map[string]*client{}
	for i, f := range flavours() {
		c := startClient(t, f, options{URL: network.url(), Sessions: []string{session}})
		if i%2 == 1 {
			c.do(command{Do: "subscribe", Channel: channel})
		}
		c.connect()
		clients[f.name] = c
	}
	answer := a.ask(session, "После копии")
	for _, c := range clients {
		c.await("answer", hasHeard(answer.ID))
	}

	network.lower()
	s.kill()
	s.data = copied
	s.start()
	for i := range 5 {
		a.say(session, fmt.Sprintf("Другая история %d", i))
	}
	a.ask(session, "Готово")
	before := make(map[string]int)
	for name, c := range clients {
		before[name] = len(c.seen())
	}
	network.raise()
	for name, c := range clients {
		c.await("answer whether it recovered", func(events []event) bool {
			return slices.ContainsFunc(events[before[name]:], func(e event) bool { return e.Event == "subscribed" && e.Recovering })
		})
		answer := a.ask(session, "Ещё одно, "+name)
		events := c.await("what is new", hasHeard(answer.ID))
		for _, e := range events[before[name]:] {
			if e.Event == "subscribed" && e.Recovered {
				t.Errorf("%s recovered in another history: %+v", name, e)
			}
		}
	}
}
