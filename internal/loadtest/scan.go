package loadtest

import (
	"bytes"
	"errors"
)

// The generator shares the machine with the server it measures, so it looks only at the few
// fields it needs: these functions walk JSON without building values. They trust the nesting
// (a server that sends broken JSON shows in the messages that are missing) but never read
// outside of what they were given.

var errJSON = errors.New("malformed JSON")

// fields calls fn with each key of a JSON object and its value, both as they stand in the text.
func fields(object []byte, fn func(key, value []byte)) error {
	i := skipSpace(object, 0)
	if i >= len(object) || object[i] != '{' {
		return errJSON
	}
	i = skipSpace(object, i+1)
	for i < len(object) && object[i] == '"' {
		end := skipValue(object, i)
		if end < i+2 {
			return errJSON
		}
		key := object[i+1 : end-1]
		i = skipSpace(object, end)
		if i >= len(object) || object[i] != ':' {
			return errJSON
		}
		i = skipSpace(object, i+1)
		end = skipValue(object, i)
		if end <= i {
			return errJSON
		}
		fn(key, object[i:end])
		i = skipSeparator(object, end)
	}
	if i >= len(object) || object[i] != '}' {
		return errJSON
	}
	return nil
}

// elements calls fn with each element of a JSON array.
func elements(array []byte, fn func(value []byte)) error {
	i := skipSpace(array, 0)
	if i >= len(array) || array[i] != '[' {
		return errJSON
	}
	i = skipSpace(array, i+1)
	for i < len(array) && array[i] != ']' {
		end := skipValue(array, i)
		if end <= i {
			return errJSON
		}
		fn(array[i:end])
		i = skipSeparator(array, end)
	}
	if i >= len(array) {
		return errJSON
	}
	return nil
}

// text is a string's content as it stands between the quotes (not unescaped), or nil.
func text(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1]
}

// number reads the digits that a text begins with; 0 when there are none.
func number(value []byte) int64 {
	var n int64
	for _, c := range value {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// skipValue returns the index after the value that begins at i, or -1.
func skipValue(b []byte, i int) int {
	depth := 0
	for start := i; i < len(b); {
		switch b[i] {
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return -1
			}
			i++
			continue
		default:
			for i < len(b) && !delimiter(b[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
		if depth < 0 || i == start {
			return -1
		}
	}
	return -1
}

// skipString returns the index after the string whose opening quote is at i, or -1.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		next := bytes.IndexByte(b[i:], '"')
		if next < 0 {
			return -1
		}
		escape := bytes.IndexByte(b[i:i+next], '\\')
		if escape < 0 {
			return i + next + 1
		}
		i += escape + 1 // and the loop steps over what is escaped
	}
	return -1
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// skipSeparator goes on to the next member: over space, one comma, and space.
func skipSeparator(b []byte, i int) int {
	if i = skipSpace(b, i); i < len(b) && b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	return i
}

func delimiter(c byte) bool {
	switch c {
	case ',', ':', '{', '}', '[', ']', '"', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}
