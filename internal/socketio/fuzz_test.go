package socketio_test

import (
	"testing"

	"github.com/gorilla/websocket"
)

// FuzzClient sends a server what it likes, as text and as binary, before and after joining. The
// server may end that connection; it must go on serving others, and leave nothing behind.
func FuzzClient(f *testing.F) {
	log := newTestLog()
	log.open(sessionA)
	s := serve(f, log)
	for _, packet := range []string{
		`42["chatMessageRead",{"messageId":"` + botID + `"}]`, `4277["showTypingIndicator"]`, "41", "1", "3", "2probe", "5", "6",
		`451-["x",{"_placeholder":true,"num":0}]`, `450-["x"]`, "44{}", "40/x,", "49999999999999999999999[]", "", "b4AAAA", "4", "\xff",
		`42["disconnect"]`, `42["error",1]`, `431[1]`, `42[{}]`, `42`,
	} {
		f.Add(packet, true, true, 4)
		f.Add(packet, false, false, 3)
	}
	f.Fuzz(func(t *testing.T, packet string, text, joined bool, eio int) {
		eio = 3 + eio&1
		s := &testServer{Server: s.Server, t: t, log: log, http: s.http}
		c := s.dial(eio, sessionA)
		if joined {
			c.join()
		}
		kind := websocket.BinaryMessage
		if text {
			kind = websocket.TextMessage
		}
		_ = c.socket.WriteMessage(kind, []byte(packet))
		_ = c.socket.WriteMessage(kind, []byte(packet))
		d := s.dial(eio, sessionA).join()
		d.settled()
		c.kill()
		d.kill()
	})
}
