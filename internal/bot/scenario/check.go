package scenario

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/check"
)

// Check reads a bot as Load does, and says what is suspicious in it: targets that do not
// exist, states that nothing leads to, patterns that nothing uses, global variables that
// change while it runs. The bot has to be closed. The error is that of Load.
func Check(fsys fs.FS, o Options) (*Bot, []check.Problem, error) {
	l, cfg, err := read(fsys)
	if err != nil {
		return nil, nil, err
	}
	b, err := l.build(cfg, o.filled())
	if err != nil {
		return nil, nil, err
	}
	return b, check.Scenario(l.parts()), nil
}

// parts are what the checks look at.
func (l *loader) parts() check.Bot {
	var b check.Bot
	for _, t := range l.tags {
		if n := len(b.Files); n == 0 || b.Files[n-1].Name != t.Pos.File {
			b.Files = append(b.Files, check.File{Name: t.Pos.File, Library: slices.Contains(l.files, source{true, t.Pos.File})})
		}
		f := &b.Files[len(b.Files)-1]
		f.Tags = append(f.Tags, t)
	}
	for _, u := range l.scripts {
		if !slices.Contains(l.files, source{true, u.Name}) {
			b.Scripts = append(b.Scripts, check.Code{File: u.Name, Line: 1, Text: u.Code, Load: true})
		}
	}
	for _, u := range l.values {
		b.Declared = append(b.Declared, u.Global)
	}
	for _, f := range l.files {
		ext := strings.ToLower(path.Ext(f.name))
		if f.library || ext != ".csv" && ext != ".yaml" && ext != ".yml" && ext != ".json" {
			continue
		}
		if content, err := fs.ReadFile(l.fsys, f.name); err == nil { // it was read before
			b.Data = append(b.Data, string(content))
		}
	}
	return b
}
