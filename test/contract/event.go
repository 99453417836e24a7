package contract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"github.com/govorun/govorun/api"
)

// Event fails the test when what was sent to a channel of api/asyncapi.yaml, such as "widget:<id>", is
// not documented there. What has no address of its own goes by the channel's name. The message is found by
// the name of its event.
func Event(t testing.TB, address, name string, payload []byte) {
	t.Helper()
	e, err := ourEvents()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.check(address, name, payload); err != nil {
		t.Errorf("contract: %v", err)
	}
}

// events are the schemas of the messages by their channels.
type events struct {
	channels []channel
	options  []openapi3.SchemaValidationOption
}

type channel struct {
	name     string
	before   string // what its address begins with
	messages map[string]*openapi3.Schema
}

var ourEvents = sync.OnceValues(func() (*events, error) { return parseEvents(api.AsyncAPI) })

// parseEvents reads an AsyncAPI document whose payloads are schemas of its components.
func parseEvents(data []byte) (*events, error) {
	var document struct {
		Channels map[string]struct {
			Address  string
			Messages map[string]struct {
				Ref string `yaml:"$ref"`
			}
		}
		Components struct {
			Messages map[string]struct {
				Name    string
				Payload struct {
					Ref string `yaml:"$ref"`
				}
			}
			Schemas any
		}
	}
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	schemas, err := loadSchemas(document.Components.Schemas)
	if err != nil {
		return nil, err
	}
	base, err := Ours()
	if err != nil {
		return nil, err
	}
	e := &events{options: append(slices.Clone(base.options.SchemaValidationOptions), openapi3.SetSchemaErrorMessageCustomizer(saidOf))}
	for name, c := range document.Channels {
		before, _, _ := strings.Cut(c.Address, "{")
		found := channel{name: name, before: before, messages: make(map[string]*openapi3.Schema)}
		for _, m := range c.Messages {
			message, ok := document.Components.Messages[strings.TrimPrefix(m.Ref, "#/components/messages/")]
			schema := schemas[strings.TrimPrefix(message.Payload.Ref, "#/components/schemas/")]
			if !ok || schema == nil {
				return nil, fmt.Errorf("channel %s: %s leads to no payload", name, m.Ref)
			}
			found.messages[message.Name] = schema.Value
		}
		e.channels = append(e.channels, found)
	}
	return e, nil
}

// loadSchemas has the validator of OpenAPI 3.0 read schemas in which a type may be a list with "null".
func loadSchemas(schemas any) (openapi3.Schemas, error) {
	nullable(schemas)
	data, err := json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]string{"title": "events", "version": "1"}, "paths": map[string]any{},
		"components": map[string]any{"schemas": schemas},
	})
	if err != nil {
		return nil, fmt.Errorf("schemas of the document: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("schemas of the document: %w", err)
	}
	return doc.Components.Schemas, nil
}

func nullable(v any) {
	switch v := v.(type) {
	case map[string]any:
		if types, ok := v["type"].([]any); ok && len(types) == 2 && types[1] == "null" {
			v["type"], v["nullable"] = types[0], true
		}
		for name, member := range v {
			if name == "examples" {
				delete(v, name) // of newer schemas only
				continue
			}
			nullable(member)
		}
	case []any:
		for _, element := range v {
			nullable(element)
		}
	}
}

func (e *events) check(address, name string, payload []byte) error {
	for _, c := range e.channels {
		if address != c.name && (c.before == "" || !strings.HasPrefix(address, c.before)) {
			continue
		}
		schema := c.messages[name]
		if schema == nil {
			return fmt.Errorf("%s on %s is not documented: %.500s", name, c.name, payload)
		}
		var value any
		if err := json.Unmarshal(payload, &value); err != nil {
			return fmt.Errorf("%s on %s: %w: %.500s", name, c.name, err, payload)
		}
		if err := schema.VisitJSON(value, e.options...); err != nil {
			return fmt.Errorf("%s on %s is not as documented: %w: %.500s", name, c.name, err, payload)
		}
		return nil
	}
	return fmt.Errorf("the channel %s is not documented", address)
}
