package wire

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// hijacker hands the library a connection that is held.
type hijacker struct {
	http.ResponseWriter
	timeout time.Duration
	held    *holding // once hijacked
}

// Hijack implements http.Hijacker.
func (w *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.held = &holding{Conn: conn, timeout: w.timeout, open: make(chan struct{}), writing: make(chan struct{}, 1)}
	return w.held, buffer, nil
}

// release lets the connection go on.
func (w *hijacker) release() {
	if w.held != nil {
		close(w.held.open)
	}
}

// holding is the connection of a WebSocket. Only the answer to its handshake goes out before the
// engine has taken it. Its writes have a deadline, and it says that it ends.
type holding struct {
	net.Conn
	timeout time.Duration
	open    chan struct{} // closed when the engine has the connection
	begun   atomic.Bool   // the answer to the handshake was written
	failed  atomic.Bool   // a write: what is written no longer joins on
	left    atomic.Bool   // the client has sent a close frame, which is answered with one
	writing chan struct{} // has one while a write is under way
	closed  sync.Once
}

// Read implements net.Conn.
func (c *holding) Read(b []byte) (int, error) {
	<-c.open
	return c.Conn.Read(b)
}

// Write implements net.Conn.
func (c *holding) Write(b []byte) (int, error) {
	switch begun := c.begun.Swap(true); {
	case begun && isClose(b):
		c.left.Store(c.left.Load() || isGoodbye(b))
	case begun:
		<-c.open
	}
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	if err := c.Conn.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if err != nil {
		c.failed.Store(true)
	}
	return n, err
}

// isClose reports whether a frame closes: the library refuses a connection with one, and waits.
func isClose(frame []byte) bool { return len(frame) > 0 && frame[0]&0xf == websocket.CloseMessage }

// isGoodbye reports whether a close frame answers that of a client that leaves, whose code it repeats
// (RFC 6455, section 7.4.1: 1000 and 1001, or none). With others the library refuses what it was sent.
func isGoodbye(frame []byte) bool {
	if len(frame) < 4 {
		return true
	}
	code := binary.BigEndian.Uint16(frame[2:])
	return code == websocket.CloseNormalClosure || code == websocket.CloseGoingAway
}

// SetWriteDeadline leaves the deadline to Write.
func (c *holding) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline sets the one for reading.
func (c *holding) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// goingAway is the close frame of RFC 6455, section 5.5.1, with the code 1001.
var goingAway = []byte{0x88, 2, 0x03, 0xe9}

// Close tells the client first, unless a write does not end: then it does not read.
func (c *holding) Close() (err error) {
	c.closed.Do(func() {
		c.sayGoodbye()
		err = c.Conn.Close()
	})
	return err
}

func (c *holding) sayGoodbye() {
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-time.After(closeTimeout):
		return
	}
	if !c.failed.Load() && c.Conn.SetWriteDeadline(time.Now().Add(closeTimeout)) == nil {
		_, _ = c.Conn.Write(goingAway) // a courtesy
	}
}

// closeTimeout is how long a close frame may take: it nearly always fits into the buffer.
const closeTimeout = 20 * time.Millisecond
