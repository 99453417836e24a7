package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/govorun/govorun/internal/app"
	"github.com/govorun/govorun/internal/config"
)

// exitFatal is the exit code after a failed commit.
const exitFatal = 3

// serveCmd runs the server.
type serveCmd struct {
	settings
}

// Run serves until ctx ends, then stops gracefully. It fails when the server cannot start,
// when its storage fails, or when it does not stop in time.
func (c *serveCmd) Run(ctx context.Context, w *world) error {
	cfg, err := c.load(w)
	if err != nil {
		return err
	}
	log := newLog(w.Stderr, cfg.Log)
	a, err := app.Start(ctx, app.Params{Config: cfg.Config, Version: version(), Log: log, Fatal: func(err error) {
		log.Error("storage cannot go on: ending at once", "error", err)
		os.Exit(exitFatal)
	}})
	if err != nil {
		return err
	}
	printAddresses(w.Stdout, a.URL())
	printSetup(w.Stdout, a.SetupURL())
	select {
	case <-ctx.Done():
	case err = <-a.Failed():
		log.Error("the server failed and stops", "error", err)
	}
	stopping, cancel := context.WithTimeout(context.Background(), cfg.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, a.Close(stopping))
}

func printAddresses(w io.Writer, url string) {
	fmt.Fprintf(w, "Govorun is ready.\n"+
		"  Page        %[1]s/\n"+
		"  REST        %[1]s/api/chats/v1\n"+
		"  Centrifugo  %[2]s/centrifugo/connection/websocket\n"+
		"  Socket.IO   %[1]s/socket.io/\n"+
		"  Health      %[1]s/healthz, %[1]s/readyz, %[1]s/metrics\n", url, "ws"+url[len("http"):])
}

// printSetup shows the one-time link, if there is one, to whoever started the server and nobody else:
// it is in no log.
func printSetup(w io.Writer, url string) {
	if url != "" {
		fmt.Fprintf(w, "\nThis link makes whoever opens it first an administrator. It works once:\n  %s\n", url)
	}
}

func newLog(w io.Writer, c config.Log) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
