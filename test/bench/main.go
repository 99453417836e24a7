// Command bench measures Govorun beside a floor: a bare server that does HTTP POST → row → publish →
// socket and nothing else. Both run in turns on loopback, each run with a fresh process and an
// empty place for its data, so that what disturbs the machine disturbs both. It prints medians, ranges
// and ratios beside the goals, and fails when any run lost, duplicated or reordered a message.
//
// On PostgreSQL (ENGINE=postgres) it starts one of its own and a Redis, measures several nodes too,
// and counts on the wire what a message costs.
//
// The servers and the generator share the machine: the ratios mean something, the figures alone do
// not travel.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/govorun/govorun/internal/loadtest"
)

type options struct {
	Engine  string  `env:"ENGINE" default:"sqlite" enum:"sqlite,postgres" help:"Where the data is: sqlite or postgres."`
	Rounds  int     `env:"ROUNDS" default:"3" help:"How often everything is measured."`
	Seconds int     `env:"SECONDS" default:"6" help:"How long each load lasts."`
	Quick   bool    `env:"QUICK" help:"A smoke run: one short round."`
	Rate    float64 `env:"RATE" default:"1000" help:"Messages per second of the open loops."`
	Idle    int     `env:"IDLE" default:"10000" help:"Idle connections to hold."`
	Only    string  `env:"ONLY" help:"One scenario: idle, idle-socketio, throughput, steady, many, answers, socketio, webhooks, overload, poll, chatapi, campaign or bots; on PostgreSQL also tinode, nodes or cost."`
}

func (o options) onPostgres() bool { return o.Engine == "postgres" }

func main() {
	var o options
	kong.Parse(&o, kong.Description("Measure Govorun beside a floor."))
	if o.Quick {
		o.Rounds, o.Seconds, o.Idle = 1, 1, min(o.Idle, 1000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, w io.Writer) (err error) {
	if err := o.checkOnly(); err != nil {
		return err
	}
	if o.Only == onlyBots {
		return measureBots(ctx, o, w)
	}
	b := &bench{options: o}
	if b.dir, err = os.MkdirTemp("", "govorun-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }() // nothing in it is wanted
	if b.programs, err = build(ctx, b.dir); err != nil {
		return err
	}
	if o.onPostgres() {
		if b.cluster, err = startCluster(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.cluster.close(ctx)) }()
	}
	switch o.Only {
	case onlyPolls:
		return b.measurePolls(ctx, w)
	case onlyAsks:
		return b.measureAsks(ctx, w)
	case onlyCampaigns:
		return b.measureCampaigns(ctx, w)
	}
	begin := time.Now()
	rounds, broken := b.measureRounds(ctx)
	if broken != nil && !isFault(broken) {
		return broken
	}
	if o.Quick {
		fmt.Fprintln(w, "A smoke run: it shows that the measurements work, no more.")
	}
	if len(rounds[0]) > 0 {
		fmt.Fprintf(w, "%d rounds of %d s each, in %.0f s; medians (ranges), ratios of each round\n\n", o.Rounds, o.Seconds, time.Since(begin).Seconds())
		if err := printTable(w, rows(o.onPostgres()), rounds); err != nil {
			return err
		}
	}
	if !o.onPostgres() && o.Only == "" {
		return errors.Join(broken, b.measureAsks(ctx, w), b.measureCampaigns(ctx, w), b.measurePolls(ctx, w), measureBots(ctx, o, w))
	}
	if !o.onPostgres() {
		return broken
	}
	return errors.Join(b.reportPostgres(ctx, w, rounds), broken)
}

// reportPostgres prints what there is to say about PostgreSQL alone.
func (b *bench) reportPostgres(ctx context.Context, w io.Writer, rounds []round) error {
	if err := printNodes(w, rounds); err != nil {
		return err
	}
	if only := b.options.Only; only == "" || only == "cost" {
		costs, err := b.measureCosts(ctx)
		if err != nil {
			return err
		}
		if err := printCosts(w, costs); err != nil {
			return err
		}
	}
	settings, err := b.cluster.settings(ctx)
	if err == nil {
		fmt.Fprintf(w, "\nPostgreSQL as it is packaged, but for max_connections: %s.\n", settings)
	}
	return err
}

// bench is what all measurements of a run share.
type bench struct {
	options  options
	dir      string
	programs []program
	cluster  *cluster // nil: SQLite
}

// measureRounds returns also what it has with broken promises.
func (b *bench) measureRounds(ctx context.Context) (rounds []round, broken error) {
	for n := range b.options.Rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", n+1, b.options.Rounds)
		r, err := b.measureAll(ctx)
		if err != nil && !isFault(err) {
			return nil, err
		}
		broken = errors.Join(broken, err)
		rounds = append(rounds, r)
	}
	return rounds, broken
}

// isFault reports whether an error is of broken promises, after which the measurements go on.
func isFault(err error) bool {
	var fault *loadtest.FaultError
	return errors.As(err, &fault)
}

// measureAll is one round. It goes on after broken promises, which it returns, but after no other
// error.
func (b *bench) measureAll(ctx context.Context) (round, error) {
	r := make(round)
	var broken error
	for _, s := range scenarios(b.options) {
		for _, p := range b.programs {
			if !s.wanted(b.options.Only, p.name) {
				continue
			}
			fmt.Fprintf(os.Stderr, "  %s, %s\n", s.name, p.name)
			report, err := b.measure(ctx, p, s)
			if err != nil {
				err = fmt.Errorf("%s, %s: %w", s.name, p.name, err)
			}
			if err != nil && !isFault(err) {
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

// measure runs one load against fresh servers.
func (b *bench) measure(ctx context.Context, p program, s scenario) (_ *loadtest.Report, err error) {
	var in backend
	load := s.load
	if b.cluster != nil {
		var db *database
		if db, err = b.cluster.newDatabase(ctx); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, db.drop(ctx)) }()
		in.postgres, load.Meters = db.url, db.meters()
		if s.nodes > 1 {
			in.redis = b.cluster.redis.URL()
		}
	}
	ns, err := startNodes(ctx, p, b.dir, in, max(1, s.nodes))
	if err != nil {
		return nil, err
	}
	ns.load(&load)
	report, err := loadtest.Run(ctx, load)
	err = errors.Join(err, ns.stop())
	debug.FreeOSMemory() // every run begins with an empty heap
	return report, err
}

// key names a run within a round.
type key struct{ scenario, program string }

// round holds the report of every run.
type round map[key]*loadtest.Report
