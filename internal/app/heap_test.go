package app

import "testing"

func TestHeapLeavesHeadroomAndNeverLessThanGoDoes(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for live, want := range map[uint64]int{0: 1200, 1 * mib: 1200, 24 * mib: 400, 48 * mib: 200, 96 * mib: 100, 4096 * mib: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MiB live: %d%%, expected %d%%", live/mib, got, want)
		}
	}
}
