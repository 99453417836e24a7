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
	defaultGC    = 100 // percent, Go's own
)

// heap keeps the collector from running too often while little is live. Whoever sets GOGC
// knows better.
type heap struct{ percent int }

// tune follows what is live. It is cheap: the setting changes only when it matters.
func (h *heap) tune(context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	sample := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(sample)
	wanted := gcPercent(sample[0].Value.Uint64())
	if wanted < h.percent*3/4 || wanted > h.percent*4/3 {
		debug.SetGCPercent(wanted)
		h.percent = wanted
	}
	return nil
}

// gcPercent is the growth of a heap that leaves at least heapHeadroom.
func gcPercent(live uint64) int {
	const least = 8 << 20 // a bound for the percentage, when next to nothing is live
	return max(defaultGC, int(100*heapHeadroom/max(live, least)))
}
