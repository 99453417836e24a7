//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// mishap is something bad that is done to a cluster and then undone.
type mishap struct {
	name    string
	targets []string // mishaps that happen at once have none in common
	do      func(ctx context.Context) error
}

// kindOfMishap draws a mishap that lasts up to a time.
type kindOfMishap func(c *cluster, r *rand.Rand, longest time.Duration) mishap

// kindsOfMishap are all, by name.
var kindsOfMishap = map[string]kindOfMishap{
	"kill a node":           killNode,
	"kill a node for long":  killNodeForLong,
	"pause a node":          pauseNode,
	"rolling restart":       rollingRestart,
	"cut PostgreSQL there":  cutting(toPostgres, there),
	"cut PostgreSQL back":   cutting(toPostgres, back),
	"cut PostgreSQL":        cutting(toPostgres, bothWays),
	"cut Redis there":       cutting(toRedis, there),
	"cut Redis back":        cutting(toRedis, back),
	"cut Redis":             cutting(toRedis, bothWays),
	"cut clients there":     cutting(toClients, there),
	"cut clients back":      cutting(toClients, back),
	"kill PostgreSQL":       killPostgres,
	"restart PostgreSQL":    restartPostgres,
	"pause PostgreSQL":      pausePostgres,
	"kill Redis":            killRedis,
	"kill Redis for long":   killRedisForLong,
	"restart Redis":         restartRedis,
	"pause Redis":           pauseRedis,
	"pause a node for long": pauseNodeForLong,
}

// lasting draws a duration from a second to the longest.
func lasting(r *rand.Rand, longest time.Duration) time.Duration {
	return time.Second + time.Duration(r.Int64N(int64(max(longest-time.Second, 1))))
}

func (c *cluster) draw(r *rand.Rand) *member { return c.nodes[r.IntN(len(c.nodes))] }

func killNode(c *cluster, r *rand.Rand, _ time.Duration) mishap {
	return c.killing(c.draw(r), 0)
}

func killNodeForLong(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	return c.killing(c.draw(r), lasting(r, longest))
}

func (c *cluster) killing(m *member, d time.Duration) mishap {
	return mishap{fmt.Sprintf("kill %s for %s", m.name, d.Round(time.Millisecond)), []string{m.name}, func(ctx context.Context) error {
		m.kill()
		pause(ctx, d)
		return m.start(ctx)
	}}
}

func pauseNode(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	return c.pausing(c.draw(r), lasting(r, longest))
}

// pauseNodeForLong has the others take the node for dead.
func pauseNodeForLong(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	return c.pausing(c.draw(r), max(longest, 4*time.Second))
}

func (c *cluster) pausing(m *member, d time.Duration) mishap {
	return mishap{fmt.Sprintf("pause %s for %s", m.name, d.Round(time.Millisecond)), []string{m.name}, func(ctx context.Context) error {
		if err := m.signal(syscall.SIGSTOP); err != nil {
			return err
		}
		pause(ctx, d)
		return m.signal(syscall.SIGCONT)
	}}
}

func rollingRestart(c *cluster, _ *rand.Rand, _ time.Duration) mishap {
	var targets []string
	for _, m := range c.nodes {
		targets = append(targets, m.name)
	}
	return mishap{"rolling restart", targets, func(ctx context.Context) error {
		_, err := c.restart(ctx) // with PostgreSQL away as well, a node may not end in order
		return err
	}}
}

// cutting cuts one of the links of a node.
func cutting(place int, w way) kindOfMishap {
	return func(c *cluster, r *rand.Rand, longest time.Duration) mishap {
		m, d := c.draw(r), lasting(r, longest)
		name := fmt.Sprintf("cut %s from %s %s for %s", m.name, linkNames[place], w, d.Round(time.Millisecond))
		l := c.network.link(m.number, place)
		return mishap{name, []string{m.name + linkNames[place]}, func(ctx context.Context) error {
			err := l.cut(w)
			pause(ctx, d)
			return errors.Join(err, l.heal())
		}}
	}
}

func (c *cluster) postgresMishap(name string, do func(ctx context.Context) error) mishap {
	return mishap{name, []string{"PostgreSQL"}, do}
}

