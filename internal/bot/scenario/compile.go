package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// compiler makes the tree of states of a bot's syntax trees. States come first, then what
// points at them.
type compiler struct {
	config   *config
	root     *state
	errs     *Errors
	warnings Errors
	code     code
	library  *pattern.Library
	named    map[string]syntax.Value // where a named pattern stands
	places   map[*pattern.Pattern]syntax.Value
	triggers []pendingTrigger
	bodies   []pendingBody
	examples map[*state][]string // phrases of e and eg tags

	incomplete bool // files of the library are missing
}

// pendingTrigger is a trigger whose states are not known yet.
type pendingTrigger struct {
	tag     *syntax.Tag
	in      *state
	pattern *pattern.Pattern // of a q or q! tag
}

// pendingBody are reactions whose states are not known yet.
type pendingBody struct {
	in   *state
	tags []*syntax.Tag
}

func newCompiler(cfg *config, library *pattern.Library, errs *Errors) *compiler {
	return &compiler{
		config: cfg, root: newRoot(), errs: errs, library: library,
		named: make(map[string]syntax.Value), places: make(map[*pattern.Pattern]syntax.Value), examples: make(map[*state][]string),
	}
}

// compile fills the tree of states; mistakes are added to the errors.
func (c *compiler) compile(tags []*syntax.Tag) {
	for _, t := range tags {
		c.top(t)
	}
	for _, p := range c.triggers {
		c.trigger(p)
	}
	for i := 0; i < len(c.bodies); i++ { // action tags add states of their own
		b := c.bodies[i]
		b.in.reactions = append(b.in.reactions, c.reactions(b.in, b.tags)...)
	}
	c.link()
}

func (c *compiler) fail(pos Position, full, message, expected string) {
	*c.errs = append(*c.errs, &Error{Position: pos, Source: full, Message: message, Expected: expected})
}

func (c *compiler) failTag(t *syntax.Tag, message, expected string) {
	c.fail(t.Pos, t.Line, message, expected)
}

func (c *compiler) warn(pos Position, full, message string) {
	c.warnings = append(c.warnings, &Error{Position: pos, Source: full, Message: message})
}

// top compiles a tag at the top level of a file, or of a theme.
func (c *compiler) top(t *syntax.Tag) {
	switch {
	case t.Name == "patterns":
		c.patterns(t)
	case t.Name == "theme":
		c.theme(t)
	case t.Name == "state":
		c.state(c.root, t)
	case t.Name == "init":
		c.code.global(t.Pos.File, t.Code)
	case strings.HasPrefix(t.Name, "@"):
	case t.Name == "require":
		c.failTag(t, "require inside another tag", "it at the top of the file, without indentation")
	default:
		c.failTag(t, fmt.Sprintf("tag %q outside of a state", t.Name), "require, init, patterns, theme or state")
	}
}

// patterns defines named patterns: $Name = body || converter = function.
func (c *compiler) patterns(t *syntax.Tag) {
	for _, item := range t.Items {
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
		body, converter := c.converter(item.Slice(at+1, len(item.Text)))
		c.named[name[1:]] = body
		if err := c.library.Define(name[1:], body.Text, converter); err != nil {
			c.failPattern(body, err)
		}
	}
}

// converter takes the function that computes the value of a named pattern off its body. It
// is compiled, and known by its number from then on.
func (c *compiler) converter(body syntax.Value) (rest syntax.Value, converter string) {
	at := syntax.FindParams(body.Text)
	if at < 0 {
		return body, ""
	}
	params := body.Slice(at+2, len(body.Text))
	rest = body.Slice(0, at)
	eq := strings.IndexByte(params.Text, '=')
	pos, full := params.At(0)
	if eq < 0 || strings.TrimSpace(params.Text[:eq]) != "converter" {
		c.fail(pos, full, fmt.Sprintf("unexpected text %q behind a pattern", syntax.Shorten(params.Text)), "converter = the name of a function, or a function")
		return rest, ""
	}
	source := params.Slice(eq+1, len(params.Text)).Unquote()
	return rest, strconv.Itoa(c.code.converter(source))
}

func (c *compiler) failPattern(v syntax.Value, err *pattern.Error) {
	pos, full := v.At(err.Offset)
	c.fail(pos, full, err.Message, err.Expected)
}

// nothing is a pattern that no phrase fits.
const nothing = `$regexp<[^\x00-\x{10FFFF}]>`

// link binds the names in patterns. Those that files of the library would define which are not
// there fit nothing: the rest of the bot works without them.
func (c *compiler) link() {
	errs := c.library.Link()
	if c.incomplete {
		for _, e := range errs {
			if name := e.Err.Unknown; name != "" {
				pos, full := c.place(e).At(e.Err.Offset)
				c.warn(pos, full, fmt.Sprintf("there is no pattern $%s: nothing fits it", name))
				if err := c.library.Define(name, nothing, ""); err != nil {
					panic(err) // it is written above
				}
			}
		}
		errs = c.library.Link()
	}
	for _, e := range errs {
		c.failPattern(c.place(e), e.Err)
	}
}

// place is where the pattern of a mistake stands.
func (c *compiler) place(e *pattern.LinkError) syntax.Value {
	if e.Pattern != nil {
		return c.places[e.Pattern]
	}
	return c.named[e.Name]
}

// theme makes a namespace. Several tags may name the same one: modules are merged.
func (c *compiler) theme(t *syntax.Tag) {
	s := c.root
	for _, name := range splitPath(t.Value.Unquote().Text) {
		s = s.child(strings.TrimSpace(name))
		s.theme = s
	}
	s.declared = true
	s.modal = s.modal || t.Flag("modal")
	c.inside(s, t)
}

