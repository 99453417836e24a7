package servers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// FreePort finds a port of the loopback that stays free while a server is down: one below those
// that the system gives to clients' connections.
func FreePort(ctx context.Context) (int, error) {
	for range 100 {
		port := 20_000 + rand.IntN(10_000)
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no port is free")
}
