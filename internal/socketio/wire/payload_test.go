package wire

import (
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

func FuzzCanonical(f *testing.F) {
	f.Add([]byte("4:4Привет1:2"), false)
	f.Add([]byte("\x00\x02\xff42"), true)
	f.Add([]byte("\x01\x03\xff\x04ab\x00\x01\xff2"), true)
	f.Add([]byte("2:4😀"), false)
	f.Fuzz(func(t *testing.T, body []byte, binary bool) {
		out, err := canonical(body, binary)
		if err != nil || !utf8.Valid(out) { // binary framing may carry text that is none; the library judges it
			return
		}
		packets, ok := splitBy(out, utf16Width)
		again, err := canonical(out, false)
		if !ok || err != nil || string(again) != string(out) {
			t.Errorf("%q is not canonical: %q, %v", out, packets, err)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add("Привет 😀 \u2028 \x00 \"")
	f.Fuzz(func(t *testing.T, text string) {
		frame, err := Frame("x", map[string]string{"body": text})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range []byte(frame) {
			if b >= utf8.RuneSelf {
				t.Fatalf("%q is not ASCII", frame)
			}
		}
		var got, want []any
		plain, err := json.Marshal([]any{"x", map[string]string{"body": text}})
		if err != nil || json.Unmarshal(plain, &want) != nil || json.Unmarshal([]byte(frame[1:]), &got) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", frame, got, want)
		}
	})
}
