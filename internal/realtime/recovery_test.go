package realtime_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/realtime"
)

func TestRecoveryOverOneMegabyte(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	for range 1500 {
		session.say(strings.Repeat("щ", 1000))
	}
	s := serve(t, log, func(p *realtime.Params) { p.Limits.QueueBytes = 256 << 10 })
	channel := "widget:" + id
	var readers sync.WaitGroup
	for range 2 {
		listener, subscriber := s.dial(), s.dial()
		readers.Go(func() {
			listener.connect(position(channel, 0, testLogID), id)
			listener.offsets(1, 1501)
			listener.silent()
		})
		readers.Go(func() {
			subscriber.connect("")
			subscriber.subscribe(channel, `,"recover":true,"offset":0,"epoch":"`+testLogID+`"`)
			subscriber.offsets(1, 1501)
			subscriber.silent()
		})
	}
	session.say("meanwhile")
	readers.Wait()
}

// signalCounter tells when it counts.
type signalCounter struct {
	prometheus.Counter
	counted chan struct{}
}

func (c signalCounter) Inc() {
	c.Counter.Inc()
	close(c.counted)
}

func read(t *testing.T, metric prometheus.Metric) *dto.Metric {
	t.Helper()
	var m dto.Metric
	if err := metric.Write(&m); err != nil {
		t.Fatal(err)
	}
	return &m
}

func TestSlowReaderIsToldToReconnect(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	connections := prometheus.NewGauge(prometheus.GaugeOpts{Name: "connections"})
	slow := signalCounter{prometheus.NewCounter(prometheus.CounterOpts{Name: "slow"}), make(chan struct{})}
	lag := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "lag"})
	s := serve(t, log, func(p *realtime.Params) {
		p.Limits.QueueBytes = 128 << 10
		p.Limits.WriteTimeout = 2 * time.Second // after which the stuck write lets go
		p.Metrics = realtime.Metrics{Connections: connections, SlowReaders: slow, Lag: lag}
	})
	fast := s.dial()
	fast.connect("", id)
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}
	stuck, _, err := dialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/centrifugo/connection/websocket", http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stuck.Close() }()
	err = stuck.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["`+id+`"]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := stuck.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	body := strings.Repeat("x", 40_000)
	said := 0
	for range 400 { // more than the kernel's buffers and the queue hold
		session.say(body)
		fast.bodies(body)
		said++
	}
	select {
	case <-slow.counted:
	case <-time.After(patience):
		t.Fatal("never told to reconnect")
	}
	if n := read(t, connections).GetGauge().GetValue(); n != 1 {
		t.Errorf("%v connections are counted, want 1", n)
	}
	if n := read(t, lag).GetHistogram().GetSampleCount(); n < uint64(said) {
		t.Errorf("lag observed %d times of %d", n, said)
	}
	back := s.dial()
	sub := back.connect(position("widget:"+id, 0, testLogID), id).Connect.Subs["widget:"+id]
	if !sub.Recovered {
		t.Fatalf("got %+v", sub)
	}
	back.offsets(1, uint64(said))
	fast.silent()
}

// lateFeed has something happen just before a watch begins.
type lateFeed struct {
	*testLog
	before func()
}

func (f lateFeed) Watch(ctx context.Context, ref chat.SessionRef, fn func(*chat.Event)) (chat.Head, func(), error) {
	f.before()
	return f.testLog.Watch(ctx, ref, fn)
}

func TestNothingIsLostBeforeTheWatchBegins(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("one")
	c := serve(t, log, func(p *realtime.Params) {
		p.Feed = lateFeed{log, func() { session.say("two") }}
	}).dial()
	sub := c.connect(position("widget:"+id, 1, testLogID), id).Connect.Subs["widget:"+id]
	if !sub.Recovered || sub.Offset != 1 {
		t.Fatalf("got %+v, want recovered at 1", sub)
	}
	c.bodies("two")
	session.say("three")
	c.bodies("three")
}

func TestWatchThatCannotLookIsStopped(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, func(p *realtime.Params) {
		p.Feed = lateFeed{log, func() {
			session.say("two")
			log.fail(chat.Errorf(chat.CodeUnavailable, "the disk is full"))
		}}
	}).dial()
	c.send(`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["` + id + `"]}}}}`)
	if code := c.disconnected(); code != 3004 {
		t.Errorf("close code %d, want 3004, with which clients reconnect", code)
	}
	if n := session.watched(); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
}

// A session that a connection has joined comes back with it: the client names the channel's
// position, and an SDK does not join again.
func TestAJoinedSessionComesBack(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	first, joined := newSessionID(t), newSessionID(t)
	log.open(first)
	session := log.open(joined)
	session.say("heard")
	s := serve(t, log)
	session.say("missed")
	c := s.dial()
	subs := c.connect(`{"widget:`+joined+`":{"recover":true,"offset":1,"epoch":"`+testLogID+`"},"widget:nothing":{"recover":true}}`, first).Connect.Subs
	if sub := subs["widget:"+joined]; len(subs) != 2 || !sub.Recovered {
		t.Fatalf("got %+v", subs)
	}
	c.bodies("missed")
	session.say("new")
	c.bodies("new")
}

// Some make their UUIDs of capitals.
func TestSessionIDsOfCapitals(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id, joined := newSessionID(t), newSessionID(t)
	log.open(id).say("hello")
	log.open(joined)
	c := serve(t, log).dial()
	if _, ok := c.connect("", strings.ToUpper(id)).Connect.Subs["widget:"+id]; !ok {
		t.Fatal("not subscribed")
	}
	c.bodies("hello")
	c.send(`{"id":2,"rpc":{"method":"joinSession","data":{"id":"` + strings.ToUpper(joined) + `"}}}`)
	for _, got := range []string{c.next(), c.next()} {
		if strings.Contains(got, "error") {
			t.Fatalf("got %s", got)
		}
	}
}

// A position that no number can hold is beyond the top as any other.
func TestPositionBeyondAllNumbers(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	log.open(id).say("hello")
	c := serve(t, log).dial()
	sub := c.connect(`{"widget:`+id+`":{"recover":true,"offset":18446744073709551615,"epoch":"`+testLogID+`"}}`, id).Connect.Subs["widget:"+id]
	if sub.Recovered || sub.Offset != 1 {
		t.Fatalf("got %+v, want the present position, not recovered", sub)
	}
	c.silent()
}
