package realtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/govorun/govorun/internal/realtime"
	"github.com/govorun/govorun/test/contract"
)

const (
	testLogID = "1769579399"
	patience  = 10 * time.Second
)

// testServer is a server over loopback.
type testServer struct {
	*realtime.Server
	t    testing.TB
	log  *testLog
	http *httptest.Server
}

// serve starts a server. Channels go live at once unless the change says otherwise.
func serve(t testing.TB, log *testLog, change ...func(*realtime.Params)) *testServer {
	t.Helper()
	p := realtime.Params{
		Service: log, Feed: log, Events: log, LogID: testLogID,
		Log:     slog.New(slog.DiscardHandler),
		Version: "test",
		Limits:  realtime.Limits{Hold: -1},
	}
	for _, f := range change {
		f(&p)
	}
	server, err := realtime.New(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: server, t: t, log: log, http: httptest.NewServer(server.Handler())}
	t.Cleanup(s.stop)
	return s
}

func (s *testServer) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		s.t.Errorf("close: %v", err)
	}
	s.http.CloseClientConnections()
	s.http.Close()
}

// held gives subscribers all the time they want.
func held(p *realtime.Params) { p.Limits.Hold = time.Hour }

// client is a raw WebSocket client of the JSON protocol.
type client struct {
	t      testing.TB
	conn   *websocket.Conn
	frames chan string // closed with the connection
	closed error       // why; read after frames is closed
	script *transcript

	writing sync.Mutex
}

func (s *testServer) dial(header ...string) *client {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/centrifugo/connection/websocket", h)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{t: s.t, conn: conn, frames: make(chan string, 20_000)}
	go c.read()
	s.t.Cleanup(func() { _ = conn.Close() })
	return c
}

func (c *client) read() {
	defer close(c.frames)
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			c.closed = err
			return
		}
		for frame := range strings.SplitSeq(strings.TrimSpace(string(message)), "\n") {
			if frame == "{}" {
				_ = c.write("{}") // a ping and its pong
				continue
			}
			c.frames <- frame
		}
	}
}

func (c *client) send(command string) {
	c.t.Helper()
	c.script.note("> " + command)
	if err := c.write(command); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) write(command string) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.conn.WriteMessage(websocket.TextMessage, []byte(command))
}

// next is the next frame.
func (c *client) next() string {
	c.t.Helper()
	select {
	case frame, ok := <-c.frames:
		if !ok {
			c.t.Fatalf("closed: %v", c.closed)
		}
		c.script.note("< " + frame)
		return frame
	case <-time.After(patience):
		c.t.Fatal("no frame came")
	}
	return ""
}

// silent fails when something has come. A round trip to the server goes before.
func (c *client) silent() {
	c.t.Helper()
	script := c.script
	defer func() { c.script = script }()
	c.script = nil
	c.send(`{"id":99,"rpc":{"method":"nothing"}}`)
	if got := c.next(); got != `{"id":99,"error":{"code":104,"message":"method not found"}}` {
		c.t.Fatalf("unexpected frame %s", got)
	}
}

// disconnected waits for the connection's end and returns the close code.
func (c *client) disconnected() int {
	c.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case _, ok := <-c.frames:
			if ok {
				continue
			}
			var e *websocket.CloseError
			if errors.As(c.closed, &e) {
				return e.Code
			}
			return -1
		case <-timeout:
			c.t.Fatal("still connected")
		}
	}
}

type publication struct {
	Channel string
	Offset  uint64
	Body    string
	Event   string
	ID      string
	Raw     string
}

type wirePublication struct {
	Data   json.RawMessage `json:"data"`
	Offset uint64          `json:"offset"`
}

type subscription struct {
	Recoverable  bool              `json:"recoverable"`
	Epoch        string            `json:"epoch"`
	Recovered    bool              `json:"recovered"`
	Offset       uint64            `json:"offset"`
	Publications []wirePublication `json:"publications"`
}

type frame struct {
	ID    int `json:"id"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Connect *struct {
		Client  string                  `json:"client"`
		Subs    map[string]subscription `json:"subs"`
		Session string                  `json:"session"`
		Node    string                  `json:"node"`
	} `json:"connect"`
	Subscribe *subscription `json:"subscribe"`
	Presence  *struct {
		Presence map[string]json.RawMessage `json:"presence"`
	} `json:"presence"`
	PresenceStats *struct {
		Clients int `json:"num_clients"`
		Users   int `json:"num_users"`
	} `json:"presence_stats"`
	Push *struct {
		Channel     string           `json:"channel"`
		Pub         *wirePublication `json:"pub"`
		Subscribe   *subscription    `json:"subscribe"`
		Unsubscribe *struct{}        `json:"unsubscribe"`
	} `json:"push"`
}

func parse(t testing.TB, raw string) frame {
	t.Helper()
	var f frame
	if err := json.Unmarshal([]byte(raw), &f); err != nil {
		t.Fatalf("frame %q: %v", raw, err)
	}
	return f
}

func (c *client) reply() frame { c.t.Helper(); return parse(c.t, c.next()) }

// connect sends a connect command for sessions with the fields of position ("subs") added.
func (c *client) connect(subs string, sessions ...string) frame {
	c.t.Helper()
	list, _ := json.Marshal(sessions)
	if subs != "" {
		subs = `,"subs":` + subs
	}
	c.send(`{"id":1,"connect":{"name":"js","data":{"application":"widget","settings":{"sessions":` + string(list) + `}}` + subs + `}}`)
	return c.reply()
}

func (c *client) publication() publication {
	c.t.Helper()
	return publicationOf(c.t, c.next())
}

func publicationOf(t testing.TB, raw string) publication {
	t.Helper()
	f := parse(t, raw)
	if f.Push == nil || f.Push.Pub == nil {
		t.Fatalf("not a publication: %s", raw)
	}
	var e struct {
		Event string `json:"event"`
		ID    string `json:"id"`
		Data  struct {
			Body string `json:"body"`
		} `json:"data"`
	}
	if err := json.Unmarshal(f.Push.Pub.Data, &e); err != nil {
		t.Fatal(err)
	}
	contract.Event(t, f.Push.Channel, e.Event, f.Push.Pub.Data)
	return publication{f.Push.Channel, f.Push.Pub.Offset, e.Data.Body, e.Event, e.ID, raw}
}

// bodies waits for publications with these bodies, in order.
func (c *client) bodies(want ...string) {
	c.t.Helper()
	for i, body := range want {
		if got := c.publication(); got.Body != body {
			c.t.Fatalf("publication %d: got %s, want body %q", i, got.Raw, body)
		}
	}
}

// offsets waits for publications with the offsets from..to, in order.
func (c *client) offsets(from, to uint64) {
	c.t.Helper()
	for want := from; want <= to; want++ {
		if got := c.publication(); got.Offset != want {
			c.t.Fatalf("got offset %d, want %d", got.Offset, want)
		}
	}
}

func post(t *testing.T, url, body string) *http.Response {
	t.Helper()
	response, err := http.Post(url, "application/json", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func newHTTPServer(t *testing.T, config *http.Server) string {
	t.Helper()
	server := httptest.NewUnstartedServer(config.Handler)
	server.Config = config
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
