package wire

import (
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3"
)

// OnSilence calls f when a connection's client neither pings nor answers a ping for a time after its
// upgrade. Later the library sees to that. f is called on a goroutine of its own.
func OnSilence(conn engine.Socket, after time.Duration, f func()) {
	_ = conn.Once("upgrade", func(...any) { // on the goroutine that reads the connection
		timer := time.AfterFunc(after, f)
		_ = conn.Once("heartbeat", func(...any) { timer.Stop() })
		_ = conn.Once("close", func(...any) { timer.Stop() })
		if conn.ReadyState() == "closed" { // since before the listeners
			timer.Stop()
		}
	})
}
