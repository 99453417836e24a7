//go:build interop

package interop

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// legacy is a library of Socket.IO and how it connects.
type legacy struct {
	name        string
	program     []string
	version     int      // of socket.io-client
	transports  []string // nil: the library's own choice
	path        string
	noWebsocket bool // Python without websocket-client
}

// aWhile is how long one that has left is waited for who may have left silently.
const aWhile = 3 * time.Second

func legacies() []legacy {
	var all []legacy
	four, five := []string{installed.socketio4, "python/socketio_client.py"}, []string{installed.socketio5, "python/socketio_client.py"}
	js := []string{"node", filepath.Join(installed.nodeDir, "js", "socketio.mjs")}
	for _, path := range []string{"socket.io", "operator/socket.io"} {
		all = append(all,
			legacy{"python-socketio 4, " + path, four, 0, nil, path, false},
			legacy{"python-socketio 4 without websocket-client, " + path, four, 0, nil, path, true})
	}
	for _, transport := range []string{"polling", "websocket"} {
		all = append(all, legacy{"python-socketio 4 " + transport, four, 0, []string{transport}, "socket.io", false})
		all = append(all, legacy{"python-socketio 5 " + transport, five, 0, []string{transport}, "socket.io", false})
	}
	all = append(all, legacy{"python-socketio 5", five, 0, nil, "operator/socket.io", false})
	for _, version := range []int{2, 4} {
		for name, transports := range map[string][]string{"polling": {"polling"}, "websocket": {"websocket"}, "upgrade": {"polling", "websocket"}} {
			all = append(all, legacy{"socket.io-client " + string(rune('0'+version)) + " " + name, js, version, transports, "socket.io", false})
		}
	}
	return all
}

// start runs a client program for a session.
func (l legacy) start(t *testing.T, url, session string) *client {
	t.Helper()
	argument, err := json.Marshal(map[string]any{
		"url": url, "sessions": []string{session}, "path": l.path, "transports": l.transports,
		"version": l.version, "noWebsocket": l.noWebsocket,
	})
	if err != nil {
		t.Fatal(err)
	}
	return startProgram(t, append(slices.Clone(l.program), string(argument)))
}

// mayLeaveSilently picks the libraries that may say nothing when they disconnect: python-socketio by
// polling, whose loop that sends ends when it sees the new state before the packet (always so in 5, see
// python/socketio_client.py). The server takes nothing for received by that.
func (l legacy) mayLeaveSilently() bool {
	python := l.program[0] == installed.socketio4 || l.program[0] == installed.socketio5
	return python && (l.noWebsocket || slices.Equal(l.transports, []string{"polling"}))
}

// received lists the data of an event that has come.
func received(t *testing.T, events []event, name string) (all []map[string]any) {
	t.Helper()
	for _, e := range events {
		if e.Event == "received" && e.Message == name {
			var data map[string]any
			if err := json.Unmarshal(e.Data, &data); err != nil {
				t.Fatalf("%s: %v", e.Data, err)
			}
			all = append(all, data)
		}
	}
	return all
}

const created = "chatMessageCreatedEmit"

// awaitMessages waits until n messages have come.
func (c *client) awaitMessages(n int) {
	c.t.Helper()
	c.await("messages", func(events []event) bool { return len(received(c.t, events, created)) >= n })
}

// messagesOf counts the messages of a session, which gives the client none of them.
func (a *api) messagesOf(session string) int {
	a.t.Helper()
	var list struct{ Count int }
	a.must(http.MethodGet, "/sessions/"+session+"/messages?withoutItems=true", nil, &list)
	return list.Count
}

// sayAnswered says a message and waits until the bot has answered it.
func (a *api) sayAnswered(session, body string) {
	a.t.Helper()
	before := a.messagesOf(session)
	a.say(session, body)
	if !eventually(func() bool { return a.messagesOf(session) >= before+2 }) {
		a.t.Fatal("the bot does not answer")
	}
}

// awaitNobody waits until the server knows that no client of Socket.IO is connected any more. One that
// may leave silently is given a while to be heard.
func (s *server) awaitNobody(silently bool) {
	s.t.Helper()
	nobody := func() bool {
		res, err := http.Get(s.url() + "/metrics")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return err == nil && strings.Contains(string(text), "\ngovorun_connections{transport=\"socketio\"} 0\n")
	}
	if silently {
		within(aWhile, nobody)
	} else if !eventually(nobody) {
		s.t.Fatal("the server does not notice that a client has left")
	}
}

