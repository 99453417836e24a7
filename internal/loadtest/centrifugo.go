package loadtest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// centrifugoPath is where Centrifugo clients connect (TWIN, section 1).
const centrifugoPath = "/centrifugo/connection/websocket"

// centrifugo is a Centrifugo connection (JSON protocol v2) that holds some sessions. Told to
// reconnect, it recovers from its positions as the SDKs do.
type centrifugo struct {
	echo     bool
	sessions []*session
	subs     map[string]*subscription // by channel
}

// subscription is a server-side subscription and its position.
type subscription struct {
	session *session
	kind    streamKind
	epoch   string
	offset  int64
}

func newCentrifugo(sessions []*session, echo bool) *centrifugo {
	c := &centrifugo{echo: echo, sessions: sessions, subs: make(map[string]*subscription, 2*len(sessions))}
	for _, sess := range sessions {
		c.subs["widget:"+sess.id] = &subscription{session: sess, kind: widgetStream}
		if echo {
			c.subs["session:"+sess.id] = &subscription{session: sess, kind: echoStream}
		}
	}
	return c
}

// greet says which sessions it wants and reads the answer, with what it missed.
func (c *centrifugo) greet(s *socket) error {
	if err := s.write(c.command()); err != nil {
		return err
	}
	frame, err := s.next()
	if err != nil {
		return err
	}
	first, rest, _ := bytes.Cut(frame, []byte("\n"))
	if err := c.connected(first); err != nil {
		return err
	}
	return c.handle(s, rest, time.Now())
}

// command is the connect command of TWIN's article, with positions to recover from if there are any.
func (c *centrifugo) command() []byte {
	b := []byte(`{"id":1,"connect":{"name":"js","data":{"application":"widget","settings":{"sessions":[`)
	for i, sess := range c.sessions {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, sess.id)
	}
	b = append(b, `],"echo":`...)
	b = strconv.AppendBool(b, c.echo)
	b = append(b, `}}`...)
	separator := `,"subs":{`
	for channel, sub := range c.subs {
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
func (c *centrifugo) connected(reply []byte) error {
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
			if sub := c.subs[string(channel)]; sub != nil {
				held++
				failed = errors.Join(failed, sub.begin(result, now))
			}
		})
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if held == 0 && len(c.sessions) > 0 {
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

// handle takes a frame apart: one reply or push per line.
func (c *centrifugo) handle(s *socket, frame []byte, now time.Time) error {
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
			if err := c.push(push, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// push handles one push; of its kinds only publications matter here.
func (c *centrifugo) push(push []byte, now time.Time) error {
	var channel, publication []byte
	err := fields(push, func(key, value []byte) {
		switch string(key) {
		case "channel":
			channel = text(value)
		case "pub":
			publication = value
		}
	})
	if sub := c.subs[string(channel)]; sub != nil && publication != nil {
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
	id, counter := identify(message)
	ev.counter = counter
	s.session.ledger.deliver(s.kind, ev, now)
	if counter == 0 && s.kind == widgetStream {
		s.session.ledger.number(id, ev.sequence)
	}
}

// identify is the id of a message, and the counter in the body of a client's, 0 in messages of others.
func identify(message []byte) (id []byte, counter int) {
	var author, body []byte
	_ = fields(message, func(key, value []byte) {
		switch string(key) {
		case "id":
			id = text(value)
		case "authorType":
			author = text(value)
		case "body":
			body = text(value)
		}
	})
	if string(author) == "CLIENT" {
		counter = int(number(body))
	}
	return id, counter
}
