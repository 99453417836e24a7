package reference

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deep a table follows objects in objects.
const maxDepth = 8

// field is a row of a table: a parameter, or a member of an object.
type field struct {
	Depth    int // of the object that it belongs to, 0 is the outermost
	Name     string
	Type     string
	Required bool
	Text     template.HTML
	Limits   []template.HTML
}

// fields lists the members of an object, and those of the objects in it below each.
func (c *components) fields(s schema, depth int) ([]field, error) {
	s, err := c.schema(s)
	if err != nil || depth > maxDepth {
		return nil, err
	}
	var rows []field
	for _, inner := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		more, err := c.fields(inner, depth)
		if err != nil {
			return nil, err
		}
		rows = appendNew(rows, more)
	}
	if s.Items != nil {
		more, err := c.fields(*s.Items, depth)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	for _, p := range s.Properties {
		row, err := c.field(p.name, p.value, slices.Contains(s.Required, p.name), depth)
		if err != nil {
			return nil, err
		}
		more, err := c.fields(p.value, depth+1)
		if err != nil {
			return nil, err
		}
		rows = append(append(rows, row), more...)
	}
	return rows, nil
}

// appendNew adds the rows of an alternative, but not those that another one has as well.
func appendNew(rows, more []field) []field {
	for _, row := range more {
		if !slices.ContainsFunc(rows, func(f field) bool { return f.Depth == row.Depth && f.Name == row.Name }) {
			rows = append(rows, row)
		}
	}
	return rows
}

func (c *components) field(name string, s schema, required bool, depth int) (field, error) {
	kind, err := c.typeName(s)
	if err != nil {
		return field{}, err
	}
	s, err = c.schema(s)
	if err != nil {
		return field{}, err
	}
	return field{Depth: depth, Name: name, Type: kind, Required: required, Text: text(s.Description), Limits: limits(s)}, nil
}

// typeName says in words what a schema takes.
func (c *components) typeName(s schema) (string, error) {
	s, err := c.schema(s)
	if err != nil {
		return "", err
	}
	var kinds []string
	for _, inner := range slices.Concat(s.AnyOf, s.OneOf) {
		if inner.MaxLength != nil && *inner.MaxLength == 0 {
			continue // the description says what an empty text means
		}
		kind, err := c.typeName(inner)
		if err != nil {
			return "", err
		}
		kinds = append(kinds, strings.Split(kind, " or ")...)
	}
	for _, kind := range s.Type {
		switch {
		case kind == "array" && s.Items != nil:
			inner, err := c.typeName(*s.Items)
			if err != nil {
				return "", err
			}
			kind = "array of " + strings.ReplaceAll(inner, " or ", "/")
		case s.Format == "uuid":
			kind = "UUID"
		case s.Format == "binary":
			kind = "file"
		}
		kinds = append(kinds, kind)
	}
	if s.Nullable && len(s.Type) > 0 {
		kinds = append(kinds, "null")
	}
	if len(kinds) == 0 {
		return "any", nil
	}
	null := slices.Contains(kinds, "null")
	kinds = slices.DeleteFunc(kinds, func(k string) bool { return k == "null" })
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	if null {
		kinds = append(kinds, "null")
	}
	return strings.Join(kinds, " or "), nil
}

// limits says what is asked of a value beyond its type.
func limits(s schema) []template.HTML {
	var all []string
	switch {
	case len(s.Enum) == 1:
		all = append(all, "always "+code(s.Enum[0]))
	case len(s.Enum) > 1:
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = code(v)
		}
		all = append(all, strings.Join(values, " | "))
	}
	if s.Const.Kind != 0 {
		all = append(all, "always "+code(s.Const))
	}
	all = append(all, sizes(s)...)
	if s.Pattern != "" {
		all = append(all, "matches `"+s.Pattern+"`")
	}
	if s.Default.Kind != 0 {
		all = append(all, code(s.Default)+" unless given")
	}
	html := make([]template.HTML, len(all))
	for i, t := range all {
		html[i] = line(t)
	}
	return html
}

// sizes says how long a text, how many elements or how large a number may be.
func sizes(s schema) (all []string) {
	switch {
	case s.MinLength != nil && s.MaxLength != nil:
		all = append(all, fmt.Sprintf("%d to %d characters", *s.MinLength, *s.MaxLength))
	case s.MaxLength != nil:
		all = append(all, fmt.Sprintf("at most %d characters", *s.MaxLength))
	case s.MinLength != nil:
		all = append(all, fmt.Sprintf("at least %d characters", *s.MinLength))
	}
	if s.MaxItems != nil {
		all = append(all, fmt.Sprintf("at most %d", *s.MaxItems))
	}
	switch low, high := s.Minimum.Value, s.Maximum.Value; {
	case low != "" && high != "":
		all = append(all, low+" to "+high)
	case low != "":
		all = append(all, "at least "+low)
	case high != "":
		all = append(all, "at most "+high)
	}
	return all
}

// code is a value between backticks. Of an empty text nothing would be seen.
func code(n yaml.Node) string {
	data, err := nodeJSON(&n)
	if err != nil {
		return "`" + n.Value + "`"
	}
	if string(data) == `""` {
		return "empty"
	}
	return "`" + strings.Trim(string(data), `"`) + "`"
}

// text makes paragraphs of a description: an empty line parts them, backticks enclose code. Nothing
// else of Markdown is known, and nothing else may be used.
func text(s string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		if paragraph != "" {
			b.WriteString("<p>" + string(line(paragraph)) + "</p>")
		}
	}
	return template.HTML(b.String()) // what came in is escaped by line
}

func line(s string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(s, "`") {
		escaped := template.HTMLEscapeString(part)
		if i%2 == 1 {
			escaped = "<code>" + escaped + "</code>"
		}
		b.WriteString(escaped)
	}
	return template.HTML(b.String())
}
