package chat_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func payloads() []chat.Payload {
	return []chat.Payload{
		&chat.SessionStarted{Greet: true},
		&chat.Message{ID: "i", AuthorType: chat.AuthorBot, Type: chat.MessageRegular, Body: "Привет 😀\x00", Answers: []string{"да"},
			Keyboard: &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"a"}}, Actions: []chat.Action{{Type: "button", Data: `{"k":1}`}},
			Attachments: []chat.Attachment{{ID: "f", Size: 3}}, ReplyTo: &chat.ReplyTo{ID: "r", AuthorType: chat.AuthorClient}, Cause: 4},
		&chat.MessageRead{MessageID: "i", UpTo: 2, By: chat.AuthorClient},
		&chat.ActionPressed{Event: "buy", Data: json.RawMessage(`{"a":[1]}`)},
		&chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerBot, ID: "b", Name: "B"}, Previous: chat.Owner{Kind: chat.OwnerNobody}, Term: 2},
		&chat.SessionClosed{By: chat.ClosedByBot, Result: "ok", RatingRequired: true, ChatID: "c"},
		&chat.Unknown{Name: "queue.moved", Data: json.RawMessage(`{"from":{"id":"1"},"n":12345678901234567890}`)},
	}
}

func TestPayloadsSurviveStorage(t *testing.T) {
	t.Parallel()
	for _, p := range payloads() {
		data, err := chat.EncodePayload(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chat.DecodePayload(p.Kind(), data)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%s became %+v, %v", data, got, err)
		}
	}
	if _, err := chat.EncodePayload(&chat.Typing{}); err == nil {
		t.Error("typing was encoded")
	}
	for _, kind := range []chat.Kind{"", chat.KindTyping} {
		if _, err := chat.DecodePayload(kind, []byte(`{"v":1,"p":{}}`)); err == nil {
			t.Errorf("%q was decoded", kind)
		}
	}
	for stored, want := range map[string]string{
		`{"v":2,"p":{}}`:          "version 2",
		`{"v":2,"p":{"body":{}}}`: "version 2",
		`{"p":{}}`:                "version 0",
		`{"v":1,"p":{"body":{}}}`: "cannot unmarshal object",
		`{"v":1,"p":{"body":`:     "unexpected end",
	} {
		if _, err := chat.DecodePayload(chat.KindMessageCreated, []byte(stored)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s was decoded: %v", stored, err)
		}
	}
}

func FuzzDecodePayload(f *testing.F) {
	for _, p := range payloads() {
		data, err := chat.EncodePayload(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(p.Kind()), data)
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		p, err := chat.DecodePayload(chat.Kind(kind), data)
		if err != nil {
			return
		}
		again, err := chat.EncodePayload(p)
		if err != nil {
			t.Fatalf("%q decodes and does not encode: %v", data, err)
		}
		if _, err := chat.DecodePayload(p.Kind(), again); err != nil {
			t.Fatalf("%q does not decode again: %v", again, err)
		}
	})
}
