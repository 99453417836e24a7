package realtime

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// seat is the answer to a request for a connection, one of Limits.MaxConnections. A connection
// counts from its request on, whether or not it ever says anything.
type seat struct {
	http.ResponseWriter
	leave    func() // once
	hijacked bool   // by a WebSocket, which keeps the seat beyond its request
}

// takeSeat finds a seat for a connection. ok is false when there is none: too many are taken, or
// the server is closing.
func (s *Server) takeSeat(w http.ResponseWriter) (taken *seat, ok bool) {
	if s.stopping() {
		return nil, false
	}
	leave := sync.OnceFunc(func() { s.seated.Add(-1) })
	if s.seated.Add(1) > int64(s.Limits.MaxConnections) {
		leave()
		return nil, false
	}
	return &seat{ResponseWriter: w, leave: leave}, true
}

// served ends the request, and with it a connection that was not hijacked.
func (w *seat) served() {
	if !w.hijacked {
		w.leave()
	}
}

// Hijack hands over the connection, which leaves the seat when it is closed.
func (w *seat) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.hijacked = true
	return &socket{Conn: conn, leave: w.leave}, buffer, nil
}

// Flush sends what is written so far; the library's streams ask for it.
func (w *seat) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap serves http.ResponseController.
func (w *seat) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// socket is a hijacked connection with a seat.
type socket struct {
	net.Conn
	leave func()
}

// Close leaves the seat first: a client that has seen the end finds it free.
func (c *socket) Close() error {
	c.leave()
	return c.Conn.Close()
}
