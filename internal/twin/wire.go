package twin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// This file is where bytes become values and values bytes; nothing else in the package
// touches JSON.

// Limits of a text, in characters. What a client may be found by is stored in an index and
// must be short.
const (
	maxName = 255
	maxText = 16_384
)

// timeLayout is the vendor's form of ISO 8601: seconds, and an offset that is never Z
// (TWIN, section 1). The time is in UTC.
const timeLayout = "2006-01-02T15:04:05+00:00"

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

// decode reads the JSON object of a request's body into v and returns its bytes. An empty
// body is an empty object: samples of the vendor send none where every field is optional.
func decode(r *http.Request, v any) ([]byte, error) {
	data, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	return data, decodeJSON(data, v)
}

func readBody(r *http.Request) ([]byte, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, &chat.Error{Code: codeEncoding, Field: "Content-Encoding", Message: "expected a body without an encoding"}
	}
	if r.ContentLength > maxRequest {
		return nil, errTooLarge()
	}
	var buf bytes.Buffer
	buf.Grow(int(min(max(r.ContentLength, 0), 8<<10)) + bytes.MinRead)
	_, err := buf.ReadFrom(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, chat.Invalid("", "the body ends before its announced length")
	case err != nil:
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: "the body could not be read", Err: err}
	}
	return buf.Bytes(), nil
}

func errTooLarge() error {
	return chat.Errorf(chat.CodeTooLarge, "the body may have at most %d bytes", maxRequest)
}

func decodeJSON(data []byte, v any) error {
	if !utf8.Valid(data) {
		return chat.Invalid("", "the body is not valid UTF-8, see byte %d", jsontext.InvalidUTF8(data)+1)
	}
	if i := jsontext.EscapedNUL(data); i >= 0 {
		return chat.Invalid("", "U+0000 is not allowed in a text, see byte %d", i+1)
	}
	err := json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistyped):
		return chat.Invalid(mistyped.Field, "expected %s, got %s", nameType(mistyped.Type), nameValue(mistyped.Value))
	case errors.As(err, &syntax):
		return chat.Invalid("", "the body is not valid JSON: %s at byte %d", syntax, syntax.Offset)
	default:
		return fmt.Errorf("decode body: %w", err)
	}
}

// nameType and nameValue say in the words of JSON what Go's decoder says in those of Go.
func nameType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

func nameValue(v string) string {
	switch v {
	case "bool":
		return "a boolean"
	case "array", "object":
		return "an " + v
	case "string", "number":
		return "a " + v
	default: // "number 1.5": one that does not fit
		return "another number"
	}
}

