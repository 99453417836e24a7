package realtime_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/realtime"
)

const connectNothing = `{"id":1,"connect":{"data":{"application":"widget"}}}`

// full checks that no further connection is taken.
func (s *testServer) full(t *testing.T) {
	t.Helper()
	for _, path := range []string{"websocket", "http_stream", "sse"} {
		response := post(t, s.http.URL+"/centrifugo/connection/"+path, `{}`)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %d", path, response.StatusCode)
		}
	}
}

// ended waits until the server has closed the socket.
func (c *client) ended() {
	c.t.Helper()
	c.disconnected()
	_ = c.conn.NetConn().SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c.conn.NetConn()); err != nil {
		c.t.Fatal(err)
	}
}

func TestSocketsCountBeforeTheyConnect(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestLog(), func(p *realtime.Params) { p.Limits.MaxConnections = 3 })
	silent, connected := s.dial(), s.dial()
	connected.connect("")
	for range 3 { // a seat is given back once, and only one
		c := s.dial()
		s.full(t)
		c.send(`{`)
		c.ended()
	}
	silent.send(`{`)
	silent.ended()
	s.dial()
	s.dial()
	s.full(t)
	connected.silent()
}

func TestStreamsGiveTheirSeatsBack(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestLog(), func(p *realtime.Params) { p.Limits.MaxConnections = 1 })
	address := s.http.URL + "/centrifugo/connection/http_stream"
	for range 3 {
		response := post(t, address, `{`)
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("got %d, %v; want a stream that ends", response.StatusCode, err)
		}
	}
	response := post(t, s.http.URL+"/centrifugo/connection/websocket", `{}`)
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("no handshake: got %d", response.StatusCode)
	}
	newStream(t, s.http.URL, post(t, address, connectNothing))
	s.full(t)
}
