// Package realtime speaks Centrifugo's client protocol: it embeds the centrifuge library and
// gives every connection the streams of its sessions. It decides nothing about chats; what is
// said comes from the log, what a client does goes to the domain.
//
//	feed ── event ──▶ topic (one per channel) ──▶ tap (one per connection) ──▶ frame
//	                                                │ behind?
//	log ◀── catch up, in paced pieces ──────────────┘
//
// # Positions
//
// A channel is a stream of a session, and a publication's offset is the event's own number in
// that stream; the epoch is the id of the log. Every tap knows its position and is given the
// event with the next number, from the feed or from the log, so nothing comes twice, and what
// the feed skips comes with the next event it tells of. A client that comes back names its position. If it is of this
// log and not too old (Limits.Recover), the reply says "recovered": true at that very
// position, and what it missed follows as ordinary publications, in pieces no larger than the
// reader takes: a recovery has no size that could overflow its queue. Otherwise the reply says
// "recovered": false with the present position, and the client is to reload the history over
// REST. A client without a position starts at what the session's REST answers and
// connections have been given (chat.Session.WidgetGiven).
//
// # Two kinds of client
//
// One kind only listens to the channels the connect reply names, the other subscribes to them
// as well (TWIN, section 3). Both must get each publication once, and a server cannot tell them
// apart before the second kind subscribes; what comes earlier an SDK hands to its listeners for
// the connection, where an application that subscribes does not look. So the channels granted
// at connect are held for about two round trips: what there is to say waits. A subscribe takes
// the channel over at the position it had at connect, or at the one it names; without a
// subscribe the channel goes live as it is. When the connect reply has said "recovered": false, and
// the position that the subscribe names cannot be recovered either, its reply says so too, at the
// position of the connect reply, and what came since then follows: the client may have reloaded
// its history before it came.
//
// A client that does both (it listens for longer than the hold, then subscribes without a
// position) gets the publications between once as a listener and once more as a subscriber:
// the subscription begins where the connection did, and an application that looks only at
// the subscription must not miss anything. Such a client can tell them by offset, id or sequence.
//
// # Slow readers
//
// What waits for one connection is bounded (Limits.QueueBytes); beyond it the connection is
// closed with code 3008, which tells the client to reconnect, and it recovers.
//
// # Several nodes
//
// A command posted to another node than the one that holds the stream goes there through the
// library (Control). Who is connected where is kept in Redis by the library as well, but nobody
// waits for that (Presence): it is for those who ask, and may be late.
//
// # Seats
//
// Sockets and streams are counted from their request until they are closed, not from the connect
// command, which need not come (Limits.MaxConnections).
package realtime
