package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// replyObject writes a reply of the Chat API (Chat API, 5), its fields in the order they are
// given. Characters of HTML stay as they are.
type replyObject []byte

func (o replyObject) add(name, text string) replyObject { return o.addRaw(name, encode(text)) }

func (o replyObject) addRaw(name string, value json.RawMessage) replyObject {
	separator := byte(',')
	if len(o) == 0 {
		separator = '{'
	}
	o = append(o, separator)
	o = append(o, encode(name)...)
	o = append(o, ':')
	return append(o, value...)
}

func (o replyObject) json() json.RawMessage { return json.RawMessage(append(o, '}')) }

// encode writes a value that always can be: texts, and what was read from JSON.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// parseInterval reads how long a timeout waits: "30", "5 min", "0 h 0m 5s", "10 секунд". The
// result is in seconds.
func parseInterval(text string) (float64, error) {
	rest := strings.TrimSpace(strings.ToLower(text))
	sum := 0.0
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' })
		if end < 0 {
			end = len(rest)
		}
		n, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return 0, intervalError(text)
		}
		rest = strings.TrimSpace(rest[end:])
		end = strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
		if end < 0 {
			end = len(rest)
		}
		unit, ok := intervalUnit(rest[:end])
		if !ok {
			return 0, intervalError(text)
		}
		sum += n * unit
		rest = strings.TrimLeft(rest[end:], " .,")
	}
	if strings.TrimSpace(text) == "" {
		return 0, intervalError(text)
	}
	return sum, nil
}

func intervalError(text string) error {
	return fmt.Errorf("timeout: wrong interval %q, expected as in \"5 min\" or \"0h 0m 30s\"", text)
}

// intervalUnit is how many seconds a unit of time has.
func intervalUnit(name string) (seconds float64, ok bool) {
	switch {
	case name == "" || strings.HasPrefix(name, "s") || strings.HasPrefix(name, "с"):
		return 1, true
	case name == "ms" || strings.HasPrefix(name, "milli"):
		return 0.001, true
	case strings.HasPrefix(name, "m") || strings.HasPrefix(name, "м"):
		return 60, true
	case strings.HasPrefix(name, "h") || strings.HasPrefix(name, "ч"):
		return 3600, true
	case strings.HasPrefix(name, "d") || strings.HasPrefix(name, "д"):
		return 86400, true
	}
	return 0, false
}
