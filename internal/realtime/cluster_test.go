package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/realtime"
	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/test/servers"
)

// testTTL is how long presence lasts here.
const testTTL = 2 * time.Second

// member makes a server one of several nodes over a Redis.
func member(t *testing.T, redis, name string) func(*realtime.Params) {
	t.Helper()
	link, err := relay.New(relay.Params{
		URL: redis, LogID: testLogID, Node: name, Log: slog.New(slog.DiscardHandler),
		Deliver: func(chat.Ring) {}, Resync: func(int64) {}, RingClient: func(chat.ClientRef) {}, // the test's log is one for all
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	return func(p *realtime.Params) {
		p.Control = link.Control()
		p.Presence = realtime.Presence{Redis: redis, TTL: testTTL}
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// openStream connects over an emulated transport.
func openStream(t *testing.T, base, transport, sessionID string) *http.Response {
	t.Helper()
	connect := `{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["` + sessionID + `"]}}}}`
	address := base + "/centrifugo/connection/" + transport
	if transport != "sse" {
		return post(t, address, connect)
	}
	response, err := http.Get(address + "?cf_connect=" + url.QueryEscape(connect))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// try sends a command beside the stream and returns the status of the answer.
func (s *stream) try(command string) int {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"session": s.session, "node": s.node, "data": command})
	began := time.Now()
	response := post(s.t, s.url+"/emulation", string(body))
	if took := time.Since(began); took > 5*time.Second {
		s.t.Errorf("a post took %v", took)
	}
	return response.StatusCode
}

// nothing is a command that does nothing.
const nothing = `{"id":9,"rpc":{"method":"nothing"}}`

// accepted tries a command and takes its answer.
func (s *stream) accepted() bool {
	s.t.Helper()
	if s.try(nothing) != http.StatusNoContent {
		return false
	}
	if f := parse(s.t, s.next()); f.ID != 9 || f.Error == nil || f.Error.Code != 104 {
		s.t.Fatalf("got %+v", f)
	}
	return true
}

// TestPostsToAnotherNode has clients whose stream is on one node and whose posts all go to
// another, as they may behind a load balancer.
func TestPostsToAnotherNode(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http_stream", "sse"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			redis := servers.NewRedis(t)
			log := newTestLog()
			id := newSessionID(t)
			session := log.open(id)
			session.say("greeting")
			a := serve(t, log, held, member(t, redis.URL(), "a"))
			b := serve(t, log, held, member(t, redis.URL(), "b"))

			c := newStream(t, b.http.URL, openStream(t, a.http.URL, transport, id))
			eventually(t, "the nodes know each other", c.accepted)
			c.send("/emulation", `{"id":2,"subscribe":{"channel":"widget:`+id+`"}}`)
			if f := parse(t, c.next()); f.Subscribe == nil {
				t.Fatalf("got %+v", f)
			}
			session.say("two")
			for _, body := range []string{"greeting", "two"} {
				if p := publicationOf(t, c.next()); p.Body != body {
					t.Fatalf("got %s, want %s", p.Raw, body)
				}
			}
			const join, joined = `{"id":3,"rpc":{"method":"joinSession","data":{"id":"`, `{"id":3,"rpc":{"data":{"success":true}}}`
			for range 20 {
				c.send("/centrifugo/emulation", join+id+`"}}}`)
				if got := c.next(); got != joined {
					t.Fatalf("got %s", got)
				}
			}

			if err := redis.Kill(); err != nil {
				t.Fatal(err)
			}
			for range 3 { // centrifuge-js takes these for the end, and comes back
				if status := c.try(nothing); status != http.StatusNotFound && status != http.StatusInternalServerError {
					t.Errorf("status %d while Redis is away", status)
				}
			}
			session.say("three")
			if p := publicationOf(t, c.next()); p.Body != "three" {
				t.Errorf("got %s", p.Raw)
			}
			if err := redis.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the nodes know each other again", c.accepted)
			c.send("/emulation", join+id+`"}}}`)
			if got := c.next(); got != joined {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestPostsToANodeThatIsGone are answered at once.
func TestPostsToANodeThatIsGone(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	a := serve(t, log, member(t, redis.URL(), "a"))
	b := serve(t, log, member(t, redis.URL(), "b"))
	c := newStream(t, b.http.URL, openStream(t, a.http.URL, "http_stream", id))
	eventually(t, "the nodes know each other", c.accepted)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the post fails", func() bool { return c.try(nothing) == http.StatusNotFound })
}

// asks asks who is in a channel and returns how many are.
func (c *client) asks(channel string) int {
	c.t.Helper()
	c.send(`{"id":7,"presence_stats":{"channel":"` + channel + `"}}`)
	f := c.reply()
	if f.Error != nil {
		return -f.Error.Code
	}
	return f.PresenceStats.Clients
}

// lists lists them.
func (c *client) lists(channel string) map[string]json.RawMessage {
	c.t.Helper()
	c.send(`{"id":8,"presence":{"channel":"` + channel + `"}}`)
	f := c.reply()
	if f.Presence == nil {
		c.t.Fatalf("got %+v", f)
	}
	return f.Presence.Presence
}

func expectClients(t *testing.T, got map[string]json.RawMessage, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %s, want %v", got, want)
	}
	for _, id := range want {
		if text := string(got[id]); text != `{"user":"","client":"`+id+`"}` {
			t.Errorf("client %s: got %s", id, text)
		}
	}
}

func TestPresenceOnOneNode(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	mine, other := newSessionID(t), newSessionID(t)
	log.open(mine)
	log.open(other)
	s := serve(t, log)
	c, d := s.dial(), s.dial()
	first, second := c.connect("", mine).Connect.Client, d.connect("", mine).Connect.Client
	channel := "widget:" + mine
	for _, asking := range []*client{c, d} {
		if got := asking.asks(channel); got != 2 {
			t.Errorf("%d, want 2", got)
		}
		expectClients(t, asking.lists(channel), first, second)
	}
	for _, foreign := range []string{"widget:" + other, "session:" + mine, "widget:" + newSessionID(t), "x"} {
		if got := c.asks(foreign); got != -103 {
			t.Errorf("%s: %d, want error 103", foreign, got)
		}
	}
}

func TestPresenceEnds(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	s := serve(t, log)
	c, d := s.dial(), s.dial()
	c.connect("", id)
	d.connect("", id)
	channel := "session:" + id
	c.subscribe(channel, "")
	d.subscribe(channel, "")
	if got := c.asks(channel); got != 2 {
		t.Errorf("%d, want 2", got)
	}
	d.send(`{"id":5,"unsubscribe":{"channel":"` + channel + `"}}`)
	d.next()
	if got := c.asks(channel); got != 1 {
		t.Errorf("%d after an unsubscribe, want 1", got)
	}
	_ = d.conn.Close()
	eventually(t, "one is left", func() bool { return c.asks("widget:"+id) == 1 })
}

func TestPresenceOverNodes(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	channel := "session:" + id
	way := newWay(t, redis.Addr())
	a := serve(t, log, member(t, redis.URL(), "a"))
	b := serve(t, log, member(t, "redis://"+way.address(), "b"))
	c, d, e := a.dial(), b.dial(), b.dial()
	ids := make([]string, 0, 3)
	for _, one := range []*client{c, d, e} {
		ids = append(ids, one.connect("", id).Connect.Client)
		one.subscribe(channel, "")
	}
	eventually(t, "a knows all", func() bool { return c.asks(channel) == 3 })
	eventually(t, "b knows all", func() bool { return d.asks(channel) == 3 })
	expectClients(t, c.lists(channel), ids...)
	expectNoSecret(t, redis, id)

	<-time.After(testTTL + testTTL/2) // real time: Redis's
	if got := c.asks(channel); got != 3 {
		t.Errorf("%d after a while, want 3", got)
	}
	_ = e.conn.Close()
	eventually(t, "a knows who has left", func() bool { return c.asks(channel) == 2 })

	way.cut() // as if b were killed
	began := time.Now()
	eventually(t, "a forgets those of b", func() bool { return c.asks(channel) == 1 })
	if took := time.Since(began); took > 2*testTTL {
		t.Errorf("it took %v", took)
	}
}

// TestPresenceHoweverSubscribed: what joinSession gives counts, and so does what a client takes
// over from the connection.
func TestPresenceHoweverSubscribed(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	channel := "widget:" + id
	a := serve(t, log, held, member(t, redis.URL(), "a"))
	b := serve(t, log, held, member(t, redis.URL(), "b"))
	asking, joining, taking := a.dial(), b.dial(), b.dial()
	asking.connect("", id)
	eventually(t, "Redis is there", func() bool { return asking.asks(channel) == 1 })
	joining.connect("")
	joining.send(`{"id":5,"rpc":{"method":"joinSession","data":{"id":"` + id + `"}}}`)
	joining.next()
	eventually(t, "who joined is seen", func() bool { return asking.asks(channel) == 2 })
	taking.connect("", id)
	taking.subscribe(channel, "")
	eventually(t, "who took over is seen", func() bool { return asking.asks(channel) == 3 })
	taking.send(`{"id":6,"unsubscribe":{"channel":"` + channel + `"}}`)
	eventually(t, "who unsubscribed is not", func() bool { return asking.asks(channel) == 2 })
}

// expectNoSecret: whoever looks into Redis learns of no session.
func expectNoSecret(t *testing.T, redis *servers.Redis, secret string) {
	t.Helper()
	answer := ask(t, redis, "KEYS *")
	if !strings.Contains(answer, ".presence.") || strings.Contains(answer, secret) {
		t.Errorf("Redis has %s", answer)
	}
}

// TestNobodyWaitsForPresence: connects and subscribes are as quick, whatever Redis does. Whoever
// waits for it does so in every round, a busy machine is in the way of some.
func TestNobodyWaitsForPresence(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(*servers.Redis) error{
		"killed": (*servers.Redis).Kill,
		"paused": (*servers.Redis).Pause,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := servers.NewRedis(t)
			log := newTestLog()
			id := newSessionID(t)
			log.open(id)
			channel := "session:" + id
			s := serve(t, log, member(t, redis.URL(), "a"))
			c := s.dial()
			c.connect("", id)
			c.subscribe(channel, "")
			eventually(t, "Redis is there", func() bool { return c.asks(channel) == 1 })
			var quick, quickLater bool
			for range 5 {
				if err := disturb(redis); err != nil {
					t.Fatal(err)
				}
				quick = allQuick(s, id) || quick
				eventually(t, "it is known to be away", func() bool { return c.asks(channel) == -100 })
				quickLater = allQuick(s, id) || quickLater
				if err := errorOf(redis.Resume, redis.Kill, func() error { return redis.Start(t.Context()) }); err != nil {
					t.Fatal(err)
				}
				eventually(t, "it is back", func() bool { return c.asks(channel) == 1 })
				if quick && quickLater {
					return
				}
			}
			t.Errorf("in no round was all quick: before it was known to be away: %v, after it: %v", quick, quickLater)
		})
	}
}

// TestARedisThatRefusesWrites is asked on, says so once, and is told again when it has room.
func TestARedisThatRefusesWrites(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	channel := "widget:" + id
	var text logText
	lasting := func(p *realtime.Params) { p.Presence.TTL = time.Minute }
	logged := func(p *realtime.Params) { p.Log = slog.New(slog.NewTextHandler(&text, nil)) }
	a := serve(t, log, member(t, redis.URL(), "a"), lasting)
	b := serve(t, log, member(t, redis.URL(), "b"), lasting, logged)
	c, d := a.dial(), b.dial()
	for _, one := range []*client{c, d} {
		one.connect("", id)
		eventually(t, "Redis is there", func() bool { return one.asks(channel) > 0 })
		_ = one.conn.Close()
	}
	c, d = a.dial(), b.dial()
	c.connect("", id)
	d.connect("", id)
	eventually(t, "a's client sees b's", func() bool { return c.asks(channel) == 2 })

	const warning, over = "Redis does not keep who is connected", "Redis keeps again who is connected"
	ask(t, redis, "CONFIG SET maxmemory 1")
	for range 5 {
		e := b.dial()
		e.connect("", id)
		eventually(t, "it is logged", func() bool { return text.count(warning) > 0 })
		if got := c.asks(channel); got != 2 {
			t.Fatalf("%d, want 2; log:\n%s", got, &text)
		}
		_ = e.conn.Close()
	}
	_ = d.conn.Close()
	eventually(t, "who leaves is not seen any more", func() bool { return c.asks(channel) == 1 })

	ask(t, redis, "CONFIG SET maxmemory 0")
	eventually(t, "who comes is seen", func() bool {
		e := b.dial()
		e.connect("", id)
		return c.asks(channel) > 1
	})
	eventually(t, "that is logged", func() bool { return text.count(over) > 0 })
	if text.count(warning) != 1 || text.count(over) != 1 || !strings.Contains(text.String(), "OOM") {
		t.Errorf("log:\n%s", &text)
	}
}

// TestTheDocumentedUserOfRedisMayDoEnough takes the user from docs/operations.md, and a database
// other than the first.
func TestTheDocumentedUserOfRedisMayDoEnough(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	user := regexp.MustCompile(`(?m)^user (govorun on) >…( .+)$`).FindSubmatch(document)
	if user == nil {
		t.Fatal("docs/operations.md has no user for Redis")
	}
	redis := servers.NewRedis(t)
	ask(t, redis, fmt.Sprintf("ACL SETUSER %s >hush%s", user[1], user[2]))
	ask(t, redis, "ACL SETUSER default nopass -@all +quit")
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	url := "redis://govorun:hush@" + redis.Addr() + "/2"
	a, b := serve(t, log, member(t, url, "a")), serve(t, log, member(t, url, "b"))
	c := a.dial()
	c.connect("", id)
	eventually(t, "a has Redis", func() bool { return c.asks("widget:"+id) == 1 })
	posting := newStream(t, b.http.URL, openStream(t, a.http.URL, "http_stream", id))
	eventually(t, "the nodes talk", posting.accepted)
	eventually(t, "a client of b is seen", func() bool {
		d := b.dial()
		d.connect("", id)
		return c.asks("widget:"+id) > 2
	})
}

// ask has Redis do something.
func ask(t *testing.T, redis *servers.Redis, command string) (answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", redis.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, command+"\r\nQUIT\r\n")
	all, err := io.ReadAll(conn)
	if err != nil || strings.HasPrefix(string(all), "-") {
		t.Fatalf("%s: %s, %v", command, all, err)
	}
	return string(all)
}

// logText is a log in memory.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logText) count(what string) int { return strings.Count(l.String(), what) }

// errorOf does one thing after the other; that the first are not needed is no error.
func errorOf(steps ...func() error) (err error) {
	for _, step := range steps {
		err = step()
	}
	return err
}

// allQuick connects and subscribes some, one after the other, and reports whether none was held
// up for half the time for which a call to Redis may be.
func allQuick(s *testServer, id string) bool {
	const clients, slow = 20, 500 * time.Millisecond
	quick := true
	for range clients {
		began := time.Now()
		d := s.dial()
		d.connect("", id)
		d.subscribe("session:"+id, "")
		d.send(`{"id":5,"unsubscribe":{"channel":"session:` + id + `"}}`)
		d.next()
		_ = d.conn.Close()
		quick = quick && time.Since(began) < slow
	}
	return quick
}

func TestRedisNeedNotBeThereAtTheStart(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	if err := redis.Kill(); err != nil {
		t.Fatal(err)
	}
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	channel := "widget:" + id
	a, b := serve(t, log, member(t, redis.URL(), "a")), serve(t, log, member(t, redis.URL(), "b"))
	c, d := a.dial(), b.dial()
	c.connect("", id)
	d.connect("", id)
	if got := c.asks(channel); got != -100 {
		t.Errorf("%d, want error 100", got)
	}
	if err := redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a knows both", func() bool { return c.asks(channel) == 2 })
	eventually(t, "b knows both", func() bool { return d.asks(channel) == 2 })
}

func TestAWrongURLOfRedisIsAnErrorWithoutItsPassword(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	_, err := realtime.New(realtime.Params{
		Service: log, Feed: log, Events: log, LogID: testLogID, Log: slog.New(slog.DiscardHandler),
		Presence: realtime.Presence{Redis: "redis://u:secret@localhost/zero"},
	})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// way is a network to Redis that can be cut.
type way struct {
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	conns []net.Conn
}

func newWay(t *testing.T, target string) *way {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{listener: listener}
	w.running.Go(func() { w.accept(target) })
	t.Cleanup(func() {
		w.cut()
		w.running.Wait()
	})
	return w
}

func (w *way) address() string { return w.listener.Addr().String() }

func (w *way) accept(target string) {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		far, err := net.Dial("tcp", target)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, near, far)
		w.mu.Unlock()
		w.running.Go(func() { _, _ = io.Copy(far, near); _ = far.Close() })
		w.running.Go(func() { _, _ = io.Copy(near, far); _ = near.Close() })
	}
}

// cut ends it for good.
func (w *way) cut() {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		_ = conn.Close()
	}
}
