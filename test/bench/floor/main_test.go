package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
	"github.com/govorun/govorun/test/servers"
)

// The generator drives the floor with all its checks: what the ratios rest on.
func TestFloorKeepsItsPromises(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{
		"sqlite":   func(testing.TB) string { return "" },
		"postgres": func(t testing.TB) string { return servers.NewPostgres(t).NewDatabase(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, stop := serve(t, database(t))
			for name, c := range map[string]struct {
				rate     float64
				webhooks bool
			}{"closed loop": {}, "open loop": {rate: 300}, "webhooks": {webhooks: true}} {
				report, err := loadtest.Run(t.Context(), loadtest.Options{
					URL: url, Chat: "any", Sessions: 20, Sockets: 5, InFlight: 8,
					Rate: c.rate, Webhooks: c.webhooks, Duration: 200 * time.Millisecond, Idle: 3,
				})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if load := report.Load; load.Accepted == 0 || load.Accepted != load.Sent || load.Delivered != load.Sent {
					t.Errorf("%s: %+v", name, load)
				}
			}
			stop()
		})
	}
}

// serve runs a floor, and returns where it is and what ends it.
func serve(t *testing.T, postgres string) (url string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	data := t.TempDir()
	go func() { ended <- run(ctx, l, data, postgres) }()
	return "http://" + l.Addr().String(), func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
