//go:build !race

// The race detector makes the machine of scripts ten times as slow: these run without it, with the
// tests of the program.

package main

import (
	"strings"
	"testing"
)

// TestMeasureBots: the smoke run measures all there is.
func TestMeasureBots(t *testing.T) {
	var out strings.Builder
	if err := measureBots(t.Context(), options{Quick: true, Rounds: 1}, &out); err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"load: demo", "turn p50: demo, script", "turn p99: 1,000 states", "turns, one after another", "among 100 patterns", "among 10000 patterns", "memory per idle bot"} {
		if !strings.Contains(out.String(), label) {
			t.Errorf("%q is not in\n%s", label, out.String())
		}
	}
}
