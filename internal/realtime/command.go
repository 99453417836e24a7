package realtime

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/centrifugal/centrifuge"
	"github.com/centrifugal/protocol"
)

// handOver ends a subscription of ours on a channel to which the client subscribes by itself.
// Its push never reaches the client: to an SDK it would mean the end of the new subscription.
var handOver = centrifuge.Unsubscribe{Code: 2499, Reason: "taken over"}

const (
	// noEpoch stands for a position that names no log: nothing may be recovered with it.
	noEpoch = "-"
	// grantEpoch stands for the position at which a channel was granted: a subscription begins
	// there and, this being no log's epoch, is not recovered. Only takeOver may name it.
	grantEpoch = "grant"
)

// commandRead sees every command before the library. A subscribe to a channel the connection
// has been granted takes it over: the library alone would answer error 105.
//
// Commands of HTTP streaming and SSE come in requests of their own, so several may be there at
// once. Those that change the connection's channels take turns, from here to commandProcessed,
// which the library calls for each: a joinSession between a take-over and its subscribe would
// find the channel free, grant it again and have the subscribe refused for good.
func (s *Server) commandRead(client *centrifuge.Client, e centrifuge.CommandReadEvent) error {
	cmd := e.Command
	c := connOf(client)
	if c != nil && changesChannels(cmd) {
		c.beginChange(cmd)
	}
	asks := cmd.Subscribe != nil || cmd.Rpc != nil || cmd.Presence != nil || cmd.PresenceStats != nil
	if c != nil && asks && !c.allow(s.Limits) {
		return centrifuge.ErrorTooManyRequests
	}
	switch {
	case cmd.Connect != nil:
		for _, position := range cmd.Connect.Subs {
			requireEpoch(position)
		}
	case cmd.Subscribe != nil:
		requireEpoch(cmd.Subscribe)
		return s.takeOver(client, cmd.Subscribe)
	case cmd.Unsubscribe != nil:
		// Before the library forgets the channel, so that nothing is written into the void.
		if c != nil {
			c.detach(cmd.Unsubscribe.Channel)
		}
	}
	return nil
}

// changesChannels picks the commands that take turns; joinSession does so by itself. What is a
// connect or a ping as well is nothing else to the library.
func changesChannels(cmd *protocol.Command) bool {
	return cmd.Connect == nil && cmd.Ping == nil && (cmd.Subscribe != nil || cmd.Unsubscribe != nil)
}

func requireEpoch(position *protocol.SubscribeRequest) {
	if position != nil && position.Recover && (position.Epoch == "" || position.Epoch == grantEpoch) {
		position.Epoch = noEpoch
	}
}

// takeOver replaces a subscription of ours by the client's. Without a position of its own the
// client begins where ours did. With one that cannot be recovered it begins at the top, or, if
// the connect reply has already told it to reload, where that said: it may have reloaded since.
func (s *Server) takeOver(client *centrifuge.Client, request *protocol.SubscribeRequest) error {
	c := connOf(client)
	if c == nil {
		return nil
	}
	p := c.takeOver(request.Channel)
	if p == nil {
		return nil
	}
	client.Unsubscribe(request.Channel, handOver)
	epoch := s.LogID
	if request.Recover {
		if !p.anew {
			return nil // the library finds out
		}
		ok, err := s.recoverable(p.topic, request)
		if ok || err != nil {
			return err
		}
		epoch = grantEpoch
	}
	request.Recover, request.Offset, request.Epoch = true, s.position(p.start).Offset, epoch
	return nil
}

// recoverable reports whether a client can be given everything since the position it names.
func (s *Server) recoverable(t *topic, request *protocol.SubscribeRequest) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	since := centrifuge.StreamPosition{Offset: request.Offset, Epoch: request.Epoch}
	no, err := t.resume(ctx, since)
	if err != nil {
		return false, s.report("find position in a channel", err)
	}
	return s.position(no) == since, nil
}

// commandProcessed learns from the replies at which position each subscription begins, and ends
// the turn of a command that changes channels.
func (s *Server) commandProcessed(client *centrifuge.Client, e centrifuge.CommandProcessedEvent) {
	c := connOf(client)
	if c == nil {
		return
	}
	defer c.endChange(e.Command)
	if e.Error != nil || e.Reply == nil || e.Reply.Error != nil {
		return
	}
	switch {
	case e.Reply.Connect != nil:
		granted := make(map[string]grant, len(e.Reply.Connect.Subs))
		for channel, result := range e.Reply.Connect.Subs {
			granted[channel] = grant{int64(result.Offset), result.WasRecovering && !result.Recovered}
		}
		c.mu.Lock()
		c.granted = granted
		c.mu.Unlock()
	case e.Reply.Subscribe != nil:
		position := int64(e.Reply.Subscribe.Offset)
		s.serve(c, e.Command.Subscribe.Channel, &tap{start: position, position: position})
	}
}

// transportWrite sees every message before it is written, counts publications for those who
// wait for room, and drops the push of a hand-over.
func (s *Server) transportWrite(client *centrifuge.Client, e centrifuge.TransportWriteEvent) bool {
	switch e.FrameType {
	case protocol.FrameTypePushPublication:
		if c := connOf(client); c != nil {
			c.took()
		}
	case protocol.FrameTypePushUnsubscribe:
		return !isHandOver(client.Transport().Protocol(), e.Data)
	}
	return true
}

// isHandOver reads a push of an unsubscription. The code is nobody else's.
func isHandOver(p centrifuge.ProtocolType, data []byte) bool {
	if p == centrifuge.ProtocolTypeProtobuf {
		var reply protocol.Reply
		return reply.UnmarshalVT(data) == nil && reply.GetPush().GetUnsubscribe().GetCode() == handOver.Code
	}
	var reply struct {
		Push struct {
			Unsubscribe struct {
				Code uint32 `json:"code"`
			} `json:"unsubscribe"`
		} `json:"push"`
	}
	return json.NewDecoder(bytes.NewReader(data)).Decode(&reply) == nil && reply.Push.Unsubscribe.Code == handOver.Code
}
