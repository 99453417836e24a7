package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// File is a .sc file of a bot.
type File struct {
	Name    string
	Tags    []*syntax.Tag
	Theme   string // rootTheme of its require; "" for the root
	Library bool   // it came with the library: it is looked at, but its problems are not the bot's
}

// Bot is what is known of a bot.
type Bot struct {
	Files    []File   // in the order in which they are read
	Scripts  []Code   // the bot's own .js files
	Declared []string // global variables of require
	Data     []string // content of files with data, which may name states
}

// Scenario finds what is suspicious in a bot, in the order of files and lines.
func Scenario(b Bot) []Problem {
	w := &walker{tree: plant(b.Files), used: make(map[string]bool)}
	for _, f := range b.Files {
		w.file = f
		for _, t := range f.Tags {
			w.tag(w.tree.theme(f.Theme), t)
		}
	}
	for _, c := range b.Scripts {
		w.code(w.tree.root, c.Text)
	}
	w.unreachable(b.Data)
	w.unused()
	w.found = append(w.found, Globals(append(slices.Clone(b.Scripts), w.scripts...), b.Declared)...)
	slices.SortStableFunc(w.found, Problem.compare)
	return w.found
}

// walker looks at each tag of a bot.
type walker struct {
	tree     *tree
	file     File
	found    []Problem
	scripts  []Code          // what stands in the files
	dynamic  bool            // somewhere a path is put together that is not known
	literals []string        // strings of scripts
	named    []named         // named patterns of the bot
	used     map[string]bool // names of patterns that others or scripts use
}

// named is a named pattern.
type named struct {
	name string
	at   syntax.Value
}

// tag looks at a tag and what is in it. s is the state it stands in.
func (w *walker) tag(s *state, t *syntax.Tag) {
	switch t.Name {
	case "theme":
		s = w.tree.theme(t.Value.Unquote().Text)
	case "state":
		s = w.tree.by[t]
	case "patterns":
		w.patterns(s, t)
		return
	case "script", "scriptEs6", "init":
		w.block(s, t)
	case "if", "elseif":
		w.code(s, t.Value.Text)
	case "go", "go!", "timeout":
		w.target(s, t.Value.Unquote())
	case "buttons", "inlineButtons":
		for _, item := range t.Items {
			w.button(s, item)
		}
	default:
		if triggers[t.Name] {
			w.uses(t.Value.Text)
		}
	}
	w.expressions(s, t.Value.Text)
	for _, p := range t.Params {
		w.param(s, t, p)
	}
	for _, kid := range t.Kids {
		w.tag(s, kid)
	}
}

// targets are the parameters that are paths of states.
var targets = set("toState", "then", "agreeState", "disagreeState", "okState", "errorState", "noOperatorsOnlineState",
	"dialogCompletedState", "sendErrorState", "failureState", "successState")

func (w *walker) param(s *state, t *syntax.Tag, p syntax.Param) {
	switch {
	case targets[p.Name]:
		w.target(s, p.Value)
	case p.Name == "converter":
		w.code(s, p.Value.Text)
		w.uses(p.Value.Text)
	case t.Name == "require":
	default:
		w.expressions(s, p.Value.Text)
	}
}

// target looks at a path that leads somewhere.
func (w *walker) target(s *state, v syntax.Value) {
	path := v.Text
	if before, _, ok := strings.Cut(path, "{{"); ok {
		w.prefix(s, before)
		w.expressions(s, path)
		return
	}
	if strings.TrimSpace(path) == "" {
		return
	}
	if found := w.tree.resolve(s, path); found != nil {
		found.reach(false)
		return
	}
	message := fmt.Sprintf("there is no state %q", path)
	if !strings.HasPrefix(path, "/") {
		message += " seen from " + s.path
	}
	if near := w.tree.lower[strings.ToLower(path)]; near != nil {
		message += fmt.Sprintf("; there is %s", near.path)
	}
	w.problem(UnknownTarget, v, message)
}

// prefix takes the beginning of a path whose rest is not known: it may lead to all below.
func (w *walker) prefix(s *state, before string) {
	w.dynamic = true
	if !strings.HasSuffix(strings.TrimSpace(before), "/") {
		return
	}
	if found := w.tree.resolve(s, before); found != nil && found != w.tree.root {
		found.reach(true)
	}
}

// button looks at a button: its path stands behind the last arrow.
func (w *walker) button(s *state, item syntax.Value) {
	w.expressions(s, item.Text)
	if at := strings.LastIndex(item.Text, "->"); at >= 0 {
		w.target(s, item.Slice(at+len("->"), len(item.Text)).Unquote())
		return
	}
	if strings.HasPrefix(item.Text, "{") { // transition: "/X"
		w.code(s, item.Text)
	}
}

