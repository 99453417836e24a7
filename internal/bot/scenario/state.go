package scenario

import (
	"slices"
	"strings"
	"unicode"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

// state is a node of the tree in which a dialogue moves. Themes are states without
// reactions.
type state struct {
	path      string // "/" for the root
	name      string
	parent    *state
	kids      map[string]*state
	theme     *state // the theme it is in; itself for a theme
	depth     int
	declared  bool // by a state tag; others are only on the way to one
	pos       Position
	line      string // its source
	modal     bool
	noContext bool
	result    string // the outcome of a session that comes here
	order     int    // of states declared below it
	reached   bool   // something leads here

	reactions []reaction
	queries   []*queryTrigger // that work when the context is here or below
	events    []*eventTrigger
	intents   []*intentTrigger
	set       *pattern.Set // of the patterns in queries; nil for none
}

// trigger is a way into a state.
type trigger struct {
	target *state
	only   bool // works when the context is exactly the state it starts from
	place  Position
}

type queryTrigger struct {
	trigger
	pattern *pattern.Pattern
}

type eventTrigger struct {
	trigger
	name string
}

type intentTrigger struct {
	trigger
	path  string
	group bool // all intents below the path
}

func newRoot() *state {
	s := &state{path: "/", kids: make(map[string]*state), declared: true}
	s.theme = s
	return s
}

// child finds or makes the state of a name below s.
func (s *state) child(name string) *state {
	if kid := s.kids[name]; kid != nil {
		return kid
	}
	kid := &state{
		path: strings.TrimSuffix(s.path, "/") + "/" + name, name: name,
		parent: s, theme: s.theme, depth: s.depth + 1, kids: make(map[string]*state),
	}
	s.kids[name] = kid
	return kid
}

// modalAround is the nearest modal state that s is or is in; nil if there is none.
func (s *state) modalAround() *state {
	for ; s != nil; s = s.parent {
		if s.modal {
			return s
		}
	}
	return nil
}

// around is the state or theme that s stands in; nil for the root. When a name is a path
// (state: Yes/No), what is only on the way to it is not meant.
func (s *state) around() *state {
	for s = s.parent; s != nil && !s.declared; s = s.parent {
	}
	return s
}

// splitPath cuts a path into names, without the empty ones.
func splitPath(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(name string) bool { return strings.TrimSpace(name) == "" })
}

// walk goes down from s; it knows ".", ".." and names. nil when it leads nowhere.
func (s *state) walk(names []string) *state {
	for _, name := range names {
		switch name = strings.TrimSpace(name); name {
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

// resolve finds the state that a path means in s (scenario language, 2): from the root, from
// s itself, or for a bare path among the children, then the siblings, then up the tree to
// the theme's root and the root.
func (s *state) resolve(path string) *state {
	path = strings.TrimSpace(path)
	names := splitPath(path)
	root := s
	for root.parent != nil {
		root = root.parent
	}
	switch {
	case path == "":
		return nil
	case path[0] == '/':
		return root.walk(names)
	case names[0] == "." || names[0] == "..":
		return s.walk(names)
	}
	for from := s; from != nil; from = from.parent {
		if found := from.walk(names); found != nil {
			return found
		}
	}
	return s.theme.walk(names)
}

// nearest is the state of a path, or the deepest that is left of it: a session outlives a
// change of its bot.
func (s *state) nearest(path string) *state {
	for _, name := range splitPath(path) {
		kid := s.kids[name]
		if kid == nil {
			break
		}
		s = kid
	}
	return s
}

func isNameRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
