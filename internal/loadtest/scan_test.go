package loadtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`{}`:                                   nil,
		` { "a" : 1 , "b":"x" } `:              {"a", "1", "b", `"x"`}, //nolint:gocritic // the white space is the test
		`{"a":{"b":[1,{"c":"}"}]},"d":-1.5e3}`: {"a", `{"b":[1,{"c":"}"}]}`, "d", "-1.5e3"},
		`{"a":"\"\\","b":null,"c":true}`:       {"a", `"\"\\"`, "b", "null", "c", "true"},
		`{"я":"\u0022","":[]}`:                 {"я", `"\u0022"`, "", "[]"},
	} {
		var got []string
		if err := fields([]byte(in), func(k, v []byte) { got = append(got, string(k), string(v)) }); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{``, `[]`, `{`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":}`, `{"a":{]`, `{a:1}`, `{"a":"\"}`} {
		if err := fields([]byte(in), func(_, _ []byte) {}); err == nil {
			t.Errorf("%s: no error", in)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		`{"body":"17 hello","id":"m","authorType":"CLIENT"}`:               17,
		`{"authorType":"BOT","body":"17 hello"}`:                           0,
		`{"authorType":"CLIENT","body":"hello"}`:                           0,
		`{"replyToMessage":{"body":"9"},"authorType":"CLIENT","body":"3"}`: 3,
		`broken`: 0,
	} {
		id, got := identify([]byte(in))
		if got != want || (string(id) == "m") != strings.Contains(in, `"id"`) {
			t.Errorf("%s: %d of %q, want %d", in, got, id, want)
		}
	}
}

// FuzzFields holds the walker to encoding/json on valid JSON, and to its bounds on any other.
func FuzzFields(f *testing.F) {
	f.Add([]byte(`{"push":{"channel":"session:x","pub":{"data":{"event":"chatMessageCreated","data":{"body":"1 \"x\""},"sequence":3},"offset":3}}}`))
	f.Add([]byte(`{"a":[1,2,{"b":"\\"}],"c":"я"}`))
	f.Add([]byte(`{"a":"\`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := map[string]string{}
		err := fields(data, func(k, v []byte) {
			var key string
			if json.Unmarshal(append(append([]byte{'"'}, k...), '"'), &key) == nil {
				got[key] = string(v)
			}
			_ = elements(v, func([]byte) {})
		})
		var want map[string]json.RawMessage
		if !json.Valid(data) || json.Unmarshal(data, &want) != nil || bytes.HasPrefix(bytes.TrimSpace(data), []byte("null")) {
			return
		}
		if err != nil {
			t.Fatalf("valid JSON: %v", err)
		}
		plain := make(map[string]string, len(want))
		for k, v := range want {
			plain[k] = string(v)
		}
		if !maps.Equal(got, plain) {
			t.Errorf("got %q, want %q", got, plain)
		}
	})
}
