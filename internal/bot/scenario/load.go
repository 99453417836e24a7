package scenario

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/library"
	"github.com/govorun/govorun/internal/bot/scenario/morph"
	"github.com/govorun/govorun/internal/bot/scenario/nlu"
	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/script"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// sourceDir is where a bot keeps its scenario.
const sourceDir = "src"

// slotFilling is the file of the library with which a bot asks for missing slots.
const slotFilling = "slotfilling/slotFilling.sc"

// systemModules are the names under which bots ask for the library that comes with the platform.
var systemModules = []string{"sys.zb-common", "sys.zfl-common", "zb-common", "zb_common", "common"}

// words knows the forms of words.
var words = morph.New()

// Options are what a bot works with. The zero value is complete, but for $http, which then
// reaches nothing.
type Options struct {
	Rand          func(n int) int                                                       // a number from 0 to n-1, safe for concurrent use; nil means math/rand/v2
	Log           *slog.Logger                                                          // told of failed turns and of what scripts log; nil means nobody is
	Fetch         func(ctx context.Context, r script.Request) (*script.Response, error) // for $http; nil refuses
	Understanding Understanding                                                         // of intents and entities; nil means the bot's own
	Models        nlu.Cache                                                             // of what was learned; nil: it is learned at every start
	Secrets       map[string]string                                                     // that $secrets.get gives
	Variables     map[string]string                                                     // that $env.get gives
	MaxVMs        int                                                                   // how many turns may run scripts at once; 0 means DefaultVMs
	Memory        int64                                                                 // of one VM, in bytes; 0 means the script package's default
	Timeout       time.Duration                                                         // of a turn's scripts at most; chatbot.yaml may say less; 0 means what it says
}

// DefaultVMs is how many turns of one bot may run scripts at once.
const DefaultVMs = 8

