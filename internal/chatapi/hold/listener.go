package hold

import (
	"net"
	"time"
)

// resumed is a connection of which something was read already.
type resumed struct {
	net.Conn
	early []byte
}

func (c *resumed) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// CloseWrite lets the server say that it has no more to say, as with its own connections.
func (c *resumed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// giveBack has the server read the next request of a connection.
func (l *Lot) giveBack(c *resumed) {
	if c.SetDeadline(time.Time{}) != nil {
		_ = c.Close() // it is closed
		return
	}
	select {
	case l.back <- c:
	case <-l.stopped:
		_ = c.Close() // nobody serves it any more
	case <-l.closing:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (l *Lot) Accept() (net.Conn, error) {
	select {
	case c := <-l.back:
		return c, nil
	case <-l.stopped:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener: nothing is given back any more. It is safe twice.
func (l *Lot) Close() error {
	l.stop.Do(func() { close(l.stopped) })
	return nil
}

// Addr implements net.Listener.
func (l *Lot) Addr() net.Addr { return address{} }

// address is where nobody can connect to.
type address struct{}

func (address) Network() string { return "hold" }
func (address) String() string  { return "hold" }
