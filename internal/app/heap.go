package app

import (
	"context"
	"os"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
)

const (
	// heapHeadroom is how much may be allocated before garbage is collected, in bytes. Go
	// collects when the heap has doubled, which a small heap does every second or two; each
	// time the stacks of all connections are scanned, and answers wait.
	heapHeadroom = 64 << 20
	// leastGC is the growth of a large heap, in percent: twice the headroom and more are live
	// then, and half as much again is room enough.
	leastGC = 50
)

// heap keeps the collector from running too often while little is live. Whoever sets GOGC
// knows better.
type heap struct{ percent int }

// tune follows what is live. It is cheap: the setting changes only when it matters.
func (h *heap) tune(context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	samples := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	runtimemetrics.Read(samples)
	// What was live at the last collection says little while the heap grows fast, as when many
	// connect at once: then half of what there is counts.
	wanted := gcPercent(max(samples[0].Value.Uint64(), samples[1].Value.Uint64()/2))
	if wanted < h.percent*3/4 || wanted > h.percent*4/3 {
		debug.SetGCPercent(wanted)
		h.percent = wanted
	}
	return nil
}

// gcPercent is the growth of a heap that leaves heapHeadroom, and leastGC at least.
func gcPercent(live uint64) int {
	const least = 8 << 20 // a bound for the percentage, when next to nothing is live
	return max(leastGC, int(100*heapHeadroom/max(live, least)))
}
