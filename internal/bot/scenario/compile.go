package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// compiler makes the tree of states of a syntax tree. States come first, then what points
// at them.
type compiler struct {
	root     *state
	errs     *Errors
	library  *pattern.Library
	named    map[string]syntax.Value // where a named pattern stands
	places   map[*pattern.Pattern]syntax.Value
	triggers []pendingTrigger
	bodies   []pendingBody
	sequence int // names states that have none
}

// pendingTrigger is a trigger whose states are not known yet.
type pendingTrigger struct {
	tag     *syntax.Tag
	in      *state
	pattern *pattern.Pattern // nil for an event
}

// pendingBody are reactions whose states are not known yet.
type pendingBody struct {
	in   *state
	tags []*syntax.Tag
}

// compile returns the root of the states; mistakes are added to errs.
func compile(tags []*syntax.Tag, errs *Errors) *state {
	c := &compiler{
		root: newRoot(), errs: errs, library: pattern.NewLibrary(pattern.Options{}),
		named: make(map[string]syntax.Value), places: make(map[*pattern.Pattern]syntax.Value),
	}
	for _, t := range tags {
		c.top(t)
	}
	for _, p := range c.triggers {
		c.trigger(p)
	}
	for _, b := range c.bodies {
		b.in.reactions = append(b.in.reactions, c.reactions(b.in, b.tags)...)
	}
	c.link()
	return c.root
}

func (c *compiler) fail(pos Position, full, message, expected string) {
	*c.errs = append(*c.errs, &Error{Position: pos, Source: full, Message: message, Expected: expected})
}

func (c *compiler) failTag(t *syntax.Tag, message, expected string) {
	c.fail(t.Pos, t.Line, message, expected)
}

// later reports a tag of the language that this version does not run.
func (c *compiler) later(t *syntax.Tag) bool {
	switch t.Name {
	case "init", "script", "scriptEs6", "intent", "intent!", "intentGroup", "intentGroup!", "e", "e!", "eg", "eg!",
		"audio", "video", "timeout", "if", "elseif", "else", "inlineButtons", "InputText", "InputNumber",
		"InputPhoneNumber", "Confirmation", "HttpRequest", "TransferToOperator", "EndSession":
		c.failTag(t, fmt.Sprintf("tag %q is not supported yet in this version", t.Name), "")
		return true
	}
	return false
}

// top compiles a tag at the top level of a file.
func (c *compiler) top(t *syntax.Tag) {
	switch {
	case t.Name == "patterns":
		c.patterns(t)
	case t.Name == "theme":
		c.theme(t)
	case t.Name == "state":
		c.state(c.root, t)
	case strings.HasPrefix(t.Name, "@") || c.later(t):
	case t.Name == "require":
		c.failTag(t, "require inside another tag", "it at the top of the file, without indentation")
	default:
		c.failTag(t, fmt.Sprintf("tag %q outside of a state", t.Name), "require, patterns, theme or state")
	}
}

// patterns defines named patterns: $Name = body.
func (c *compiler) patterns(t *syntax.Tag) {
	for _, item := range t.Items {
		item = item.Uncomment()
		at := strings.IndexByte(item.Text, '=')
		name := ""
		if at > 0 {
			name = strings.TrimSpace(item.Text[:at])
		}
		if len(name) < 2 || name[0] != '$' || strings.ContainsFunc(name[1:], func(r rune) bool { return !isNameRune(r) }) {
			pos, full := item.At(0)
			c.fail(pos, full, fmt.Sprintf("unexpected text %q in patterns", syntax.Shorten(item.Text)), "$Name = pattern")
			continue
		}
		body := item.Slice(at+1, len(item.Text))
		if end := syntax.FindParams(body.Text); end >= 0 {
			pos, full := body.At(end)
			c.fail(pos, full, "parameters of patterns are not supported yet in this version", "")
			body = body.Slice(0, end)
		}
		c.named[name[1:]] = body
		if err := c.library.Define(name[1:], body.Text, ""); err != nil {
			c.failPattern(body, err)
		}
	}
}

func (c *compiler) failPattern(v syntax.Value, err *pattern.Error) {
	pos, full := v.At(err.Offset)
	c.fail(pos, full, err.Message, err.Expected)
}

// link binds the names in patterns.
func (c *compiler) link() {
	for _, e := range c.library.Link() {
		if e.Pattern != nil {
			c.failPattern(c.places[e.Pattern], e.Err)
		} else {
			c.failPattern(c.named[e.Name], e.Err)
		}
	}
}

