package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/terminal"
	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
	"github.com/govorun/govorun/internal/bot/watch"
)

// botChatCmd talks to a bot.
type botChatCmd struct {
	botFlags
	Start bool   `default:"true" negatable:"" help:"Begin with the message /start."`
	Watch bool   `default:"true" negatable:"" help:"Read the bot again when its files change; the conversation goes on."`
	Seed  uint64 `help:"Of the numbers that scripts draw; without it they are another time others."`
}

// Help is shown by --help.
func (c *botChatCmd) Help() string { return terminal.Help }

// Run talks until the input ends.
func (c *botChatCmd) Run(ctx context.Context, w *world) error {
	if _, err := c.files(); err != nil {
		return err
	}
	p := w.painter()
	o := terminal.Options{Begin: func() (terminal.Conversation, error) { return c.begin() }, Color: p.color, Start: c.Start}
	in := w.Stdin
	if in == nil {
		in = strings.NewReader("")
	}
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		o.Prompt = true
		fmt.Fprintln(p, "Type :help for what can be typed.")
	}
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	if c.Watch {
		files, err := watch.New(c.Dir)
		if err != nil {
			return err
		}
		changed := make(chan struct{})
		o.Changed = changed
		watching.Go(func() {
			defer func() { _ = files.Close() }()
			tell(ctx, files, changed, w.Stderr)
		})
	}
	if err := terminal.Talk(ctx, in, p, o); err != nil {
		var mistakes scenario.Errors
		if !errors.As(err, &mistakes) {
			return err
		}
		writeMistakes(p, err)
		return errReported
	}
	return nil
}

// tell passes changes on until ctx ends.
func tell(ctx context.Context, files *watch.Watcher, changed chan<- struct{}, problems io.Writer) {
	for {
		if err := files.Next(ctx); err != nil {
			if ctx.Err() == nil {
				fmt.Fprintf(problems, "govorun: %v\n", err)
			}
			return
		}
		select {
		case changed <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// talking is a conversation with a bot that nobody else has.
type talking struct {
	xmltest.Talk
	bot *scenario.Bot
}

// Close ends the conversation and the bot.
func (t talking) Close() {
	t.Talk.Close()
	_ = t.bot.Close() // it has no more to say
}

// begin reads the bot and begins a conversation with it.
func (c *botChatCmd) begin() (terminal.Conversation, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	bot, err := scenario.Load(files, c.options())
	if err != nil {
		return nil, err
	}
	return talking{xmltest.Chat(bot, c.Seed), bot}, nil
}
