package loadtest

import (
	"context"
	"fmt"
	"os"
	"time"
)

// usage is what has been used so far by the servers and by this process.
type usage struct {
	servers, generator time.Duration
	memory             int64 // of the servers, bytes
	meters             map[string]float64
}

func (g *generator) usage(ctx context.Context) (u usage, err error) {
	if u.generator, err = cpuTime(os.Getpid()); err != nil && len(g.options.PIDs) > 0 {
		return u, err
	}
	for _, pid := range g.options.PIDs {
		cpu, err := cpuTime(pid)
		if err != nil {
			return u, err
		}
		u.servers += cpu
	}
	if u.memory, err = g.memory(); err != nil {
		return u, err
	}
	u.meters = make(map[string]float64, len(g.options.Meters))
	for name, read := range g.options.Meters {
		if u.meters[name], err = read(ctx); err != nil {
			return u, fmt.Errorf("read meter %q: %w", name, err)
		}
	}
	return u, nil
}

// memory is that of the servers.
func (g *generator) memory() (total int64, err error) {
	for _, pid := range g.options.PIDs {
		m, err := ResidentMemory(pid)
		if err != nil {
			return 0, err
		}
		total += m
	}
	return total, nil
}
