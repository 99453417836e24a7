package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// reaction is one step of what a state does. It reports whether the state goes on to its next
// one: not when the dialogue has moved to another state.
type reaction interface {
	run(t *turn) (goesOn bool, err error)
}

// The reactions of the language.
type (
	// reply is a reply of the Chat API with texts to be filled in.
	reply struct {
		kind   string // its type
		fields []replyField
	}

	// buttonsReply is a list of buttons.
	buttonsReply struct {
		kind    string // buttons or inlineButtons
		in      *state
		buttons []button
	}

	// runScript runs a script.
	runScript struct{ block int }

	// branch runs the reactions behind the first condition that is true.
	branch struct{ arms []arm }

	// random runs one of several reactions.
	random struct {
		choices []reaction
		draw    int // the expression that says which, where requests may say so; noBlock: none
	}

	// jump goes to a state: now (go!), or only for the next query (go).
	jump struct {
		in       *state
		path     template
		deferred bool
	}

	// timeout goes to a state when the client is silent.
	timeout struct {
		in       *state
		path     template
		interval template
	}
)

// replyField is a field of a reply; one that comes out empty is left out, unless it is needed.
type replyField struct {
	name   string
	value  template
	needed bool
}

// arm is a condition with what is done when it is true; noBlock stands for else.
type arm struct {
	block     int
	reactions []reaction
}

// button is a text with the state it leads to, or an object of its own making.
type button struct {
	text   template
	path   template      // "" when its text is sent as a query
	fields []buttonField // of {text: …, url: …}
}

type buttonField struct {
	name  string
	value template        // a text
	raw   json.RawMessage // anything else
}

// reactions compiles the tags of a state that say what it does.
func (c *compiler) reactions(in *state, tags []*syntax.Tag) []reaction {
	var list []reaction
	for i := 0; i < len(tags); i++ {
		switch t := tags[i]; t.Name {
		case "if":
			b := &branch{arms: []arm{c.arm(in, t)}}
			for i+1 < len(tags) && (tags[i+1].Name == "elseif" || tags[i+1].Name == "else") {
				i++
				b.arms = append(b.arms, c.arm(in, tags[i]))
			}
			list = append(list, b)
		case "elseif", "else":
			c.failTag(t, t.Name+" without an if", "if: above it")
		default:
			if r := c.reaction(in, t); r != nil {
				list = append(list, r)
			}
		}
	}
	return list
}

func (c *compiler) reaction(in *state, t *syntax.Tag) reaction {
	switch t.Name {
	case "a":
		return c.text(t)
	case "image", "audio", "video", "file":
		return c.media(t)
	case "buttons", "inlineButtons":
		return c.buttons(in, t)
	case "script", "scriptEs6":
		if block := c.code.statements(t.Pos.File, t.Code); block != noBlock {
			return &runScript{block}
		}
		return nil
	case "random":
		if len(t.Kids) == 0 {
			c.warn(t.Pos, t.Line, "random without reactions does nothing")
		}
		choices := c.reactions(in, t.Kids)
		return &random{choices, c.code.expression(t.Pos, fmt.Sprintf("$reactions.random(%d)", len(choices)))}
	case "go", "go!":
		return c.jump(in, t)
	case "timeout":
		return &timeout{in, c.path(in, t, t.Value.Unquote()), c.paramTemplate(t, "interval")}
	case "newSession":
		return c.newSession(t)
	}
	if strings.HasPrefix(t.Name, "@") {
		return nil
	}
	if r, ok := c.action(in, t); ok {
		return r
	}
	if first, _ := utf8.DecodeRuneInString(t.Name); unicode.IsUpper(first) || slices.Contains(c.config.CustomTags, t.Name) {
		c.warn(t.Pos, t.Line, fmt.Sprintf("the action %s is not known: it does nothing", t.Name))
		return nil
	}
	c.failTag(t, fmt.Sprintf("tag %q inside of state %s", t.Name, in.path), syntax.TagNames)
	return nil
}

func (c *compiler) paramTemplate(t *syntax.Tag, name string) template {
	for _, p := range t.Params {
		if p.Name == name {
			return c.template(p.Value)
		}
	}
	return template{}
}

// text compiles an a tag. Its other forms, for channels that show or say it another way, go along.
func (c *compiler) text(t *syntax.Tag) reaction {
	r := &reply{kind: "text", fields: []replyField{{"text", c.template(quotation(t.Value)), true}}}
	for _, p := range t.Params {
		switch p.Name {
		case "tts", "html", "markdown", "ssml":
			if t.Has(p.Name+"Enabled") && !t.Flag(p.Name+"Enabled") {
				continue
			}
			r.fields = append(r.fields, replyField{p.Name, c.template(p.Value), false})
		}
	}
	if t.Flag("htmlEnabled") {
		r.fields = append(r.fields, replyField{"markup", template{fixed: "html"}, false})
	}
	return r
}

