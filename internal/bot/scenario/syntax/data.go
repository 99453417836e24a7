package syntax

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a YAML file: its values may be used again by name (*name), and a small file can
// say a very large value that way.
const (
	maxDataDepth = 200
	maxDataNodes = 100_000 // values that are there again by name
)

// ParseData reads a .yaml, .yml or .json file into JSON, with the fields in the file's
// order. JSON may be as lax as ParseLax takes it.
func ParseData(file, content string) (json.RawMessage, Errors) {
	content = normal(content)
	if strings.EqualFold(path.Ext(file), ".json") {
		value, err := parseJSON(fileValue(file, content))
		if err != nil {
			return nil, Errors{err}
		}
		return value, nil
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(content), &root); err != nil {
		return nil, Errors{yamlError(file, content, err)}
	}
	c := yamlConverter{}
	value, err := c.value(&root, 0)
	if err != nil {
		return nil, Errors{yamlError(file, content, err)}
	}
	return value, nil
}

// yamlConverter makes JSON of YAML.
type yamlConverter struct {
	names int // how many *name the value stands in
	nodes int // values there
}

func (c *yamlConverter) value(n *yaml.Node, depth int) (json.RawMessage, error) {
	if c.names > 0 {
		c.nodes++
	}
	if c.nodes > maxDataNodes || depth > maxDataDepth {
		return nil, fmt.Errorf("line %d: the value is too large", max(1, n.Line))
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return c.value(n.Content[0], depth)
	case yaml.AliasNode:
		c.names++
		defer func() { c.names-- }()
		return c.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return c.object(n, depth)
	case yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, item := range n.Content {
			part, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			parts[i] = string(part)
		}
		return json.RawMessage("[" + strings.Join(parts, ",") + "]"), nil
	case yaml.ScalarNode:
		return scalar(n), nil
	}
	return json.RawMessage("null"), nil // an empty file
}

// object is a mapping with what it takes over from others (<<: *name).
func (c *yamlConverter) object(n *yaml.Node, depth int) (json.RawMessage, error) {
	var names []string
	fields := make(map[string]json.RawMessage, len(n.Content)/2)
	set := func(name string, value json.RawMessage, again bool) {
		if _, ok := fields[name]; !ok {
			names = append(names, name)
		} else if !again {
			return
		}
		fields[name] = value
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		data, err := c.value(value, depth+1)
		if err != nil {
			return nil, err
		}
		if key.Tag != "!!merge" {
			set(keyText(key), data, true)
			continue
		}
		for _, more := range merged(data) {
			set(more.Name, more.Value, false)
		}
	}
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = encodeText(name) + ":" + string(fields[name])
	}
	return json.RawMessage("{" + strings.Join(parts, ",") + "}"), nil
}

// merged are the fields of an object or of a list of objects.
func merged(data json.RawMessage) []Field {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	var fields []Field
	for _, item := range list {
		if more, err := ParseObject(string(item)); err == nil {
			fields = append(fields, more...)
		}
	}
	return fields
}

// keyText is the name of a field; one that is not a text is one as it is written.
func keyText(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n.Value
}

// scalar is a single value. A date is a text, as scripts expect it.
func scalar(n *yaml.Node) json.RawMessage {
	switch n.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
		var v any
		if n.Decode(&v) == nil {
			if data, err := json.Marshal(v); err == nil {
				return data
			}
		}
	}
	return json.RawMessage(encodeText(n.Value))
}

// lineOfError finds the line in what the YAML reader says.
var lineOfError = regexp.MustCompile(`line (\d+): (?s:(.*))`)

// yamlError gives an error of the YAML reader its place.
func yamlError(file, content string, err error) *Error {
	e := &Error{Position: Position{File: file, Line: 1, Column: 1}, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		e.Message = types.Errors[0]
	}
	lines := strings.Split(content, "\n")
	if m := lineOfError.FindStringSubmatch(e.Message); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			e.Line, e.Message = min(max(n, 1), len(lines)), m[2]
		}
	}
	e.Source = lines[e.Line-1]
	e.Column = len(e.Source) - len(strings.TrimLeft(e.Source, " \t")) + 1
	return e
}