// state makes a state of a tag below a parent. A name may be a path, and may be missing: then
// it is the state's number among those of its parent.
func (c *compiler) state(parent *state, t *syntax.Tag) {
	parent.order++
	s := parent
	for _, name := range splitPath(t.Value.Unquote().Text) {
		s = s.child(strings.TrimSpace(name))
	}
	if s == parent {
		s = s.child(strconv.Itoa(parent.order))
	}
	if s.declared {
		c.warn(t.Pos, t.Line, fmt.Sprintf("state %s is there already, %s: the two are merged", s.path, s.pos))
	}
	s.declared, s.pos, s.line = true, t.Pos, t.Line
	s.modal, s.noContext = s.modal || t.Flag("modal"), s.noContext || t.Flag("noContext")
	s.result = cmp.Or(t.Param("sessionResult"), s.result)
	c.inside(s, t)
}

// inside compiles what is nested in a state or a theme.
func (c *compiler) inside(s *state, t *syntax.Tag) {
	body := pendingBody{in: s}
	for _, kid := range t.Kids {
		switch kid.Name {
		case "state":
			c.state(s, kid)
		case "theme", "patterns", "init", "require":
			c.top(kid)
		case "q", "q!":
			c.query(s, kid)
		case "event", "event!", "intent", "intent!", "intentGroup", "intentGroup!":
			c.triggers = append(c.triggers, pendingTrigger{tag: kid, in: s})
		case "e", "e!", "eg", "eg!":
			c.examples[s] = append(c.examples[s], kid.Value.Unquote().Text)
			c.triggers = append(c.triggers, pendingTrigger{tag: kid, in: s})
		default:
			body.tags = append(body.tags, kid)
		}
	}
	if len(body.tags) > 0 {
		c.bodies = append(c.bodies, body)
	}
}

// query compiles the pattern of a q or q! tag.
func (c *compiler) query(s *state, t *syntax.Tag) {
	v := t.Value.Unquote()
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
	global := strings.HasSuffix(p.tag.Name, "!")
	from, target := []*state{p.in.around()}, p.in
	if global || p.in.parent == nil {
		from = []*state{c.root}
	}
	if path := p.tag.Param("toState"); path != "" {
		target = c.target(p.tag.Pos, p.tag.Line, p.in, path)
		if !global {
			from = []*state{p.in}
		}
	}
	if p.tag.Param("fromState") != "" {
		from = from[:0]
		for _, path := range p.fromStates() {
			if s := c.target(p.tag.Pos, p.tag.Line, p.in, path); s != nil {
				from = append(from, s)
			}
		}
	}
	if target == nil {
		return
	}
	if modal := p.in.modalAround(); modal != nil && p.ownOf(modal) {
		from = append(from, modal)
	}
	target.reached = true
	way := trigger{target: target, only: p.tag.Flag("onlyThisState"), place: p.tag.Pos}
	for _, s := range from {
		c.attach(s, p, way)
	}
}

// fromStates are the paths of fromState: one, or a list. Names may have commas in them.
func (p *pendingTrigger) fromStates() []string {
	text := strings.TrimSpace(p.tag.Param("fromState"))
	if p.in.resolve(text) != nil {
		return []string{text}
	}
	var list []string
	if data, err := syntax.ParseLax(text); err == nil && json.Unmarshal(data, &list) == nil {
		return list
	}
	for path := range strings.SplitSeq(strings.Trim(text, "[] "), ",") {
		list = append(list, strings.Trim(path, " `\"'"))
	}
	return list
}

// attach has a trigger work in a context.
func (c *compiler) attach(s *state, p pendingTrigger, way trigger) {
	name := p.tag.Value.Unquote().Text
	switch kind := strings.TrimSuffix(p.tag.Name, "!"); kind {
	case "q":
		s.queries = append(s.queries, &queryTrigger{way, p.pattern})
	case "event":
		if name == "" {
			c.failTag(p.tag, p.tag.Name+" without a name", "an event, as in \"event: noMatch\"")
			return
		}
		s.events = append(s.events, &eventTrigger{way, name})
	case "intent", "intentGroup":
		if name == "" {
			c.failTag(p.tag, p.tag.Name+" without a name", "the path of an intent, as in \"intent: /Hello\"")
			return
		}
		s.intents = append(s.intents, &intentTrigger{way, "/" + strings.Trim(name, "/ "), kind == "intentGroup"})
	case "e", "eg":
		s.intents = append(s.intents, &intentTrigger{way, exampleIntent(p.in), false})
	}
}

// examplesPath begins the paths of the intents that example phrases make.
const examplesPath = "/e:"

// exampleIntent is the intent that the example phrases of a state make.
func exampleIntent(s *state) string { return examplesPath + s.path }

// ownOf reports whether a trigger also works from the modal state around it, which hides
// all the rest: the global triggers inside of it, and its own events.
func (p *pendingTrigger) ownOf(modal *state) bool {
	if p.in == modal {
		return strings.HasPrefix(p.tag.Name, "event")
	}
	return strings.HasSuffix(p.tag.Name, "!")
}

// target finds the state of a path. That there is none is a warning: in bots that run elsewhere
// such paths stand where nobody comes.
func (c *compiler) target(pos Position, full string, in *state, path string) *state {
	s := in.resolve(path)
	if s == nil {
		c.warn(pos, full, fmt.Sprintf("there is no state %q seen from %s", path, in.path))
		return nil
	}
	s.reached = true
	return s
}

// sortErrors puts mistakes in the order of the files.
func sortErrors(errs Errors, files []string) {
	slices.SortStableFunc(errs, func(a, b *Error) int {
		if d := slices.Index(files, a.File) - slices.Index(files, b.File); d != 0 {
			return d
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
