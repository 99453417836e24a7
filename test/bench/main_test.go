package main

import (
	"bytes"
	"context"
	"io"
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

func TestChatAPIIsMeasured(t *testing.T) {
	t.Parallel()
	programs, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for only, want := range map[string]struct {
		measure func(*bench, context.Context, io.Writer) error
		rows    []string
	}{
		onlyPolls:     {(*bench).measurePolls, []string{"memory per poll", "one event wakes all: the last", "each its own event: p99"}},
		onlyAsks:      {(*bench).measureAsks, []string{"questions answered, 64 in flight", "p99, at 500/s"}},
		onlyCampaigns: {(*bench).measureCampaigns, []string{"messages to new clients", "messages to clients with a session"}},
	} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			o := options{Engine: "sqlite", Only: only, Quick: true, Rounds: 1, Seconds: 1, Idle: 20}
			if err := o.checkOnly(); err != nil {
				t.Fatal(err)
			}
			b := &bench{options: o, dir: t.TempDir(), programs: programs}
			var out bytes.Buffer
			if err := want.measure(b, t.Context(), &out); err != nil {
				t.Fatal(err)
			}
			for _, row := range want.rows {
				if !strings.Contains(out.String(), row) || strings.Contains(out.String(), "NaN") {
					t.Errorf("no row %q in\n%s", row, &out)
				}
			}
		})
	}
}
