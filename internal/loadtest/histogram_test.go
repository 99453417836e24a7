package loadtest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestHistogramQuantiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	for _, scale := range []time.Duration{50, time.Microsecond, time.Millisecond, time.Hour} {
		var h histogram
		values := make([]time.Duration, 10_000)
		for i := range values {
			values[i] = time.Duration(random.ExpFloat64() * float64(scale))
			h.add(values[i])
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.5, 0.99, 0.999, 1} {
			exact := values[max(int(q*10_000)-1, 0)]
			if got := h.quantile(q); got < exact || float64(got) > float64(exact)*(1+1.0/64)+1 {
				t.Errorf("scale %v: quantile %v is %v, exactly %v", scale, q, got, exact)
			}
		}
	}
}

func TestHistogramBuckets(t *testing.T) {
	t.Parallel()
	last := -1
	for shift := range 63 {
		for _, d := range []time.Duration{1<<shift - 1, 1 << shift, 1<<shift + 1<<shift/3} {
			b := bucketOf(d)
			if b < last || b >= histogramBuckets {
				t.Fatalf("bucket of %d is %d, after %d", d, b, last)
			}
			if upperBound(b) < d || b > 0 && upperBound(b-1) >= d {
				t.Fatalf("%d is not between the bounds %d and %d of its bucket", d, upperBound(max(b-1, 0)), upperBound(b))
			}
			last = b
		}
	}
	if b := bucketOf(1<<63 - 1); b != histogramBuckets-1 {
		t.Errorf("the longest duration is in bucket %d of %d", b, histogramBuckets)
	}
}

func TestHistogramEmptyMergedConcurrent(t *testing.T) {
	t.Parallel()
	var empty, all histogram
	if got := empty.quantile(0.99); got != 0 {
		t.Errorf("quantile of nothing is %v", got)
	}
	var wg sync.WaitGroup
	parts := make([]histogram, 2)
	for i := range 4 {
		wg.Go(func() {
			for n := range 1000 {
				parts[i%2].add(time.Duration(n) * time.Microsecond)
			}
		})
	}
	wg.Wait()
	all.merge(&parts[0])
	all.merge(&parts[1])
	all.add(-time.Second) // a clock that went back counts as nothing
	if l := all.latency(); l.Count != 4001 || l.Max != 0.999 || l.P50 < 0.49 || l.P50 > 0.52 {
		t.Errorf("merged: %+v", l)
	}
}

func TestTimelineFindsTheCalm(t *testing.T) {
	t.Parallel()
	tl := newTimeline(4 * time.Second)
	for at := time.Duration(0); at < 4*time.Second; at += time.Millisecond {
		took := time.Millisecond
		if at < 1600*time.Millisecond {
			took = time.Second
		}
		tl.add(at, took)
	}
	if at, ok := tl.calm(2 * time.Millisecond); !ok || at != 1750*time.Millisecond {
		t.Errorf("calm at %v, %v", at, ok)
	}
	if _, ok := tl.calm(time.Microsecond); ok {
		t.Error("calm under a limit that was never kept")
	}
}
