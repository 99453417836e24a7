package realtime

import (
	"context"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/chat"
)

// The methods a client may call (TWIN, section 3; typing is an extension of ours).
const (
	methodJoin   = "joinSession"
	methodTyping = "typing"
)

// call answers an RPC.
func (s *Server) call(c *conn, e centrifuge.RPCEvent) (centrifuge.RPCReply, error) {
	ctx, cancel := context.WithTimeout(c.client.Context(), callTimeout)
	defer cancel()
	var err error
	switch e.Method {
	case methodJoin:
		err = s.join(ctx, c, e.Data)
	case methodTyping:
		err = s.typing(ctx, c, e.Data)
	default:
		err = centrifuge.ErrorMethodNotFound
	}
	if err != nil {
		return centrifuge.RPCReply{}, s.report("call a method", err)
	}
	return centrifuge.RPCReply{Data: []byte(`{"success":true}`)}, nil
}

// join gives the connection a session's channels, if it has them not yet.
func (s *Server) join(ctx context.Context, c *conn, data []byte) error {
	id, err := decodeJoin(data)
	if err != nil {
		return err
	}
	session, err := s.enter(ctx, id, c.origin)
	if err != nil {
		return err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	for _, channel := range channelsOf(session.ID, c.echo) {
		if c.client.IsSubscribed(channel) {
			continue
		}
		if err := s.joinChannel(ctx, c, channel, session); err != nil {
			return err
		}
	}
	return nil
}

// joinChannel subscribes a connection. The library does not say where the subscription begins,
// so it is told: a position that it cannot but accept.
func (s *Server) joinChannel(ctx context.Context, c *conn, channel string, session *chat.Session) error {
	t := s.broker.topic(channel)
	if t == nil {
		stream, _, _ := parseChannel(channel)
		t = newTopic(s, channel, stream, session)
	}
	start, err := t.begin(ctx)
	if err != nil {
		return err
	}
	since := s.position(start)
	err = c.client.Subscribe(channel, centrifuge.WithRecovery(true), centrifuge.WithRecoverSince(&since),
		centrifuge.WithEmitPresence(s.presence != nil))
	if err != nil {
		return err
	}
	s.serve(c, channel, &tap{start: start, position: start, server: true, hold: c.hold})
	return nil
}

func (s *Server) typing(ctx context.Context, c *conn, data []byte) error {
	request, err := decodeTyping(data)
	if err != nil {
		return err
	}
	if _, err := s.enter(ctx, request.sessionID, c.origin); err != nil {
		return err
	}
	return s.Service.Type(ctx, request.sessionID, request.body)
}
