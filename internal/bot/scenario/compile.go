package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// compiler makes the tree of states of a syntax tree. States come first, then what points
// at them.
type compiler struct {
	root     *state
	errs     *Errors
	library  *pattern.Library
	named    map[string]value // where a named pattern stands
	places   map[*pattern.Pattern]value
	triggers []pendingTrigger
	bodies   []pendingBody
	sequence int // names states that have none
}

// pendingTrigger is a trigger whose states are not known yet.
type pendingTrigger struct {
	tag     *tag
	in      *state
	pattern *pattern.Pattern // nil for an event
}

// pendingBody are reactions whose states are not known yet.
type pendingBody struct {
	in   *state
	tags []*tag
}

// compile returns the root of the states; mistakes are added to errs.
func compile(tags []*tag, errs *Errors) *state {
	c := &compiler{
		root: newRoot(), errs: errs, library: pattern.NewLibrary(),
		named: make(map[string]value), places: make(map[*pattern.Pattern]value),
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
	*c.errs = append(*c.errs, &Error{pos, full, message, expected})
}

func (c *compiler) failTag(t *tag, message, expected string) {
	c.fail(t.pos, t.full, message, expected)
}

func (c *compiler) later(t *tag) bool {
	k, _ := kindOf(t.name)
	if k.later {
		c.failTag(t, fmt.Sprintf("tag %q is not supported yet in this version", t.name), "")
	}
	return k.later
}

// top compiles a tag at the top level of a file.
func (c *compiler) top(t *tag) {
	switch {
	case t.name == "patterns":
		c.patterns(t)
	case t.name == "theme":
		c.theme(t)
	case t.name == "state":
		c.state(c.root, t)
	case strings.HasPrefix(t.name, "@") || c.later(t):
	case t.name == "require":
		c.failTag(t, "require inside another tag", "it at the top of the file, without indentation")
	default:
		c.failTag(t, fmt.Sprintf("tag %q outside of a state", t.name), "require, patterns, theme or state")
	}
}

// patterns defines named patterns: $Name = body.
func (c *compiler) patterns(t *tag) {
	for _, item := range t.items {
		item = uncomment(item)
		at := strings.IndexByte(item.text, '=')
		name := ""
		if at > 0 {
			name = strings.TrimSpace(item.text[:at])
		}
		if len(name) < 2 || name[0] != '$' || strings.ContainsFunc(name[1:], func(r rune) bool { return !isNameRune(r) }) {
			pos, full := item.at(0)
			c.fail(pos, full, fmt.Sprintf("unexpected text %q in patterns", shorten(item.text)), "$Name = pattern")
			continue
		}
		body := item.slice(at+1, len(item.text))
		if end := findParams(body.text); end >= 0 {
			pos, full := body.at(end)
			c.fail(pos, full, "parameters of patterns are not supported yet in this version", "")
			body = body.slice(0, end)
		}
		c.named[name[1:]] = body
		if err := c.library.Define(name[1:], body.text); err != nil {
			c.failPattern(body, err)
		}
	}
}

func (c *compiler) failPattern(v value, err *pattern.Error) {
	pos, full := v.at(err.Offset)
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
func (c *compiler) theme(t *tag) {
	s := c.root
	for _, name := range splitPath(uncomment(t.value).text) {
		s = s.child(strings.TrimSpace(name))
		s.theme = s
	}
	s.declared = true
	s.modal = s.modal || t.flag("modal")
	for _, kid := range t.kids {
		if kid.name == "state" {
			c.state(s, kid)
		} else {
			c.top(kid)
		}
	}
}

// state makes a state of a tag below a parent. A name may be a path, and may be missing.
func (c *compiler) state(parent *state, t *tag) {
	s := parent
	for _, name := range splitPath(unquote(uncomment(t.value)).text) {
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
	s.declared, s.pos = true, t.pos
	s.modal, s.noContext = t.flag("modal"), t.flag("noContext")
	body := pendingBody{in: s}
	for _, kid := range t.kids {
		switch kid.name {
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
func (c *compiler) query(s *state, t *tag) {
	v := t.value
	if v.text == "" {
		c.failTag(t, fmt.Sprintf("%s without a pattern", t.name), "words, as in \"q: * hello *\"")
		return
	}
	p, err := c.library.Compile(v.text)
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
	if strings.HasSuffix(p.tag.name, "!") {
		from = []*state{c.root}
	}
	if path := p.tag.param("toState"); path != "" {
		target = c.resolve(p.tag, p.in, path)
		if !strings.HasSuffix(p.tag.name, "!") {
			from = []*state{p.in}
		}
	}
	if paths := p.tag.param("fromState"); paths != "" {
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
	way := trigger{target: target, only: p.tag.flag("onlyThisState")}
	for _, s := range from {
		if p.pattern != nil {
			s.queries = append(s.queries, &queryTrigger{way, p.pattern})
			continue
		}
		name := unquote(p.tag.value).text
		if name == "" {
			c.failTag(p.tag, p.tag.name+" without a name", "an event, as in \"event: noMatch\"")
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
	return strings.HasSuffix(p.tag.name, "!")
}

// resolve finds the state of a path, or reports that there is none.
func (c *compiler) resolve(t *tag, in *state, path string) *state {
	s := in.resolve(path)
	if s == nil {
		c.failTag(t, fmt.Sprintf("there is no state %q seen from %s", path, in.path), "the path of a state, as in /Start")
	}
	return s
}
