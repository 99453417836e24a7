package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// sample returns an example in JSON: the one that is written, else one made of the schema.
func (c *components) sample(written yaml.Node, s schema) (string, error) {
	if written.Kind != 0 {
		data, err := nodeJSON(&written)
		return string(data), err
	}
	var flat, indented bytes.Buffer
	if err := c.writeSample(&flat, s, 0); err != nil {
		return "", err
	}
	if err := json.Indent(&indented, flat.Bytes(), "", "  "); err != nil {
		return "", fmt.Errorf("sample %s: %w", flat.Bytes(), err)
	}
	return indented.String(), nil
}

func (c *components) writeSample(w *bytes.Buffer, s schema, depth int) error {
	s, err := c.schema(s)
	if err != nil {
		return err
	}
	for _, n := range append([]yaml.Node{s.Example, s.Const}, s.Enum...) {
		if n.Kind != 0 {
			return writeJSON(w, &n)
		}
	}
	alternatives := slices.Concat(s.AnyOf, s.OneOf)
	switch {
	case depth > maxDepth:
		w.WriteString("null")
	case len(s.Properties) > 0:
		return c.writeMembers(w, s, depth)
	case len(alternatives) > 0:
		return c.writeSample(w, alternatives[0], depth)
	case slices.Contains(s.Type, "array") && s.Items != nil && depth < maxDepth:
		w.WriteByte('[')
		if err := c.writeSample(w, *s.Items, depth+1); err != nil {
			return err
		}
		w.WriteByte(']')
	default:
		w.WriteString(plain(s))
	}
	return nil
}

func (c *components) writeMembers(w *bytes.Buffer, s schema, depth int) error {
	w.WriteByte('{')
	for i, p := range s.Properties {
		if i > 0 {
			w.WriteByte(',')
		}
		fmt.Fprintf(w, "%q:", p.name)
		if err := c.writeSample(w, p.value, depth+1); err != nil {
			return err
		}
	}
	w.WriteByte('}')
	return nil
}

// plain is a value of a simple type.
func plain(s schema) string {
	if len(s.Type) == 0 {
		return "{}"
	}
	switch s.Type[0] {
	case "integer", "number":
		if s.Minimum.Value != "" && !strings.HasPrefix(s.Minimum.Value, "-") {
			return s.Minimum.Value
		}
		return "0"
	case "boolean":
		return "false"
	case "object":
		return "{}"
	case "array":
		return "[]"
	case "null":
		return "null"
	}
	if s.Format == "uuid" {
		return `"0199d4a2-7c11-7b3e-9a5d-2f4f0c6f6a10"`
	}
	return `"…"`
}