// block looks at a script.
func (w *walker) block(s *state, t *syntax.Tag) {
	if len(t.Code) == 0 {
		return
	}
	var text strings.Builder
	at := t.Code[0].Line
	for _, line := range t.Code {
		for ; at < line.Line; at++ {
			text.WriteByte('\n')
		}
		text.WriteString(line.Text)
	}
	w.code(s, text.String())
	if !w.file.Library {
		w.scripts = append(w.scripts, Code{File: t.Pos.File, Line: t.Code[0].Line, Text: text.String(), Load: t.Name == "init"})
	}
}

var (
	expression = regexp.MustCompile(`(?s)\{\{(.*?)\}\}`)
	literal    = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\n]|\\\\.)*'|`(?:[^`\\\\]|\\\\.)*`")
	moves      = regexp.MustCompile(`\btransition\b|\btargetState\b|\btimeout\s*\(`)
	reference  = regexp.MustCompile(`\$([\p{L}\p{N}_]+)`)
)

// expressions looks at the {{ }} of a text.
func (w *walker) expressions(s *state, text string) {
	for _, m := range expression.FindAllStringSubmatch(text, -1) {
		w.code(s, m[1])
	}
}

// code looks at JavaScript: a string in it that is the path of a state may lead there, and
// one that ends with "/" anywhere below.
func (w *walker) code(s *state, text string) {
	w.uses(text)
	if !w.file.Library && moves.MatchString(text) {
		w.dynamic = true
	}
	for _, quoted := range literal.FindAllString(text, -1) {
		path := strings.TrimSpace(quoted[1 : len(quoted)-1])
		if path == "" || len(path) > 1000 {
			continue
		}
		w.literals = append(w.literals, path)
		if cut, _, ok := strings.Cut(path, "${"); ok {
			w.prefix(s, cut)
			continue
		}
		for _, from := range []*state{s, w.tree.root} {
			if found := w.tree.resolve(from, path); found != nil && found != w.tree.root {
				found.reach(strings.HasSuffix(path, "/"))
			}
		}
	}
}

// uses notes the named patterns that a text uses.
func (w *walker) uses(text string) {
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		w.used[m[1]] = true
	}
}

// definition is the head of a named pattern.
var definition = regexp.MustCompile(`^\s*\$([\p{L}\p{N}_]+)\s*=`)

func (w *walker) patterns(s *state, t *syntax.Tag) {
	for _, item := range t.Items {
		m := definition.FindStringSubmatchIndex(item.Text)
		if m == nil {
			continue
		}
		name, body := item.Text[m[2]:m[3]], item.Text[m[1]:]
		if !w.file.Library {
			w.named = append(w.named, named{name, item})
		}
		known := w.used[name]
		w.code(s, body) // a converter may be in it
		if !known {
			delete(w.used, name) // a pattern does not use itself
		}
	}
}

// unreachable reports the states that nothing leads to.
func (w *walker) unreachable(data []string) {
	for _, s := range w.tree.all {
		if s.library || s.trigger || s.reached || s.around() || w.dynamic && w.mentioned(s, data) {
			continue
		}
		w.found = append(w.found, Problem{
			Kind: Unreachable, File: s.tag.Pos.File, Line: s.tag.Pos.Line, Column: s.tag.Pos.Column, Source: s.tag.Line,
			Message: fmt.Sprintf("nothing leads to the state %s: it has no trigger, and no go, button, timeout or script names it", s.path),
		})
	}
}

// around reports whether a state does nothing but hold others.
func (s *state) around() bool { return !s.reacts && len(s.kids) > 0 }

// mentioned reports whether a name of the state stands in a script or in data, from where a
// path may be put together.
func (w *walker) mentioned(s *state, data []string) bool {
	name := s.path[strings.LastIndexByte(s.path, '/')+1:]
	contains := func(text string) bool { return strings.Contains(text, name) }
	return slices.ContainsFunc(w.literals, contains) || slices.ContainsFunc(data, contains)
}

// unused reports named patterns that nothing uses.
func (w *walker) unused() {
	for _, n := range w.named {
		if !w.used[n.name] {
			w.problem(UnusedPattern, n.at, fmt.Sprintf("the pattern $%s is used nowhere", n.name))
		}
	}
}

func (w *walker) problem(kind Kind, v syntax.Value, message string) {
	if w.file.Library && kind == UnknownTarget {
		return
	}
	pos, line := v.At(0)
	w.found = append(w.found, Problem{Kind: kind, File: pos.File, Line: pos.Line, Column: pos.Column, Source: line, Message: message})
}
