//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// TestBalanced has clients behind a load balancer that sends a stream to one node and what is
// posted for it to another, while Redis, over which the nodes talk, is killed and comes back.
func TestBalanced(t *testing.T) {
	t.Parallel()
	if installed.postgres == nil {
		return // one node alone on SQLite
	}
	redis, d := servers.NewRedis(t), newData(t)
	first, second := startNode(t, d, redis), startNode(t, d, redis)
	balancer := newBalancer(t, first, second)
	a := &api{t, second.url()}
	session := a.greeted()
	channel := widget(session)
	clients, by := map[string]*client{}, map[string]string{}
	for _, f := range flavours() {
		if f.transport == "websocket" {
			continue
		}
		listener := startClient(t, f, options{URL: balancer, Sessions: []string{session}})
		subscriber := startClient(t, f, options{URL: balancer, Sessions: []string{session}, Follow: true})
		clients[f.name+" listens"], clients[f.name+" subscribes"] = listener, subscriber
		by[f.name+" listens"], by[f.name+" subscribes"] = "server", "client"
	}
	for name, c := range clients {
		c.connect()
		c.join(session)
		if by[name] == "client" {
			c.await("subscription of its own", isSubscribed(channel))
		}
	}
	for i := range 10 {
		a.say(session, fmt.Sprint("Сообщение ", i))
	}
	if err := redis.Kill(); err != nil {
		t.Fatal(err)
	}
	last := a.ask(session, "Вы тут?").ID
	for _, c := range clients {
		c.await("answer without Redis", hasHeard(last))
	}
	if err := redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		if !eventually(func() bool { return c.call("joinSession", map[string]string{"id": session}).Code == 0 }) {
			t.Fatal("the nodes do not find each other again")
		}
	}
	last = a.ask(session, "Пока").ID
	history := byAuthors(a.history(session), "BOT")
	for name, c := range clients {
		c.await("last answer", hasHeardBy(last, by[name]))
		t.Run(name, func(t *testing.T) {
			events := c.seen()
			expectRecovered(t, events)
			got := heard(t, events, channel, by[name])
			want := history
			for len(want) > 0 && len(got) > 0 && want[0].Sequence < got[0].Sequence {
				want = want[1:] // given to others before the first connect
			}
			expectExactly(t, got, got[0].Offset-1, want)
			if t.Failed() {
				t.Logf("the client program printed:\n%s", tail(events))
			}
		})
	}
}

// TestPresent has two clients on two nodes ask who is there.
func TestPresent(t *testing.T) {
	t.Parallel()
	if installed.postgres == nil {
		return // one node alone on SQLite
	}
	redis, d := servers.NewRedis(t), newData(t)
	first, second := startNode(t, d, redis), startNode(t, d, redis)
	session := (&api{t, first.url()}).greeted()
	one, other := startPresent(t, first, session), startPresent(t, second, session)
	for _, c := range []*client{one, other} {
		if !eventually(func() bool { return c.present() == 2 }) {
			t.Error("a client does not see both")
		}
	}
	second.stop()
	if !eventually(func() bool { return one.present() == 1 }) {
		t.Error("a client sees one that is gone")
	}
}

func startPresent(t *testing.T, s *server, session string) *client {
	t.Helper()
	argument, err := json.Marshal(options{URL: s.url(), Sessions: []string{session}})
	if err != nil {
		t.Fatal(err)
	}
	c := startProgram(t, append(script("present.mjs"), string(argument)))
	c.next("subscribed", func() { c.do(command{Do: "connect"}) })
	return c
}

// present asks who is in the channel; 0 when that is not known.
func (c *client) present() int {
	c.t.Helper()
	reply := c.next("reply", func() { c.do(command{Do: "present"}) })
	if reply.Code != 0 {
		return 0
	}
	var found struct{ NumClients, Clients int }
	if err := json.Unmarshal(reply.Data, &found); err != nil || found.Clients != found.NumClients {
		c.t.Errorf("got %s, %v", reply.Data, err)
	}
	return found.NumClients
}

// newBalancer sends what is posted to an emulation endpoint to another node than the rest.
func newBalancer(t *testing.T, streams, posts *server) (address string) {
	t.Helper()
	to := func(s *server) *httputil.ReverseProxy {
		target, err := url.Parse(s.url())
		if err != nil {
			t.Fatal(err)
		}
		return &httputil.ReverseProxy{
			FlushInterval: -1,
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
			ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		}
	}
	toStreams, toPosts := to(streams), to(posts)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/emulation") {
			toPosts.ServeHTTP(w, r)
		} else {
			toStreams.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
	})
	return front.URL
}

// startNode starts one of several servers over the same data. It is stopped, gracefully, at the
// end of the test.
func startNode(t *testing.T, d data, redis *servers.Redis) *server {
	t.Helper()
	s := &server{t: t, data: d, log: &output{}}
	cmd := exec.Command(installed.server, "serve", "--listen", "127.0.0.1:0", "--data", d.dir, "--redis-url", redis.URL(), "--rate-limit", "off")
	cmd.Env = d.environment()
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd
	t.Cleanup(func() {
		if s.process != nil {
			s.stop()
		}
		if strings.Contains(s.log.String(), "level=ERROR") {
			t.Error("the server has logged an error")
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log)
		}
	})
	page := make(chan string, 1)
	go func() {
		defer close(page)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "Page" {
				page <- words[1]
			}
		}
	}()
	select {
	case address := <-page:
		s.address = strings.Trim(strings.TrimPrefix(address, "http://"), "/")
	case <-time.After(patience):
	}
	if s.address == "" {
		t.Fatalf("the server did not start:\n%s", s.log)
	}
	return s
}
