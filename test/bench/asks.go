package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// onlyAsks is the name under which questions of the Chat API are measured alone.
const onlyAsks = "chatapi"

// asksPerSecond is the rate of the open loop of questions.
const asksPerSecond = 500

// measureAsks measures synchronous answers of the demo bot beside two rows, and prints it.
func (b *bench) measureAsks(ctx context.Context, w io.Writer) error {
	var f figures
	var broken error
	for n := range b.options.Rounds {
		fmt.Fprintf(os.Stderr, "Chat API, round %d of %d\n", n+1, b.options.Rounds)
		full, paced := map[string]*loadtest.Load{}, map[string]*loadtest.Load{}
		for _, p := range b.programs {
			for i, loads := range []map[string]*loadtest.Load{full, paced} {
				l, err := b.asksOn(ctx, p, float64(i*asksPerSecond))
				if err != nil && !isFault(err) {
					return fmt.Errorf("questions, %s: %w", p.name, err)
				}
				note(&loadtest.Report{Load: l})
				loads[p.name], broken = l, errors.Join(broken, err)
			}
		}
		f.asks(full, paced)
	}
	fmt.Fprintln(w)
	title := fmt.Sprintf("Questions of the Chat API to the demo bot, beside two rows; medians (ranges) of the rounds, %d s each", b.options.Seconds)
	return errors.Join(broken, f.print(w, title))
}

func (b *bench) asksOn(ctx context.Context, p program, rate float64) (l *loadtest.Load, err error) {
	o := loadtest.AskOptions{
		Token: demoToken, Clients: 1000, InFlight: 64, Rate: rate,
		WarmUp: time.Second, Duration: time.Duration(b.options.Seconds) * time.Second,
	}
	if b.options.Quick {
		o.Clients, o.WarmUp = o.Clients/5, o.WarmUp/4
	}
	err = b.alone(ctx, p, func(s *server) (err error) {
		o.URL, o.PID = s.url, s.pid()
		l, err = loadtest.Ask(ctx, o)
		return err
	})
	return l, err
}

// asks adds the figures of a round, in the closed loop and at a rate.
func (f *figures) asks(full, paced map[string]*loadtest.Load) {
	f.addRate("questions answered, 64 in flight", full[floor].AcceptedPerSecond, full[govorun].AcceptedPerSecond, 2000)
	f.add("p99, 64 in flight", "ms", full[floor].Ack.P99, full[govorun].Ack.P99, 0)
	f.add("CPU per 1,000 questions", "s", full[floor].ServerCPU, full[govorun].ServerCPU, 0)
	f.add(fmt.Sprintf("p50, at %d/s", asksPerSecond), "ms", paced[floor].Ack.P50, paced[govorun].Ack.P50, 0)
	f.add(fmt.Sprintf("p99, at %d/s", asksPerSecond), "ms", paced[floor].Ack.P99, paced[govorun].Ack.P99, 20)
}