// greeting is how many messages the demo bot greets with.
const greeting = 2

// TestSocketIO: each library, over each transport, is given every message once and in order while
// connected, what it missed when it comes back, and what it missed when it had died.
func TestSocketIO(t *testing.T) {
	t.Parallel()
	for _, l := range legacies() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t) // of its own: it says how many are connected
			a := &api{t, s.url()}
			session := a.start()
			c := l.start(t, s.url(), session)
			c.connect()
			c.awaitMessages(greeting)
			for _, text := range []string{"Привет!", "🙂👩‍👩‍👧 ёлочки «»", "Пока"} {
				a.sayAnswered(session, text)
				c.awaitMessages(len(byAuthors(a.history(session), "BOT")))
			}
			c.await("typing", func(events []event) bool { return len(received(t, events, "showTypingIndicatorEmit")) > 0 })
			c.emits(session, a)

			c.next("disconnected", func() { c.do(command{Do: "disconnect"}) })
			s.awaitNobody(l.mayLeaveSilently()) // what it is sent while it leaves, the server takes for received
			a.sayAnswered(session, "Меня нет")
			c.connect()
			c.awaitMessages(len(byAuthors(a.history(session), "BOT")))
			c.emits(session, a)

			c.end("die") // one that is not dead yet might still hear what follows
			a.sayAnswered(session, "Меня опять нет 😶")
			d := l.start(t, s.url(), session)
			d.connect()
			d.awaitMessages(1)
			a.must(http.MethodPost, "/sessions/"+session+"/close", nil, nil)
			events := d.await("close", func(events []event) bool { return len(received(t, events, "sessionClosedEmit")) > 0 })

			said := byAuthors(a.history(session), "BOT")
			expectSaid(t, received(t, c.seen(), created), said[:len(said)-1])
			// What came a moment before the death may come again.
			after := received(t, events, created)
			expectSaid(t, after, said[max(0, len(said)-len(after)):])
		})
	}
}

// emits has the client tell of things, and be answered.
func (c *client) emits(session string, a *api) {
	c.t.Helper()
	last := received(c.t, c.seen(), created)
	for _, tt := range []struct {
		method string
		data   map[string]any
		answer string
	}{
		{"chatMessageRead", map[string]any{"messageId": last[len(last)-1]["id"]}, `{"success":true}`},
		{"chatMessageReadEmit", map[string]any{"messageId": "Привет 😀"}, `{"error":"messageId: expected the id of a message"}`},
		{"showTypingIndicatorEmit", map[string]any{"body": "Пишу 😀"}, `{"success":true}`},
		{created, map[string]any{"authorType": "BOT", "body": "I am the bot"}, `{"error":"unknown event"}`},
	} {
		reply := c.next("reply", func() { c.do(command{Do: "emit", Method: tt.method, Data: tt.data}) })
		var got, want any
		if json.Unmarshal(reply.Data, &got) != nil || json.Unmarshal([]byte(tt.answer), &want) != nil || !equalJSON(got, want) {
			c.t.Errorf("%s %v was answered with %s, want %s", tt.method, tt.data, reply.Data, tt.answer)
		}
	}
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// expectSaid fails unless exactly the wanted messages came, with the documented fields.
func expectSaid(t *testing.T, got []map[string]any, want []message) {
	t.Helper()
	fields := []string{"actions", "answers", "attachments", "authorId", "authorName", "authorType", "avatar", "body", "createdAt", "id", "sessionId", "type"}
	if len(got) != len(want) {
		t.Fatalf("%d messages came, want %d: %v", len(got), len(want), got)
	}
	for i, m := range got {
		var names []string
		for name := range m {
			names = append(names, name)
		}
		slices.Sort(names)
		if m["id"] != want[i].ID || m["body"] != want[i].Body || !slices.Equal(names, fields) {
			t.Errorf("message %d is %v, want %+v", i, m, want[i])
		}
	}
}

// TestSocketIORefuses: every library makes a clear error of an unknown key.
func TestSocketIORefuses(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, l := range legacies() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			c := l.start(t, s.url(), "5d32dc5a-73d3-457e-9b30-5f7ff4c5fa24")
			c.do(command{Do: "connect"})
			c.await("error", func(events []event) bool {
				return slices.ContainsFunc(events, func(e event) bool {
					return e.Event == "error" && strings.Contains(e.Message, "session not found")
				})
			})
		})
	}
}