func (o Options) filled() Options {
	if o.Rand == nil {
		o.Rand = rand.IntN
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fetch == nil {
		o.Fetch = func(context.Context, script.Request) (*script.Response, error) {
			return nil, errors.New("calls to the outside are not allowed here")
		}
	}
	o.MaxVMs = cmp.Or(o.MaxVMs, DefaultVMs)
	return o
}

// Load reads a bot: chatbot.yaml and, from its entry points in src/ on, all it requires. When
// the bot has mistakes the error is Errors, with all of them.
func Load(fsys fs.FS, o Options) (*Bot, error) {
	l, cfg, err := read(fsys)
	if err != nil {
		return nil, err
	}
	return l.build(cfg, o.filled())
}

func newLoader(fsys fs.FS) *loader {
	return &loader{
		fsys: fsys, patterns: pattern.NewLibrary(pattern.Options{Words: words}), expressions: make(map[string]bool), sources: make(map[string]string),
		dictionaries: make(map[source][]syntax.DictEntry), named: make(map[string]source), meanings: make(map[meant]bool),
	}
}

// read reads the files of a bot.
func read(fsys fs.FS) (*loader, *config, error) {
	l := newLoader(fsys)
	content, err := fs.ReadFile(fsys, configFile)
	if err != nil {
		return nil, nil, fmt.Errorf("load bot: %w", err)
	}
	cfg := parseConfig(content, &l.errs, &l.warnings)
	l.injector, l.syntax.CustomTags = cfg.injected(), cfg.CustomTags
	for _, name := range cfg.preloaded() {
		l.read(&syntax.Tag{Pos: Position{File: configFile}}, source{false, path.Join(sourceDir, name)}, "")
	}
	for _, entry := range cfg.EntryPoint {
		l.load(l.entry(entry), &syntax.Tag{Pos: Position{File: configFile}}, "")
	}
	if len(l.errs) > 0 { // what they hide would look like more mistakes
		return nil, nil, limited(l.errs)
	}
	return l, &cfg, nil
}

// shorter is the shorter of two times, of which the first may be 0 for none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// build makes the bot of what has been read.
func (l *loader) build(cfg *config, o Options) (*Bot, error) {
	corpus := l.corpus()
	c := newCompiler(cfg, l.patterns, &l.errs)
	c.incomplete = l.incomplete
	intentPatterns, meant := c.compileIntents(corpus, nluFiles[0])
	c.compile(l.tags)
	helpers := c.helpers()
	b := &Bot{config: *cfg, options: o, root: c.root, library: l.patterns, helpers: helpers, injector: encode(l.injector),
		expressions: l.expressions,
		fillsSlots:  slices.Contains(l.files, source{true, slotFilling})}
	b.columns = c.code.columns()
	engine, err := script.New(l.program(c), script.Options{
		Files: l.fsys, Memory: o.Memory, Timeout: shorter(o.Timeout, cfg.timeLimit()), MaxVMs: o.MaxVMs, Log: o.Log,
		Context: encode(map[string]any{"injector": l.injector}), Secrets: o.Secrets, Variables: o.Variables,
	})
	var errs script.Errors
	switch {
	case errors.As(err, &errs):
		l.errs = append(l.errs, l.located(b.columns, errs)...)
	case err != nil:
		return nil, fmt.Errorf("load bot: %w", err)
	}
	if len(l.errs) > 0 {
		if engine != nil {
			engine.Close()
		}
		sortErrors(l.errs, l.names())
		return nil, limited(l.errs)
	}
	b.engine = engine
	if b.understanding = o.Understanding; b.understanding == nil {
		u := l.understand(c, corpus, o)
		if len(intentPatterns) > 0 {
			u.patterns, u.meant = l.patterns.NewSet(intentPatterns), meant
		}
		b.understanding = u
	}
	b.entityNames = append(l.patterns.Lists(), l.patterns.Entities()...)
	b.patterns = c.sets(c.root, nil)
	b.warnings = append(append(l.warnings, c.warnings...), l.located(b.columns, engine.Warnings())...)
	sortErrors(b.warnings, l.names())
	return b, nil
}

// located makes mistakes of a bot of those of its scripts.
func (l *loader) located(c columns, errs script.Errors) Errors {
	list := make(Errors, len(errs))
	for i, e := range errs {
		list[i] = &Error{Position: Position{File: e.File, Line: e.Line, Column: e.Column}, Source: e.Source, Message: e.Message}
		if content, ok := l.sources[e.File]; ok && e.Line > 0 {
			list[i].Column = c.original(e.File, e.Line, e.Column)
			list[i].Source = lineOf(content, e.Line)
		}
	}
	return list
}

func lineOf(content string, n int) string {
	lines := strings.Split(content, "\n")
	if n > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[n-1], "\r")
}

//go:embed inputs.js
var inputsCode string

// program is the bot's JavaScript in the order in which it is loaded: data, files of code, then
// what stands in scenarios, which may use all of them.
func (l *loader) program(c *compiler) []script.Unit {
	units := []script.Unit{{Name: "injector", Code: "$context.injector=" + string(orObject(encode(l.injector))) + ";"}}
	units = append(append(units, l.values...), l.scripts...)
	units = append(units, script.Unit{Name: "templates", Global: "$$templates", Value: encode(l.expressions)}, script.Unit{Name: "inputs.js", Code: inputsCode})
	for _, f := range c.code.files {
		units = append(units, f.unit())
	}
	return units
}

// helpers adds the functions that every bot has.
func (c *compiler) helpers() helpers {
	at := Position{File: "(govorun)", Line: 1, Column: 1}
	return helpers{
		targetState: c.code.expression(at, "$context.temp && (function(t){delete $context.temp.targetState;return t})($context.temp.targetState)"),
		query:       c.code.expression(at, "$context.request && $context.request.query"),
		selected:    c.code.expression(at, "$context.nluResults && $context.nluResults.selected"),
	}
}

// sets makes the index of each state's patterns, and gathers them all.
func (c *compiler) sets(s *state, all []*pattern.Pattern) []*pattern.Pattern {
	if len(s.queries) > 0 {
		list := make([]*pattern.Pattern, len(s.queries))
		for i, q := range s.queries {
			list[i] = q.pattern
		}
		s.set = c.library.NewSet(list)
		all = append(all, list...)
	}
	for _, kid := range s.kids {
		all = c.sets(kid, all)
	}
	return all
}

