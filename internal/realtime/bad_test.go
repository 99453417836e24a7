package realtime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/realtime"
)

func TestBadConnectData(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestLog(), func(p *realtime.Params) { p.Limits.Sessions = 2 })
	for _, test := range []struct{ data, message string }{
		{`null`, `bad request: data: missing, expected a JSON object`},
		{`"widget"`, `bad request: data: expected a JSON object`},
		{`[]`, `bad request: data: expected a JSON object`},
		{`{}`, `bad request: application: missing, expected "widget"`},
		{`{"application":"notifications"}`, `bad request: application: unknown, expected "widget"`},
		{`{"application":1}`, `bad request: application: expected a string, got a JSON number`},
		{`{"application":"widget","settings":[]}`, `bad request: settings: expected an object, got a JSON array`},
		{`{"application":"widget","settings":{"sessions":"x"}}`, `bad request: settings.sessions: expected an array of strings, got a JSON string`},
		{`{"application":"widget","settings":{"sessions":[1]}}`, `bad request: settings.sessions: expected a string, got a JSON number`},
		{`{"application":"widget","settings":{"echo":"yes"}}`, `bad request: settings.echo: expected true or false, got a JSON string`},
		{`{"application":"widget","settings":{"sessions":["a","b","c"]}}`, `bad request: settings.sessions: expected at most 2 sessions`},
	} {
		c := s.dial()
		c.send(`{"id":1,"connect":{"data":` + test.data + `}}`)
		if f := c.reply(); f.Error == nil || f.Error.Code != 107 || f.Error.Message != test.message {
			t.Errorf("%s: got %+v, want %q", test.data, f.Error, test.message)
		}
	}
	c := s.dial()
	c.send(`{"id":1,"connect":{}}`)
	if f := c.reply(); f.Error == nil || f.Error.Code != 107 {
		t.Errorf("no data: got %+v", f)
	}
}

func TestToleratedConnectData(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	s := serve(t, log)
	for data, subs := range map[string]int{
		`{"application":"widget"}`:                                                                                  0,
		`{"application":"widget","settings":{}}`:                                                                    0,
		`{"application":"widget","settings":{"userId":null,"sessions":null}}`:                                       0,
		`{"application":"widget","settings":{"userId":5,"sessions":[]},"x":[]}`:                                     0,
		`{"application":"widget","settings":{"sessions":["` + id + `","` + newSessionID(t) + `","not a uuid",""]}}`: 1,
	} {
		c := s.dial()
		c.send(`{"id":1,"connect":{"name":"anything","data":` + data + `}}`)
		if f := c.reply(); f.Error != nil || len(f.Connect.Subs) != subs {
			t.Errorf("%s: got %+v, want %d subs", data, f, subs)
		}
	}
}

func TestBadCalls(t *testing.T) {
	t.Parallel()
	c := serve(t, newTestLog()).dial()
	c.connect("")
	for _, test := range []struct {
		method, data string
		code         int
		message      string
	}{
		{"joinSession", `null`, 107, `bad request: data: missing, expected a JSON object`},
		{"joinSession", `{}`, 107, `bad request: id: missing, expected a session's UUID`},
		{"joinSession", `{"id":5}`, 107, `bad request: id: expected a string, got a JSON number`},
		{"joinSession", `{"id":"x"}`, 107, `bad request: id: expected a session's UUID`},
		{"typing", `{}`, 107, `bad request: sessionId: missing, expected a session's UUID`},
		{"typing", `{"sessionId":"x","body":1}`, 107, `bad request: body: expected a string, got a JSON number`},
		{"typing", `{"sessionId":"` + newSessionID(t) + `"}`, 404, `session not found`},
		{"leaveSession", `{}`, 104, `method not found`},
		{"", `{}`, 104, `method not found`},
	} {
		c.send(fmt.Sprintf(`{"id":2,"rpc":{"method":%q,"data":%s}}`, test.method, test.data))
		f := c.reply()
		if f.Error == nil || f.Error.Code != test.code || f.Error.Message != test.message {
			t.Errorf("%s %s: got %+v", test.method, test.data, f.Error)
		}
	}
}

func TestMalformedFramesEndTheConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestLog())
	for _, text := range []string{`{`, `[]`, `{"id":1}`, `{"id":1,"rpc":{"method":"joinSession"}}`, "{}"} {
		c := s.dial()
		c.send(text)
		if code := c.disconnected(); code != 3501 {
			t.Errorf("%s: close code %d, want 3501", text, code)
		}
	}
	c := s.dial()
	c.connect("")
	_ = c.write(`{"id":1,"rpc":{"method":"typing","data":"` + strings.Repeat("x", 70<<10) + `"}}`) // it may be closed before all is written
	if code := c.disconnected(); code != 1009 {
		t.Errorf("too large: close code %d, want 1009", code)
	}
}

// A command that is several things at once is the first of them to the library. None of them
// keeps the next command from its turn.
func TestCommandsOfSeveralKinds(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, held).dial()
	for _, command := range []string{
		`{"id":1,"connect":{"data":{"application":"widget"}},"subscribe":{"channel":"widget:` + id + `"}}`,
		`{"id":1,"ping":{},"subscribe":{"channel":"widget:` + id + `"}}`,
		`{"id":1,"ping":{},"unsubscribe":{"channel":"widget:` + id + `"}}`,
		`{"id":1,"unsubscribe":{"channel":"widget:` + id + `"},"send":{}}`,
	} {
		c.send(command)
		if f := c.reply(); f.ID != 1 { // a ping is refused
			t.Fatalf("%s: got %+v", command, f)
		}
	}
	if f := c.subscribe("widget:"+id, ""); f.Error != nil || f.Subscribe == nil {
		t.Fatalf("got %+v", f)
	}
	session.say("heard")
	c.bodies("heard")
	c.silent()
}

func TestTooManyCommands(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	c := serve(t, log, func(p *realtime.Params) { p.Limits.Commands, p.Limits.CommandsBurst = 0.001, 3 }).dial()
	c.connect("", id)
	for range 3 {
		c.silent()
	}
	for _, command := range []string{
		`{"id":2,"rpc":{"method":"nothing"}}`,
		`{"id":2,"subscribe":{"channel":"widget:` + id + `"}}`,
	} {
		c.send(command)
		if f := c.reply(); f.Error == nil || f.Error.Code != 111 {
			t.Errorf("%s: got %+v, want error 111", command, f)
		}
	}
	session.say("still heard")
	c.bodies("still heard")
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	log.open(id)
	log.chats[testChat].Origins = []string{"https://shop.example"}
	s := serve(t, log)
	for _, origin := range []string{"", "https://shop.example"} {
		c := s.dial("Origin", origin)
		if f := c.connect("", id); f.Error != nil || len(f.Connect.Subs) != 1 {
			t.Errorf("origin %q: got %+v", origin, f)
		}
	}
	if f := s.dial("Origin", "https://evil.example").connect("", id); f.Error == nil || f.Error.Code != 103 {
		t.Errorf("other origin: got %+v, want error 103", f)
	}
	c := s.dial("Origin", "https://evil.example")
	c.connect("")
	if f := c.subscribe("widget:"+id, ""); f.Error == nil || f.Error.Code != 103 {
		t.Errorf("other origin subscribes: got %+v, want error 103", f)
	}
	for _, method := range []string{"joinSession", "typing"} {
		c.send(`{"id":2,"rpc":{"method":"` + method + `","data":{"id":"` + id + `"}}}`)
		if f := c.reply(); f.Error == nil || f.Error.Code != 103 {
			t.Errorf("other origin calls %s: got %+v, want error 103", method, f)
		}
	}
}
