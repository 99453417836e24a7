package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// The generator drives the floor with all its checks: what the ratios rest on.
func TestFloorKeepsItsPromises(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	data := t.TempDir()
	go func() { ended <- run(ctx, l, data) }()
	for name, rate := range map[string]float64{"closed loop": 0, "open loop": 300} {
		report, err := loadtest.Run(t.Context(), loadtest.Options{
			URL: "http://" + l.Addr().String(), Chat: "any", Sessions: 20, Sockets: 5, InFlight: 8,
			Rate: rate, Duration: 200 * time.Millisecond, Idle: 3,
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if load := report.Load; load.Accepted == 0 || load.Accepted != load.Sent || load.Delivered != load.Sent {
			t.Errorf("%s: %+v", name, load)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
