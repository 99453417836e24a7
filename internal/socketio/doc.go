// Package socketio is the transport of the legacy widget: Socket.IO over Engine.IO 3 and 4, by
// polling, WebSocket, and from one to the other (TWIN, section 4). It decides nothing about chats;
// what is said comes from the log, what a client does goes to the domain. Package wire holds the
// protocol itself.
//
//	feed ── event ──▶ conn (one per connection, with its place in the stream) ──▶ wire.Link ──▶ client
//	                    │ behind?                                                   │
//	log ◀── catch up, in paced pieces                              marker ◀── what the client has
//
// # What a connection is given
//
// The widget stream, without a gap and in order, from where the session's REST answers and
// connections have been given it (chat.Session.WidgetGiven), and ephemeral events in between. The
// protocol has no positions and no receipts. A client is taken to have got something when it gives
// a sign of life that says so (wire.Link); only that is marked as given. So what was written to a
// client that was gone comes again with the next connection. The price: after every end that is not
// the client's own act (the server closes its connections when it stops, a proxy goes, a network
// breaks) the messages since its last sign of life come twice, with the same ids.
//
// # Slow readers
//
// What waits for one connection is bounded (Limits.QueueBytes); beyond it the connection is closed,
// and so is one that takes nothing for catchUpPatience while it catches up, or for
// Limits.WriteTimeout while it is written to. Its events are in the log.
//
// # Several nodes
//
// A connection is one node's. A WebSocket needs nothing for that; the requests of a polling client
// must all go to the node of its handshake: the balancer has to see to that.
//
// # Seats
//
// Connections are counted from their handshake until they are closed (Limits.MaxConnections).
package socketio
