package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// cost is what something took from PostgreSQL and Redis.
type cost struct {
	what  string
	nodes int
	n     float64 // how often it was done
	spent reading
	idle  *reading // what nodes do by themselves; nil when that is meant
}

// reading is what the counters show.
type reading struct {
	seconds         float64
	postgres, redis traffic
	wal             float64 // bytes
}

func (r reading) minus(before reading) reading {
	return reading{r.seconds - before.seconds, r.postgres.minus(before.postgres), r.redis.minus(before.redis), r.wal - before.wal}
}

// each is a figure per thing done, without what nodes do by themselves meanwhile.
func (c cost) each(of func(reading) float64) float64 {
	v := of(c.spent)
	if c.idle != nil {
		v -= of(*c.idle) / c.idle.seconds * c.spent.seconds
	}
	return max(0, v/c.n)
}

// wires are nodes whose connections to PostgreSQL and Redis are counted.
type wires struct {
	nodes           nodes
	database        *database
	postgres, redis *proxy
	begin           time.Time
	settle          time.Duration // longer than it takes until clients' marks are written, 5 s
}

// measureCosts measures on one node, which has no Redis, and on two.
func (b *bench) measureCosts(ctx context.Context) ([]cost, error) {
	var all []cost
	for n := 1; n <= 2; n++ {
		fmt.Fprintf(os.Stderr, "cost of a message, %s\n", count(n, "node"))
		costs, err := b.measureCostsOn(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("cost of a message: %w", err)
		}
		all = append(all, costs...)
	}
	return all, nil
}

func (b *bench) measureCostsOn(ctx context.Context, n int) (costs []cost, err error) {
	w := &wires{begin: time.Now(), settle: 6 * time.Second}
	if b.options.Quick {
		w.settle = time.Second / 4
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	if err := w.open(ctx, b, n); err != nil {
		return nil, err
	}
	_, idle, err := w.rest(ctx)
	if err != nil {
		return nil, err
	}
	costs = append(costs, cost{"nothing, for a second", n, idle.seconds, idle, nil})
	for _, m := range []struct {
		what string
		do   func(context.Context) (float64, reading, error)
	}{
		{"start of a session", w.startSessions},
		{"message without a bot", w.messages},
		{"message, turn and answer", w.exchanges},
	} {
		done, spent, err := m.do(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.what, err)
		}
		costs = append(costs, cost{m.what, n, done, spent, &idle})
	}
	return costs, nil
}

func (w *wires) open(ctx context.Context, b *bench, n int) (err error) {
	if w.database, err = b.cluster.newDatabase(ctx); err != nil {
		return err
	}
	address := b.cluster.postgres.Addr()
	if w.postgres, err = startProxy(ctx, address, newPostgresScanner); err != nil {
		return err
	}
	if w.redis, err = startProxy(ctx, b.cluster.redis.Addr(), newRedisScanner); err != nil {
		return err
	}
	in := backend{postgres: strings.Replace(w.database.url, address, w.postgres.addr(), 1)}
	if n > 1 {
		in.redis = "redis://" + w.redis.addr()
	}
	i := slices.IndexFunc(b.programs, func(p program) bool { return p.name == govorun })
	w.nodes, err = startNodes(ctx, b.programs[i], b.dir, in, n)
	return err
}

func (w *wires) close(ctx context.Context) error {
	err := w.nodes.stop()
	for _, p := range []*proxy{w.postgres, w.redis} {
		if p != nil {
			err = errors.Join(err, p.close())
		}
	}
	if w.database != nil {
		err = errors.Join(err, w.database.drop(ctx))
	}
	return err
}

// read waits until what was done is over before it reads.
func (w *wires) read(ctx context.Context) (r reading, err error) {
	if err := wait(ctx, w.settle); err != nil {
		return r, err
	}
	r = reading{seconds: time.Since(w.begin).Seconds(), postgres: w.postgres.traffic(), redis: w.redis.traffic()}
	r.wal, err = w.database.wal(ctx)
	return r, err
}

// spend reads before and after something that is done a number of times.
func (w *wires) spend(ctx context.Context, n float64, do func() error) (float64, reading, error) {
	before, err := w.read(ctx)
	if err == nil {
		err = do()
	}
	if err != nil {
		return 0, reading{}, err
	}
	after, err := w.read(ctx)
	return n, after.minus(before), err
}

