// Command govorun is the chat platform in one program: the server, and the commands to
// operate it. Each command is a file of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the default is back: the second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], &world{Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
}

// world is what a command sees of the outside.
type world struct {
	Environ []string
	Stdin   io.Reader // nil: empty
	Stdout  io.Writer
	Stderr  io.Writer
}

// commands are the subcommands, each with a Run method.
type commands struct {
	Serve    serveCmd    `cmd:"" help:"Run the server."`
	Config   configCmd   `cmd:"" help:"Print the configuration that would be in force, and where each value comes from."`
	Nodes    nodesCmd    `cmd:"" help:"Show which servers share the data, who is alive and what each holds."`
	Backup   backupCmd   `cmd:"" help:"Copy the database to a file, while the server runs or not."`
	Migrate  migrateCmd  `cmd:"" help:"Move the data from SQLite to PostgreSQL, or back."`
	Admin    adminCmd    `cmd:"" help:"Administer a running server: chats, bots, API keys."`
	Webhooks webhooksCmd `cmd:"" help:"What leaves a running server by webhooks: what waits, what is dead."`
	Campaign campaignCmd `cmd:"" help:"Send an event or messages to many clients."`
	Bot      botCmd      `cmd:"" help:"Check, test, try and deploy a bot in the scenario language."`
	Bench    benchCmd    `cmd:"" help:"Put load on a running server and measure it."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// exit ends parsing where kong would end the process, e.g. after --help.
type exit int

// run executes one command line and returns the exit code: 0 done, 1 failed, 2 not understood
// (and 3: see exitFatal).
func run(ctx context.Context, args []string, w *world) (code int) {
	defer func() {
		if p := recover(); p != nil {
			c, ok := p.(exit)
			if !ok {
				panic(p)
			}
			code = int(c)
		}
	}()
	var cmds commands
	cmds.Serve.init()
	cmds.Config.init()
	cmds.Nodes.init()
	parser, err := kong.New(&cmds,
		kong.Name("govorun"),
		kong.Description("A self-hosted chat platform."),
		kong.Writers(w.Stdout, w.Stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
	)
	if err != nil {
		panic(err) // the commands themselves are wrong
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(w.Stderr, "govorun: %v\nSee govorun --help.\n", err)
		return 2
	}
	if err := parsed.Run(); errors.Is(err, errReported) {
		return 1
	} else if err != nil {
		fmt.Fprintf(w.Stderr, "govorun: %v\n", err)
		var bad *usageError
		if errors.As(err, &bad) {
			return 2
		}
		return 1
	}
	return 0
}

// usageError is a fault of the command line or the configuration.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
