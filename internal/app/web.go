package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/govorun/govorun/internal/auth"
)

// web is the HTTP server.
type web struct {
	listener net.Listener
	server   *http.Server
	front    *front
	failed   chan error // at most one, when it cannot go on
	log      *slog.Logger
	running  sync.WaitGroup
	stopped  chan error // result of the shutdown; nil until it begins

	mu    sync.Mutex            // guards fresh
	fresh map[net.Conn]struct{} // connections that have asked nothing yet
}

// newWeb takes the address, before anything else is touched, and answers nothing yet.
func newWeb(p Params, m *metrics, limits *auth.Limits) (*web, error) {
	c := p.Config
	listener, err := p.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use by another program: end that one, or choose another address with --listen", c.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", c.Listen, err)
	}
	front := &front{
		gate:    newGate(c.HTTP.MaxInFlight),
		posts:   newGate(c.HTTP.MaxInFlight),
		limits:  limits,
		proxies: c.HTTP.TrustedProxies,
		log:     p.Log,
		metrics: m,
	}
	w := &web{
		listener: listener,
		front:    front,
		log:      p.Log,
		failed:   make(chan error, 1),
		fresh:    make(map[net.Conn]struct{}),
	}
	w.server = &http.Server{
		Handler:           front,
		ConnState:         w.note,
		ReadHeaderTimeout: c.HTTP.HeaderTimeout,
		ReadTimeout:       c.HTTP.ReadTimeout,
		WriteTimeout:      c.HTTP.WriteTimeout,
		IdleTimeout:       c.HTTP.IdleTimeout,
		MaxHeaderBytes:    c.HTTP.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(p.Log.Handler(), slog.LevelDebug),
	}
	return w, nil
}

// note keeps the connections that have asked nothing yet.
func (w *web) note(c net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state == http.StateNew {
		w.fresh[c] = struct{}{}
	} else {
		delete(w.fresh, c)
	}
}

// freshGrace is how long a stopping server waits for a request on a connection that is there: it may
// be on its way.
const freshGrace = 500 * time.Millisecond

// closeFresh closes them: a shutdown would wait 5 s for what a browser opened in advance.
func (w *web) closeFresh() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.fresh {
		_ = c.Close() // nobody waits for it
	}
}

// serve answers requests until drain or end, and on connections that were held what comes next.
func (w *web) serve(mux *http.ServeMux, held net.Listener) {
	w.front.mux = mux
	w.running.Go(func() { _ = w.server.Serve(held) }) // it ends with the server
	w.running.Go(func() {
		if err := w.server.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
			w.failed <- fmt.Errorf("serve: %w", err)
		}
	})
}

// drain refuses what is new and waits for the requests that are worked on. Streams go on:
// they end with the sockets. A request that does not end in time is a client's that does not
// finish it, and no failure of ours.
func (w *web) drain(ctx context.Context) error {
	w.stopped = make(chan error, 1)
	w.running.Go(func() { w.stopped <- w.server.Shutdown(context.WithoutCancel(ctx)) })
	time.AfterFunc(freshGrace, w.closeFresh)
	select {
	case <-w.front.gate.close():
	case <-ctx.Done():
		w.log.Warn("requests are still running")
	}
	return nil
}

// end waits for the last answers, or cuts them off when ctx ends.
func (w *web) end(ctx context.Context) error {
	var err error
	if w.stopped != nil {
		select {
		case err = <-w.stopped:
		case <-ctx.Done():
			w.log.Warn("answers were cut off")
		}
	}
	err = errors.Join(err, w.server.Close())
	if closeErr := w.listener.Close(); !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	w.running.Wait()
	return err
}
