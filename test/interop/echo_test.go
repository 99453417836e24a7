//go:build interop

package interop

import (
	"slices"
	"testing"
)

// TestTwoDevices has two devices of one client ask for the session's whole stream: each sees
// what the other says, and the widget channel stays as documented.
func TestTwoDevices(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	a := &api{t, s.url()}
	session := a.greeted()
	var devices []*client
	for _, f := range []flavour{flavours()[0], flavours()[7]} {
		c := startClient(t, f, options{URL: s.url(), Sessions: []string{session}, Echo: true})
		devices = append(devices, c)
	}
	devices[0].connect()
	devices[0].await("greeting on both channels", hasMessages(2))
	devices[1].connect()
	a.say(session, "С телефона")
	a.say(session, "С компьютера")
	answer := a.ask(session, "Пока")
	history := a.history(session)
	for _, c := range devices {
		for _, channel := range []string{widget(session), whole(session)} { // each at its own pace
			c.await("last answer on "+channel, func(events []event) bool {
				return hasHeard(answer.ID)(slices.DeleteFunc(slices.Clone(events), func(e event) bool { return e.Channel != channel }))
			})
		}
		c.join(session)
		events := c.seen()
		for channel, want := range map[string][]message{whole(session): history, widget(session): byAuthors(history, "BOT")} {
			got := heard(t, events, channel, "server")
			if len(got) == 0 {
				t.Errorf("nothing came on %s", channel)
				continue
			}
			for len(want) > 0 && want[0].Sequence < got[0].Sequence {
				want = want[1:] // the greeting, for the second device
			}
			expectExactly(t, got, got[0].Offset-1, want)
		}
	}
	if got := heard(t, devices[0].seen(), whole(session), "server"); len(got) > 0 && got[0].Offset != 1 {
		t.Errorf("the first device's session stream begins at %d", got[0].Offset)
	}
}