// rest is a while in which nobody asks for anything.
func (w *wires) rest(ctx context.Context) (float64, reading, error) {
	return w.spend(ctx, 1, func() error { return wait(ctx, time.Second) })
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startSessions starts some, one after the other, on all nodes in turn.
func (w *wires) startSessions(ctx context.Context) (float64, reading, error) {
	client := http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	const n = 100
	return w.spend(ctx, n, func() error {
		for i := range n {
			if err := startSession(ctx, &client, w.nodes[i%len(w.nodes)].url); err != nil {
				return err
			}
		}
		return nil
	})
}

// startSession starts one in which nobody answers (TWIN, section 2, and an extension to it).
func startSession(ctx context.Context, client *http.Client, url string) error {
	body := `{"name":"bench","returnAnswerAsync":true,"botId":"00000000-0000-0000-0000-000000000000"}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/chats/"+demoChat+"/sessions", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("start session: status %d", resp.StatusCode)
	}
	return err
}

func (w *wires) messages(ctx context.Context) (float64, reading, error) {
	return w.load(ctx, loadtest.NoBot)
}

func (w *wires) exchanges(ctx context.Context) (float64, reading, error) {
	return w.load(ctx, loadtest.DefaultBot)
}

// load sends messages in a number that disturbs nobody: what is done at once would share round trips.
func (w *wires) load(ctx context.Context, bot string) (float64, reading, error) {
	o := loadtest.Options{
		Chat: demoChat, Bot: bot, Sessions: 100, InFlight: 1, Rate: 100, WarmUp: time.Second, Duration: 5 * time.Second,
	}
	if w.settle < time.Second {
		o.WarmUp, o.Duration = time.Second/4, time.Second
	}
	w.nodes.load(&o)
	var first, last *reading
	o.Meters = map[string]loadtest.Meter{"wires": func(ctx context.Context) (float64, error) {
		r, err := w.read(ctx)
		first, last = cmp.Or(first, &r), &r
		return 0, err
	}}
	report, err := loadtest.Run(ctx, o)
	if err != nil {
		return 0, reading{}, err
	}
	return float64(report.Load.Accepted), last.minus(*first), nil
}

// printCosts writes the table, and the statements behind it.
func printCosts(w io.Writer, costs []cost) error {
	fmt.Fprint(w, "\nWhat things cost between the nodes, PostgreSQL and Redis, all nodes together, at little load (100/s).\n"+
		"One node has no Redis. What nodes do by themselves, as in the rows of nothing, is taken off the others.\n"+
		"A round trip is a change of direction on a connection: the client spoke and was answered.\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tnodes\tstatements\tround trips\tbytes to\tbytes from\tWAL bytes\tRedis: commands\tround trips\tbytes to\tbytes from\t")
	for _, c := range costs {
		fmt.Fprintf(t, "%s\t%d\t", c.what, c.nodes)
		for _, of := range []func(reading) float64{
			func(r reading) float64 { return float64(r.postgres.total()) },
			func(r reading) float64 { return float64(r.postgres.roundTrips) },
			func(r reading) float64 { return float64(r.postgres.toServer) },
			func(r reading) float64 { return float64(r.postgres.fromServer) },
			func(r reading) float64 { return r.wal },
			func(r reading) float64 { return float64(r.redis.total()) },
			func(r reading) float64 { return float64(r.redis.roundTrips) },
			func(r reading) float64 { return float64(r.redis.toServer) },
			func(r reading) float64 { return float64(r.redis.fromServer) },
		} {
			fmt.Fprintf(t, "%s\t", short(c.each(of)))
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, c := range costs {
		fmt.Fprintf(w, "%s, %s: %s\n", c.what, count(c.nodes, "node"), c.commands())
	}
	return nil
}

// commands are those that were used, the most frequent first, without what is rare.
func (c cost) commands() string {
	var list []string
	for _, of := range []func(reading) map[string]int64{
		func(r reading) map[string]int64 { return r.postgres.commands },
		func(r reading) map[string]int64 { return r.redis.commands },
	} {
		each := make(map[string]float64)
		for name := range of(c.spent) {
			each[name] = c.each(func(r reading) float64 { return float64(of(r)[name]) })
		}
		names := slices.SortedFunc(maps.Keys(each), func(a, b string) int {
			return cmp.Or(cmp.Compare(each[b], each[a]), strings.Compare(a, b))
		})
		for _, name := range names {
			if each[name] >= 0.05 {
				list = append(list, fmt.Sprintf("%s %s", name, short(each[name])))
			}
		}
	}
	return strings.Join(list, ", ")
}
