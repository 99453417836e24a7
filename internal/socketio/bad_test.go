package socketio_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/socketio"
)

func nowTest() time.Time { return testTime }

// stalled is a client that connects and then reads nothing.
func stalled(t *testing.T, s *testServer, key string) (net.Conn, *websocket.Conn) {
	t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(s.url(4, "websocket", key), "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.WriteMessage(websocket.TextMessage, []byte("40")); err != nil {
		t.Fatal(err)
	}
	return conn.NetConn(), conn
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log)
	for _, tt := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/socket.io/?EIO=4&key=" + sessionA, "", 400, "Transport unknown"},
		{"GET", "/socket.io/?EIO=4&transport=flash&key=" + sessionA, "", 400, "Transport unknown"},
		{"GET", "/socket.io/?EIO=4&transport=websocket&key=" + sessionA, "", 400, "Bad request"},
		{"POST", "/socket.io/?EIO=4&transport=polling&key=" + sessionA, "x", 400, "Bad handshake method"},
		{"PUT", "/socket.io/?EIO=4&transport=polling&key=" + sessionA, "", 405, ""},
		{"DELETE", "/operator/socket.io/?EIO=4&transport=polling&key=" + sessionA, "", 405, ""},
		{"GET", "/socket.io/?EIO=4&transport=polling&sid=nothing", "", 400, ""},
		{"GET", "/socket.io/?EIO=3&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAA", "", 400, "Session ID unknown"},
		{"POST", "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAAAAAA", "40", 400, "Session ID unknown"},
		{"GET", "/socket.io/?EIO=4&transport=polling&j=0&key=" + sessionA, "", 400, "JSONP"},
		{"GET", "/socket.io/socket.io.js", "", 404, ""},
		{"GET", "/operator/socket.io/x", "", 404, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tt.method, s.http.URL+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.http.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != tt.status || !strings.Contains(string(answer), tt.says) {
			t.Errorf("%s %s: %v, %s: %s", tt.method, tt.path, err, response.Status, answer)
		}
	}
}

func TestStorageAwayIsSaidToBeTemporary(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log)
	for _, err := range []error{chat.Errorf(chat.CodeUnavailable, "away"), fmt.Errorf("broken")} {
		log.fail(err)
		response, err := s.http.Client().Get(s.url(4, "polling", sessionA))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("answered %s %v", response.Status, response.Header)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	log.chats[testChat].Origins = []string{"https://shop.example"}
	s := serve(t, log)
	c := s.dial(4, sessionA, "Origin", "https://evil.example")
	c.expect("0{")
	c.send("40")
	c.expect(`44{"data":null,"message":"origin not allowed"}`)
	s.dial(3, sessionA, "Origin", "https://evil.example").expect("0{", `44"origin not allowed"`)
	s.dial(3, sessionA, "Origin", "https://shop.example").join().settled()
	s.dial(4, sessionA).join().settled() // no page

	request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.url(3, "polling", sessionA), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "https://shop.example")
	response, err := s.http.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	h := response.Header
	if response.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		h.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Content-Type") || h.Get("Set-Cookie") != "" {
		t.Errorf("preflight: %s %v", response.Status, h)
	}
}

func TestSeatsAreLimitedAndFreed(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log, func(p *socketio.Params) {
		p.Limits.MaxConnections = 2
		p.Limits.PingInterval, p.Limits.PingTimeout = time.Second, time.Second // for a poller that dies between two polls
	})
	for range 3 {
		c, d := s.dial(4, sessionA).join(), s.poll(3, sessionA).join()
		if _, err := fetch(t.Context(), s.http.Client(), s.url(4, "polling", sessionA), ""); err == nil || !strings.HasPrefix(err.Error(), "503") {
			t.Fatalf("a third connection got %v", err)
		}
		// A handshake that fails keeps no seat.
		if _, err := fetch(t.Context(), s.http.Client(), s.url(4, "flash", sessionA), ""); err == nil {
			t.Fatal("a handshake with no transport")
		}
		c.kill()
		d.kill()
		eventually(t, "both seats free", func() bool { return s.Seated() == 0 })
	}
}

// TestWhatClientsSay: nothing that a client says may end its connection, speak for others, or go
// unanswered when an answer is wanted.
func TestWhatClientsSay(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(*testServer, string) *client) {
		log := newTestLog()
		log.open(sessionA)
		c := open(serve(t, log), sessionA).join()
		for _, tt := range []struct{ packet, answer string }{
			{`42["nothing"]`, ""},
			{`42["chatMessageCreatedEmit",{"authorType":"BOT","body":"x"}]`, ""},
			{`42["chatMessageRead"]`, ""},
			{`42["chatMessageRead",null,1,[]]`, ""},
			{`42[7,{}]`, ""},
			{`421["nothing"]`, `431[{"error":"unknown event"}]`},
			{`422["chatMessageRead",{"messageId":7}]`, `432[{"error":"messageId: expected the id of a message"}]`},
			{`423["chatMessageReadEmit",{"messageId":"` + unknownMessage + `"}]`, `433[{"error":"no such message in this session"}]`},
			{`424["showTypingIndicator"]`, `434[{"success":true}]`},
			{`425["showTypingIndicatorEmit",{"body":["x"]}]`, `435[{"success":true}]`},
			{`426["chatMessageRead",{"messageId":"` + strings.ToUpper(botID) + `"}]`, `436[{"success":true}]`},
			{`43999[]`, ""},
		} {
			c.send(tt.packet)
			if tt.answer != "" {
				c.expect(tt.answer)
			}
		}
		c.settled()
		if got := <-log.read; got != sessionA+" "+botID {
			t.Errorf("read %s", got)
		}
		if got := <-log.typed; got != sessionA+" " {
			t.Errorf("typed %q", got)
		}
	})
}

