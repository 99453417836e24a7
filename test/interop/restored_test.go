//go:build interop

package interop

import (
	"fmt"
	"slices"
	"testing"
)

// TestRestoredBackup opens a backup under clients with an old position: the number they were
// at exists in the restored history too, but means something else. They must not recover, and are
// given what is new since the connect reply told them so, also if they subscribe by themselves only
// after that.
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

	clients, by := map[string]*client{}, map[string]string{}
	for i, f := range flavours() {
		c := startClient(t, f, options{URL: network.url(), Sessions: []string{session}})
		by[f.name] = "server"
		if i%2 == 1 {
			by[f.name] = "client"
			c.do(command{Do: "subscribe", Channel: channel})
		}
		c.connect()
		clients[f.name] = c
	}
	answer := a.ask(session, "После копии")
	for name, c := range clients { // each has a position of its own then
		c.await("answer", hasHeardBy(answer.ID, by[name]))
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
		events := c.await("what is new", hasHeardBy(answer.ID, by[name]))
		for _, e := range events[before[name]:] {
			if e.Event == "subscribed" && e.Recovered {
				t.Errorf("%s recovered in another history: %+v", name, e)
			}
		}
	}
}