// theme makes a namespace. Several tags may name the same one: modules are merged.
func (c *compiler) theme(t *syntax.Tag) {
	s := c.root
	for _, name := range splitPath(t.Value.Uncomment().Text) {
		s = s.child(strings.TrimSpace(name))
		s.theme = s
	}
	s.declared = true
	s.modal = s.modal || t.Flag("modal")
	for _, kid := range t.Kids {
		if kid.Name == "state" {
			c.state(s, kid)
		} else {
			c.top(kid)
		}
	}
}

// state makes a state of a tag below a parent. A name may be a path, and may be missing.
func (c *compiler) state(parent *state, t *syntax.Tag) {
	s := parent
	for _, name := range splitPath(t.Value.Uncomment().Unquote().Text) {
		s = s.child(strings.TrimSpace(name))
	}
	if s == parent {
		c.sequence++
		s = s.child(fmt.Sprintf("unnamed%d", c.sequence))
	}
	if s.declared {
		c.failTag(t, fmt.Sprintf("state %s is there already, %s", s.path, s.pos), "another name")
		return
	}
	s.declared, s.pos = true, t.Pos
	s.modal, s.noContext = t.Flag("modal"), t.Flag("noContext")
	body := pendingBody{in: s}
	for _, kid := range t.Kids {
		switch kid.Name {
		case "state":
			c.state(s, kid)
		case "q", "q!":
			c.query(s, kid)
		case "event", "event!":
			c.triggers = append(c.triggers, pendingTrigger{tag: kid, in: s})
		default:
			body.tags = append(body.tags, kid)
		}
	}
	c.bodies = append(c.bodies, body)
}

// query compiles the pattern of a q or q! tag.
func (c *compiler) query(s *state, t *syntax.Tag) {
	v := t.Value
	if v.Text == "" {
		c.failTag(t, fmt.Sprintf("%s without a pattern", t.Name), "words, as in \"q: * hello *\"")
		return
	}
	p, err := c.library.Compile(v.Text)
	if err != nil {
		c.failPattern(v, err)
		return
	}
	c.places[p] = v
	c.triggers = append(c.triggers, pendingTrigger{t, s, p})
}

// trigger finds out from where a trigger works and where it leads (scenario language, 2): a
// local one from its parent on down, a global one from everywhere; fromState and toState say
// otherwise.
func (c *compiler) trigger(p pendingTrigger) {
	from, target := []*state{p.in.parent}, p.in
	if strings.HasSuffix(p.tag.Name, "!") {
		from = []*state{c.root}
	}
	if path := p.tag.Param("toState"); path != "" {
		target = c.resolve(p.tag, p.in, path)
		if !strings.HasSuffix(p.tag.Name, "!") {
			from = []*state{p.in}
		}
	}
	if paths := p.tag.Param("fromState"); paths != "" {
		from = from[:0]
		for path := range strings.SplitSeq(strings.Trim(paths, "[] "), ",") {
			from = append(from, c.resolve(p.tag, p.in, strings.Trim(path, ` "'`)))
		}
	}
	if target == nil || slices.Contains(from, nil) {
		return
	}
	if modal := p.in.modalAround(); modal != nil && p.ownOf(modal) {
		from = append(from, modal)
	}
	way := trigger{target: target, only: p.tag.Flag("onlyThisState")}
	for _, s := range from {
		if p.pattern != nil {
			s.queries = append(s.queries, &queryTrigger{way, p.pattern})
			continue
		}
		name := p.tag.Value.Unquote().Text
		if name == "" {
			c.failTag(p.tag, p.tag.Name+" without a name", "an event, as in \"event: noMatch\"")
			return
		}
		s.events = append(s.events, &eventTrigger{way, name})
	}
}

// ownOf reports whether a trigger also works from the modal state around it, which hides
// all the rest: the global triggers inside of it, and its own events.
func (p *pendingTrigger) ownOf(modal *state) bool {
	if p.in == modal {
		return p.pattern == nil
	}
	return strings.HasSuffix(p.tag.Name, "!")
}

// resolve finds the state of a path, or reports that there is none.
func (c *compiler) resolve(t *syntax.Tag, in *state, path string) *state {
	s := in.resolve(path)
	if s == nil {
		c.failTag(t, fmt.Sprintf("there is no state %q seen from %s", path, in.path), "the path of a state, as in /Start")
	}
	return s
}
