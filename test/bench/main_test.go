package main

import (
	"bytes"
	"strings"
	"testing"
)

// Each runs against the real programs, as small as can be.
func TestBenchRuns(t *testing.T) {
	t.Parallel()
	programs, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for only, want := range map[string][]string{
		"idle-socketio": {"memory per idle Socket.IO connection"},
		"socketio":      {"p50 answer, Socket.IO to Centrifugo", "p99 answer, Socket.IO to Centrifugo"},
		"webhooks":      {"webhooks delivered, 16 at once"},
	} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			o := options{Engine: "sqlite", Only: only, Quick: true, Rounds: 1, Seconds: 1, Rate: 100, Idle: 20}
			if err := o.checkOnly(); err != nil {
				t.Fatal(err)
			}
			b := &bench{options: o, dir: t.TempDir(), programs: programs}
			rounds, err := b.measureRounds(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := printTable(&out, rows(false), rounds); err != nil {
				t.Fatal(err)
			}
			for _, row := range want {
				if !strings.Contains(out.String(), row) || strings.Contains(out.String(), "NaN") {
					t.Errorf("no row %q in\n%s", row, &out)
				}
			}
		})
	}
}

func TestPollsAreMeasured(t *testing.T) {
	t.Parallel()
	programs, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{options: options{Engine: "sqlite", Only: onlyPolls, Rounds: 1, Idle: 20}, dir: t.TempDir(), programs: programs}
	var out bytes.Buffer
	if err := b.measurePolls(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"memory per poll", "one event wakes all: the last", "each its own event: p99"} {
		if !strings.Contains(out.String(), row) || strings.Contains(out.String(), "NaN") {
			t.Errorf("no row %q in\n%s", row, &out)
		}
	}
}
