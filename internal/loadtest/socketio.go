package loadtest

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// socketIO is a Socket.IO connection that holds one session: Engine.IO 4 over WebSocket alone (TWIN,
// section 4; the protocols' own documents, Engine.IO 4 and Socket.IO 5). A packet is a text frame.
type socketIO struct {
	session *session
	greeted bool
}

// The packets, by what they begin with. Those of Socket.IO are within a message of Engine.IO, 4.
const (
	engineOpen     = "0"
	engineClose    = "1"
	enginePing     = "2"
	enginePong     = "3"
	socketConnect  = "40"
	socketEvent    = "42"
	messageCreated = `["chatMessageCreatedEmit",`
)

func socketIOPath(s *session) string {
	return "/socket.io/?EIO=4&transport=websocket&key=" + s.id
}

// greet joins. A connection does not come back: it would go on after what the session's Centrifugo
// connection was given meanwhile, so that nobody could say what it must hear.
func (c *socketIO) greet(s *socket) error {
	if c.greeted {
		return errors.New("a Socket.IO connection does not come back")
	}
	c.greeted = true
	frame, err := s.next()
	if err == nil && !bytes.HasPrefix(frame, []byte(engineOpen)) {
		err = fmt.Errorf("not opened: %s", frame)
	}
	if err == nil {
		err = s.write([]byte(socketConnect))
	}
	if err != nil {
		return err
	}
	for {
		frame, err := s.next()
		switch {
		case err != nil:
			return err
		case bytes.HasPrefix(frame, []byte(socketConnect)):
			return nil
		case string(frame) != enginePing:
			return fmt.Errorf("refused: %s", frame)
		}
		if err := s.write([]byte(enginePong)); err != nil {
			return err
		}
	}
}

// handle takes one packet; of the events only messages matter here.
func (c *socketIO) handle(s *socket, frame []byte, now time.Time) error {
	switch {
	case string(frame) == enginePing:
		return s.write([]byte(enginePong))
	case bytes.HasPrefix(frame, []byte(engineClose)):
		return errors.New("closed by the server")
	}
	event, ok := bytes.CutPrefix(frame, []byte(socketEvent+messageCreated))
	if !ok {
		return nil
	}
	end := skipValue(event, 0)
	if end < 0 {
		return errJSON
	}
	id, _ := identify(event[:end])
	c.session.ledger.deliverNamed(id, now)
	return nil
}