// limited keeps the first of many mistakes.
func limited(errs Errors) Errors {
	if len(errs) > maxErrors {
		more := len(errs) - maxErrors
		errs = append(errs[:maxErrors:maxErrors], &Error{Position: errs[maxErrors].Position, Message: fmt.Sprintf("and %d more mistakes", more)})
	}
	return errs
}

// maxErrors is how many mistakes of a bot are told at once.
const maxErrors = 50

// source is a file of the bot, or of the library that comes with the platform.
type source struct {
	library bool
	name    string
}

// dir is where a file is from.
func (l *loader) dir(src source) fs.FS {
	if src.library {
		return library.Files
	}
	return l.fsys
}

// loader reads the files of a bot, each once, in the order in which they are required.
type loader struct {
	fsys        fs.FS
	files       []source // read so far
	meanings    map[meant]bool
	syntax      syntax.Options
	sources     map[string]string // of .sc files
	tags        []*syntax.Tag
	values      []script.Unit // global variables
	scripts     []script.Unit // files of code
	patterns    *pattern.Library
	injector    map[string]any
	expressions map[string]bool // every {{ }} in the bot's files: scripts may expand no others
	incomplete  bool            // files of the library are missing
	errs        Errors
	warnings    Errors

	dictionaries map[source][]syntax.DictEntry
	named        map[string]source // whose list has a name
}

func (l *loader) names() []string {
	names := make([]string, len(l.files))
	for i, f := range l.files {
		names[i] = f.name
	}
	return names
}

func (l *loader) fail(t *syntax.Tag, message, expected string) {
	l.errs = append(l.errs, &Error{Position: t.Pos, Source: t.Line, Message: message, Expected: expected})
}

// entry is the file of an entry point: below src/, or, as some have it, with src/ in its name.
func (l *loader) entry(name string) source {
	if _, err := fs.Stat(l.fsys, path.Join(sourceDir, name)); err != nil {
		if _, err := fs.Stat(l.fsys, path.Clean(name)); err == nil && strings.HasPrefix(path.Clean(name), sourceDir+"/") {
			return source{false, path.Clean(name)}
		}
	}
	return source{false, path.Join(sourceDir, name)}
}

// load reads a .sc file. Its states come to lie below base, a path; "" for none.
func (l *loader) load(src source, from *syntax.Tag, base string) {
	content, ok := l.open(src, from)
	if !ok {
		return
	}
	l.sources[src.name] = content
	tags, errs := l.syntax.Parse(src.name, content)
	l.errs = append(l.errs, errs...)
	for _, t := range tags {
		if t.Name == "require" {
			l.require(t, src, base)
			continue
		}
		l.nested(t, src, base)
		l.tags = append(l.tags, below(base, t))
	}
}

// nested follows the require tags that stand in a theme or state, as if they stood before it.
func (l *loader) nested(t *syntax.Tag, src source, base string) {
	if t.Name != "theme" && t.Name != "state" {
		return
	}
	for _, kid := range t.Kids {
		if kid.Name == "require" {
			l.require(kid, src, base)
		}
		l.nested(kid, src, base)
	}
	t.Kids = slices.DeleteFunc(t.Kids, func(kid *syntax.Tag) bool { return kid.Name == "require" })
}

// below puts a theme or state below a path.
func below(base string, t *syntax.Tag) *syntax.Tag {
	if base == "" || t.Name != "theme" && t.Name != "state" {
		return t
	}
	theme := *t
	if t.Name == "state" {
		theme = syntax.Tag{Name: "theme", Pos: t.Pos, Line: t.Line, Kids: []*syntax.Tag{t}}
	}
	theme.Value = syntax.ValueAt(path.Join("/", base, theme.Value.Unquote().Text), t.Pos, t.Line)
	return &theme
}

// open reads a file, once.
func (l *loader) open(src source, from *syntax.Tag) (content string, ok bool) {
	if slices.Contains(l.files, src) {
		return "", false
	}
	return l.text(src, from)
}

