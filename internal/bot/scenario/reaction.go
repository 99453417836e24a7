package scenario

import (
	"fmt"
	"strings"
)

// reaction is one step of what a state does.
type reaction interface {
	run(d *dialogue) error
}

// The reactions of the language.
type (
	answer struct{ text template }

	image struct{ url template }

	buttons struct{ buttons []button }

	// jump goes to a state: now (go!), or only for the next query (go).
	jump struct {
		in       *state
		target   *state
		path     template // when the target is known only at run time
		deferred bool
	}

	// random runs one of several reactions.
	random struct{ choices []reaction }
)

// button is a quick answer, with the state it leads to; nil when its text is sent as a query.
type button struct {
	text   template
	target *state
}

// reactions compiles the tags of a state that say what it does.
func (c *compiler) reactions(in *state, tags []*tag) []reaction {
	var list []reaction
	for _, t := range tags {
		if r := c.reaction(in, t); r != nil {
			list = append(list, r)
		}
	}
	return list
}

func (c *compiler) reaction(in *state, t *tag) reaction {
	switch t.name {
	case "a":
		return &answer{parseTemplate(wholeQuote(t.value), c.fail)}
	case "image":
		return &image{parseTemplate(unquote(t.value), c.fail)}
	case "buttons":
		return c.buttons(in, t)
	case "go", "go!":
		return c.jump(in, t)
	case "random":
		r := &random{choices: c.reactions(in, t.kids)}
		if len(t.kids) == 0 {
			c.failTag(t, "random without reactions", "nested tags, as in \"a: text\"")
		}
		return r
	}
	if strings.HasPrefix(t.name, "@") || c.later(t) {
		return nil
	}
	c.failTag(t, fmt.Sprintf("tag %q inside of state %s", t.name, in.path), tagNames)
	return nil
}

// wholeQuote takes the quotes off a text that is one quotation over several lines.
func wholeQuote(v value) value {
	if strings.Contains(v.text, "\n") && strings.Count(v.text, `"`) == 2 {
		return unquote(v)
	}
	return v
}

func (c *compiler) jump(in *state, t *tag) reaction {
	path := unquote(t.value)
	j := &jump{in: in, deferred: t.name == "go"}
	switch {
	case path.text == "":
		c.failTag(t, t.name+" without a state", "a path, as in \"go!: /Start\"")
		return nil
	case strings.Contains(path.text, "{{"):
		j.path = parseTemplate(path, c.fail)
	default:
		j.target = c.resolve(t, in, path.text)
	}
	return j
}

// buttons reads items: "Text" or "Text" -> /Path, quotes optional.
func (c *compiler) buttons(in *state, t *tag) reaction {
	list := &buttons{}
	for _, item := range t.items {
		pos, full := item.at(0)
		if strings.HasPrefix(item.text, "{") && !strings.HasPrefix(item.text, "{{") {
			c.fail(pos, full, "buttons with parameters are not supported yet in this version", `"Text" or "Text" -> /State`)
			continue
		}
		text, path := splitButton(item)
		if text.text == "" {
			c.fail(pos, full, "a button without a text", `"Text" or "Text" -> /State`)
			continue
		}
		b := button{text: parseTemplate(text, c.fail)}
		if path != "" {
			line := *t
			line.pos, line.full = pos, full
			b.target = c.resolve(&line, in, path)
		}
		list.buttons = append(list.buttons, b)
	}
	if len(t.items) == 0 {
		c.failTag(t, "buttons without buttons", `nested lines, as in "Yes" -> /Agreed`)
	}
	return list
}

// splitButton cuts a button into its text and the path behind the arrow.
func splitButton(item value) (text value, path string) {
	end := len(item.text)
	if strings.HasPrefix(item.text, `"`) {
		if at := strings.LastIndexByte(item.text, '"'); at > 0 {
			end = at + 1
		}
	} else if at := strings.Index(item.text, "->"); at >= 0 {
		end = at
	}
	rest := strings.TrimSpace(uncomment(item.slice(end, len(item.text))).text)
	path = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(rest, ","), "->"))
	return unquote(item.slice(0, end)), strings.Trim(path, `"`)
}