// phone reads a string or, as the vendor's samples have it, a whole number.
func phone(raw json.RawMessage) (string, error) {
	if jsontext.IsNull(raw) {
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	if n, err := strconv.ParseUint(string(raw), 10, 64); err == nil {
		return strconv.FormatUint(n, 10), nil
	}
	return "", chat.Invalid("clientPhone", "expected a string or a whole number, got %s", jsontext.Kind(raw))
}

// fileIDs reads an array of file ids or of objects that have one; both forms are in use.
func fileIDs(field string, raws []json.RawMessage) ([]string, error) {
	var ids []string
	for i, raw := range raws {
		var id string
		var object struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &id) != nil && json.Unmarshal(raw, &object) == nil {
			id = object.ID
		}
		id, ok := parseID(id)
		if !ok {
			return nil, chat.Invalid(fmt.Sprintf("%s[%d]", field, i), "expected a UUID or an object with one in id")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// metadata reads an object of strings; numbers and booleans are taken as their text. An
// empty array is PHP's empty object.
func metadata(raw json.RawMessage) (map[string]string, error) {
	if jsontext.IsNull(raw) || string(compact(raw)) == "[]" {
		return nil, nil
	}
	var raws map[string]json.RawMessage
	if json.Unmarshal(raw, &raws) != nil {
		return nil, chat.Invalid("clientMetadata", "expected an object, got %s", jsontext.Kind(raw))
	}
	values := make(map[string]string, len(raws))
	for name, raw := range raws {
		switch raw[0] {
		case 'n':
		case '{', '[':
			return nil, chat.Invalid("clientMetadata", "expected an object of strings, got %s in it", jsontext.Kind(raw))
		case '"':
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, fmt.Errorf("decode clientMetadata: %w", err)
			}
			values[name] = text
		default:
			values[name] = string(raw)
		}
	}
	return values, nil
}

// variables reads an object, or an array: of {name, value} or {key, value} pairs, and of any
// other values under their index (TWIN, section 2, "array or object").
func variables(raw json.RawMessage) (map[string]any, error) {
	value, err := anyValue("variables", raw)
	if err != nil {
		return nil, err
	}
	switch value := value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	case []any:
		byName := make(map[string]any, len(value))
		for i, element := range value {
			name, v := pair(i, element)
			byName[name] = v
		}
		return byName, nil
	default:
		return nil, chat.Invalid("variables", "expected an array or an object, got %s", jsontext.Kind(raw))
	}
}

func pair(index int, element any) (string, any) {
	if o, ok := element.(map[string]any); ok {
		for _, key := range [...]string{"name", "key"} {
			name, named := o[key].(string)
			if value, ok := o["value"]; ok && named {
				return name, value
			}
		}
	}
	return strconv.Itoa(index), element
}

// actionData reads any JSON value and keeps it as it is written; null is none.
func actionData(raw json.RawMessage) (json.RawMessage, error) {
	if v, err := anyValue("data", raw); v == nil || err != nil {
		return nil, err
	}
	return compact(raw), nil
}

func anyValue(field string, raw json.RawMessage) (any, error) {
	if jsontext.IsNull(raw) {
		return nil, nil
	}
	if jsontext.Depth(raw) > jsontext.MaxDepth {
		return nil, chat.Invalid(field, "expected at most %d levels of nesting", jsontext.MaxDepth)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, chat.Invalid(field, "expected numbers that fit 64 bits")
	}
	return v, nil
}

// compact takes away the white space between tokens.
func compact(data []byte) []byte {
	var buf bytes.Buffer
	if json.Compact(&buf, data) != nil {
		return data
	}
	return buf.Bytes()
}

// parseID reads a UUID in its usual form of 36 characters.
func parseID(s string) (string, bool) {
	if len(s) != 36 || uuid.Validate(s) != nil {
		return "", false
	}
	return strings.ToLower(s), true
}

// entityID reads an id in a path. What is no UUID names nothing.
func entityID(s string) (string, error) {
	id, ok := parseID(s)
	if !ok {
		return "", chat.Errorf(chat.CodeNotFound, "the id in the path is not a UUID")
	}
	return id, nil
}

// optionalID reads an id in a body; none is "".
func optionalID(field, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	id, ok := parseID(s)
	if !ok {
		return "", chat.Invalid(field, "expected a UUID")
	}
	return id, nil
}

// checkLength bounds a text.
func checkLength(field, s string, limit int) error {
	if len(s) > limit && utf8.RuneCountInString(s) > limit {
		return chat.Invalid(field, "expected at most %d characters", limit)
	}
	return nil
}

// pick leaves the named fields of a list's items only; "" leaves all, and a name that no item
// has is ignored.
func pick[T any](items []T, fields string) (any, error) {
	if fields == "" {
		return items, nil
	}
	data, err := json.Marshal(items)
	if err != nil {
		return nil, fmt.Errorf("pick fields: %w", err)
	}
	var objects []map[string]json.RawMessage
	if err := json.Unmarshal(data, &objects); err != nil {
		return nil, fmt.Errorf("pick fields: %w", err)
	}
	named := map[string]bool{}
	for name := range strings.SplitSeq(fields, ",") {
		named[name] = true
	}
	for _, object := range objects {
		maps.DeleteFunc(object, func(name string, _ json.RawMessage) bool { return !named[name] })
	}
	return objects, nil
}

// writeJSON sends an answer.
func (a *API) writeJSON(w http.ResponseWriter, r *http.Request, answer reply) {
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	data, err := encode(answer.body)
	if err != nil {
		a.Log.ErrorContext(r.Context(), "encode answer failed", "route", r.Pattern, "error", err)
		http.Error(w, `{"error":"Internal error"}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(answer.status)
	w.Write(data) // an error means that nobody listens any more
}

// encode leaves &, < and > as they are: an answer is no page, and people read its links.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
