package relay

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// examples are rings with a payload of every kind.
func examples() []chat.Ring {
	ref := chat.SessionRef{Key: 1 << 40, ID: "5e55107e-0000-4000-8000-000000000007"}
	ring := func(sequence int64, payloads ...chat.Payload) chat.Ring {
		r := chat.Ring{Session: ref, Sequence: sequence, Settled: sequence}
		for i, p := range payloads {
			n := sequence - int64(len(payloads)-1-i)
			r.Events = append(r.Events, chat.Event{
				Key: 9_000_000_000 + n, ID: "e", Session: ref, Sequence: n, WidgetNo: n / 2, SessionNo: n,
				At: time.UnixMicro(1_750_000_000_123_456).UTC(), Payload: p,
			})
		}
		return r
	}
	return []chat.Ring{
		ring(0),
		ring(7),
		ring(1, &chat.SessionStarted{Greet: true}),
		ring(5, &chat.Message{ID: "m", AuthorType: chat.AuthorClient, Body: "Привет\x00\u2028 <b>"}, &chat.MessageRead{MessageID: "m", UpTo: 4, By: chat.AuthorOperator}),
		ring(6, &chat.ActionPressed{Event: "buy", Data: json.RawMessage(`{"a":[1,2]}`)}),
		ring(8, &chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerBot, ID: "b", Name: "Bot"}, Term: 3}, &chat.SessionClosed{By: chat.ClosedByBot, ChatID: "c"}),
		{Session: ref, Events: []chat.Event{{ID: "t", Session: ref, At: time.UnixMicro(-1).UTC(), Payload: &chat.Typing{By: chat.AuthorBot}}}},
		{Session: ref, Events: []chat.Event{{ID: "s", Session: ref, At: time.UnixMicro(1).UTC(), Payload: &chat.OperatorStatusChanged{OperatorID: "389", Previous: chat.OperatorActive, Current: chat.OperatorPaused}}}},
		{Session: ref, Events: []chat.Event{{ID: "o", Session: ref, At: time.UnixMicro(1).UTC(), Payload: &chat.OperatorLoggedOut{OperatorID: "389"}}}},
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	for _, want := range examples() {
		data, err := encode("node", want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(data); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v\nwant %+v", err, got, want)
		}
		for n := range data { // whatever is cut off, it is an error
			if got, err := decode(data[:n]); err == nil {
				t.Errorf("%d of %d bytes are %+v", n, len(data), got)
			}
		}
		if _, err := decode(append(data, 0)); err == nil {
			t.Error("a byte too many is no error")
		}
	}
}

func TestEnvelopeIsBounded(t *testing.T) {
	t.Parallel()
	ring := examples()[3]
	for size := range 3 {
		ring.Events[0].Payload = &chat.Message{Body: strings.Repeat("x", maxEnvelope-1000+size*500)}
		data, err := encode("node", ring)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(data)
		if err != nil || len(data) > maxEnvelope || got.Sequence != ring.Sequence || len(got.Events) == 1 {
			t.Errorf("%v: %d bytes with %d events", err, len(data), len(got.Events))
		}
	}
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*chat.Ring){
		"typing with a number":     func(r *chat.Ring) { r.Events[0].Payload = &chat.Typing{} },
		"a message without number": func(r *chat.Ring) { r.Events[0].Sequence = 0 },
		"negative sequence":        func(r *chat.Ring) { r.Sequence = -1 },
		"negative number":          func(r *chat.Ring) { r.Events[0].WidgetNo = -1 },
	} {
		ring := examples()[3]
		change(&ring)
		data, err := encode("node", ring)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(data); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// FuzzDecode tries bytes: no panic, and what is read is written back as the same ring.
func FuzzDecode(f *testing.F) {
	for _, ring := range examples() {
		data, err := encode("node", ring)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{})
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ring, err := decode(data)
		if err != nil {
			return
		}
		for _, e := range ring.Events {
			if e.Payload == nil || e.Session != ring.Session || e.Ephemeral() != e.Payload.Kind().Ephemeral() {
				t.Fatalf("read %+v", e)
			}
		}
		first, err := encode("node", ring)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", ring, err)
		}
		again, err := decode(first)
		if err != nil {
			t.Fatalf("%+v cannot be read again: %v", ring, err)
		}
		second, err := encode("node", again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%v: %q became %q", err, first, second)
		}
	})
}
