package reference

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// ordered is a mapping of YAML in the order in which it is written.
type ordered[T any] []entry[T]

type entry[T any] struct {
	name  string
	value T
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *ordered[T]) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: expected a mapping", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		e := entry[T]{name: n.Content[i].Value}
		if err := n.Content[i+1].Decode(&e.value); err != nil {
			return err
		}
		*o = append(*o, e)
	}
	return nil
}

// find returns what has a name.
func (o ordered[T]) find(name string) (T, bool) {
	for _, e := range o {
		if e.name == name {
			return e.value, true
		}
	}
	var none T
	return none, false
}

// openAPI is of an OpenAPI document what the page shows.
type openAPI struct {
	Info       info
	Tags       []tag
	Paths      ordered[pathItem]
	Components components
}

// asyncAPI is of an AsyncAPI document what the page shows.
type asyncAPI struct {
	Info       info
	Channels   ordered[channel]
	Components components
}

type info struct {
	Title, Description string
}

type tag struct {
	Name, Description string
}

type components struct {
	Schemas         ordered[schema]
	Parameters      ordered[parameter]
	RequestBodies   ordered[body]      `yaml:"requestBodies"`
	Responses       ordered[response]  `yaml:"responses"`
	Headers         ordered[parameter] `yaml:"headers"`
	SecuritySchemes ordered[scheme]    `yaml:"securitySchemes"`
	Messages        ordered[message]   `yaml:"messages"`
}

type pathItem struct {
	Also                          []string `yaml:"x-also"`
	Parameters                    []parameter
	Get, Post, Put, Patch, Delete *operation
}

type operation struct {
	Tags                 []string
	OperationID          string `yaml:"operationId"`
	Origin               string `yaml:"x-origin"`
	Summary, Description string
	Parameters           []parameter
	RequestBody          *body `yaml:"requestBody"`
	Responses            ordered[response]
	Security             []ordered[[]string]
}

// parameter is also a header of a response, which has no name of its own.
type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Required    bool
	Description string
	Schema      schema
	Example     yaml.Node
}

type body struct {
	Ref         string `yaml:"$ref"`
	Description string
	Required    bool
	Content     ordered[media]
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     ordered[parameter]
	Content     ordered[media]
}

type media struct {
	Schema  schema
	Example yaml.Node
}

type scheme struct {
	Type, Scheme, Description string
}

type channel struct {
	Address, Title, Description string
	Messages                    ordered[message]
}

type message struct {
	Ref                        string `yaml:"$ref"`
	Name, Summary, Description string
	Payload                    schema
	Examples                   []struct{ Payload yaml.Node }
}

type schema struct {
	Ref         string `yaml:"$ref"`
	Type        types
	Format      string
	Nullable    bool
	Description string
	Enum        []yaml.Node
	Const       yaml.Node
	Pattern     string
	MinLength   *int `yaml:"minLength"`
	MaxLength   *int `yaml:"maxLength"`
	MaxItems    *int `yaml:"maxItems"`
	Minimum     yaml.Node
	Maximum     yaml.Node
	Default     yaml.Node
	Example     yaml.Node
	Properties  ordered[schema]
	Required    []string
	Additional  yaml.Node `yaml:"additionalProperties"`
	Items       *schema
	AnyOf       []schema `yaml:"anyOf"`
	OneOf       []schema `yaml:"oneOf"`
	AllOf       []schema `yaml:"allOf"`
}

// types is a schema's type, or several of them, as newer documents say that something may be null.
type types []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *types) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = types{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// toJSON writes a YAML document as JSON, in the same order.
func toJSON(data []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, err
	}
	return nodeJSON(&root)
}

// nodeJSON writes a node of YAML as indented JSON, its members in the order of the document.
func nodeJSON(n *yaml.Node) ([]byte, error) {
	var flat, indented bytes.Buffer
	if err := writeJSON(&flat, n); err != nil {
		return nil, err
	}
	if err := json.Indent(&indented, flat.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	return indented.Bytes(), nil
}

func writeJSON(w *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.DocumentNode:
		return writeJSON(w, n.Content[0])
	case yaml.MappingNode:
		w.WriteByte('{')
		for i := 0; i < len(n.Content); i += 2 {
			if i > 0 {
				w.WriteByte(',')
			}
			if err := writeScalar(w, n.Content[i].Value); err != nil {
				return err
			}
			w.WriteByte(':')
			if err := writeJSON(w, n.Content[i+1]); err != nil {
				return err
			}
		}
		w.WriteByte('}')
		return nil
	case yaml.SequenceNode:
		w.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				w.WriteByte(',')
			}
			if err := writeJSON(w, item); err != nil {
				return err
			}
		}
		w.WriteByte(']')
		return nil
	case yaml.ScalarNode:
		var v any
		if err := n.Decode(&v); err != nil {
			return err
		}
		return writeScalar(w, v)
	default:
		return fmt.Errorf("line %d: neither a value, a list nor a mapping", n.Line)
	}
}

func writeScalar(w *bytes.Buffer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	w.Truncate(w.Len() - 1) // the line's end
	return nil
}
