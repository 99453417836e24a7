package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// sourceDir is where a bot keeps its scenario.
const sourceDir = "src"

// Options are what a bot works with. The zero value is complete.
type Options struct {
	Rand func(n int) int // a number from 0 to n-1, safe for concurrent use; nil means math/rand/v2
	Log  *slog.Logger    // told of failed turns; nil means nobody is
}

// Load reads a bot: chatbot.yaml and, from its entry points in src/ on, all it requires. When
// the bot has mistakes the error is Errors, with all of them.
func Load(fsys fs.FS, o Options) (*Bot, error) {
	if o.Rand == nil {
		o.Rand = rand.IntN
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &loader{fsys: fsys}
	content, err := fs.ReadFile(fsys, configFile)
	if err != nil {
		return nil, fmt.Errorf("load bot: %w", err)
	}
	cfg := parseConfig(content, &l.errs)
	for _, entry := range cfg.EntryPoint {
		l.load(path.Join(sourceDir, entry), Position{File: configFile}, "")
	}
	if len(l.errs) > 0 { // what they hide would look like more mistakes
		return nil, limited(l.errs)
	}
	b := &Bot{config: cfg, options: o}
	b.root = compile(l.tags, &l.errs)
	if len(l.errs) > 0 {
		slices.SortStableFunc(l.errs, func(a, b *Error) int {
			return cmp.Or(slices.Index(l.files, a.File)-slices.Index(l.files, b.File), a.Line-b.Line, a.Column-b.Column)
		})
		return nil, limited(l.errs)
	}
	return b, nil
}

// maxErrors is how many mistakes one load reports.
const maxErrors = 50

// limited keeps the first of many mistakes.
func limited(errs Errors) Errors {
	if len(errs) > maxErrors {
		more := len(errs) - maxErrors
		errs = append(errs[:maxErrors:maxErrors], &Error{Position: errs[maxErrors].Position, Message: fmt.Sprintf("and %d more mistakes", more)})
	}
	return errs
}

// loader reads the files of a bot, each once, in the order in which they are required.
type loader struct {
	fsys  fs.FS
	files []string // read so far
	tags  []*syntax.Tag
	errs  Errors
}

func (l *loader) load(name string, from Position, full string) {
	if slices.Contains(l.files, name) {
		return
	}
	l.files = append(l.files, name)
	content, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		message := fmt.Sprintf("cannot read %s", name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			message = fmt.Sprintf("there is no file %s", name)
		}
		l.errs = append(l.errs, &Error{Position: from, Source: full, Message: message})
		return
	}
	tags, errs := syntax.Parse(name, string(content))
	l.errs = append(l.errs, errs...)
	for _, t := range tags {
		if t.Name != "require" {
			l.tags = append(l.tags, t)
			continue
		}
		l.require(t, name)
	}
}

// require reads the file that a tag names, relative to the file it stands in or to src/.
func (l *loader) require(t *syntax.Tag, from string) {
	name := t.Value.Unquote().Text
	pos, full := t.Pos, t.Line
	switch {
	case name == "":
		l.errs = append(l.errs, &Error{Position: pos, Source: full, Message: "require without a file", Expected: "a path, as in require: questions.sc"})
		return
	case t.Param("module") != "":
		l.errs = append(l.errs, &Error{Position: pos, Source: full, Message: fmt.Sprintf("the library %s is not supported yet in this version", t.Param("module")), Expected: "a file of the bot"})
		return
	case !strings.EqualFold(path.Ext(name), ".sc"):
		l.errs = append(l.errs, &Error{Position: pos, Source: full, Message: fmt.Sprintf("a file of type %q is not supported yet in this version", path.Ext(name)), Expected: "a .sc file"})
		return
	}
	near := path.Join(path.Dir(from), name)
	if _, err := fs.Stat(l.fsys, near); err != nil {
		if far := path.Join(sourceDir, name); far != near {
			if _, err := fs.Stat(l.fsys, far); err == nil {
				near = far
			}
		}
	}
	l.load(near, pos, full)
}
