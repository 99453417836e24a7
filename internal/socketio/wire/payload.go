package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"unicode/utf8"
)

var errType = errors.New("payload: a packet of no known type")

var errPayload = errors.New("payload of Engine.IO 3: lengths do not fit")

// canonical rewrites a posted payload of Engine.IO 3 into the one form that the library takes from
// everybody: <length>:<packet>, the length in UTF-16 units, binary packets in base64.
func canonical(body []byte, binary bool) ([]byte, error) {
	split := splitText
	if binary {
		split = splitBinary
	}
	packets, err := split(body)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, p := range packets {
		if kind := p[0]; kind == 'b' && len(p) > 1 && !isType(p[1]) || kind != 'b' && !isType(kind) {
			return nil, errType
		}
		out = strconv.AppendInt(out, int64(utf16Units(p)), 10)
		out = append(append(out, ':'), p...)
	}
	return out, nil
}

// checkPayload reports an error for a payload of Engine.IO 4 with a packet of no known type.
func checkPayload(body []byte) error {
	for packet := range bytes.SplitSeq(body, []byte{0x1e}) {
		if len(packet) == 0 || packet[0] != 'b' && !isType(packet[0]) {
			return errType
		}
	}
	return nil
}

func isType(b byte) bool { return b >= '0' && b <= '6' }

// splitBinary reads binary framing, which JavaScript uses for binary packets and Python for all:
// 0 for text or 1 for binary, the length in bytes as decimal digits (each a byte from 0 to 9), 255,
// the packet.
func splitBinary(body []byte) ([][]byte, error) {
	var packets [][]byte
	for len(body) > 0 {
		kind := body[0]
		end := bytes.IndexByte(body, 0xff)
		if kind > 1 || end < 1 {
			return nil, errPayload
		}
		length := 0
		for _, digit := range body[1:end] {
			if digit > 9 {
				return nil, errPayload
			}
			if length = 10*length + int(digit); length > len(body) {
				return nil, errPayload
			}
		}
		body = body[end+1:]
		if length == 0 || length > len(body) {
			return nil, errPayload
		}
		packet := body[:length]
		body = body[length:]
		if kind == 1 {
			packet = base64.StdEncoding.AppendEncode([]byte{'b', packet[0] + '0'}, packet[1:])
		}
		packets = append(packets, packet)
	}
	return packets, nil
}

// splitText reads text framing. Its lengths count UTF-16 units of clients in JavaScript, characters
// of those in Python, bytes of others: whichever way the whole payload comes out is meant.
func splitText(body []byte) ([][]byte, error) {
	if !utf8.Valid(body) {
		return nil, errPayload
	}
	for _, width := range []func(rune) int{utf16Width, func(rune) int { return 1 }, utf8.RuneLen} {
		if packets, ok := splitBy(body, width); ok {
			return packets, nil
		}
	}
	return nil, errPayload
}

func splitBy(body []byte, width func(rune) int) (packets [][]byte, ok bool) {
	for len(body) > 0 {
		digits, rest, ok := bytes.Cut(body, []byte{':'})
		length, err := strconv.Atoi(string(digits))
		if !ok || err != nil || length <= 0 || length > len(rest) {
			return nil, false
		}
		size := 0
		for length > 0 {
			r, n := utf8.DecodeRune(rest[size:])
			if n == 0 {
				return nil, false
			}
			size += n
			length -= width(r)
		}
		if length < 0 {
			return nil, false
		}
		packets = append(packets, rest[:size])
		body = rest[size:]
	}
	return packets, true
}

func utf16Width(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

func utf16Units(text []byte) (units int) {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		units += utf16Width(r)
		text = text[size:]
	}
	return units
}
