package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/check"
	"github.com/govorun/govorun/internal/bot/scenario/script"
	"github.com/govorun/govorun/internal/bot/watch"
)

// botCmd is for who writes bots in the scenario language.
type botCmd struct {
	Check botCheckCmd `cmd:"" help:"Read a bot and say what is wrong or suspicious in it."`
	Test  botTestCmd  `cmd:"" help:"Run a bot's XML tests."`
	Chat  botChatCmd  `cmd:"" help:"Talk to a bot in the terminal."`

	Eval    botEvalCmd    `cmd:"" help:"Measure how well a bot tells its intents apart."`
	Intents botIntentsCmd `cmd:"" help:"Explain what intents a bot sees in a phrase."`

	Deploy   botDeployCmd   `cmd:"" help:"Have a running server answer with a bot from a directory."`
	Versions botVersionsCmd `cmd:"" help:"List the versions of a deployed bot."`
	Rollback botRollbackCmd `cmd:"" help:"Have a running server answer with an earlier version of a bot."`
}

// botFlags are those of every command that reads a bot from a directory.
type botFlags struct {
	Dir     string            `arg:"" placeholder:"DIR" help:"The bot's directory, with its chatbot.yaml."`
	Secrets map[string]string `name:"secret" placeholder:"NAME=VALUE" mapsep:"none" help:"What $$secrets.get(NAME) gives. May be given more than once."`
	Env     map[string]string `name:"env" placeholder:"NAME=VALUE" mapsep:"none" help:"What $$env.get(NAME) gives. May be given more than once."`
}

// files are the bot's.
func (f *botFlags) files() (fs.FS, error) {
	info, err := os.Stat(f.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &usageError{fmt.Errorf("there is no directory %s", f.Dir)}
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, &usageError{fmt.Errorf("%s is not a directory; expected that of a bot", f.Dir)}
	}
	if _, err := os.Stat(filepath.Join(f.Dir, "chatbot.yaml")); errors.Is(err, fs.ErrNotExist) {
		return nil, &usageError{fmt.Errorf("%s has no chatbot.yaml; expected the directory of a bot", f.Dir)}
	}
	return os.DirFS(f.Dir), nil
}

// options are what the bot works with. Its calls may reach every address: who runs these
// commands sits at the machine.
func (f *botFlags) options() scenario.Options {
	const patience = 30 * time.Second
	return scenario.Options{
		Fetch:   script.NewFetcher(&http.Client{Timeout: patience}).Fetch,
		Secrets: f.Secrets, Variables: f.Env,
	}
}

// errReported is a failure that has been told already.
var errReported = errors.New("the command failed")

// writeMistakes writes why a bot cannot be read, each mistake with its line and a mark under
// the place. It returns how many there are.
func writeMistakes(p *painter, err error) int {
	var mistakes scenario.Errors
	if !errors.As(err, &mistakes) {
		p.println(red, "error: "+err.Error())
		return 1
	}
	for _, m := range mistakes {
		writeMistake(p, red, "error", m)
	}
	return len(mistakes)
}

func writeMistake(p *painter, color, kind string, m *scenario.Error) {
	text := m.Message
	if m.Expected != "" {
		text += ", expected " + m.Expected
	}
	p.println(color, fmt.Sprintf("%s: %s: %s%s", m.Position, kind, text, check.Caret(m.Source, m.Column)))
}

// The colours of the terminal.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	faint  = "\x1b[2m"
	reset  = "\x1b[0m"
)

// painter writes lines, in colour when they go to a terminal and nobody asked for none
// (NO_COLOR, see no-color.org).
type painter struct {
	io.Writer
	color bool
	width int // of the terminal; 0: not known
}

func (w *world) painter() *painter {
	p := &painter{Writer: w.Stdout}
	if text, ok := w.variable("COLUMNS"); ok {
		p.width, _ = strconv.Atoi(text) // what is no number says nothing
	}
	file, ok := w.Stdout.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return p
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && p.width <= 0 {
		p.width = width
	}
	none, _ := w.variable("NO_COLOR")
	kind, _ := w.variable("TERM")
	p.color = none == "" && kind != "dumb"
	return p
}

// variable is one of the environment.
func (w *world) variable(name string) (value string, ok bool) {
	for _, pair := range slices.Backward(w.Environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

func (p *painter) println(color, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if p.color {
			line = color + line + reset
		}
		fmt.Fprintln(p, line)
	}
}

// repeat does a thing, and with watching again at every change of the bot, until ctx ends.
func repeat(ctx context.Context, w *world, watching bool, dir string, ignored []string, do func(context.Context) error) error {
	if !watching {
		return do(ctx)
	}
	files, err := watch.New(dir, ignored...)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	for {
		if err := do(ctx); err != nil && !errors.Is(err, errReported) && ctx.Err() == nil {
			fmt.Fprintf(w.Stderr, "govorun: %v\n", err)
		}
		fmt.Fprintf(w.Stderr, "Waiting for changes in %s.\n", filepath.Clean(dir))
		if err := files.Next(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}
