package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"text/tabwriter"

	"github.com/govorun/govorun/internal/loadtest"
)

// nodeRow is one line of the table of nodes.
type nodeRow struct {
	label    string
	unit     string
	scenario string
	of       figure
	from     int // on so many nodes there is something to see
}

func nodeRows() []nodeRow {
	meter := func(name string, times float64) figure {
		return func(r *loadtest.Report) float64 { return r.Load.Meters[name] * times }
	}
	perCore := func(of figure) figure {
		return func(r *loadtest.Report) float64 {
			if of(r) == 0 {
				return math.NaN()
			}
			return 1000 / of(r)
		}
	}
	nodesCPU := func(r *loadtest.Report) float64 { return r.Load.ServerCPU }
	rows := []nodeRow{
		{"throughput, 64 in flight", "/s", "throughput", func(r *loadtest.Report) float64 { return r.Load.AcceptedPerSecond }, 1},
	}
	for _, scenario := range []string{"throughput", "steady"} {
		rows = append(rows,
			nodeRow{scenario + ": p50 ack", "ms", scenario, func(r *loadtest.Report) float64 { return r.Load.Ack.P50 }, 1},
			nodeRow{scenario + ": p99 ack", "ms", scenario, func(r *loadtest.Report) float64 { return r.Load.Ack.P99 }, 1},
			nodeRow{scenario + ": p50 delivery", "ms", scenario, func(r *loadtest.Report) float64 { return r.Load.Delivery.P50 }, 1},
			nodeRow{scenario + ": p99 delivery", "ms", scenario, func(r *loadtest.Report) float64 { return r.Load.Delivery.P99 }, 1},
			nodeRow{scenario + ": CPU of the nodes", "s/1,000", scenario, nodesCPU, 1},
			nodeRow{scenario + ": CPU of PostgreSQL", "s/1,000", scenario, meter(postgresCPU, 1000), 1},
			nodeRow{scenario + ": CPU of Redis", "s/1,000", scenario, meter(redisCPU, 1000), 2},
			nodeRow{scenario + ": CPU of the generator", "s/1,000", scenario, func(r *loadtest.Report) float64 { return r.Load.GeneratorCPU }, 1},
			nodeRow{scenario + ": WAL per message", "bytes", scenario, meter(walBytes, 1), 1},
		)
	}
	return append(rows,
		nodeRow{"database grows per message", "bytes", "throughput", meter(diskBytes, 1), 1},
		nodeRow{"memory of the nodes", "MB", "throughput", func(r *loadtest.Report) float64 { return float64(r.Load.Memory) / 1e6 }, 1},
		nodeRow{"a core of a node carries", "/s", "throughput", perCore(nodesCPU), 1},
		nodeRow{"a core of PostgreSQL carries", "/s", "throughput", perCore(meter(postgresCPU, 1000)), 1},
		nodeRow{"a core of Redis carries", "/s", "throughput", perCore(meter(redisCPU, 1000)), 2},
	)
}

// printNodes writes what was measured on one node and on several.
func printNodes(w io.Writer, rounds []round) error {
	if len(collect(rounds, key{onNodes("throughput", 2), govorun}, nodeRows()[0].of)) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nOne node, then several over the same PostgreSQL and Redis. The socket of each session is on another\n"+
		"node than its messages are sent to, so that from two nodes on all deliveries cross over Redis.\n"+
		"The generator, the nodes, PostgreSQL and Redis share %d cores: the messages per second show what\n"+
		"sharing costs, not what more machines would bring. That follows from the CPU seconds, each\n"+
		"server's own, as long as the disk, the locks and the network are not the bottleneck: those these\n"+
		"figures do not show.\n\n", runtime.NumCPU())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "what\tunit\t")
	for n := 1; n <= mostNodes; n++ {
		fmt.Fprintf(t, "%s\t", count(n, "node"))
	}
	fmt.Fprintln(t)
	for _, r := range nodeRows() {
		fmt.Fprintf(t, "%s\t%s\t", r.label, r.unit)
		for n := 1; n <= mostNodes; n++ {
			var values []float64
			if n >= r.from {
				values = collect(rounds, key{onNodes(r.scenario, n), govorun}, r.of)
			}
			fmt.Fprintf(t, "%s\t", spread(values))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
