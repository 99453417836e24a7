package socketio_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/govorun/govorun/internal/socketio"
)

// hurried has a minute pass whenever the server looks at its clock: whatever it has written has long
// been written.
func hurried(p *socketio.Params) {
	var looks atomic.Int64
	p.Now = func() time.Time { return testTime.Add(time.Duration(looks.Add(1)) * time.Minute) }
}

// stopped has no time pass, however slow the machine is.
func stopped(p *socketio.Params) { p.Now = func() time.Time { return testTime } }

// unread opens a connection, and returns it when the server has written a message to it that the
// client does not show any sign of having. A WebSocket only pings; a poller does not come back.
func unread(t *testing.T, s *testServer, session *testSession, eio int, transport string) (c *client) {
	t.Helper()
	if transport == "polling" {
		c = s.pollByHand(eio, sessionA)
	} else {
		c = s.dial(eio, sessionA)
	}
	c.join()
	eventually(t, "watched", func() bool { return session.watched() == 1 })
	session.say("unread")
	c.bodies("unread")
	return c
}

// pollByHand is a client that polls when a packet is wanted, and only then.
func (s *testServer) pollByHand(eio int, key string) *client {
	s.t.Helper()
	c := &client{t: s.t, eio: eio, packets: make(chan string, 100)}
	url := s.url(eio, "polling", key)
	c.poll = func() {
		s.t.Helper()
		body, err := fetch(s.t.Context(), s.http.Client(), url, "")
		if err != nil {
			s.t.Fatal(err)
		}
		for _, packet := range unpack(eio, body) {
			if c.sid == "" {
				_, c.sid, _ = strings.Cut(packet, `"sid":"`)
				c.sid, _, _ = strings.Cut(c.sid, `"`)
				url += "&sid=" + c.sid
			}
			c.got(packet)
		}
	}
	c.post = func(packet string) error {
		_, err := fetch(s.t.Context(), s.http.Client(), url, pack(eio, packet))
		return err
	}
	return c
}

// byEach runs a test with every protocol and transport.
func byEach(t *testing.T, transports []string, test func(t *testing.T, eio int, transport string)) {
	for _, transport := range transports {
		for _, eio := range []int{3, 4} {
			t.Run(transport+" "+string(rune('0'+eio)), func(t *testing.T) {
				t.Parallel()
				test(t, eio, transport)
			})
		}
	}
}

// TestWhatTheServerEndsIsNotGiven: a connection that the server closes may have had a client that did
// not read any more, or whom nothing reached.
func TestWhatTheServerEndsIsNotGiven(t *testing.T) {
	t.Parallel()
	byEach(t, []string{"polling", "websocket"}, func(t *testing.T, eio int, transport string) {
		log := newTestLog()
		session := log.open(sessionA)
		s := serve(t, log, hurried)
		unread(t, s, session, eio, transport)
		s.close()
		if given := session.given(); given != 0 {
			t.Errorf("given up to %d", given)
		}
		serve(t, log).dial(eio, sessionA).join().bodies("unread")
	})
}

// TestWhoIsCutOffIsNotGivenMore: by a rule that the client breaks; the packet itself is a sign of life
// for what was written before it.
func TestWhoIsCutOffIsNotGivenMore(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	s := serve(t, log, stopped) // a client that sends has what was written a second before: nothing here
	c := unread(t, s, session, 4, "websocket")
	c.settled()
	_ = c.post(strings.Repeat("4", 70_000)) // it may be cut off meanwhile
	_ = c.ended()
	s.close()
	if given := session.given(); given != 0 {
		t.Errorf("given up to %d", given)
	}
}

// TestWhoLeavesHasWhatWasWritten, in whatever way it says so.
func TestWhoLeavesHasWhatWasWritten(t *testing.T) {
	t.Parallel()
	for way, leave := range map[string]func(*client){
		"disconnect":   func(c *client) { c.send("41") },
		"close packet": func(c *client) { _ = c.post("1") },
		"close frame": func(c *client) {
			message := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			_ = c.socket.WriteControl(websocket.CloseMessage, message, time.Now().Add(patience))
		},
		"empty close frame": func(c *client) {
			_ = c.socket.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience))
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			transports := []string{"websocket"}
			if !strings.Contains(way, "frame") {
				transports = append(transports, "polling")
			}
			byEach(t, transports, func(t *testing.T, eio int, transport string) {
				log := newTestLog()
				session := log.open(sessionA)
				c := unread(t, serve(t, log), session, eio, transport)
				if transport == "websocket" {
					c.settled() // the server knows that it is written
				}
				leave(c)
				eventually(t, "given", func() bool { return session.given() == 1 })
			})
		})
	}
}

// TestWhatJustEndsIsNotGiven: the end may be that of a proxy, which has taken what the client never got.
func TestWhatJustEndsIsNotGiven(t *testing.T) {
	t.Parallel()
	byEach(t, []string{"websocket"}, func(t *testing.T, eio int, transport string) {
		log := newTestLog()
		session := log.open(sessionA)
		s := serve(t, log, hurried)
		unread(t, s, session, eio, transport).kill()
		eventually(t, "ended", func() bool { return s.Seated() == 0 })
		s.close()
		if given := session.given(); given != 0 {
			t.Errorf("given up to %d", given)
		}
		serve(t, log).dial(eio, sessionA).join().bodies("unread")
	})
}

// TestPongTellsWhatIsRead: what came before its ping, and no more, however long ago it was written.
func TestPongTellsWhatIsRead(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	s := serve(t, log, func(p *socketio.Params) {
		p.Now = nowTest // nothing is ever long ago
		p.Limits.PingInterval, p.Limits.PingTimeout, p.Limits.MarkInterval = 100*time.Millisecond, patience, time.Millisecond
	})
	_, conn := stalled(t, s, sessionA)
	pong := func() {
		t.Helper()
		if err := conn.WriteMessage(websocket.TextMessage, []byte("3")); err != nil {
			t.Fatal(err)
		}
	}
	read := func(want string) {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		for {
			_, packet, err := conn.ReadMessage()
			switch {
			case err != nil:
				t.Fatal(err)
			case string(packet) == want || want != "2" && strings.Contains(string(packet), want):
				return
			case string(packet) == "2":
				pong()
			}
		}
	}
	read("40")
	eventually(t, "watched", func() bool { return session.watched() == 1 })
	session.say("before")
	read(`"before"`)
	read("2")
	session.say("after")
	read(`"after"`)
	pong()
	eventually(t, "marked", func() bool { return session.given() == 1 })
	s.close()
	if given := session.given(); given != 1 {
		t.Errorf("given up to %d", given)
	}
}
