//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// narrow makes connections that take little before their reader reads.
func narrow(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(128 << 10)
	}
	return conn, err
}

// TestSlowReader has a listener stop reading while megabytes pass. It is told to reconnect and
// gets everything; the others in its session and in others get all at once.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const messages = 2500
	s := newServer(t, "--centrifugo-queue-bytes", "65536")
	a := newAPI(t, s.url())
	session := a.open(t, object{"botId": noBot}).ID
	reading := newPauser()
	slow := listening(t, &listener{url: s.url(), sessions: []string{session}, echo: true, dial: narrow, reading: reading})
	fast := listening(t, &listener{url: s.url(), sessions: []string{session}, echo: true})
	other := &person{api: a, session: a.open(t, object{}).ID, bot: true}
	neighbour := listening(t, &listener{url: s.url(), sessions: []string{other.session}, echo: true})

	// The ping or the first message after the pause is still read: then the slow one sleeps.
	reading.pause()
	body := strings.Repeat("много букв ", 200) // about 4 kB
	p := &person{api: a, session: session}
	for i := range messages {
		if err := p.say(t.Context(), fmt.Sprintf("%d %s", i, body)); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			if err := other.say(t.Context(), fmt.Sprintf("neighbour %d", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Whoever reads has everything at once, though the slow one still sleeps.
	fast.awaitOffset(t, 20*time.Second, "session:"+session, messages)
	awaitSettled(t, s.data, 20*time.Second)
	b := readBook(t, s.data)
	neighbour.awaitOffset(t, 20*time.Second, "session:"+other.session, b[other.session].sessionNo)
	neighbour.awaitOffset(t, 20*time.Second, "widget:"+other.session, b[other.session].widgetNo)
	eventually(t, 120*time.Second, "the slow reader is told to reconnect", func() bool {
		return s.metric(t, "govorun_slow_readers_total") > 0
	})

	reading.resume()
	slow.awaitOffset(t, 20*time.Second, "session:"+session, messages)
	wrong := &complaints{t: t}
	for _, l := range []*listener{slow, fast, neighbour} {
		b.checkListener(t, wrong, l)
	}
	if slow.connections() < 2 {
		t.Error("the slow reader was never disconnected")
	}
	if fast.connections() != 1 || neighbour.connections() != 1 {
		t.Errorf("others were disconnected: %d and %d connections", fast.connections(), neighbour.connections())
	}
}
