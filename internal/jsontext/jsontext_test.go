package jsontext

import (
	"strings"
	"testing"
)

func TestDepth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		``: 0, `1`: 0, `[]`: 1, `{"a":[1,{"b":2}],"c":{}}`: 3, `"[[["`: 0, `["\"[[",[]]`: 2, `["\\",[]]`: 2,
		strings.Repeat("[", 1000): 1000, `]]`: 0,
	} {
		if got := Depth([]byte(text)); got != want {
			t.Errorf("%.20s: %d, want %d", text, got, want)
		}
	}
}

func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": -1, "aяё🙂\uFFFD": -1, "я\xff": 2, "\xd1": 0, "ab\xed\xa0\x80": 2} {
		if got := InvalidUTF8([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestEscapedNUL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		``: -1, `"\u0000"`: 1, `"\\u0000"`: -1, `"\\\u0000"`: 3, `"\u0001\u00000"`: 7, `"u0000"`: -1, `"\\u0000\u0000"`: 8,
	} {
		if got := EscapedNUL([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`""`: "a string", `{}`: "an object", `[]`: "an array", `true`: "a boolean", `false`: "a boolean", `null`: "null", `-1e5`: "a number", `0`: "a number",
	} {
		if got := Kind([]byte(text)); got != want || IsNull([]byte(text)) != (text == "null") {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if !IsNull(nil) {
		t.Error("nothing is something")
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"b": 1.0, "a":[ 12345678901234567890 ]}`: `{"a":[12345678901234567890],"b":1.0}`, `not JSON`: `not JSON`, `"\u044f"`: `"я"`,
	} {
		if got := string(Canonical([]byte(text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
