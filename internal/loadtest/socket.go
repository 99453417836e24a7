package loadtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// socketSilence is how long a socket may be silent: the server pings every 25 s (TWIN, section 3).
	socketSilence = 60 * time.Second
	// reconnects bounds how often a socket comes back in a row without hearing anything.
	reconnects = 5
)

// socket is one WebSocket of a client. It is read by one goroutine, to which all fields but conn and
// closed belong. When it breaks it comes back.
type socket struct {
	dialer   *websocket.Dialer
	url      string
	protocol protocol
	body     bytes.Buffer
	dropped  *atomic.Int64 // connections lost, over all sockets

	mu     sync.Mutex // guards conn and closed
	conn   *websocket.Conn
	closed bool
	done   chan struct{}
}

// protocol is what is spoken over a socket.
type protocol interface {
	// greet says who connects, and returns when the server has accepted it; also after the socket
	// was broken.
	greet(*socket) error
	// handle takes a frame.
	handle(s *socket, frame []byte, now time.Time) error
}

// open connects and starts to read. It returns when the server has accepted the connection.
func (s *socket) open(ctx context.Context) error {
	s.done = make(chan struct{})
	if err := s.connect(ctx); err != nil {
		if s.conn != nil {
			_ = s.conn.Close() // it was refused, or is broken
		}
		return err
	}
	go s.read(ctx)
	return nil
}

// close ends the connection and waits for its reader.
func (s *socket) close() {
	s.mu.Lock()
	s.closed = true
	if s.conn != nil {
		_ = s.conn.Close() // the reader sees it
	}
	s.mu.Unlock()
	<-s.done
}

// connect dials and greets.
func (s *socket) connect(ctx context.Context) error {
	conn, _, err := s.dialer.DialContext(ctx, s.url, nil) //nolint:bodyclose // of a handshake's body there is nothing to close
	if err != nil {
		return fmt.Errorf("connect socket: %w", err)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = conn.Close() // nobody wants it any more
		return net.ErrClosed
	}
	if s.conn != nil {
		_ = s.conn.Close() // it is broken
	}
	s.conn = conn
	s.mu.Unlock()
	if err := s.protocol.greet(s); err != nil {
		return fmt.Errorf("connect socket: %w", err)
	}
	return nil
}

// read handles what the server sends until the socket is closed, and comes back when it breaks.
func (s *socket) read(ctx context.Context) {
	defer close(s.done)
	for failures := 0; failures < reconnects; {
		for {
			frame, err := s.next()
			if err == nil {
				err = s.protocol.handle(s, frame, time.Now())
			}
			if err != nil {
				break
			}
			failures = 0
		}
		if s.ended() {
			return
		}
		s.dropped.Add(1)
		failures++
		if !pause(ctx, time.Duration(failures)*100*time.Millisecond) {
			return
		}
		_ = s.connect(ctx) // when this fails, so does the next read
	}
}

func (s *socket) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// next returns the next frame, valid until the one after it.
func (s *socket) next() ([]byte, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(socketSilence)); err != nil {
		return nil, err
	}
	_, r, err := s.conn.NextReader()
	if err != nil {
		return nil, err
	}
	s.body.Reset()
	if _, err := s.body.ReadFrom(r); err != nil {
		return nil, err
	}
	return s.body.Bytes(), nil
}

func (s *socket) write(message []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(socketSilence)); err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.TextMessage, message)
}

// pause waits, and reports whether ctx still goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
