package check

import (
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// tree is the states of a bot as the checks see them.
type tree struct {
	root  *state
	all   []*state // in the order of the files
	lower map[string]*state
	by    map[*syntax.Tag]*state
}

// state is a state or a theme.
type state struct {
	path    string // "/" for the root
	parent  *state
	theme   *state
	kids    map[string]*state
	tag     *syntax.Tag // its first; nil for a theme and what is only on the way to a state
	library bool
	unnamed int // how many states without a name it has

	trigger bool // something of its own leads into it
	reacts  bool // it does something
	reached bool // something else leads to it
}

// triggers are the tags that lead into the state they stand in.
var triggers = set("q", "q!", "e", "e!", "eg", "eg!", "event", "event!", "intent", "intent!", "intentGroup", "intentGroup!")

// plant makes the tree of all files.
func plant(files []File) *tree {
	t := &tree{root: &state{path: "/", kids: make(map[string]*state)}, lower: make(map[string]*state), by: make(map[*syntax.Tag]*state)}
	t.root.theme = t.root
	for _, f := range files {
		base := t.theme(f.Theme)
		for _, tag := range f.Tags {
			t.add(base, tag, f.Library)
		}
	}
	for _, s := range t.all {
		t.lower[strings.ToLower(s.path)] = s
	}
	return t
}

// theme finds or makes the theme of a path.
func (t *tree) theme(path string) *state {
	s := t.root
	for _, name := range names(path) {
		s = s.child(name)
		s.theme = s
	}
	return s
}

// add takes a tag that stands in a state or theme.
func (t *tree) add(s *state, tag *syntax.Tag, library bool) {
	switch {
	case tag.Name == "theme":
		theme := t.theme(tag.Value.Unquote().Text)
		for _, kid := range tag.Kids {
			t.add(theme, kid, library)
		}
	case tag.Name == "state":
		kid := t.state(s, tag, library)
		for _, inner := range tag.Kids {
			t.add(kid, inner, library)
		}
	case triggers[tag.Name]:
		s.trigger = s.trigger || !tag.Has("toState") // which leads elsewhere
	default:
		s.reacts = true
	}
}

// state finds or makes the state of a tag. One without a name gets its number for a name.
func (t *tree) state(s *state, tag *syntax.Tag, library bool) *state {
	path := names(strings.TrimLeft(tag.Value.Unquote().Text, ":"))
	s.unnamed++
	if len(path) == 0 {
		path = []string{strconv.Itoa(s.unnamed)}
	}
	for _, name := range path {
		s = s.child(name)
	}
	t.by[tag] = s
	if s.tag == nil {
		s.tag, s.library = tag, library
		t.all = append(t.all, s)
	}
	return s
}

func (s *state) child(name string) *state {
	if kid := s.kids[name]; kid != nil {
		return kid
	}
	kid := &state{path: strings.TrimSuffix(s.path, "/") + "/" + name, parent: s, theme: s.theme, kids: make(map[string]*state)}
	s.kids[name] = kid
	return kid
}

// names cuts a path.
func names(path string) []string {
	var list []string
	for _, name := range strings.Split(path, "/") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// walk goes down from a state; nil when there is no such way.
func (s *state) walk(path []string) *state {
	for _, name := range path {
		switch name {
		case ".":
		case "..":
			s = s.parent
		default:
			s = s.kids[name]
		}
		if s == nil {
			return nil
		}
	}
	return s
}

// resolve finds what a path means in a state (scenario language, 2): from the root, from the
// state, or for a bare one among the children, the siblings, up the tree, then from the root
// of the theme.
func (t *tree) resolve(s *state, path string) *state {
	path = strings.TrimSpace(path)
	list := names(path)
	switch {
	case path == "":
		return nil
	case path[0] == '/':
		return t.root.walk(list)
	case list[0] == "." || list[0] == "..":
		return s.walk(list)
	}
	for from := s; from != nil; from = from.parent {
		if found := from.walk(list); found != nil {
			return found
		}
	}
	return s.theme.walk(list)
}

// reach marks a state, and with deep all in it, as led to.
func (s *state) reach(deep bool) {
	s.reached = true
	if deep {
		for _, kid := range s.kids {
			kid.reach(true)
		}
	}
}
