package adminapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/jsontext"
)

// field is one thing about a T that can be set.
type field[T any] struct {
	name   string
	at     func(*T) any // a pointer to it: *string, *bool, *int, *[]string, *json.RawMessage or a type like these
	secret bool         // not shown with the others
}

// set changes the fields that a body names. null takes the value from fresh. A member that is no
// field, and one of these that are set by another way, is an error.
func set[T any](fields []field[T], body object, v, fresh *T) error {
	for _, name := range sortedNames(body) {
		i := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == name })
		if i < 0 {
			return chat.Invalid(name, "unknown, or not to be set; expected %s", namesOf(fields))
		}
		if err := fields[i].set(body[name], v, fresh); err != nil {
			return err
		}
	}
	return nil
}

// sortedNames makes of several errors always the same one.
func sortedNames(body object) []string {
	names := make([]string, 0, len(body))
	for name := range body {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func namesOf[T any](fields []field[T]) string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return strings.Join(names, ", ")
}

func (f *field[T]) set(raw json.RawMessage, v, fresh *T) error {
	to := f.at(v)
	if raw[0] == 'n' {
		reflect.ValueOf(to).Elem().Set(reflect.ValueOf(f.at(fresh)).Elem())
		return nil
	}
	if free, ok := to.(*json.RawMessage); ok {
		return f.setFree(raw, free)
	}
	value := reflect.New(reflect.TypeOf(to).Elem()) // nothing of an old list is left below a new one
	err := json.Unmarshal(raw, value.Interface())
	var domain *chat.Error
	switch {
	case errors.As(err, &domain):
		return chat.Invalid(f.name, "%s", domain.Message)
	case err != nil:
		want, got := nameType(reflect.TypeOf(to).Elem()), jsontext.Kind(raw)
		if got == "a number" && want == "a whole number" {
			got = "another number"
		}
		return chat.Invalid(f.name, "expected %s, got %s", want, got)
	}
	reflect.ValueOf(to).Elem().Set(value.Elem())
	return nil
}

// setFree keeps a value of the caller's own making as it is written, but for white space.
func (f *field[T]) setFree(raw json.RawMessage, to *json.RawMessage) error {
	if jsontext.Depth(raw) > jsontext.MaxDepth {
		return chat.Invalid(f.name, "expected at most %d levels of nesting", jsontext.MaxDepth)
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return chat.Invalid(f.name, "expected numbers that fit 64 bits")
	}
	var buf bytes.Buffer
	if err := json.Compact(&buf, raw); err != nil {
		return chat.Invalid(f.name, "expected JSON")
	}
	*to = buf.Bytes()
	return nil
}

// show lists the fields that are secret, or those that are not, with their values.
func show[T any](fields []field[T], v *T, secret bool) members {
	var shown members
	for i := range fields {
		if fields[i].secret != secret {
			continue
		}
		value := fields[i].at(v)
		if list, ok := value.(*[]string); ok {
			value = append([]string{}, *list...) // [], not null
		}
		shown = append(shown, member{fields[i].name, value})
	}
	return shown
}

// nameType says in the words of JSON what a field takes.
func nameType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int:
		return "a whole number"
	default:
		return "an array of strings"
	}
}

// id is a UUID that a caller chooses.
type id string

// UnmarshalJSON implements json.Unmarshaler.
func (i *id) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	parsed, ok := parseID(text)
	if !ok {
		return chat.Invalid("", "expected a UUID, or null for a new one")
	}
	*i = id(parsed)
	return nil
}

// orNone is a number for which the domain writes the default as 0 and none as less; in JSON the
// default is null and none 0.
type orNone int

// UnmarshalJSON implements json.Unmarshaler.
func (n *orNone) UnmarshalJSON(raw []byte) error {
	var given int
	if err := json.Unmarshal(raw, &given); err != nil {
		return err
	}
	switch {
	case given < 0:
		return chat.Invalid("", "expected 0 or more, or null for the default")
	case given == 0:
		given = -1
	}
	*n = orNone(given)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (n *orNone) MarshalJSON() ([]byte, error) {
	if *n == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(max(0, int(*n)))
}