// openAs reads a file of data, once for each meaning that it is given.
func (l *loader) openAs(src source, from *syntax.Tag, meaning string) (content string, ok bool) {
	key := meant{src, meaning}
	if l.meanings[key] {
		return "", false
	}
	l.meanings[key] = true
	return l.text(src, from)
}

// meant is a file with what it is to be.
type meant struct {
	source
	as string
}

// text reads a file.
func (l *loader) text(src source, from *syntax.Tag) (content string, ok bool) {
	if !slices.Contains(l.files, src) {
		l.files = append(l.files, src)
	}
	data, err := fs.ReadFile(l.dir(src), src.name)
	if err != nil {
		message := fmt.Sprintf("cannot read %s", src.name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			message = fmt.Sprintf("there is no file %s", src.name)
		}
		l.fail(from, message, "")
		return "", false
	}
	for _, m := range anyExpression.FindAllString(string(data), -1) {
		l.expressions[strings.Clone(m)] = true // the file is not to be kept for it
	}
	return string(data), true
}

var anyExpression = regexp.MustCompile(`(?s)\{\{.+?\}\}`)

// require reads the file that a tag names: of a module of the library, relative to the file
// it stands in, or relative to src/.
func (l *loader) require(t *syntax.Tag, from source, base string) {
	name := strings.TrimSpace(t.Value.Unquote().Text)
	if name == "" {
		l.fail(t, "require without a file", "a path, as in require: questions.sc")
		return
	}
	l.inject(t)
	if theme := t.Param("rootTheme"); theme != "" {
		base = path.Join("/", base, theme)
	}
	if module := t.Param("module"); module != "" {
		l.requireOf(module, name, t, base)
		return
	}
	for _, found := range l.find(name, from) {
		l.read(t, found, base)
	}
}

// requireOf reads a file of a module: of the library, or one that lies in a folder of the bot. That
// there is none is a warning: the rest of the bot works without it.
func (l *loader) requireOf(module, name string, t *syntax.Tag, base string) {
	var places []source
	if slices.Contains(systemModules, module) {
		places = append(places, source{true, path.Clean(strings.TrimPrefix(name, "/"))})
	}
	for _, dir := range []string{"modules", "module"} {
		places = append(places, source{false, path.Join(dir, module, name)}, source{false, path.Join(dir, module, sourceDir, name)})
	}
	for _, src := range places {
		if info, err := fs.Stat(l.dir(src), src.name); err == nil && !info.IsDir() {
			l.read(t, src, base)
			return
		}
	}
	l.warnings = append(l.warnings, &Error{Position: t.Pos, Source: t.Line, Message: fmt.Sprintf("the library %s has no file %s", module, name)})
	l.incomplete = true
}

// find is the files that a require means; one that is not there when there are none.
func (l *loader) find(name string, from source) []source {
	near := path.Join(path.Dir(from.name), name)
	far := path.Join(sourceDir, name)
	for _, at := range []string{near, far} {
		if strings.Contains(at, "*") {
			if names, err := fs.Glob(l.dir(from), at); err == nil && len(names) > 0 {
				list := make([]source, len(names))
				for i := range names {
					list[i] = source{from.library, names[i]}
				}
				return list
			}
			continue
		}
		if _, err := fs.Stat(l.dir(from), at); err == nil {
			return []source{{from.library, at}}
		}
	}
	return []source{{from.library, near}}
}

// inject adds the parameters that a require has for scripts ($injector).
func (l *loader) inject(t *syntax.Tag) {
	text := t.Param("injector")
	if text == "" {
		return
	}
	value, err := syntax.ParseLax(text)
	if err == nil {
		var fields map[string]any
		if err = json.Unmarshal(value, &fields); err == nil {
			l.injector = merged(l.injector, fields)
			return
		}
	}
	l.fail(t, "the injector is no object: "+err.Error(), `injector = {name: "value"}`)
}

// merged is what two objects say together; the second wins.
func merged(a, b map[string]any) map[string]any {
	if a == nil {
		a = make(map[string]any)
	}
	for name, v := range b {
		inner, ok := v.(map[string]any)
		if below, both := a[name].(map[string]any); ok && both {
			a[name] = merged(below, inner)
			continue
		}
		a[name] = v
	}
	return a
}

