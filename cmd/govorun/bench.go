package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// benchCmd puts load on a running server and measures it.
type benchCmd struct {
	URL  []string `default:"http://127.0.0.1:8080" sep:"none" help:"Server to load. Several are nodes over the same data: the messages of a session go to one, its socket to the next."`
	Chat string   `default:"11111111-1111-4111-8111-111111111111" help:"Chat in which to start sessions; the demo chat by default."`
	Bot  string   `default:"none" help:"Who answers: none, default (the chat's own bot) or the UUID of a bot."`
	PID  []int    `name:"pid" help:"Process of the server, to measure its CPU time and memory; of several nodes all."`

	Sessions int           `default:"1000" help:"Sessions over which the messages are spread."`
	Sockets  int           `help:"Connections that hold the sessions; one for each by default."`
	SocketIO bool          `name:"socketio" help:"Hold each session by a Socket.IO connection too, and idle connections over Socket.IO instead of Centrifugo. Messages need a --bot then."`
	InFlight int           `default:"64" help:"Requests at a time in the closed loop."`
	Rate     float64       `help:"Messages per second in an open loop: the times are fixed in advance, and latency counts from them. 0 is the closed loop."`
	Duration time.Duration `default:"10s" help:"How long to send. 0 sends nothing."`
	WarmUp   time.Duration `default:"1s" help:"Load before the measurement."`
	Drain    time.Duration `default:"15s" help:"How long to wait after the load for what has not arrived yet."`
	Mix      loadtest.Mix  `placeholder:"send=90,start=5,history=5" help:"What clients do, and in what proportion: send, start, history, typing. Only sending by default."`
	Idle     int           `help:"Connections that do nothing, held beside the load; with --pid their memory is measured."`

	Overload    float64       `placeholder:"2" help:"Find the maximum in the closed loop, then send this many times as much, and see how fast the server comes back."`
	OverloadFor time.Duration `default:"10s" help:"How long the overload lasts."`

	JSON bool `name:"json" help:"Print the report as JSON."`
}

// Run makes the load and prints the report. It fails when a promise was broken.
func (c *benchCmd) Run(ctx context.Context, w *world) error {
	report, err := loadtest.Run(ctx, loadtest.Options{
		URL: c.URL[0], Others: c.URL[1:], Chat: c.Chat, Bot: c.Bot, PIDs: c.PID,
		Sessions: c.Sessions, Sockets: c.Sockets, SocketIO: c.SocketIO, InFlight: c.InFlight, Rate: c.Rate,
		Duration: c.Duration, WarmUp: c.WarmUp, Drain: c.Drain, Mix: c.Mix, Idle: c.Idle,
		Overload: c.Overload, OverloadFor: c.OverloadFor,
	})
	if report == nil {
		return fmt.Errorf("bench: %w", err)
	}
	if c.JSON {
		out := json.NewEncoder(w.Stdout)
		out.SetIndent("", "  ")
		return errors.Join(err, out.Encode(report))
	}
	return errors.Join(err, report.WriteText(w.Stdout))
}
