package loadtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// socketPath is where Centrifugo clients connect (TWIN, section 1).
const socketPath = "/centrifugo/connection/websocket"

const (
	// socketSilence is how long a socket may be silent: the server pings every 25 s (TWIN, section 3).
	socketSilence = 60 * time.Second
	// reconnects bounds how often a socket comes back in a row without hearing anything.
	reconnects = 5
)

// socket is one Centrifugo connection (JSON protocol v2) that holds some sessions. It is read by
// one goroutine, to which all fields but conn and closed belong. Told to reconnect, it recovers
// from its positions as the SDKs do.
type socket struct {
	dialer   *websocket.Dialer
	url      string
	echo     bool
	sessions []*session
	subs     map[string]*subscription // by channel
	body     bytes.Buffer
	dropped  *atomic.Int64 // connections lost, over all sockets

	mu     sync.Mutex // guards conn and closed
	conn   *websocket.Conn
	closed bool
	done   chan struct{}
}

// subscription is a server-side subscription and its position.
type subscription struct {
	session *session
	kind    streamKind
	epoch   string
	offset  int64
}

// open connects and starts to read. It returns when the server has accepted the connection.
func (s *socket) open(ctx context.Context) error {
	s.subs = make(map[string]*subscription, 2*len(s.sessions))
	s.done = make(chan struct{})
	for _, sess := range s.sessions {
		s.subs["widget:"+sess.id] = &subscription{session: sess, kind: widgetStream}
		if s.echo {
			s.subs["session:"+sess.id] = &subscription{session: sess, kind: echoStream}
		}
	}
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

// connect dials, says which sessions it wants and reads the answer, with what it missed.
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
	if err := s.write(s.command()); err != nil {
		return fmt.Errorf("connect socket: %w", err)
	}
	frame, err := s.next()
	if err != nil {
		return fmt.Errorf("connect socket: %w", err)
	}
	first, rest, _ := bytes.Cut(frame, []byte("\n"))
	if err := s.connected(first); err != nil {
		return fmt.Errorf("connect socket: %w", err)
	}
	return s.handle(rest, time.Now())
}

// command is the connect command of TWIN's article, with positions to recover from if there are any.
func (s *socket) command() []byte {
	b := []byte(`{"id":1,"connect":{"name":"js","data":{"application":"widget","settings":{"sessions":[`)
	for i, sess := range s.sessions {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, sess.id)
	}
	b = append(b, `],"echo":`...)
	b = strconv.AppendBool(b, s.echo)
	b = append(b, `}}`...)
	separator := `,"subs":{`
	for channel, sub := range s.subs {
		if sub.epoch == "" {
			continue
		}
		b = fmt.Appendf(b, `%s%q:{"recover":true,"epoch":%q,"offset":%d}`, separator, channel, sub.epoch, sub.offset)
		separator = ","
	}
	if separator == "," {
		b = append(b, '}')
	}
	return append(b, `}}`...)
}

// connected reads the reply to the connect command.
func (s *socket) connected(reply []byte) error {
	var connect []byte
	err := fields(reply, func(key, value []byte) {
		if string(key) == "connect" {
			connect = value
		}
	})
	if err != nil || connect == nil {
		return fmt.Errorf("refused: %s", reply)
	}
	now, held := time.Now(), 0
	var failed error
	err = fields(connect, func(key, value []byte) {
		if string(key) != "subs" {
			return
		}
		failed = fields(value, func(channel, result []byte) {
			if sub := s.subs[string(channel)]; sub != nil {
				held++
				failed = errors.Join(failed, sub.begin(result, now))
			}
		})
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if held == 0 && len(s.sessions) > 0 {
		return fmt.Errorf("the server knows none of the sessions: %s", reply)
	}
	return nil
}

// begin reads the state of a subscription and what was recovered.
func (s *subscription) begin(result []byte, now time.Time) error {
	var offset int64
	var publications []byte
	err := fields(result, func(key, value []byte) {
		switch string(key) {
		case "epoch":
			s.epoch = string(text(value))
		case "offset":
			offset = number(value)
		case "publications":
			publications = value
		}
	})
	if err == nil && publications != nil {
		err = elements(publications, func(pub []byte) { s.publication(pub, now) })
	}
	s.offset = max(s.offset, offset)
	return err
}

// read handles what the server sends until the socket is closed, and comes back when it breaks.
func (s *socket) read(ctx context.Context) {
	defer close(s.done)
	for failures := 0; failures < reconnects; {
		for {
			frame, err := s.next()
			if err == nil {
				err = s.handle(frame, time.Now())
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

// handle takes a frame apart: one reply or push per line.
func (s *socket) handle(frame []byte, now time.Time) error {
	for len(frame) > 0 {
		var line []byte
		line, frame, _ = bytes.Cut(frame, []byte("\n"))
		if len(line) <= len("{}") { // a ping, or the end of the frame
			if len(line) == 0 {
				continue
			}
			if err := s.write(line); err != nil {
				return err
			}
			continue
		}
		var push []byte
		err := fields(line, func(key, value []byte) {
			if string(key) == "push" {
				push = value
			}
		})
		if err != nil {
			return err
		}
		if push != nil {
			if err := s.push(push, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// push handles one push; of its kinds only publications matter here.
func (s *socket) push(push []byte, now time.Time) error {
	var channel, publication []byte
	err := fields(push, func(key, value []byte) {
		switch string(key) {
		case "channel":
			channel = text(value)
		case "pub":
			publication = value
		}
	})
	if sub := s.subs[string(channel)]; sub != nil && publication != nil {
		sub.publication(publication, now)
	}
	return err
}

// publication takes note of one event. What it cannot read is missing in the account.
func (s *subscription) publication(publication []byte, now time.Time) {
	var data []byte
	_ = fields(publication, func(key, value []byte) {
		switch string(key) {
		case "offset":
			s.offset = number(value)
		case "data":
			data = value
		}
	})
	var name, message []byte
	var ev event
	_ = fields(data, func(key, value []byte) {
		switch string(key) {
		case "event":
			name = text(value)
		case "data":
			message = value
		case "sequence":
			ev.sequence = number(value)
		}
	})
	if string(name) != "chatMessageCreated" {
		return
	}
	ev.counter = ownCounter(message)
	s.session.ledger.deliver(s.kind, ev, now)
}

// ownCounter is the counter in the body of a client's message, 0 in messages of others.
func ownCounter(message []byte) int {
	var author, body []byte
	_ = fields(message, func(key, value []byte) {
		switch string(key) {
		case "authorType":
			author = text(value)
		case "body":
			body = text(value)
		}
	})
	if string(author) != "CLIENT" {
		return 0
	}
	return int(number(body))
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
