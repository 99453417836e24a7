package socketio

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"
	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/socketio/wire"
)

// maxCommands is how many events of a client wait for those before them at most: the library's own
// queue has no bound, so nothing may wait there. A client that goes on is closed.
const maxCommands = 100

// take has a client's event done, in order. It does not block.
func (c *conn) take(args []any) {
	c.mu.Lock()
	full := len(c.commands) >= maxCommands
	if !full {
		c.commands = append(c.commands, args)
		if !c.working {
			c.working = c.server.spawn(c.work)
		}
	}
	c.mu.Unlock()
	if full {
		wire.Cut(c.engine)
	}
}

// work does what has been taken, also of a client that has left meanwhile, unless the server stops.
func (c *conn) work() {
	for {
		c.mu.Lock()
		if len(c.commands) == 0 || c.server.stopping() {
			c.commands, c.working = nil, false
			c.mu.Unlock()
			return
		}
		args := c.commands[0]
		c.commands = c.commands[1:]
		c.mu.Unlock()
		c.do(args)
	}
}

// do does what a client's event says, and answers it if the client wants that (TWIN, section 4).
// An event that is unknown, or not as expected, changes nothing; above all nobody may speak as
// the bot.
func (c *conn) do(args []any) {
	reply := func([]any, error) {}
	if n := len(args); n > 0 {
		if ack, ok := args[n-1].(socket.Ack); ok {
			reply, args = ack, args[:n-1]
		}
	}
	reply([]any{answer(c.obey(args))}, nil)
}

// answer is what an acknowledgement says.
func answer(err error) json.RawMessage {
	body := any(map[string]bool{"success": true})
	if err != nil {
		body = map[string]string{"error": said(err)}
	}
	data, _ := json.Marshal(body) // of these it cannot fail
	return wire.ASCII(data)
}

func (c *conn) obey(args []any) error {
	name, payload := split(args)
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	var err error
	switch name {
	case "chatMessageRead", "chatMessageReadEmit":
		err = c.readMessage(ctx, payload)
	case "showTypingIndicator", "showTypingIndicatorEmit":
		body, _ := payload["body"].(string)
		err = c.server.Service.Type(ctx, c.session.ID, body)
	default:
		return chat.Errorf(chat.CodeInvalid, "unknown event")
	}
	if err != nil && chat.CodeOf(err) == chat.CodeInternal {
		c.server.Log.Error("Socket.IO event failed", "session", c.session.Key, "error", err)
	}
	return err
}

// split takes an event apart; nil for a payload that is no object.
func split(args []any) (name string, payload map[string]any) {
	if len(args) > 0 {
		name, _ = args[0].(string)
	}
	if len(args) > 1 {
		payload, _ = args[1].(map[string]any)
	}
	return name, payload
}

func (c *conn) readMessage(ctx context.Context, payload map[string]any) error {
	id, ok := payload["messageId"].(string)
	if !ok || len(id) != len(uuid.UUID{}.String()) || uuid.Validate(id) != nil {
		return chat.Invalid("messageId", "expected the id of a message")
	}
	return c.server.Service.Read(ctx, c.session.ID, strings.ToLower(id))
}
