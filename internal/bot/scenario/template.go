package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// template is a text with {{ }} in it.
type template struct {
	fixed string // the whole text when nothing is to be put in
	parts []templatePart
}

// templatePart is a piece of text or an expression.
type templatePart struct {
	text string
	path []string // of an expression: the variable and its fields
}

// lookup gives the value of a variable's field; nil when there is none.
type lookup func(path []string) any

// parseTemplate reads a text. In this version an expression is a text in quotes or the path
// of a field of $session, $client, $request or $parseTree.
func parseTemplate(v syntax.Value, fail func(pos Position, full, message, expected string)) template {
	if !strings.Contains(v.Text, "{{") {
		return template{fixed: v.Text}
	}
	var t template
	for i := 0; i < len(v.Text); {
		open := strings.Index(v.Text[i:], "{{")
		if open < 0 {
			t.parts = append(t.parts, templatePart{text: v.Text[i:]})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, templatePart{text: v.Text[i : i+open]})
		}
		open += i
		closing := strings.Index(v.Text[open:], "}}")
		if closing < 0 {
			pos, full := v.At(open)
			fail(pos, full, `"{{" is not closed`, `"}}"`)
			break
		}
		part, ok := parseExpression(strings.TrimSpace(v.Text[open+2 : open+closing]))
		if !ok {
			pos, full := v.At(open)
			fail(pos, full, "this expression is not supported yet in this version", "a field of $session, $client, $request or $parseTree, as in {{$request.query}}")
		}
		t.parts = append(t.parts, part)
		i = open + closing + 2
	}
	return t
}

// parseExpression reads 'text' or $variable.field["field"][0].
func parseExpression(expr string) (templatePart, bool) {
	if n := len(expr); n >= 2 && (expr[0] == '"' || expr[0] == '\'') && strings.IndexByte(expr[1:], expr[0]) == n-2 {
		return templatePart{text: expr[1 : n-1]}, true
	}
	for _, variable := range []string{"$session", "$client", "$request", "$parseTree"} {
		rest, ok := strings.CutPrefix(expr, variable)
		if !ok {
			continue
		}
		path := []string{variable}
		for rest != "" {
			var field string
			if field, rest, ok = cutField(rest); !ok {
				return templatePart{}, false
			}
			path = append(path, field)
		}
		return templatePart{path: path}, len(path) > 1
	}
	return templatePart{}, false
}

// cutField takes .field, ["field"] or [0] off an expression.
func cutField(expr string) (field, rest string, ok bool) {
	if expr[0] == '[' {
		end := strings.IndexByte(expr, ']')
		if end < 0 {
			return "", "", false
		}
		field = expr[1:end]
		if n := len(field); n >= 2 && (field[0] == '"' || field[0] == '\'') && field[n-1] == field[0] {
			return field[1 : n-1], expr[end+1:], true
		}
		_, err := strconv.ParseUint(field, 10, 16)
		return field, expr[end+1:], err == nil
	}
	if expr[0] != '.' {
		return "", "", false
	}
	end := strings.IndexFunc(expr[1:], func(r rune) bool { return !isNameRune(r) }) + 1
	if end == 0 {
		end = len(expr)
	}
	return expr[1:end], expr[end:], end > 1
}

// expand fills in the expressions; a field that is not there is nothing.
func (t *template) expand(look lookup) string {
	if t.parts == nil {
		return t.fixed
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.path == nil {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(say(look(p.path)))
	}
	return b.String()
}

// field goes down from a value along the rest of a path.
func field(v any, path []string) any {
	for _, name := range path {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// say writes a value as a script would put it into a text.
func say(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
