package realtime

import (
	"testing"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

func FuzzDecodeConnect(f *testing.F) {
	f.Add([]byte(`{"application":"widget","settings":{"userId":"x","sessions":["bce7d22e-dde6-4427-b391-ebbdfda44de6"],"echo":true}}`))
	f.Add([]byte(`{"application":"notifications","settings":{"token":"x"}}`))
	f.Add([]byte(`{"settings":{"sessions":[[[]]]}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeConnect(data, 3)
		if (r == nil) == (err == nil) {
			t.Fatalf("got %v and %v", r, err)
		}
		checkRefusal(t, err)
		if r == nil {
			return
		}
		seen := map[string]bool{}
		for _, id := range r.sessions {
			if seen[id] {
				t.Fatalf("session %q twice", id)
			}
			seen[id] = true
		}
		if len(seen) > 3 {
			t.Fatalf("%d sessions", len(seen))
		}
	})
}

func FuzzDecodeCalls(f *testing.F) {
	f.Add([]byte(`{"id":"bce7d22e-dde6-4427-b391-ebbdfda44de6"}`))
	f.Add([]byte(`{"sessionId":"bce7d22e-dde6-4427-b391-ebbdfda44de6","body":"При"}`))
	f.Add([]byte(`{"id":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := decodeJoin(data)
		checkRefusal(t, err)
		if err == nil && !isSessionID(id) {
			t.Fatalf("accepted %q", id)
		}
		typing, err := decodeTyping(data)
		checkRefusal(t, err)
		if err == nil && (!isSessionID(typing.sessionID) || !utf8.ValidString(typing.body)) {
			t.Fatalf("accepted %+v", typing)
		}
	})
}

func FuzzParseChannel(f *testing.F) {
	f.Add("widget:bce7d22e-dde6-4427-b391-ebbdfda44de6")
	f.Add("session:")
	f.Fuzz(func(t *testing.T, name string) {
		if _, id, ok := parseChannel(name); ok && (len(id) != idLength || len(name) > maxChannelName) {
			t.Fatalf("accepted %q", name)
		}
	})
}

// checkRefusal: what is wrong is always the input, and a field of it is named.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if e, known := protocolError(err); chat.CodeOf(err) != chat.CodeInvalid || !known || e.Code != 107 {
		t.Fatalf("refused with %v", err)
	}
}
