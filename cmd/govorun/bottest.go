package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// botTestCmd runs a bot's tests.
type botTestCmd struct {
	botFlags
	Filter      string        `placeholder:"REGEXP" help:"Run the cases whose \"file:id\" this finds."`
	Seed        uint64        `help:"Of the numbers that scripts draw; without it they are 0 where no <random> says otherwise."`
	Timeout     time.Duration `default:"30s" help:"How long a case may take."`
	Integration bool          `help:"Run the cases with integration=\"true\", too; they call the real services."`
	JUnit       string        `name:"junit" type:"path" placeholder:"FILE" help:"Write the results as JUnit XML."`
	JSON        bool          `name:"json" help:"Print each case as a line of JSON; the counts go to standard error."`
	Verbose     bool          `short:"v" help:"Print the cases that passed, and what is odd in the files, too."`
	Watch       bool          `help:"Test again at every change of the bot's files, until interrupted."`
}

// Run prints the failures, then the counts; it fails when a case does.
func (c *botTestCmd) Run(ctx context.Context, w *world) error {
	bot, err := c.files()
	if err != nil {
		return err
	}
	filter, err := regexp.Compile(c.Filter)
	if err != nil {
		return &usageError{fmt.Errorf("--filter is no regular expression: %w", err)}
	}
	return repeat(ctx, w, c.Watch, c.Dir, []string{c.JUnit}, func(ctx context.Context) error { return c.test(ctx, w, bot, filter) })
}

func (c *botTestCmd) test(ctx context.Context, w *world, fsys fs.FS, filter *regexp.Regexp) error {
	p := w.painter()
	files, err := xmltest.Find(fsys)
	if err != nil {
		return err
	}
	o := xmltest.Options{Filter: filter, Seed: c.Seed, Timeout: c.Timeout, Integration: c.Integration, Done: c.printer(p)}
	load := c.options()
	load.MaxVMs = runtime.GOMAXPROCS(0) // each case has its own
	bot, err := scenario.Load(fsys, load)
	if err != nil {
		writeMistakes(w.errors(p, c.JSON), err)
		err = errors.New("the bot cannot be read")
		o.New = func(xmltest.Setup) (xmltest.Conversation, error) { return nil, err }
		if !c.JSON {
			o.Done = nil // one reason for all
		}
	} else {
		defer func() { _ = bot.Close() }()
		o.New = xmltest.Playing(bot)
	}
	if c.Verbose && !c.JSON {
		for _, f := range files {
			for _, n := range f.Notes {
				p.println(faint, n.String())
			}
		}
	}
	results := xmltest.Run(ctx, files, o)
	return c.report(w, p, bot, results, err != nil)
}

// printer prints the cases one after the other.
func (c *botTestCmd) printer(p *painter) func(*xmltest.Result) {
	style := xmltest.Style{Color: p.color, Width: p.width, Verbose: c.Verbose}
	return func(r *xmltest.Result) {
		if !c.JSON {
			xmltest.Print(p, r, style)
		} else if err := xmltest.WriteJSON(p, r); err != nil {
			fmt.Fprintln(p, err)
		}
	}
}

// errors is where mistakes go: not between lines of JSON.
func (w *world) errors(p *painter, json bool) *painter {
	if json {
		return &painter{Writer: w.Stderr}
	}
	return p
}

// report writes the file and the counts.
func (c *botTestCmd) report(w *world, p *painter, bot *scenario.Bot, results []*xmltest.Result, unread bool) error {
	if c.JUnit != "" {
		name := filepath.Base(c.Dir)
		if bot != nil && bot.Name() != "" {
			name = bot.Name()
		}
		if err := writeFile(c.JUnit, func(out io.Writer) error { return xmltest.WriteJUnit(out, name, results) }); err != nil {
			return err
		}
	}
	counts := xmltest.Count(results)
	failed := counts.Failed > 0 || unread
	color := green
	if failed {
		color = red
	}
	w.errors(p, c.JSON).println(color, counts.String())
	if failed {
		return errReported
	}
	return nil
}

// writeFile writes a file anew.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("write %s: %w", name, err)
	}
	return file.Close()
}
