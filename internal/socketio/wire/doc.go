// Package wire is Socket.IO as bytes: the library that speaks Engine.IO and Socket.IO, with what
// has to stand around it. It knows nothing of chats.
//
//	request ──▶ Handler ──▶ engine.Server ──▶ socket.Server ──▶ who listens
//	                                  ◀── Link ◀── frames, each with a mark
//
// # What stands around the library
//
// Each of these was seen with the clients of test/interop, or by the race detector:
//
//   - An upgraded connection is neither read nor written before the engine has it (holding): the
//     first packet of a fast client was lost otherwise, and an early end never noticed.
//   - A request of a polling client waits until its handshake is done (Handler.await), for the same
//     reason.
//   - A poll does not see its client leave (poll): the library reads there what another goroutine
//     writes. It is ended from here, and answered with a close packet when its connection ends,
//     which the library leaves waiting. Its answer goes out when the library is through with it
//     (answer): it would take the client's next poll for this one.
//   - Posted payloads of Engine.IO 3 are read here (canonical): their lengths count bytes, UTF-16
//     units or characters, as the client's language has it. What is sent is ASCII (Frame), where
//     these are the same.
//   - A client that answers its connect at once waits until the library has noted the connect (Gate).
//   - A connection that the library would close at its next poll is closed now (Cut): it forgets to
//     answer that poll.
//   - A client that goes silent after its upgrade is noticed (OnSilence): the library clears its timeout
//     there, and sets the next one when the client pings or answers a ping.
//   - Every write has a deadline, and what waits for a connection is counted (Link).
package wire
