package socketio_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/socketio"
)

func numbers(from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, strconv.Itoa(i))
	}
	return list
}

func (s *testSession) sayAll(bodies []string) {
	for _, text := range bodies {
		s.say(text)
	}
}

func TestFirstConnectGivesWhatNobodyHasHad(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(*testServer, string) *client) {
		log := newTestLog()
		session := log.open(sessionA)
		session.sayAll(numbers(0, 1000))
		session.WidgetGiven = 300 // by REST
		c := open(serve(t, log), strings.ToUpper(sessionA)).join()
		c.bodies(numbers(300, 1000)...)
		session.sayAll(numbers(1000, 1100))
		c.bodies(numbers(1000, 1100)...)
		c.settled()
	})
}

func TestWhoLeavesIsGivenTheRestNextTime(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(*testServer, string) *client) {
		log := newTestLog()
		session := log.open(sessionA)
		s := serve(t, log)
		for round := range 5 {
			c := open(s, sessionA).join()
			if round > 0 {
				c.bodies("missed")
			}
			session.say("heard")
			c.bodies("heard")
			c.settled() // what is on its way when the client leaves would come again
			c.send("41")
			log.awaitMark(t)
			session.say("missed")
		}
	})
}

// TestWhoDiesMissesNothing: a client that dies is given again what may not have come, and no gap.
func TestWhoDiesMissesNothing(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(*testServer, string) *client) {
		log := newTestLog()
		session := log.open(sessionA)
		s := serve(t, log)
		said := 0
		for range 5 {
			c := open(s, sessionA).join()
			had := said
			session.sayAll(numbers(said, said+10))
			said += 10
			for last := ""; last != strconv.Itoa(said-1); {
				last = body.FindStringSubmatch(c.next())[1]
			}
			c.kill()
			session.sayAll(numbers(said, said+10)) // to one who is dead, as the server may not know yet
			said += 10
			d := open(s, sessionA).join()
			first, err := strconv.Atoi(body.FindStringSubmatch(d.next())[1])
			if err != nil || first > had+10 {
				t.Fatalf("begins with %d, the dead had what is below %d", first, had+10)
			}
			d.bodies(numbers(first+1, said)...)
			d.settled()
			d.send("41")
			eventually(t, "marked", func() bool { return session.given() == int64(said) })
		}
	})
}

func TestLostRingsLeaveNoGap(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(*testServer, string) *client) {
		log := newTestLog()
		session := log.open(sessionA)
		c := open(serve(t, log), sessionA).join()
		c.settled()
		eventually(t, "watched", func() bool { return session.watched() == 1 })
		for i := range 300 {
			if i%3 == 0 {
				session.say(strconv.Itoa(i))
			} else {
				session.lost(botSays(strconv.Itoa(i)))
			}
		}
		session.say("300")
		c.bodies(numbers(0, 301)...)
	})
}

// upgrade is a client that has polled and goes on over a WebSocket. It does so as python-engineio does,
// before its first poll: the next packet after the probe must be the probe's answer (TWIN, section 4).
func (s *testServer) upgrade(eio int, key string, meanwhile func()) *client {
	s.t.Helper()
	opened, err := fetch(s.t.Context(), s.http.Client(), s.url(eio, "polling", key), "")
	if err != nil {
		s.t.Fatal(err)
	}
	_, sid, _ := strings.Cut(opened, `"sid":"`)
	sid, _, _ = strings.Cut(sid, `"`)
	c := s.dial(eio, key+"&sid="+sid)
	meanwhile()
	c.send("2probe")
	c.expect("3probe")
	c.send("5")
	if eio == 4 {
		c.send("40")
	}
	c.expect("40")
	return c
}

func TestUpgradeLosesNothing(t *testing.T) {
	t.Parallel()
	for _, eio := range []int{3, 4} {
		t.Run(fmt.Sprint(eio), func(t *testing.T) {
			t.Parallel()
			log := newTestLog()
			session := log.open(sessionA)
			s := serve(t, log)
			c := s.upgrade(eio, sessionA, func() { session.sayAll(numbers(0, 10)) })
			session.sayAll(numbers(10, 20))
			c.bodies(numbers(0, 20)...)
			c.settled()
		})
	}
}

func TestSilenceAfterUpgradeEndsTheConnection(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	s := serve(t, log, func(p *socketio.Params) {
		p.Limits.PingInterval, p.Limits.PingTimeout = patience/20, patience/20
	})
	_ = s.upgrade(3, sessionA, func() {}).ended()
	c := s.upgrade(3, sessionA, func() {})
	c.send("2")
	c.expect("3")
	_ = c.ended() // by the library, now that there was a ping
	eventually(t, "nobody watches", func() bool { return session.watched() == 0 && s.Seated() == 0 })
}

func TestSlowReaderIsClosedAndHarmsNobody(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	s := serve(t, log, func(p *socketio.Params) {
		p.Limits = socketio.Limits{QueueBytes: 256 << 10, WriteTimeout: patience / 20}
	})
	slow, _ := stalled(t, s, sessionA)
	c := s.dial(4, sessionA).join()
	c.settled()
	eventually(t, "both watched", func() bool { return session.watched() == 2 })
	long := strings.Repeat("x", 32<<10)
	for i := 0; i < 1000 && session.watched() == 2; i++ { // 32 MB are more than any socket takes
		session.say(long)
		c.expect(`42["chatMessageCreatedEmit"`)
	}
	eventually(t, "the slow one closed", func() bool { return session.watched() == 1 })
	_ = slow.Close()
	c.settled()
}

func TestTwoConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	s := serve(t, log)
	c, d := s.dial(3, sessionA).join(), s.poll(4, sessionA).join()
	c.settled()
	d.settled()
	eventually(t, "both watched", func() bool { return session.watched() == 2 })
	session.sayAll(numbers(0, 100))
	c.bodies(numbers(0, 100)...)
	d.bodies(numbers(0, 100)...)
}

func TestCloseTellsClients(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(*testServer, string) *client) {
		log := newTestLog()
		session := log.open(sessionA)
		s := serve(t, log)
		c := open(s, sessionA).join()
		c.settled()
		session.say("last")
		c.bodies("last")
		s.close()
		why := c.ended()
		if c.socket != nil && !strings.Contains(why.Error(), "1001") || c.socket == nil && why.Error() != "close packet" && !strings.Contains(why.Error(), "unknown") {
			t.Errorf("told %v", why)
		}
		if _, err := fetch(t.Context(), s.http.Client(), s.url(4, "polling", sessionA), ""); err == nil || !strings.HasPrefix(err.Error(), "503") {
			t.Errorf("a closed server answered %v", err)
		}
	})
}

func TestOperatorsStateComesFromTheDomain(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	c := serve(t, log).dial(4, sessionA).join()
	c.settled()
	eventually(t, "watched", func() bool { return session.watched() == 1 })
	var rung []chat.Ring
	service := chat.NewService(chat.Params{Now: nowTest, NewID: func() string { return "e" }, Ring: func(r chat.Ring) { rung = append(rung, r) }})
	service.OperatorStatusChanged(session.Ref(), chat.OperatorStatusChanged{OperatorID: "389", Previous: chat.OperatorPaused, Current: chat.OperatorActive})
	service.OperatorLoggedOut(session.Ref(), "389")
	for _, r := range rung {
		session.add(r.Events[0].Payload)
	}
	c.expect(`42["operatorStatusChangedEmit",{"operatorId":"389","previousStatus":"PAUSED","currentStatus":"ACTIVE"}]`,
		`42["operatorLoggedOutEmit",{"operatorId":"389"}]`)
}
