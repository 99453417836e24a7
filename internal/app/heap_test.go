package app

import "testing"

func TestHeapLeavesHeadroom(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for live, want := range map[uint64]int{0: 800, 1 * mib: 800, 16 * mib: 400, 32 * mib: 200, 64 * mib: 100, 128 * mib: 50, 4096 * mib: 50} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MiB live: %d%%, expected %d%%", live/mib, got, want)
		}
	}
}

func TestHeapIsGivenBackAtRest(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, c := range map[string]struct {
		live, held uint64
		allocated  []uint64 // of each look
		want       bool     // at the last
	}{
		"calm":             {10 * mib, 40 * mib, []uint64{50 * mib, 50 * mib, 50*mib + 1, 50*mib + 2, 50*mib + 3}, true},
		"not long enough":  {10 * mib, 40 * mib, []uint64{50 * mib, 50 * mib, 50 * mib, 50 * mib}, false},
		"at work":          {10 * mib, 40 * mib, []uint64{50 * mib, 51 * mib, 52 * mib, 53 * mib, 54 * mib}, false},
		"at work again":    {10 * mib, 40 * mib, []uint64{50 * mib, 50 * mib, 50 * mib, 50 * mib, 51 * mib}, false},
		"little to spare":  {10 * mib, 25 * mib, []uint64{50 * mib, 50 * mib, 50 * mib, 50 * mib, 50 * mib}, false},
		"nothing to spare": {10 * mib, 5 * mib, []uint64{50 * mib, 50 * mib, 50 * mib, 50 * mib, 50 * mib}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h heap
			got := false
			for _, allocated := range c.allocated {
				got = h.rests(c.live, c.held, allocated)
			}
			if got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
