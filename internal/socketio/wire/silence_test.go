package wire

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

func TestOnSilence(t *testing.T) {
	t.Parallel()
	const after = 45 * time.Second
	for _, tt := range []struct {
		name   string
		events []types.EventName // of the library, one every 40 s
		silent bool
	}{
		{"silent", []types.EventName{"upgrade"}, true},
		{"says something that is no sign of life", []types.EventName{"upgrade", "packet"}, true},
		{"pings", []types.EventName{"upgrade", "heartbeat"}, false},
		{"ends", []types.EventName{"upgrade", "close"}, false},
		{"pinged before", []types.EventName{"heartbeat", "upgrade"}, true},
		{"not upgraded", []types.EventName{"packet"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conn := engine.MakeSocket()
				var called atomic.Int32
				OnSilence(conn, after, func() { called.Add(1) })
				for _, event := range tt.events {
					conn.Emit(event)
					time.Sleep(after - 5*time.Second) //nolint:forbidigo // of the bubble's clock
				}
				if tt.events[len(tt.events)-1] == "upgrade" && called.Load() > 0 {
					t.Error("called early")
				}
				time.Sleep(2 * after)
				synctest.Wait()
				if n := called.Load(); n > 1 || n == 1 != tt.silent {
					t.Errorf("called %d times", n)
				}
			})
		})
	}
}
