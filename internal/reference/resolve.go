package reference

import (
	"fmt"
	"strings"
)

// follow returns what a reference inside the document names. A reference that leads nowhere is an
// error of the document.
func follow[T any](ref, kind string, all ordered[T]) (T, error) {
	name, ok := strings.CutPrefix(ref, "#/components/"+kind+"/")
	v, found := all.find(name)
	if !ok || !found {
		return v, fmt.Errorf("%s leads nowhere", ref)
	}
	return v, nil
}

func (c *components) parameter(p parameter) (parameter, error) {
	if p.Ref == "" {
		return p, nil
	}
	return follow(p.Ref, "parameters", c.Parameters)
}

func (c *components) header(p parameter) (parameter, error) {
	if p.Ref == "" {
		return p, nil
	}
	return follow(p.Ref, "headers", c.Headers)
}

func (c *components) body(b body) (body, error) {
	if b.Ref == "" {
		return b, nil
	}
	return follow(b.Ref, "requestBodies", c.RequestBodies)
}

func (c *components) response(r response) (response, error) {
	if r.Ref == "" {
		return r, nil
	}
	return follow(r.Ref, "responses", c.Responses)
}

func (c *components) message(m message) (message, error) {
	if m.Ref == "" {
		return m, nil
	}
	return follow(m.Ref, "messages", c.Messages)
}

// schema resolves a reference, and a schema that only describes another one. The description that is
// nearer to the reader counts.
func (c *components) schema(s schema) (schema, error) {
	described := s.Description
	for {
		ref := s.Ref
		if len(s.AllOf) == 1 && len(s.Type) == 0 {
			ref = s.AllOf[0].Ref
		}
		if ref == "" {
			break
		}
		next, err := follow(ref, "schemas", c.Schemas)
		if err != nil {
			return s, err
		}
		s = next
		if described == "" {
			described = s.Description
		}
	}
	s.Description = described
	return s, nil
}
