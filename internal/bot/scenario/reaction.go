package scenario

import (
	"fmt"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
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
func (c *compiler) reactions(in *state, tags []*syntax.Tag) []reaction {
	var list []reaction
	for _, t := range tags {
		if r := c.reaction(in, t); r != nil {
			list = append(list, r)
		}
	}
	return list
}

func (c *compiler) reaction(in *state, t *syntax.Tag) reaction {
	switch t.Name {
	case "a":
		return &answer{parseTemplate(wholeQuote(t.Value), c.fail)}
	case "image":
		return &image{parseTemplate(t.Value.Unquote(), c.fail)}
	case "buttons":
		return c.buttons(in, t)
	case "go", "go!":
		return c.jump(in, t)
	case "random":
		r := &random{choices: c.reactions(in, t.Kids)}
		if len(t.Kids) == 0 {
			c.failTag(t, "random without reactions", "nested tags, as in \"a: text\"")
		}
		return r
	}
	if strings.HasPrefix(t.Name, "@") || c.later(t) {
		return nil
	}
	c.failTag(t, fmt.Sprintf("tag %q inside of state %s", t.Name, in.path), syntax.TagNames)
	return nil
}

// wholeQuote takes the quotes off a text that is one quotation over several lines.
func wholeQuote(v syntax.Value) syntax.Value {
	if strings.Contains(v.Text, "\n") && strings.Count(v.Text, `"`) == 2 {
		return v.Unquote()
	}
	return v
}

func (c *compiler) jump(in *state, t *syntax.Tag) reaction {
	path := t.Value.Unquote()
	j := &jump{in: in, deferred: t.Name == "go"}
	switch {
	case path.Text == "":
		c.failTag(t, t.Name+" without a state", "a path, as in \"go!: /Start\"")
		return nil
	case strings.Contains(path.Text, "{{"):
		j.path = parseTemplate(path, c.fail)
	default:
		j.target = c.resolve(t, in, path.Text)
	}
	return j
}

// buttons reads items: "Text" or "Text" -> /Path, quotes optional.
func (c *compiler) buttons(in *state, t *syntax.Tag) reaction {
	list := &buttons{}
	for _, item := range t.Items {
		pos, full := item.At(0)
		if strings.HasPrefix(item.Text, "{") && !strings.HasPrefix(item.Text, "{{") {
			c.fail(pos, full, "buttons with parameters are not supported yet in this version", `"Text" or "Text" -> /State`)
			continue
		}
		text, path := splitButton(item)
		if text.Text == "" {
			c.fail(pos, full, "a button without a text", `"Text" or "Text" -> /State`)
			continue
		}
		b := button{text: parseTemplate(text, c.fail)}
		if path != "" {
			line := *t
			line.Pos, line.Line = pos, full
			b.target = c.resolve(&line, in, path)
		}
		list.buttons = append(list.buttons, b)
	}
	if len(t.Items) == 0 {
		c.failTag(t, "buttons without buttons", `nested lines, as in "Yes" -> /Agreed`)
	}
	return list
}

// splitButton cuts a button into its text and the path behind the arrow.
func splitButton(item syntax.Value) (text syntax.Value, path string) {
	end := len(item.Text)
	if strings.HasPrefix(item.Text, `"`) {
		if at := strings.LastIndexByte(item.Text, '"'); at > 0 {
			end = at + 1
		}
	} else if at := strings.Index(item.Text, "->"); at >= 0 {
		end = at
	}
	rest := strings.TrimSpace(item.Slice(end, len(item.Text)).Uncomment().Text)
	path = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(rest, ","), "->"))
	return item.Slice(0, end).Unquote(), strings.Trim(path, `"`)
}
