package realtime

import (
	"context"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

const (
	// maxRoundTrip bounds what a slow start is taken for.
	maxRoundTrip = 500 * time.Millisecond
	// emulatedRoundTrip is assumed where none can be seen: commands of HTTP streaming and SSE
	// come in requests of their own.
	emulatedRoundTrip = 200 * time.Millisecond
)

// handshake is what a connection's HTTP request says.
type handshake struct {
	origin string
	at     time.Time
}

type handshakeKey struct{}

// connecting answers a connect command (TWIN, section 3).
func (s *Server) connecting(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	request, err := decodeConnect(e.Data, s.Limits.Sessions)
	if err != nil {
		return centrifuge.ConnectReply{}, s.report("connect", err)
	}
	shake, _ := ctx.Value(handshakeKey{}).(handshake)
	request.addSessionsOf(e.Channels, s.Limits.Sessions)
	channels, err := s.grant(ctx, request, shake.origin)
	if err != nil {
		return centrifuge.ConnectReply{}, s.report("connect", err)
	}
	c := newConn(shake.origin, request.echo, s.holdFor(shake, e.Transport))
	return centrifuge.ConnectReply{
		Context:       withConn(ctx, c),
		Credentials:   &centrifuge.Credentials{},
		Subscriptions: channels,
	}, nil
}

// grant lists the channels of the sessions a client names; those that do not exist are left
// out (TWIN, section 3).
func (s *Server) grant(ctx context.Context, r *connectRequest, origin string) (map[string]centrifuge.SubscribeOptions, error) {
	channels := make(map[string]centrifuge.SubscribeOptions)
	for _, id := range r.sessions {
		session, err := s.enter(ctx, id, origin)
		if chat.CodeOf(err) == chat.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, channel := range channelsOf(session.ID, r.echo) {
			channels[channel] = s.subscription()
		}
	}
	return channels, nil
}

// subscription is what the library does for every subscription.
func (s *Server) subscription() centrifuge.SubscribeOptions {
	return centrifuge.SubscribeOptions{EnableRecovery: true, EmitPresence: s.presence != nil}
}

func channelsOf(sessionID string, echo bool) []string {
	if echo {
		return []string{widgetPrefix + sessionID, sessionPrefix + sessionID}
	}
	return []string{widgetPrefix + sessionID}
}

// enter finds a session a client names, knowing whose id is the right to it, unless the page
// is of an origin that the chat does not allow.
func (s *Server) enter(ctx context.Context, id, origin string) (*chat.Session, error) {
	if !isSessionID(id) {
		return nil, chat.Errorf(chat.CodeNotFound, "no such session")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	session, err := s.Service.FindSession(ctx, id)
	if err != nil || origin == "" {
		return session, err
	}
	c, err := s.Service.FindChat(ctx, session.ChatID)
	if err != nil {
		return nil, err
	}
	if !auth.OriginAllowed(c.Origins, origin) {
		return nil, chat.Errorf(chat.CodeForbidden, "origin not allowed")
	}
	return session, nil
}

// holdFor is how long channels granted to a connection wait for its subscribe: two round trips
// and a little. A WebSocket shows one: the client sends connect when it has the handshake.
func (s *Server) holdFor(shake handshake, transport centrifuge.TransportInfo) time.Duration {
	if s.Limits.Hold < 0 {
		return 0
	}
	trip := emulatedRoundTrip
	if !transport.Emulation() {
		trip = min(max(s.Now().Sub(shake.at), 0), maxRoundTrip)
	}
	return s.Limits.Hold + 2*trip
}

// connected serves a connection that was let in: its reply is on the way.
func (s *Server) connected(client *centrifuge.Client) {
	c := connOf(client)
	c.client = client
	client.OnSubscribe(func(e centrifuge.SubscribeEvent, cb centrifuge.SubscribeCallback) {
		cb(s.subscribe(c, e.Channel))
	})
	client.OnRPC(func(e centrifuge.RPCEvent, cb centrifuge.RPCCallback) {
		cb(s.call(c, e))
	})
	client.OnPresence(func(e centrifuge.PresenceEvent, cb centrifuge.PresenceCallback) {
		members, err := s.presentAt(c, e.Channel)
		cb(centrifuge.PresenceReply{Result: &centrifuge.PresenceResult{Presence: members}}, err)
	})
	client.OnPresenceStats(func(e centrifuge.PresenceStatsEvent, cb centrifuge.PresenceStatsCallback) {
		members, err := s.presentAt(c, e.Channel)
		cb(centrifuge.PresenceStatsReply{Result: &centrifuge.PresenceStatsResult{PresenceStats: presenceStats(members)}}, err)
	})
	client.OnUnsubscribe(func(e centrifuge.UnsubscribeEvent) { c.detach(e.Channel) })
	client.OnDisconnect(func(e centrifuge.DisconnectEvent) { s.disconnected(c, e) })
	if s.Metrics.Connections != nil {
		s.Metrics.Connections.Inc()
	}
	c.mu.Lock()
	granted := c.granted
	c.granted = nil
	c.mu.Unlock()
	for channel, g := range granted {
		s.serve(c, channel, &tap{start: g.position, position: g.position, server: true, anew: g.anew, hold: c.hold})
	}
}

// serve begins to write a channel's publications after the tap's position to a connection.
func (s *Server) serve(c *conn, channel string, p *tap) {
	t := s.broker.topic(channel)
	if t == nil {
		return // unsubscribed meanwhile
	}
	p.topic, p.conn = t, c
	c.attach(t, p)
}

func (s *Server) disconnected(c *conn, e centrifuge.DisconnectEvent) {
	c.close()
	if s.Metrics.Connections != nil {
		s.Metrics.Connections.Dec()
	}
	if e.Code == centrifuge.DisconnectSlow.Code && s.Metrics.SlowReaders != nil {
		s.Metrics.SlowReaders.Inc()
	}
}

// subscribe answers a client's own subscribe. Any existing session's channels are allowed: one
// that a later PUT made may be subscribed to on the same connection (TWIN, section 3).
func (s *Server) subscribe(c *conn, channel string) (centrifuge.SubscribeReply, error) {
	_, id, ok := parseChannel(channel)
	if !ok {
		return centrifuge.SubscribeReply{}, centrifuge.ErrorPermissionDenied
	}
	_, err := s.enter(c.client.Context(), id, c.origin)
	if chat.CodeOf(err) == chat.CodeNotFound {
		return centrifuge.SubscribeReply{}, centrifuge.ErrorPermissionDenied
	}
	if err != nil {
		return centrifuge.SubscribeReply{}, s.report("subscribe", err)
	}
	return centrifuge.SubscribeReply{Options: s.subscription()}, nil
}
