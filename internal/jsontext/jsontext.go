// Package jsontext answers questions about JSON as it is written, which encoding/json does not.
package jsontext

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// MaxDepth is how deep a value of a caller's own making may be nested: stored inside other JSON it must stay
// readable.
const MaxDepth = 100

// Depth is how deep JSON is nested, as far as that can be said of what is none.
func Depth(data []byte) int {
	level, deepest, inString := 0, 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '\\' && inString:
			i++ // the next one is escaped
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// InvalidUTF8 finds the first byte that is no part of a character, or returns -1.
func InvalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// EscapedNUL finds a \u0000 that JSON would decode to U+0000, or returns -1: a backslash
// that is itself escaped begins no escape. Databases cannot store this character in a text.
func EscapedNUL(data []byte) int {
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte(`\u0000`))
		if i < 0 {
			return -1
		}
		i += from
		before := 0
		for before < i && data[i-1-before] == '\\' {
			before++
		}
		if before%2 == 0 {
			return i
		}
		from = i + 1
	}
}

// Kind says what kind of value a piece of valid JSON is, as "an object".
func Kind(raw []byte) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// IsNull reports whether a value is not there, or null.
func IsNull(raw []byte) bool { return len(raw) == 0 || string(raw) == "null" }

// Canonical writes a JSON value so that what says the same is the same: members in order, no
// white space. Numbers stay as they are written; what is no JSON does, too.
func Canonical(data []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return data
	}
	written, err := json.Marshal(v)
	if err != nil {
		return data
	}
	return written
}
