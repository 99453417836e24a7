package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/check"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// botCheckCmd reads a bot.
type botCheckCmd struct {
	botFlags
	Strict bool `help:"Fail at warnings, too."`
	Watch  bool `help:"Check again at every change of the bot's files, until interrupted."`
}

// Run prints what is wrong and what is suspicious; it fails when the bot cannot be read.
func (c *botCheckCmd) Run(ctx context.Context, w *world) error {
	bot, err := c.files()
	if err != nil {
		return err
	}
	return repeat(ctx, w, c.Watch, c.Dir, nil, func(context.Context) error { return c.check(w.painter(), bot) })
}

func (c *botCheckCmd) check(p *painter, fsys fs.FS) error {
	bot, problems, err := scenario.Check(fsys, c.options())
	if err != nil {
		errs := writeMistakes(p, err)
		fmt.Fprintf(p, "%s, 0 warnings\n", count(errs, "error"))
		return errReported
	}
	defer func() { _ = bot.Close() }()
	warnings := slices.Concat(ofReader(bot.Warnings(), problems), problems, ofTests(fsys))
	slices.SortStableFunc(warnings, func(a, b check.Problem) int { return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line) })
	for _, problem := range warnings {
		problem.Message = "warning: " + problem.Message
		p.println(yellow, problem.String())
	}
	fmt.Fprintf(p, "0 errors, %s\n", count(len(warnings), "warning"))
	if c.Strict && len(warnings) > 0 {
		return errReported
	}
	return nil
}

// ofReader are the warnings of the reader of bots, but for the targets that the checks have
// found missing, too.
func ofReader(warnings scenario.Errors, known []check.Problem) []check.Problem {
	var problems []check.Problem
	for _, m := range warnings {
		if slices.ContainsFunc(known, func(p check.Problem) bool {
			return p.Kind == check.UnknownTarget && p.File == m.File && p.Line == m.Line
		}) {
			continue
		}
		problems = append(problems, check.Problem{File: m.File, Line: m.Line, Column: m.Column, Source: m.Source, Message: m.Message})
	}
	return problems
}

// ofTests are what is wrong or odd in the bot's tests.
func ofTests(fsys fs.FS) []check.Problem {
	files, err := xmltest.Find(fsys)
	if err != nil {
		return []check.Problem{{File: "test", Line: 1, Column: 1, Message: err.Error()}}
	}
	var problems []check.Problem
	for _, f := range files {
		notes := slices.Clone(f.Notes)
		for _, c := range f.Cases {
			notes = append(notes, c.Broken...)
		}
		slices.SortStableFunc(notes, func(a, b *xmltest.Note) int { return a.Line - b.Line })
		for _, n := range notes {
			problems = append(problems, check.Problem{File: n.File, Line: n.Line, Column: 1, Message: n.Message})
		}
	}
	return problems
}

// count is "1 error", "2 errors".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", n, noun))
}
