//go:build interop

package interop

import (
	"fmt"
	"testing"
)

// A style is how an application uses its library (TWIN, section 3, "Two kinds of client").
type style int

const (
	listens         style = iota // to what the server subscribes it to
	subscribesFirst              // by itself, before it connects
	follows                      // subscribes to every channel that the connect reply names
)

var styles = map[string]style{"listens": listens, "subscribes first": subscribesFirst, "follows": follows}

// TestConversation leads every library in every style through a conversation, with connections
// lost in the middle: the client hears everything once and in order.
func TestConversation(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	t.Run("clients", func(t *testing.T) { // the server stops after all of them
		for _, f := range flavours() {
			for name, how := range styles {
				t.Run(f.name+" "+name, func(t *testing.T) {
					t.Parallel()
					converse(t, s, f, how)
				})
			}
		}
	})
}

func converse(t *testing.T, s *server, f flavour, how style) {
	a := &api{t, s.url()}
	network := newLine(t, s)
	session := a.greeted()
	c := startClient(t, f, options{URL: network.url(), Sessions: []string{session}, Follow: how == follows})
	if how == subscribesFirst {
		c.do(command{Do: "subscribe", Channel: widget(session)})
	}
	c.connect()
	c.join(session)
	by := "server"
	if how != listens {
		by = "client"
		c.await("subscription of its own", isSubscribed(widget(session)))
	}
	c.await("greeting", hasMessages(1))

	for _, text := range []string{"Привет!", "How are you? 🙂", "👩‍👩‍👧 «ёлочки» \n\t\"\\"} {
		answer := a.ask(session, text)
		c.await("answer", hasHeardBy(answer.ID, by))
	}
	interrupt(t, a, c, network, session)
	answer := a.ask(session, "Пока")
	c.await("last answer", hasHeardBy(answer.ID, by))
	c.join(session)

	events := c.seen()
	expectRecovered(t, events)
	if doubles := besides(t, events, widget(session)); len(doubles) > 0 {
		t.Errorf("%d publications came past the client's own subscription, the first is %+v", len(doubles), doubles[0])
	}
	history := byAuthors(a.history(session), "BOT")
	if len(history) < rounds*each {
		t.Errorf("the bot has said %d messages", len(history))
	}
	expectExactly(t, heard(t, events, widget(session), by), 0, history)
	if t.Failed() {
		t.Logf("the client program printed:\n%s", tail(events))
	}
}

// rounds of interruptions, and messages in each.
const rounds, each = 3, 10

// interrupt ends the client's connection in both ways, several times, while messages flow.
func interrupt(t *testing.T, a *api, c *client, network *line, session string) {
	for round := range rounds {
		said := make(chan struct{})
		go func() {
			defer close(said)
			for i := range each {
				a.say(session, fmt.Sprintf("Сообщение %d.%d", round, i))
			}
		}()
		c.next("connected", network.cut)
		c.next("disconnected", func() { c.do(command{Do: "disconnect"}) })
		c.connect()
		<-said
		if t.Failed() {
			return
		}
	}
}
