package xmltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/theory/jsonpath"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// readJSON reads the JSON that stands in a tag. What is JSON only in the manner of
// JavaScript, with bare keys, single quotes or a comma too many, is taken too.
func readJSON(text string, into *any) error {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\u00a0", " "))
	if text == "" {
		return errors.New("nothing in it, expected JSON")
	}
	value, err := decodeJSON([]byte(text))
	if err == nil {
		*into = value
		return nil
	}
	if strings.ContainsRune(`{["'`, rune(text[0])) {
		if plain, failed := syntax.ParseLax(text); failed == nil {
			*into, err = decodeJSON(plain)
			return err
		}
	}
	return fmt.Errorf("bad JSON: %w", err)
}

// decodeJSON reads one JSON value; numbers stay as they are written.
func decodeJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return value, nil
}

// readPrimitive is readJSON where a bare text may stand too.
func readPrimitive(text string, into *any) error {
	err := readJSON(text, into)
	trimmed := strings.TrimSpace(text)
	if err == nil || strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		return err
	}
	*into = trimmed
	return nil
}

// parsePath reads a JSONPath; the "$" before it may be missing, as in replies[0].text.
func parsePath(text string) (*jsonpath.Path, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "$") {
		if !strings.HasPrefix(text, "[") {
			text = "." + text
		}
		text = "$" + text
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("field: %w", err)
	}
	return path, nil
}

// at finds what a path means in a value. A path that may mean several things gives the list
// of them.
func at(value any, field string) (found any, ok bool) {
	if strings.TrimSpace(field) == "" {
		return value, true
	}
	path, err := parsePath(field)
	if err != nil {
		return nil, false
	}
	list := path.Select(value)
	if path.Query().Singular() == nil {
		return []any(list), len(list) > 0
	}
	if len(list) == 0 {
		return nil, false
	}
	return list[0], true
}

// within reports whether got has all of want: an object may have more fields, a list must be
// of the same length. With strict there is nothing more in objects either.
func within(want, got any, strict bool) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || strict && len(object) != len(want) {
			return false
		}
		for name, value := range want {
			if has, ok := object[name]; !ok && value != nil || !within(value, has, strict) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !within(want[i], list[i], strict) {
				return false
			}
		}
		return true
	case json.Number:
		number, ok := got.(json.Number)
		return ok && sameNumber(want, number)
	default:
		return want == got
	}
}

// sameNumber compares numbers by value: 1 is 1.0.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && x == y
}

// merge lays over on top of base: objects are merged to any depth, all else is replaced.
func merge(base, over any) any {
	under, ok := base.(map[string]any)
	object, isObject := over.(map[string]any)
	if !ok || !isObject {
		return over
	}
	merged := make(map[string]any, len(under)+len(object))
	for name, value := range under {
		merged[name] = value
	}
	for name, value := range object {
		merged[name] = merge(merged[name], value)
	}
	return merged
}

// encode is a value's JSON; values come from JSON, so it cannot fail.
func encode(value any) json.RawMessage {
	if value == nil {
		return nil
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}
