//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// figures are durations measured, by what was measured.
type figures map[string][]time.Duration

func (f figures) add(what string, d time.Duration) { f[what] = append(f[what], d) }

// report prints them, in the order of their names.
func (f figures) report(t *testing.T) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(f)) {
		all := slices.Sorted(slices.Values(f[what]))
		round := func(d time.Duration) string { return fmt.Sprint(d.Round(100 * time.Microsecond)) }
		t.Logf("measured: %s: %d times, median %s, worst %s", what, len(all), round(all[len(all)/2]), round(all[len(all)-1]))
	}
}
