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
	// spareHeap is how much the heap may hold beyond what is live while the server has nothing to do, in
	// bytes. More is given back: it was needed at the start, or in a rush that is over.
	spareHeap = 16 << 20
	// calmAllocated is how much is allocated between two looks at most, in bytes, when there is nothing to
	// do, and calmLooks how many such looks make a rest.
	calmAllocated = 256 << 10
	calmLooks     = 4
)

// heap keeps the collector from running too often while little is live, and what is not needed from being
// held. Whoever sets GOGC knows better.
type heap struct {
	percent   int
	allocated uint64 // since the start, as of the last look
	calm      int    // looks since anything was to do
}

// tune follows what is live. It is cheap: the setting changes only when it matters.
func (h *heap) tune(context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	samples := []runtimemetrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}
	runtimemetrics.Read(samples)
	live, held := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	if h.rests(live, held+samples[2].Value.Uint64(), samples[3].Value.Uint64()) {
		debug.FreeOSMemory()
		return nil // it is another heap now
	}
	// What was live at the last collection says little while the heap grows fast, as when many
	// connect at once: then half of what there is counts.
	wanted := gcPercent(max(live, held/2))
	if wanted < h.percent*3/4 || wanted > h.percent*4/3 {
		debug.SetGCPercent(wanted)
		h.percent = wanted
	}
	return nil
}

// rests reports whether the server has had nothing to do for a while, and holds much that it does not need:
// allocated is all since the start.
func (h *heap) rests(live, held, allocated uint64) bool {
	if allocated-h.allocated > calmAllocated {
		h.calm = 0
	} else {
		h.calm++
	}
	h.allocated = allocated
	return h.calm >= calmLooks && held > live+spareHeap
}

// gcPercent is the growth of a heap that leaves heapHeadroom, and leastGC at least.
func gcPercent(live uint64) int {
	const least = 8 << 20 // a bound for the percentage, when next to nothing is live
	return max(leastGC, int(100*heapHeadroom/max(live, least)))
}
