//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestLargeRecovery: megabytes pass while a listener is away and the server is killed; it gets
// them all, in both styles, though its queue holds one megabyte.
func TestLargeRecovery(t *testing.T) {
	t.Parallel()
	const messages = 100
	s := newServer(t)
	a := newAPI(t, s.url())
	p := &person{api: a, session: a.open(t, object{"botId": noBot}).ID}
	network := newProxy(t, s.addr)
	var listeners []*listener
	for i := range 3 {
		l := &listener{url: network.url(), sessions: []string{p.session}, echo: true, subscribes: i == 1}
		if i == 2 {
			l.dial = narrow
		}
		listeners = append(listeners, listening(t, l))
	}
	if err := p.say(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	for _, l := range listeners {
		l.awaitOffset(t, 30*time.Second, "session:"+p.session, 1)
	}
	network.block(true)
	body := strings.Repeat("длинно", 4000) // 48 kB
	for i := range messages {
		if err := p.say(t.Context(), fmt.Sprintf("%d %s", i, body)); err != nil {
			t.Fatal(err)
		}
		if i == messages/2 {
			s.kill()
			s.start(t)
		}
	}
	network.block(false)
	for _, l := range listeners {
		l.awaitOffset(t, 30*time.Second, "session:"+p.session, messages+1)
		if l.connections() != 2 {
			t.Errorf("%d connections: the recovery was broken off", l.connections())
		}
	}
	// Once more, and the server is killed in the middle of the recovery.
	network.block(true)
	for i := range messages {
		if err := p.say(t.Context(), fmt.Sprintf("again %d %s", i, body)); err != nil {
			t.Fatal(err)
		}
	}
	network.block(false)
	listeners[2].awaitOffset(t, 30*time.Second, "session:"+p.session, messages+2)
	s.kill()
	s.start(t)
	for _, l := range listeners {
		l.awaitOffset(t, 30*time.Second, "session:"+p.session, 2*messages+1)
	}
	b := readBook(t, s.data)
	wrong := &complaints{t: t}
	for _, l := range listeners {
		b.checkListener(t, wrong, l)
	}
}
