package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/govorun/govorun/internal/loadtest"
)

// figure reads one number from a report.
type figure func(*loadtest.Report) float64

// row is one line of the table: a figure of Govorun, what it is compared with, and the goal.
type row struct {
	label    string
	unit     string
	scenario string
	of       figure
	against  *comparison // nil: the goal is for the figure itself
	goal     float64     // 0: none
	atLeast  bool        // the goal is a lower bound
}

// comparison is the figure that Govorun's is divided by.
type comparison struct {
	key
	of figure
}

// rows are those of an engine. The goals beside the floor are for SQLite alone.
func rows(postgres bool) []row {
	throughput := func(r *loadtest.Report) float64 { return r.Load.AcceptedPerSecond }
	cpu := func(r *loadtest.Report) float64 { return r.Load.ServerCPU }
	ack := func(r *loadtest.Report) float64 { return r.Load.Ack.P99 }
	delivery := func(r *loadtest.Report) float64 { return r.Load.Delivery.P99 }
	pushed := func(r *loadtest.Report) float64 { return r.Load.DeliveredPerSecond }
	answer50 := func(r *loadtest.Report) float64 { return r.Load.Answer.P50 }
	answer := func(r *loadtest.Report) float64 { return r.Load.Answer.P99 }
	socketIO50 := func(r *loadtest.Report) float64 { return r.Load.SocketIO.P50 }
	socketIO := func(r *loadtest.Report) float64 { return r.Load.SocketIO.P99 }
	perConnection := func(r *loadtest.Report) float64 { return r.Idle.BytesPerConnection / 1024 }
	resting := func(r *loadtest.Report) float64 { return float64(r.Idle.MemoryBefore) / 1e6 }
	recovery := func(r *loadtest.Report) float64 {
		if r.Overload.RecoverySeconds < 0 {
			return math.Inf(1)
		}
		return r.Overload.RecoverySeconds
	}
	toFloor := func(scenario string, of figure) *comparison { return &comparison{key{scenario, floor}, of} }
	toSteady := func(of figure) *comparison { return &comparison{key{"steady", govorun}, of} }
	// The same answers of the same run, on the Centrifugo connection of each session.
	toCentrifugo := func(of figure) *comparison { return &comparison{key{"socketio", govorun}, of} }
	all := []row{
		{"throughput, 64 in flight", "/s", "throughput", throughput, toFloor("throughput", throughput), 0.5, true},
		{"CPU per 1,000 messages", "s", "steady", cpu, toFloor("steady", cpu), 2, false},
		{"p99 ack, 1,000 sessions", "ms", "steady", ack, toFloor("steady", ack), 1.5, false},
		{"p99 delivery, 1,000 sessions", "ms", "steady", delivery, toFloor("steady", delivery), 1.5, false},
		{"p99 ack, 5,000 sessions", "ms", "many", ack, toFloor("many", ack), 0, false},
		{"p99 delivery, 5,000 sessions", "ms", "many", delivery, toFloor("many", delivery), 0, false},
		{"p99 ack, 5,000 to 1,000", "ms", "many", ack, toSteady(ack), 1.5, false},
		{"p99 delivery, 5,000 to 1,000", "ms", "many", delivery, toSteady(delivery), 1.5, false},
		{"p99 bot's answer to delivery", "ms", "answers", answer, toSteady(delivery), 2.5, false},
		{"p50 answer, Socket.IO to Centrifugo", "ms", "socketio", socketIO50, toCentrifugo(answer50), 0, false},
		{"p99 answer, Socket.IO to Centrifugo", "ms", "socketio", socketIO, toCentrifugo(answer), 0, false},
		{"webhooks delivered, 16 at once", "/s", "webhooks", pushed, toFloor("webhooks", pushed), 0, true},
		{"memory per idle connection", "KiB", "idle", perConnection, nil, 35, false},
		{"memory per idle Socket.IO connection", "KiB", "idle-socketio", perConnection, nil, 0, false},
		{"memory of the resting server", "MB", "idle", resting, nil, 60, false},
		{"recovery after overload", "s", "overload", recovery, nil, 5, false},
	}
	if !postgres {
		return all
	}
	for i, r := range all {
		if r.against != nil && r.against.program == floor {
			all[i].goal = 0
		}
	}
	return append(all, row{"throughput, 100 sessions, 16 in flight", "/s", "tinode", throughput, nil, tinodeGoal, true})
}

// tinodeGoal is three times what Tinode has reached in the same way, in messages per second.
const tinodeGoal = 3 * 1663

// printTable writes what was measured; what was not is left out.
func printTable(w io.Writer, rows []row, rounds []round) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tunit\tfloor\tgovorun\tratio\tgoal\t")
	for _, r := range rows {
		own := collect(rounds, key{r.scenario, govorun}, r.of)
		if len(own) == 0 {
			continue
		}
		judged, ratio := own, "–"
		if r.against != nil {
			base := collect(rounds, r.against.key, r.against.of)
			if len(base) != len(own) {
				continue
			}
			judged = slices.Clone(own)
			for i := range judged {
				judged[i] /= base[i]
			}
			ratio = spread(judged)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", r.label, r.unit,
			spread(collect(rounds, key{r.scenario, floor}, r.of)), spread(own), ratio, r.verdict(median(judged)))
	}
	return t.Flush()
}

// collect is a figure of all rounds.
func collect(rounds []round, k key, of figure) []float64 {
	var values []float64
	for _, r := range rounds {
		if report := r[k]; report != nil {
			values = append(values, of(report))
		}
	}
	return values
}

// verdict is the goal, and whether it was reached.
func (r row) verdict(value float64) string {
	if r.goal == 0 {
		return ""
	}
	bound, reached := "≤", value <= r.goal
	if r.atLeast {
		bound, reached = "≥", value >= r.goal
	}
	if reached {
		return fmt.Sprintf("%s %g reached", bound, r.goal)
	}
	return fmt.Sprintf("%s %g missed", bound, r.goal)
}

// spread is the median with the range.
func spread(values []float64) string {
	if len(values) == 0 || math.IsNaN(slices.Max(values)) {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", short(median(values)), short(slices.Min(values)), short(slices.Max(values)))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// short is a number with about three digits.
func short(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "never"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}
