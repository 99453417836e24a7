// Command bench measures Govorun beside a floor: a bare server that does HTTP POST → row → publish →
// socket and nothing else. Both run in turns on loopback, each run with a fresh process and an
// empty data directory, so that what disturbs the machine disturbs both. It prints medians, ranges
// and ratios beside the goals, and fails when any run lost, duplicated or reordered a message.
//
// The server and the generator share the machine: the ratios mean something, the figures alone do
// not travel.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/govorun/govorun/internal/loadtest"
)

type options struct {
	Rounds  int     `env:"ROUNDS" default:"3" help:"How often everything is measured."`
	Seconds int     `env:"SECONDS" default:"6" help:"How long each load lasts."`
	Quick   bool    `env:"QUICK" help:"A smoke run: one short round."`
	Rate    float64 `env:"RATE" default:"1000" help:"Messages per second of the open loops."`
	Idle    int     `env:"IDLE" default:"10000" help:"Idle connections to hold."`
	Only    string  `env:"ONLY" help:"One scenario: idle, throughput, steady, many, answers or overload."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Description("Measure Govorun beside a floor."))
	if o.Quick {
		o.Rounds, o.Seconds, o.Idle = 1, 1, min(o.Idle, 1000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "govorun-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // nothing in it is wanted
	programs, err := build(ctx, dir)
	if err != nil {
		return err
	}
	begin := time.Now()
	var rounds []round
	var broken error
	for n := range o.Rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", n+1, o.Rounds)
		r, err := measureAll(ctx, o, programs, dir)
		var fault *loadtest.FaultError
		if err != nil && !errors.As(err, &fault) {
			return err
		}
		broken = errors.Join(broken, err)
		rounds = append(rounds, r)
	}
	fmt.Fprintf(os.Stdout, "%d rounds of %d s each, in %.0f s; medians (ranges), ratios of each round\n\n", o.Rounds, o.Seconds, time.Since(begin).Seconds())
	return errors.Join(printTable(os.Stdout, rounds), broken)
}

// measureAll is one round. It goes on after broken promises, which it returns, but after no other
// error.
func measureAll(ctx context.Context, o options, programs []program, dir string) (round, error) {
	r := make(round)
	var broken error
	for _, s := range scenarios(o) {
		for _, p := range programs {
			if p.name == floor && s.onlyGovorun || o.Only != "" && o.Only != s.name {
				continue
			}
			fmt.Fprintf(os.Stderr, "  %s, %s\n", s.name, p.name)
			report, err := measure(ctx, p, s.load, dir)
			if err != nil {
				err = fmt.Errorf("%s, %s: %w", s.name, p.name, err)
			}
			var fault *loadtest.FaultError
			if err != nil && !errors.As(err, &fault) {
				return nil, err
			}
			broken = errors.Join(broken, err)
			note(report)
			r[key{s.name, p.name}] = report
		}
	}
	return r, broken
}

// note says what makes the figures of a run doubtful.
func note(r *loadtest.Report) {
	if r.Reconnects > 0 {
		fmt.Fprintf(os.Stderr, "    %d sockets broke and came back\n", r.Reconnects)
	}
	if l := r.Load; l != nil && l.Accepted < l.Sent+l.Unsent {
		fmt.Fprintf(os.Stderr, "    of %d messages due, %d were refused, %d failed and %d were not sent in time %s\n",
			l.Sent+l.Unsent, l.Refused, l.Failed, l.Unsent, l.FirstFailure)
	}
}

// measure runs one load against a fresh server.
func measure(ctx context.Context, p program, load loadtest.Options, dir string) (*loadtest.Report, error) {
	s, err := start(ctx, p, dir)
	if err != nil {
		return nil, err
	}
	load.URL, load.PID = s.url, s.pid()
	report, err := loadtest.Run(ctx, load)
	err = errors.Join(err, s.stop())
	debug.FreeOSMemory() // every run begins with an empty heap
	return report, err
}

// key names a run within a round.
type key struct{ scenario, program string }

// round holds the report of every run.
type round map[key]*loadtest.Report

// scenario is one way to load a server.
type scenario struct {
	name        string
	onlyGovorun bool
	load        loadtest.Options
}

// demoChat is in every new data directory.
const demoChat = "11111111-1111-4111-8111-111111111111"

func scenarios(o options) []scenario {
	load := loadtest.Options{
		Chat: demoChat, Bot: loadtest.NoBot, Sessions: 1000, InFlight: 64,
		WarmUp: time.Second, Duration: time.Duration(o.Seconds) * time.Second,
	}
	idle, steady, answers, overload := load, load, load, load
	idle.Duration, idle.Idle = 0, o.Idle
	steady.Rate = o.Rate
	many := steady
	many.Sessions = 5000
	answers.Rate, answers.Bot = o.Rate, loadtest.DefaultBot
	overload.Sessions, overload.Overload = 4000, 2
	if o.Quick {
		overload.OverloadFor, overload.Recovery = 2*time.Second, 2*time.Second
	}
	return []scenario{
		{name: "idle", load: idle},
		{name: "throughput", load: load},
		{name: "steady", load: steady},
		{name: "many", load: many},
		{name: "answers", onlyGovorun: true, load: answers},
		{name: "overload", onlyGovorun: true, load: overload},
	}
}