// quotation takes the quotes off a text that is one quotation.
func quotation(v syntax.Value) syntax.Value {
	inner := anyExpression.ReplaceAllString(v.Text, "")
	if strings.Count(inner, `"`)-strings.Count(inner, `\"`) == 2 {
		return v.Unquote()
	}
	return v
}

// media compiles an image, audio or video tag.
func (c *compiler) media(t *syntax.Tag) reaction {
	r := &reply{kind: t.Name, fields: []replyField{{t.Name + "Url", c.template(t.Value.Unquote()), true}}}
	if t.Name != "image" {
		r.fields = append(r.fields, replyField{t.Name + "Name", c.paramTemplate(t, "name"), false})
	}
	return r
}

func (c *compiler) arm(in *state, t *syntax.Tag) arm {
	a := arm{block: noBlock}
	switch {
	case t.Name != "else" && t.Value.Text == "":
		c.failTag(t, t.Name+" without a condition", "an expression, as in \"if: $session.age >= 18\"")
	case t.Name != "else":
		a.block = c.code.condition(t.Value)
	}
	a.reactions = c.reactions(in, t.Kids)
	return a
}

func (c *compiler) jump(in *state, t *syntax.Tag) reaction {
	path := t.Value.Unquote()
	if path.Text == "" {
		c.failTag(t, t.Name+" without a state", "a path, as in \"go!: /Start\"")
		return nil
	}
	return &jump{in, c.path(in, t, path), t.Name == "go"}
}

// path compiles where something leads. A path that is known is looked up, so that a wrong one
// is told.
func (c *compiler) path(in *state, t *syntax.Tag, v syntax.Value) template {
	if v.Text == "" {
		return template{}
	}
	path := c.template(v)
	if path.isFixed() {
		c.target(t.Pos, t.Line, in, path.fixed)
	}
	return path
}

// buttons reads items: "Text", "Text" -> /Path or {text: "Text", url: "…"} -> /Path, quotes
// optional.
func (c *compiler) buttons(in *state, t *syntax.Tag) reaction {
	list := &buttonsReply{kind: t.Name, in: in}
	for _, item := range t.Items {
		if b, ok := c.button(in, t, item); ok {
			list.buttons = append(list.buttons, b)
		}
	}
	if len(t.Items) == 0 {
		c.failTag(t, t.Name+" without buttons", `nested lines, as in "Yes" -> /Agreed`)
	}
	return list
}

func (c *compiler) button(in *state, t *syntax.Tag, item syntax.Value) (b button, ok bool) {
	text, path := splitButton(item)
	pos, full := item.At(0)
	if text.Text == "" {
		c.fail(pos, full, "a button without a text", `"Text" or "Text" -> /State`)
		return b, false
	}
	line := *t
	line.Pos, line.Line = pos, full
	b.path = c.path(in, &line, path)
	if !strings.HasPrefix(text.Text, "{") || strings.HasPrefix(text.Text, "{{") {
		b.text = c.template(text.Unquote())
		return b, true
	}
	object, err := syntax.ParseObject(text.Text)
	if err != nil {
		c.fail(pos, full, "a button that is no object: "+err.Error(), `{text: "Text", url: "https://…"}`)
		return b, false
	}
	for _, f := range object {
		field := buttonField{name: f.Name, raw: f.Value}
		var s string
		if json.Unmarshal(f.Value, &s) == nil {
			field.value, field.raw = c.template(syntax.ValueAt(s, pos, full)), nil
		}
		b.fields = append(b.fields, field)
	}
	return b, true
}

// splitButton cuts a button into its text and the path behind the arrow.
func splitButton(item syntax.Value) (text, path syntax.Value) {
	end := buttonEnd(item.Text)
	rest := item.Slice(end, len(item.Text))
	rest = rest.Slice(0, len(strings.TrimRight(rest.Text, ", ")))
	if strings.HasPrefix(rest.Text, "->") {
		path = rest.Slice(2, len(rest.Text)).Unquote()
	}
	text = item.Slice(0, end)
	return text.Slice(0, len(strings.TrimRight(text.Text, ", "))), path
}

