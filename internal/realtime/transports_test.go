package realtime_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centrifugal/protocol"
	"github.com/gorilla/websocket"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/realtime"
)

// stream reads frames of an HTTP response that does not end.
type stream struct {
	t       *testing.T
	frames  chan string
	session string
	node    string
	url     string
}

func newStream(t *testing.T, url string, response *http.Response) *stream {
	t.Helper()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	s := &stream{t: t, frames: make(chan string, 100), url: url}
	go func() {
		defer close(s.frames)
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			if frame := strings.TrimPrefix(lines.Text(), "data: "); frame != "" {
				s.frames <- frame
			}
		}
	}()
	connect := parse(t, s.next()).Connect
	if connect == nil || connect.Session == "" || connect.Node == "" {
		t.Fatalf("no connect reply of an emulated transport")
	}
	s.session, s.node = connect.Session, connect.Node
	return s
}

func (s *stream) next() string {
	s.t.Helper()
	select {
	case frame, ok := <-s.frames:
		if !ok {
			s.t.Fatal("stream ended")
		}
		return frame
	case <-time.After(patience):
		s.t.Fatal("no frame came")
	}
	return ""
}

// send sends a command beside the stream. Any goroutine may do so.
func (s *stream) send(path, command string) {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"session": s.session, "node": s.node, "data": command})
	response, err := http.Post(s.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		s.t.Errorf("%s: status %d", path, response.StatusCode)
	}
}

func TestEmulatedTransports(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http_stream", "sse"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			log := newTestLog()
			id := newSessionID(t)
			session := log.open(id)
			session.say("greeting")
			s := serve(t, log, held)
			connect := `{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["` + id + `"]}}}}`
			address := s.http.URL + "/centrifugo/connection/" + transport
			var response *http.Response
			if transport == "sse" {
				var err error
				if response, err = http.Get(address + "?cf_connect=" + url.QueryEscape(connect)); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = response.Body.Close() })
			} else {
				response = post(t, address, connect)
			}
			c := newStream(t, s.http.URL, response)
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
			for _, path := range []string{"/centrifugo/emulation", "/centrifugo/connection/emulation"} {
				c.send(path, `{"id":3,"rpc":{"method":"joinSession","data":{"id":"`+id+`"}}}`)
				if got := c.next(); got != `{"id":3,"rpc":{"data":{"success":true}}}` {
					t.Errorf("%s: %s", path, got)
				}
			}
		})
	}
}

// scriptedLog does something at each of the next times that a session is looked for.
type scriptedLog struct {
	*testLog
	script chan func()
}

func (l scriptedLog) FindSession(ctx context.Context, id string) (*chat.Session, error) {
	select {
	case act := <-l.script:
		act()
	default:
	}
	return l.testLog.FindSession(ctx, id)
}

// Commands of HTTP streaming come in requests of their own, so a joinSession may come in the
// middle of a subscribe. The client is subscribed once, and gets each publication once.
func TestJoinInTheMiddleOfASubscribe(t *testing.T) {
	t.Parallel()
	for name, granted := range map[string]bool{"granted at connect": true, "of a later session": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := scriptedLog{newTestLog(), make(chan func(), 2)}
			s := serve(t, log.testLog, held, func(p *realtime.Params) { p.Service = log })
			id := newSessionID(t)
			log.open(id).say("greeting")
			sessions := ""
			if granted {
				sessions = `"` + id + `"`
			}
			c := newStream(t, s.http.URL, post(t, s.http.URL+"/centrifugo/connection/http_stream",
				`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":[`+sessions+`]}}}}`))

			inTheMiddle, joining := make(chan struct{}), make(chan struct{})
			log.script <- func() { close(inTheMiddle); <-joining }
			log.script <- func() { close(joining) }
			var sending sync.WaitGroup
			sending.Go(func() { c.send("/emulation", `{"id":2,"subscribe":{"channel":"widget:`+id+`"}}`) })
			<-inTheMiddle
			sending.Go(func() { c.send("/emulation", `{"id":3,"rpc":{"method":"joinSession","data":{"id":"`+id+`"}}}`) })
			sending.Wait()

			if f := parse(t, c.next()); f.Subscribe == nil {
				t.Fatalf("got %+v, want the answer to the subscribe", f)
			}
			var joined, heard int
			for range 2 {
				switch raw := c.next(); {
				case raw == `{"id":3,"rpc":{"data":{"success":true}}}`:
					joined++
				case publicationOf(t, raw).Body == "greeting":
					heard++
				}
			}
			c.send("/emulation", `{"id":4,"rpc":{"method":"nothing"}}`)
			if last := parse(t, c.next()); joined != 1 || heard != 1 || last.ID != 4 {
				t.Errorf("joined %d times, heard the greeting %d times, then got %+v", joined, heard, last)
			}
		})
	}
}

