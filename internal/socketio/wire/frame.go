package wire

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Frame is the packet of an event with one argument, in ASCII: what is not is escaped, so that its
// length is the same in bytes, characters and UTF-16 units.
func Frame(event string, argument any) (string, error) {
	data, err := json.Marshal([]any{event, argument})
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", event, err)
	}
	return "2" + string(ASCII(data)), nil
}

// ASCII escapes what is not ASCII in JSON.
func ASCII(data []byte) json.RawMessage {
	plain := true
	for _, b := range data {
		plain = plain && b < utf8.RuneSelf
	}
	if plain {
		return data
	}
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(data))
	unit := func(u uint16) {
		out = append(out, '\\', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		data = data[size:]
		switch high, low := utf16.EncodeRune(r); {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case high != utf8.RuneError:
			unit(uint16(high))
			unit(uint16(low))
		default:
			unit(uint16(r))
		}
	}
	return out
}
