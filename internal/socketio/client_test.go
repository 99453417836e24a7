package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/govorun/govorun/internal/socketio"
	"github.com/govorun/govorun/test/contract"
)

const patience = 30 * time.Second // the machine may have much else to do

// testServer is a server over loopback.
type testServer struct {
	*socketio.Server
	t    testing.TB
	log  *testLog
	http *httptest.Server
}

func serve(t testing.TB, log *testLog, change ...func(*socketio.Params)) *testServer {
	t.Helper()
	p := socketio.Params{Service: log, Feed: log, Events: log, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&p)
	}
	mux := http.NewServeMux()
	server := socketio.New(p)
	server.Register(mux)
	s := &testServer{Server: server, t: t, log: log, http: httptest.NewServer(mux)}
	t.Cleanup(s.stop)
	return s
}

func withLinks(p *socketio.Params) { p.Links = links }

func (s *testServer) stop() {
	s.close()
	s.http.CloseClientConnections()
	s.http.Close()
}

func (s *testServer) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		s.t.Errorf("close: %v", err)
	}
}

// transcript collects raw packets and compares them with a file, which is the contract. With
// UPDATE_TRANSCRIPTS=1 in the environment the file is written anew.
type transcript struct{ lines []string }

var connectionID = regexp.MustCompile(`"sid":"[^"]*"`)

func (s *transcript) note(line string) {
	if s != nil {
		s.lines = append(s.lines, connectionID.ReplaceAllString(line, `"sid":"<sid>"`))
	}
}

func (s *transcript) compare(t *testing.T, name string) {
	t.Helper()
	got := strings.Join(s.lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".txt")
	if os.Getenv("UPDATE_TRANSCRIPTS") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("packets differ from %s; got:\n%s", path, got)
	}
}

// client is a raw client of one of the protocols.
type client struct {
	t       testing.TB
	eio     int
	packets chan string // closed with the connection
	closed  error       // why; read after packets is closed
	script  *transcript
	post    func(packet string) error
	kill    func() // as if its process had died
	poll    func() // when it polls only for what is expected

	socket *websocket.Conn // nil when it polls
	sid    string          // when it polls
}

func (s *testServer) url(eio int, transport, key string) string {
	return fmt.Sprintf("%s/socket.io/?EIO=%d&transport=%s&key=%s", s.http.URL, eio, transport, key)
}

func (s *testServer) dial(eio int, key string, header ...string) *client {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url(eio, "websocket", key), "http"), h)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{t: s.t, eio: eio, packets: make(chan string, 20_000), socket: conn}
	var writing sync.Mutex
	c.post = func(packet string) error {
		writing.Lock()
		defer writing.Unlock()
		return conn.WriteMessage(websocket.TextMessage, []byte(packet))
	}
	c.kill = func() { _ = conn.NetConn().Close() }
	go func() {
		defer close(c.packets)
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				c.closed = err
				return
			}
			c.got(string(message))
		}
	}()
	s.t.Cleanup(func() { _ = conn.Close() })
	return c
}

// poll is a client that polls.
func (s *testServer) poll(eio int, key string) *client {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	own := &http.Client{Transport: &http.Transport{}}
	c := &client{t: s.t, eio: eio, packets: make(chan string, 20_000), kill: cancel}
	url := s.url(eio, "polling", key)
	ask := func() bool {
		body, err := fetch(ctx, own, url, "")
		for _, packet := range unpack(eio, body) {
			if c.sid == "" {
				c.sid = regexp.MustCompile(`"sid":"([^"]*)"`).FindStringSubmatch(packet)[1]
				url += "&sid=" + c.sid
			}
			c.got(packet)
			if packet == "1" {
				err = errors.New("close packet")
			}
		}
		c.closed = err
		return err == nil
	}
	if !ask() {
		s.t.Fatal(c.closed)
	}
	poster := &http.Client{Transport: &http.Transport{}}
	c.post = func(packet string) error {
		_, err := fetch(context.Background(), poster, url, pack(eio, packet))
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(c.packets)
		for ask() {
		}
	}()
	s.t.Cleanup(func() {
		cancel()
		<-done
		own.CloseIdleConnections()
		poster.CloseIdleConnections()
	})
	return c
}