// net/http would end a stream at the server's read deadline.
func TestStreamOutlivesTheReadDeadline(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	server := &http.Server{Handler: serve(t, log).Handler(), ReadTimeout: 100 * time.Millisecond}
	address := newHTTPServer(t, server)
	response := post(t, address+"/centrifugo/connection/http_stream",
		`{"id":1,"connect":{"data":{"application":"widget","settings":{"sessions":["`+id+`"]}}}}`)
	c := newStream(t, address, response)
	<-time.After(300 * time.Millisecond) // real time: the deadline is the kernel's
	session.say("late")
	if p := publicationOf(t, c.next()); p.Body != "late" {
		t.Errorf("got %s", p.Raw)
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestLog())
	for _, path := range []string{"/emulation", "/centrifugo/connection/http_stream", "/centrifugo/connection/sse"} {
		request, err := http.NewRequest(http.MethodOptions, s.http.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "https://shop.example")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		h := response.Header
		if response.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("%s: %d %v", path, response.StatusCode, h)
		}
	}
	if response := post(t, s.http.URL+"/emulation", strings.Repeat(" ", 70<<10)); response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", response.StatusCode)
	}
}

// protobufClient speaks the binary form of the protocol.
type protobufClient struct {
	t       testing.TB
	conn    *websocket.Conn
	pending []byte
}

func (s *testServer) dialProtobuf() *protobufClient {
	s.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/centrifugo/connection/websocket?cf_protocol=protobuf", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &protobufClient{t: s.t, conn: conn}
}

func (c *protobufClient) send(command *protocol.Command) {
	c.t.Helper()
	data, err := command.MarshalVT()
	if err != nil {
		c.t.Fatal(err)
	}
	message := append(binary.AppendUvarint(nil, uint64(len(data))), data...)
	if err := c.conn.WriteMessage(websocket.BinaryMessage, message); err != nil {
		c.t.Fatal(err)
	}
}

func (c *protobufClient) next() *protocol.Reply {
	c.t.Helper()
	if len(c.pending) == 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			c.t.Fatal(err)
		}
		c.pending = message
	}
	size, n := binary.Uvarint(c.pending)
	var reply protocol.Reply
	if err := reply.UnmarshalVT(c.pending[n : n+int(size)]); err != nil {
		c.t.Fatal(err)
	}
	c.pending = c.pending[n+int(size):]
	return &reply
}

func TestProtobufSubscriber(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("greeting")
	c := serve(t, log, held).dialProtobuf()
	channel := "widget:" + id
	c.send(&protocol.Command{Id: 1, Connect: &protocol.ConnectRequest{
		Data: []byte(`{"application":"widget","settings":{"sessions":["` + id + `"]}}`),
	}})
	if sub := c.next().GetConnect().GetSubs()[channel]; !sub.GetRecoverable() {
		t.Fatalf("got %v", sub)
	}
	c.send(&protocol.Command{Id: 2, Subscribe: &protocol.SubscribeRequest{Channel: channel}})
	if reply := c.next(); reply.GetSubscribe() == nil {
		t.Fatalf("got %v, want success and no unsubscribe push before", reply)
	}
	session.say("two")
	for offset := uint64(1); offset <= 2; offset++ {
		if pub := c.next().GetPush().GetPub(); pub.GetOffset() != offset || !json.Valid(pub.GetData()) {
			t.Fatalf("got %v, want offset %d", pub, offset)
		}
	}
	c.send(&protocol.Command{Id: 3, Rpc: &protocol.RPCRequest{Method: "joinSession", Data: []byte(`{"id":"` + id + `"}`)}})
	if reply := c.next(); string(reply.GetRpc().GetData()) != `{"success":true}` {
		t.Fatalf("got %v", reply)
	}
}

func TestProtobufSubscriberOfAnotherLog(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	id := newSessionID(t)
	session := log.open(id)
	session.say("old")
	c := serve(t, log, held).dialProtobuf()
	channel := "widget:" + id
	position := &protocol.SubscribeRequest{Recover: true, Epoch: "another"}
	c.send(&protocol.Command{Id: 1, Connect: &protocol.ConnectRequest{
		Data: []byte(`{"application":"widget","settings":{"sessions":["` + id + `"]}}`),
		Subs: map[string]*protocol.SubscribeRequest{channel: position},
	}})
	if sub := c.next().GetConnect().GetSubs()[channel]; sub.GetRecovered() || sub.GetOffset() != 1 {
		t.Fatalf("got %v, want the top and no recovery", sub)
	}
	session.say("between connect and subscribe")
	position.Channel = channel
	c.send(&protocol.Command{Id: 2, Subscribe: position})
	sub := c.next().GetSubscribe()
	if sub.GetRecovered() || !sub.GetWasRecovering() || sub.GetOffset() != 1 || sub.GetEpoch() != testLogID {
		t.Fatalf("got %v, want the position of the connect reply and no recovery", sub)
	}
	if pub := c.next().GetPush().GetPub(); pub.GetOffset() != 2 {
		t.Fatalf("got %v, want offset 2", pub)
	}
}
