package realtime

import (
	"bytes"
	"encoding/json"

	"github.com/centrifugal/centrifuge"
	"github.com/centrifugal/protocol"
)

// handOver ends a subscription of ours on a channel to which the client subscribes by itself.
// Its push never reaches the client: to an SDK it would mean the end of the new subscription.
var handOver = centrifuge.Unsubscribe{Code: 2499, Reason: "taken over"}

// noEpoch stands for a position that names no log: nothing may be recovered with it.
const noEpoch = "-"

// commandRead sees every command before the library. A subscribe to a channel the connection
// has been granted takes it over: the library alone would answer error 105.
func (s *Server) commandRead(client *centrifuge.Client, e centrifuge.CommandReadEvent) error {
	cmd := e.Command
	asks := cmd.Subscribe != nil || cmd.Rpc != nil || cmd.Presence != nil || cmd.PresenceStats != nil
	if c := connOf(client); c != nil && asks && !c.allow(s.Limits) {
		return centrifuge.ErrorTooManyRequests
	}
	switch {
	case cmd.Connect != nil:
		for _, position := range cmd.Connect.Subs {
			requireEpoch(position)
		}
	case cmd.Subscribe != nil:
		requireEpoch(cmd.Subscribe)
		s.takeOver(client, cmd.Subscribe)
	case cmd.Unsubscribe != nil:
		// Before the library forgets the channel, so that nothing is written into the void.
		if c := connOf(client); c != nil {
			c.detach(cmd.Unsubscribe.Channel)
		}
	}
	return nil
}

func requireEpoch(position *protocol.SubscribeRequest) {
	if position != nil && position.Recover && position.Epoch == "" {
		position.Epoch = noEpoch
	}
}

// takeOver replaces a subscription of ours by the client's. Without a position of its own the
// client begins where ours did.
func (s *Server) takeOver(client *centrifuge.Client, request *protocol.SubscribeRequest) {
	c := connOf(client)
	if c == nil {
		return
	}
	start, ok := c.takeOver(request.Channel)
	if !ok {
		return
	}
	client.Unsubscribe(request.Channel, handOver)
	if !request.Recover {
		position := s.position(start)
		request.Recover, request.Offset, request.Epoch = true, position.Offset, position.Epoch
	}
}

// commandProcessed learns from the replies at which position each subscription begins.
func (s *Server) commandProcessed(client *centrifuge.Client, e centrifuge.CommandProcessedEvent) {
	c := connOf(client)
	if c == nil || e.Error != nil || e.Reply == nil || e.Reply.Error != nil {
		return
	}
	switch {
	case e.Reply.Connect != nil:
		granted := make(map[string]int64, len(e.Reply.Connect.Subs))
		for channel, result := range e.Reply.Connect.Subs {
			granted[channel] = int64(result.Offset)
		}
		c.mu.Lock()
		c.granted = granted
		c.mu.Unlock()
	case e.Reply.Subscribe != nil:
		s.serve(c, e.Command.Subscribe.Channel, int64(e.Reply.Subscribe.Offset), false)
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