// buttonEnd is where the text or object of a button ends.
func buttonEnd(text string) int {
	switch {
	case strings.HasPrefix(text, `"`):
		if at := strings.LastIndexByte(text, '"'); at > 0 {
			if arrow := strings.Index(text, `" ->`); arrow > 0 {
				return arrow + 1
			}
			if arrow := strings.Index(text, `"->`); arrow > 0 {
				return arrow + 1
			}
			return at + 1
		}
	case strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "{{"):
		if at := strings.LastIndexByte(text, '}'); at > 0 {
			return at + 1
		}
	}
	if at := strings.Index(text, "->"); at >= 0 {
		return at
	}
	return len(text)
}

func (r *reply) run(t *turn) (bool, error) {
	object := make(replyObject, 0, len(r.fields)+2)
	object = object.add("type", r.kind)
	for _, f := range r.fields {
		text, err := t.expand(&f.value)
		if err != nil {
			return false, err
		}
		if text == "" {
			if f.needed {
				return true, nil
			}
			continue
		}
		object = object.add(f.name, text)
	}
	return true, t.push(object.add("state", t.current.path).json())
}

func (b *buttonsReply) run(t *turn) (bool, error) {
	var list []json.RawMessage
	for i := range b.buttons {
		one, err := b.buttons[i].object(t, b.in)
		if err != nil {
			return false, err
		}
		if one != nil {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return true, nil
	}
	object := replyObject{}.add("type", b.kind).addRaw("buttons", encode(list)).add("state", t.current.path)
	return true, t.push(object.json())
}

// object is a button as it is sent; nil when nothing is left of it.
func (b *button) object(t *turn, in *state) (json.RawMessage, error) {
	var object replyObject
	if b.fields == nil {
		text, err := t.expand(&b.text)
		if err != nil || text == "" {
			return nil, err
		}
		object = object.add("text", text)
	}
	for i := range b.fields {
		f := &b.fields[i]
		if f.raw != nil {
			object = object.addRaw(f.name, f.raw)
			continue
		}
		text, err := t.expand(&f.value)
		if err != nil {
			return nil, err
		}
		object = object.add(f.name, text)
	}
	path, err := t.expand(&b.path)
	if err != nil {
		return nil, err
	}
	if path != "" {
		if s := in.resolve(path); s != nil {
			path = s.path
		}
		object = object.add("transition", path)
	}
	return object.json(), nil
}

func (r *runScript) run(t *turn) (bool, error) { return t.script(r.block) }

func (b *branch) run(t *turn) (bool, error) {
	for _, a := range b.arms {
		if a.block != noBlock {
			vm, err := t.js()
			if err != nil {
				return false, err
			}
			holds, err := vm.True(t.ctx, a.block)
			if err != nil {
				return false, err
			}
			if !holds {
				continue
			}
		}
		return t.runAll(a.reactions)
	}
	return true, nil
}

func (r *random) run(t *turn) (bool, error) {
	if len(r.choices) == 0 {
		return true, nil
	}
	n, err := t.draw(r)
	if err != nil {
		return false, err
	}
	return r.choices[n].run(t)
}

// draw says which of the reactions runs. In tests, and where the request brings the numbers
// ($request.data.smartRandom), it is as $reactions.random has it, which writes them down.
func (t *turn) draw(r *random) (int, error) {
	if r.draw == noBlock || !t.host.world.test && !bytes.Contains(t.in.request["data"], []byte(`"smartRandom"`)) {
		return t.host.pick(len(r.choices)), nil
	}
	vm, err := t.js()
	if err != nil {
		return 0, err
	}
	value, err := vm.Value(t.ctx, r.draw)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(value))
	if err != nil {
		return 0, fmt.Errorf("$reactions.random gives %s, expected a whole number", value)
	}
	return max(0, min(n, len(r.choices)-1)), nil
}

func (j *jump) run(t *turn) (bool, error) {
	path, err := t.expand(&j.path)
	if err != nil {
		return false, err
	}
	return t.transition(j.in, path, j.deferred)
}

func (o *timeout) run(t *turn) (bool, error) {
	path, err := t.expand(&o.path)
	if err != nil {
		return false, err
	}
	text, err := t.expand(&o.interval)
	if err != nil {
		return false, err
	}
	seconds, err := parseInterval(text)
	if err != nil {
		return false, err
	}
	if s := o.in.resolve(path); s != nil {
		path = s.path
	}
	object := replyObject{}.add("type", "timeout").
		addRaw("interval", json.RawMessage(strconv.FormatFloat(seconds, 'f', -1, 64))).
		add("targetState", path).add("state", t.current.path)
	return true, t.push(object.json())
}
