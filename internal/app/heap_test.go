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
