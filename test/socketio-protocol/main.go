// Command socketio-protocol serves what the official protocol suites of Socket.IO and Engine.IO ask
// for, with the settings and the echoes that their readmes name, over the wire package of the
// server. "make socketio-protocol" runs the suites against it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/config"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"

	"github.com/govorun/govorun/internal/socketio/wire"
)

// address is the one that the suites have built in.
const address = "localhost:3000"

// What the readmes of the suites expect. Engine.IO 3 is not allowed there: it is what a request
// without a version asks for, and the suites want that refused.
const (
	pingInterval   = 300 * time.Millisecond
	pingTimeout    = 200 * time.Millisecond
	connectTimeout = time.Second
	maxPayload     = 1_000_000 // bytes
	apart          = 20 * time.Millisecond
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	limits := wire.Limits{Payload: maxPayload, Write: 5 * time.Second}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", wire.NewHandler(socketServer(), limits))
	mux.Handle("/engine.io/", wire.NewHandler(engineServer(), limits))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintln(os.Stdout, "ready")
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	<-ctx.Done()
	err = server.Close()
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func socketServer() engine.Server {
	options := socket.DefaultServerOptions()
	options.SetPingInterval(pingInterval)
	options.SetPingTimeout(pingTimeout)
	options.SetConnectTimeout(connectTimeout)
	options.SetMaxHttpBufferSize(maxPayload)
	io := socket.NewServer(nil, options)
	greet := func(args ...any) {
		client := args[0].(*socket.Socket)
		// The suite misses a packet that comes in one read with the one it waits for.
		time.AfterFunc(apart, func() {
			_ = client.Emit("auth", client.Handshake().Auth) // fails for reserved names only
		})
	}
	_ = io.On("connection", func(args ...any) {
		greet(args...)
		client := args[0].(*socket.Socket)
		_ = client.On("message", func(args ...any) { _ = client.Emit("message-back", args...) })
		_ = client.On("message-with-ack", func(args ...any) {
			last := len(args) - 1
			args[last].(socket.Ack)(args[:last], nil)
		})
	})
	_ = io.Of("/custom", nil).On("connection", greet)
	return io.ServeHandler(nil).(engine.Server)
}

func engineServer() engine.Server {
	options := config.DefaultServerOptions()
	options.SetPingInterval(pingInterval)
	options.SetPingTimeout(pingTimeout)
	options.SetMaxHttpBufferSize(maxPayload)
	server := engine.NewServer(options)
	_ = server.On("connection", func(args ...any) {
		client := args[0].(engine.Socket)
		_ = client.On("data", func(args ...any) { client.Send(args[0].(types.BufferInterface), nil, nil) })
	})
	return server
}