// read takes in a required file by its kind.
func (l *loader) read(t *syntax.Tag, src source, base string) {
	switch ext := strings.ToLower(path.Ext(src.name)); {
	case strings.EqualFold(t.Param("type"), "scriptEs6") || ext == ".mjs" || ext == ".ts":
		l.module(t, src)
	case ext == ".sc" || ext == ".zb":
		l.load(src, t, base)
	case ext == ".js":
		if content, ok := l.open(src, t); ok {
			l.scripts = append(l.scripts, script.Unit{Name: src.name, Code: content})
		}
	case ext == ".csv":
		l.dictionary(t, src)
	case ext == ".yaml" || ext == ".yml" || ext == ".json":
		l.variable(t, src)
	default:
		l.fail(t, fmt.Sprintf("a file of an unknown type, %q", ext), ".sc, .js, .csv, .yaml or .json")
	}
}

// module takes in a file of modern JavaScript whose exports become a global variable.
func (l *loader) module(t *syntax.Tag, src source) {
	name := t.Param("name")
	if name == "" {
		name = strings.TrimSuffix(path.Base(src.name), path.Ext(src.name))
	}
	if content, ok := l.open(src, t); ok {
		l.scripts = append(l.scripts, script.Unit{Name: src.name, Code: content, Module: name})
	}
}

// dictionary takes in a list of entities: name = Dict makes $entity<Dict>, var = V the global V.
// One file may be asked for under several names: a bot that asks for a list that the library
// has read already means to give it a name of its own.
func (l *loader) dictionary(t *syntax.Tag, src source) {
	entries, ok := l.rows(t, src)
	if !ok {
		return
	}
	list := make([]pattern.Entry, len(entries))
	for i, e := range entries {
		list[i] = pattern.Entry{ID: e.ID, Value: e.Value}
		for _, s := range e.Synonyms {
			list[i].Synonyms = append(list[i].Synonyms, s.Text)
		}
	}
	if name := strings.TrimPrefix(t.Param("name"), "$"); name != "" && l.first("$entity", name, src) {
		if err := l.patterns.AddDictionary(name, list); err != nil {
			pos, full := entries[err.Entry].Synonyms[err.Synonym].At(err.Err.Offset)
			l.errs = append(l.errs, &Error{Position: pos, Source: full, Message: err.Err.Message, Expected: err.Err.Expected})
		}
	}
	if name := t.Param("var"); name != "" && l.first("var", name, src) {
		global := replyObject("{") // in the order of the file
		for i, e := range entries {
			if i == 0 {
				global = nil
			}
			global = global.addRaw(e.ID, encode(map[string]any{"id": e.ID, "alternatives": list[i].Synonyms, "value": e.Value}))
		}
		l.values = append(l.values, script.Unit{Name: src.name, Global: name, Value: global.json()})
	}
}

// rows are the entries of a dictionary, which is read once.
func (l *loader) rows(t *syntax.Tag, src source) ([]syntax.DictEntry, bool) {
	if entries, ok := l.dictionaries[src]; ok {
		return entries, true
	}
	content, ok := l.open(src, t)
	if !ok {
		return nil, false
	}
	entries, errs := syntax.ParseDictionary(src.name, content)
	l.errs = append(l.errs, errs...)
	l.dictionaries[src] = entries
	return entries, true
}

// first reports whether a file was not given this name just before: the last file of a name counts.
func (l *loader) first(kind, name string, src source) bool {
	key := kind + " " + name
	if l.named[key] == src {
		return false
	}
	l.named[key] = src
	return true
}

// variable takes in data that becomes a global variable.
func (l *loader) variable(t *syntax.Tag, src source) {
	name := cmp.Or(t.Param("var"), t.Param("name"))
	if name == "" {
		name = strings.TrimSuffix(path.Base(src.name), path.Ext(src.name))
	}
	content, ok := l.openAs(src, t, name)
	if !ok {
		return
	}
	value, errs := syntax.ParseData(src.name, content)
	l.errs = append(l.errs, errs...)
	l.values = append(l.values, script.Unit{Name: src.name, Global: name, Value: value})
}