func fetch(ctx context.Context, with *http.Client, url, body string) (string, error) {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := with.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return string(answer), err
}

// pack and unpack know payloads of ASCII.
func pack(eio int, packet string) string {
	if eio == 4 {
		return packet
	}
	return strconv.Itoa(len(packet)) + ":" + packet
}

func unpack(eio int, body string) (packets []string) {
	if eio == 4 {
		if body == "" {
			return nil
		}
		return strings.Split(body, "\x1e")
	}
	for body != "" {
		digits, rest, ok := strings.Cut(body, ":")
		length, err := strconv.Atoi(digits)
		if !ok || err != nil || length > len(rest) {
			return packets
		}
		packets, body = append(packets, rest[:length]), rest[length:]
	}
	return packets
}

// got takes a packet; a ping is answered.
func (c *client) got(packet string) {
	switch {
	case packet == "2" && c.eio == 4:
		_ = c.post("3")
	case packet == "6": // noop
	default:
		c.packets <- packet
	}
}

func (c *client) send(packet string) {
	c.t.Helper()
	c.script.note("> " + packet)
	if err := c.post(packet); err != nil {
		c.t.Fatal(err)
	}
}

// emitted is a packet of an event.
var emitted = regexp.MustCompile(`^42\["([^"]*)",(.*)\]$`)

// next is the next packet. An event has to be one that is documented.
func (c *client) next() string {
	c.t.Helper()
	for c.poll != nil && len(c.packets) == 0 {
		c.poll()
	}
	select {
	case packet, ok := <-c.packets:
		if !ok {
			c.t.Fatalf("closed: %v", c.closed)
		}
		c.script.note("< " + packet)
		if e := emitted.FindStringSubmatch(packet); e != nil {
			contract.Event(c.t, "socketio", e[1], []byte(e[2]))
		}
		return packet
	case <-time.After(patience):
		c.t.Fatal("no packet came")
	}
	return ""
}

// expect waits for the packets that begin so.
func (c *client) expect(begin ...string) {
	c.t.Helper()
	for _, want := range begin {
		if got := c.next(); !strings.HasPrefix(got, want) {
			c.t.Fatalf("got %s, want %s…", got, want)
		}
	}
}

// join opens the connection to the namespace.
func (c *client) join() *client {
	c.t.Helper()
	c.expect("0{")
	if c.eio == 4 {
		c.send("40")
	}
	c.expect("40")
	return c
}

// settled makes sure that the connection has everything: an answer comes after it.
func (c *client) settled() {
	c.t.Helper()
	c.send(`4277["chatMessageCreatedEmit",{}]`)
	c.expect(`4377[`)
}

var body = regexp.MustCompile(`"body":"([^"]*)"`)

// bodies waits for messages with these bodies, in order.
func (c *client) bodies(want ...string) {
	c.t.Helper()
	for i, text := range want {
		packet := c.next()
		found := body.FindStringSubmatch(packet)
		if found == nil || found[1] != text {
			c.t.Fatalf("packet %d: got %s, want body %q", i, packet, text)
		}
	}
}

// ended waits for the connection's end and returns why.
func (c *client) ended() error {
	c.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case _, ok := <-c.packets:
			if !ok {
				return c.closed
			}
		case <-timeout:
			c.t.Fatal("still connected")
		}
	}
}

// kinds runs a test with every protocol and transport.
func kinds(t *testing.T, test func(t *testing.T, open func(s *testServer, key string) *client)) {
	for _, eio := range []int{3, 4} {
		t.Run(fmt.Sprintf("websocket %d", eio), func(t *testing.T) {
			t.Parallel()
			test(t, func(s *testServer, key string) *client { return s.dial(eio, key) })
		})
		t.Run(fmt.Sprintf("polling %d", eio), func(t *testing.T) {
			t.Parallel()
			test(t, func(s *testServer, key string) *client { return s.poll(eio, key) })
		})
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // between two looks
	}
}
