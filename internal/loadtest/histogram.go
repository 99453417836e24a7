package loadtest

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram counts durations in buckets whose width is at most 1/64 of their value, so a
// quantile is never more than 1.6 % too high. Adding is safe from many goroutines.
type histogram struct {
	buckets [histogramBuckets]atomic.Int64
	count   atomic.Int64
	max     atomic.Int64
}

const (
	bucketBits       = 6
	bucketsPerOctave = 1 << bucketBits
	histogramBuckets = (64 - bucketBits) * bucketsPerOctave
)

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucketOf(d)].Add(1)
	h.count.Add(1)
	for {
		old := h.max.Load()
		if int64(d) <= old || h.max.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

// merge adds what another histogram counted.
func (h *histogram) merge(other *histogram) {
	for i := range other.buckets {
		if n := other.buckets[i].Load(); n != 0 {
			h.buckets[i].Add(n)
		}
	}
	h.count.Add(other.count.Load())
	h.max.Store(max(h.max.Load(), other.max.Load()))
}

// quantile is the smallest duration that at least the share q (0 … 1) of all does not exceed;
// 0 when nothing was counted.
func (h *histogram) quantile(q float64) time.Duration {
	rank := max(int64(math.Ceil(q*float64(h.count.Load()))), 1)
	for i := range h.buckets {
		rank -= h.buckets[i].Load()
		if rank <= 0 {
			return min(upperBound(i), time.Duration(h.max.Load()))
		}
	}
	return time.Duration(h.max.Load())
}

// latency sums a histogram up.
func (h *histogram) latency() Latency {
	return Latency{
		Count: h.count.Load(),
		P50:   milliseconds(h.quantile(0.5)),
		P99:   milliseconds(h.quantile(0.99)),
		P999:  milliseconds(h.quantile(0.999)),
		Max:   milliseconds(time.Duration(h.max.Load())),
	}
}

// bucketOf: below 2*64 ns every value has a bucket of its own, above it the 7 leading bits count.
func bucketOf(d time.Duration) int {
	shift := max(bits.Len64(uint64(d))-bucketBits-1, 0)
	return shift*bucketsPerOctave + int(d>>shift)
}

// upperBound is the largest duration of a bucket.
func upperBound(bucket int) time.Duration {
	shift := max(bucket/bucketsPerOctave-1, 0)
	return time.Duration(bucket-shift*bucketsPerOctave+1)<<shift - 1
}

func milliseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Millisecond)
}
