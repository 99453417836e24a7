package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// onlyPolls is the name under which long polls are measured alone.
const onlyPolls = "poll"

// demoToken is the demo chat's.
const demoToken = "DemoChat:0000000000000000000000000000000000000000"

// measurePolls measures long polls beside handlers that block, and prints it.
func (b *bench) measurePolls(ctx context.Context, w io.Writer) error {
	var f figures
	for n := range b.options.Rounds {
		fmt.Fprintf(os.Stderr, "long polls, round %d of %d\n", n+1, b.options.Rounds)
		reports := map[string]*loadtest.PollReport{}
		for _, p := range b.programs {
			r, err := b.pollsOn(ctx, p)
			if err != nil {
				return fmt.Errorf("long polls, %s: %w", p.name, err)
			}
			reports[p.name] = r
		}
		f.polls(reports[floor], reports[govorun])
	}
	fmt.Fprintln(w)
	return f.print(w, fmt.Sprintf("%d long polls at once, beside handlers that block; medians (ranges) of the rounds", b.options.Idle))
}

func (b *bench) pollsOn(ctx context.Context, p program) (r *loadtest.PollReport, err error) {
	err = b.alone(ctx, p, func(s *server) (err error) {
		r, err = loadtest.Polls(ctx, loadtest.PollOptions{URL: s.url, Chat: demoChat, Token: demoToken, PID: s.pid(), Polls: b.options.Idle})
		return err
	})
	return r, err
}

// polls adds the figures of a round.
func (f *figures) polls(base, own *loadtest.PollReport) {
	for _, of := range []struct {
		label, unit string
		of          func(*loadtest.PollReport) float64
		goal        float64
	}{
		{"memory of the server before", "MB", func(r *loadtest.PollReport) float64 { return float64(r.MemoryBefore) / 1e6 }, 0},
		{"memory of the server, all wait", "MB", func(r *loadtest.PollReport) float64 { return float64(r.Memory) / 1e6 }, 200},
		{"memory per poll", "KiB", func(r *loadtest.PollReport) float64 {
			return float64(r.Memory-r.MemoryBefore) / 1024 / float64(r.Polls)
		}, 0},
		{"one event wakes all: median", "ms", func(r *loadtest.PollReport) float64 { return milliseconds(r.One.Median) }, 0},
		{"one event wakes all: the last", "ms", func(r *loadtest.PollReport) float64 { return milliseconds(r.One.Last) }, 500},
		{"each its own event: median", "ms", func(r *loadtest.PollReport) float64 { return milliseconds(r.Each.Median) }, 0},
		{"each its own event: p99", "ms", func(r *loadtest.PollReport) float64 { return milliseconds(r.Each.P99) }, 500},
		{"each its own event, first to last", "ms", func(r *loadtest.PollReport) float64 { return milliseconds(r.Each.All) }, 0},
	} {
		f.add(of.label, of.unit, of.of(base), of.of(own), of.goal)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
