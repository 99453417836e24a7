package realtime

import "github.com/centrifugal/centrifuge"

// Control carries what the library's nodes say to each other; *relay.Control is one. A command
// of a client on HTTP streaming or SSE that was posted to another node comes to its own by it.
//
// The library knows more that it would do on all nodes (disconnect, unsubscribe, survey); this
// package asks it for nothing of that.
type Control interface {
	// Listen has deliver called with what is said to a node, this one, or to all, many at once
	// and in no order. It is called once.
	Listen(node string, deliver func(data []byte))
	// Tell says something to one node, or to all when node is "". It waits for a second at
	// most. An error says that maybe nobody has got it.
	Tell(node string, data []byte) error
}

// controller gives a Control to the library.
type controller struct {
	Control
	node *centrifuge.Node
}

var _ centrifuge.Controller = controller{}

// RegisterControlEventHandler begins to listen. What the library is told it may be told at once:
// it keeps what it knows of nodes, surveys and connections under locks, and hands the commands of
// a post to a goroutine of their own anyway. If a node's last word comes before the one it said
// earlier, it is forgotten some seconds later; posts to it fail at once meanwhile.
func (c controller) RegisterControlEventHandler(h centrifuge.ControlEventHandler) error {
	c.Listen(c.node.ID(), func(data []byte) { _ = h.HandleControl(data) }) // it has logged its errors
	return nil
}

// PublishControl fails for a single node only: the client whose command was for it then comes
// back. What is for all is said every three seconds.
func (c controller) PublishControl(data []byte, node, _ string) error {
	if err := c.Tell(node, data); node != "" {
		return err
	}
	return nil
}