func killPostgres(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	d := time.Duration(r.IntN(2)) * lasting(r, longest)
	return c.postgresMishap(fmt.Sprintf("kill PostgreSQL for %s", d.Round(time.Millisecond)), func(ctx context.Context) error {
		err := c.postgres.Kill()
		pause(ctx, d)
		return errors.Join(err, c.postgres.Start(ctx))
	})
}

func restartPostgres(c *cluster, _ *rand.Rand, _ time.Duration) mishap {
	return c.postgresMishap("restart PostgreSQL fast", func(ctx context.Context) error {
		return errors.Join(c.postgres.Stop(servers.Fast), c.postgres.Start(ctx))
	})
}

func pausePostgres(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	d := lasting(r, min(longest, 4*time.Second))
	return c.postgresMishap(fmt.Sprintf("pause PostgreSQL for %s", d.Round(time.Millisecond)), func(ctx context.Context) error {
		err := c.postgres.Pause()
		pause(ctx, d)
		return errors.Join(err, c.postgres.Resume())
	})
}

func (c *cluster) redisMishap(name string, do func(ctx context.Context) error) mishap {
	return mishap{name, []string{"Redis"}, do}
}

func killRedis(c *cluster, _ *rand.Rand, _ time.Duration) mishap { return c.killingRedis(0) }

func killRedisForLong(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	return c.killingRedis(lasting(r, longest))
}

func (c *cluster) killingRedis(d time.Duration) mishap {
	return c.redisMishap(fmt.Sprintf("kill Redis for %s", d.Round(time.Millisecond)), func(ctx context.Context) error {
		err := c.redis.Kill()
		pause(ctx, d)
		return errors.Join(err, c.redis.Start(ctx))
	})
}

func restartRedis(c *cluster, _ *rand.Rand, _ time.Duration) mishap {
	return c.redisMishap("restart Redis", func(ctx context.Context) error {
		return errors.Join(c.redis.Stop(), c.redis.Start(ctx))
	})
}

func pauseRedis(c *cluster, r *rand.Rand, longest time.Duration) mishap {
	d := lasting(r, min(longest, 4*time.Second))
	return c.redisMishap(fmt.Sprintf("pause Redis for %s", d.Round(time.Millisecond)), func(ctx context.Context) error {
		err := c.redis.Pause()
		pause(ctx, d)
		return errors.Join(err, c.redis.Resume())
	})
}

// mishaps happen at once.
type mishaps []mishap

// drawMishaps draws those of the kinds given, or up to three of any kind, so that no two have
// the same target.
func (c *cluster) drawMishaps(r *rand.Rand, longest time.Duration, kinds ...string) mishaps {
	count := len(kinds)
	if count == 0 {
		count = 1 + r.IntN(3)
		kinds = anyKinds(r)
	}
	var drawn mishaps
	for _, kind := range kinds {
		h := kindsOfMishap[kind](c, r, longest)
		for len(kinds) == count && drawn.meet(h) { // of a kind given, another node is free
			h = kindsOfMishap[kind](c, r, longest)
		}
		if !drawn.meet(h) {
			drawn = append(drawn, h)
		}
		if len(drawn) == count {
			break
		}
	}
	return drawn
}

// anyKinds are all kinds, shuffled.
func anyKinds(r *rand.Rand) []string {
	var kinds []string
	for kind := range kindsOfMishap {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds
}

func (h mishaps) meet(other mishap) bool {
	return slices.ContainsFunc(h, func(one mishap) bool {
		return slices.ContainsFunc(one.targets, func(target string) bool { return slices.Contains(other.targets, target) })
	})
}

func (h mishaps) String() string {
	var names []string
	for _, one := range h {
		names = append(names, one.name)
	}
	return strings.Join(names, ", ")
}

// do has all happen at once, and returns when all is healed.
func (h mishaps) do(ctx context.Context) error {
	errs := make(chan error, len(h))
	for _, one := range h {
		go func() {
			err := one.do(ctx)
			if err != nil {
				err = fmt.Errorf("%s: %w", one.name, err)
			}
			errs <- err
		}()
	}
	var err error
	for range h {
		err = errors.Join(err, <-errs)
	}
	return err
}

// servers says what kind of mishaps they are, to compare durations.
func (h mishaps) servers() string {
	for _, one := range h {
		if slices.Contains(one.targets, "PostgreSQL") {
			return "harm to PostgreSQL itself"
		}
	}
	return "other harm"
}