// TestPayloadsOfEngineIO3: every client counts in its own way.
func TestPayloadsOfEngineIO3(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log)
	c := s.poll(3, sessionA).join()
	url := s.url(3, "polling", sessionA) + "&sid=" + c.sid
	packet := `42["showTypingIndicator",{"body":"Привет 😀👩‍👧"}]`
	units, characters := 0, 0
	for _, r := range packet {
		units += 1 + int(r>>16&1)
		characters++
	}
	framed := []byte{0}
	for _, digit := range fmt.Sprint(len(packet)) {
		framed = append(framed, byte(digit-'0'))
	}
	framed = append(append(framed, 0xff), packet...)
	for name, body := range map[string][]byte{
		"binary framing":    framed,
		"two in one":        append(bytes.Clone(framed), framed...),
		"UTF-16 units":      fmt.Appendf(nil, "%d:%s", units, packet),
		"characters":        fmt.Appendf(nil, "%d:%s", characters, packet),
		"bytes":             fmt.Appendf(nil, "%d:%s", len(packet), packet),
		"characters, twice": fmt.Appendf(nil, "%d:%s%d:%s", characters, packet, characters, packet),
	} {
		kind := "text/plain; charset=UTF-8"
		if body[0] == 0 {
			kind = "application/octet-stream"
		}
		response, err := s.http.Client().Post(url, kind, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", name, response.Status)
		}
		for range bytes.Count(body, []byte("42[")) {
			select {
			case got := <-log.typed:
				if got != sessionA+" Привет 😀👩‍👧" {
					t.Errorf("%s: typed %q", name, got)
				}
			case <-time.After(patience):
				t.Fatalf("%s: nothing came", name)
			}
		}
	}
	c.settled()
}

func TestBadPayloadsEndTheConnection(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log)
	for eio, bodies := range map[int][]string{
		3: {"abc", "3:abc", "99:42[]", "-1:x", "1:", ":", "2:42\xff", "5:42[\"x"},
		4: {"abc", "\x1e", "42[]\x1e", "x42[]", strings.Repeat("4", 70_000)},
	} {
		for _, body := range bodies {
			c := s.poll(eio, sessionA).join()
			response, err := s.http.Client().Post(s.url(eio, "polling", sessionA)+"&sid="+c.sid, "text/plain;charset=UTF-8", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode == http.StatusRequestEntityTooLarge {
				c.settled()
				continue
			}
			_ = c.ended()
		}
	}
	c := s.dial(4, sessionA).join()
	_ = c.post(strings.Repeat("4", 70_000)) // it may be cut off meanwhile
	_ = c.ended()
	s.dial(4, sessionA).join().settled()
}

func TestFloodEndsTheConnection(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log, func(p *socketio.Params) { p.Limits.Packets, p.Limits.PacketsBurst = 1, 20 })
	c := s.dial(4, sessionA).join()
	for range 50 {
		if c.post(`42["nothing"]`) != nil {
			break
		}
	}
	_ = c.ended()
	s.dial(4, sessionA).join().settled()
}

// TestEventsThatWaitAreBounded: while storage is slow, some wait and are done in order, also of one who
// leaves; who goes on is cut off.
func TestEventsThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.slow = make(chan struct{})
	log.open(sessionA)
	s := serve(t, log)
	flood := s.dial(4, sessionA).join()
	for range 150 {
		if flood.post(`42["showTypingIndicator",{"body":"flood"}]`) != nil {
			break
		}
	}
	_ = flood.ended()
	c := s.dial(4, sessionA).join()
	for i := range 50 {
		c.send(fmt.Sprintf(`42["showTypingIndicator",{"body":"%d"}]`, i))
	}
	c.send("41")
	close(log.slow)
	for next := 0; next < 50; {
		select {
		case got := <-log.typed:
			if strings.HasSuffix(got, " flood") {
				continue
			}
			if got != fmt.Sprint(sessionA, " ", next) {
				t.Fatalf("typed %s, want %d", got, next)
			}
			next++
		case <-time.After(patience):
			t.Fatalf("only %d were done", next)
		}
	}
}

func TestWhoDoesNotConnectIsCutOff(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	log.open(sessionA)
	s := serve(t, log, func(p *socketio.Params) { p.Limits.Join = 50 * time.Millisecond })
	c := s.dial(4, sessionA)
	c.expect("0{")
	_ = c.ended()
	d := s.dial(4, sessionA)
	d.expect("0{")
	d.send("40/other,")
	d.expect(`44/other,{"message":"Invalid namespace"}`)
	_ = d.ended()
}
