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

	mu    sync.Mutex            // guards quiet
	quiet map[net.Conn]struct{} // connections on which no request is worked on
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
		quiet:    make(map[net.Conn]struct{}),
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

// note keeps the connections on which a request may be on its way.
func (w *web) note(c net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state == http.StateNew || state == http.StateIdle {
		w.quiet[c] = struct{}{}
	} else {
		delete(w.quiet, c)
	}
}

// closeQuiet closes them: a shutdown would wait 5 s for what a browser opened in advance.
func (w *web) closeQuiet() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.quiet {
		_ = c.Close() // nobody waits for it
	}
}

// isQuiet says that no connection is kept for a next request.
func (w *web) isQuiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.quiet) == 0
}

// serve answers requests until drain or end, and on connections that were held what comes next.
func (w *web) serve(mux *http.ServeMux, held net.Listener) {
	w.front.mux = mux
	w.running.Go(func() { _ = w.server.Serve(held) }) // it ends with the server
	w.running.Go(func() {
		if err := w.server.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			w.failed <- fmt.Errorf("serve: %w", err)
		}
	})
}

// drain refuses what is new and waits for the requests that are worked on. Streams go on:
// they end with the sockets. A request that does not end in time is a client's that does not
// finish it, and no failure of ours.
func (w *web) drain(ctx context.Context) error {
	w.stopped = make(chan error, 1)
	empty := w.front.close()
	err := w.listener.Close()
	w.running.Go(func() { w.stopped <- w.shutdown(context.WithoutCancel(ctx)) })
	select {
	case <-empty:
	case <-ctx.Done():
		w.log.Warn("requests are still running")
	}
	return err
}

// quietGrace is how long a stopping server waits for a request on a connection that is there: it may
// be on its way, and who sends it is to read an answer and not the end of the connection.
const quietGrace = 500 * time.Millisecond

// shutdown ends the connections that are kept: those in use by their next answer (recorder), the others
// after a while. Nobody can tell whether a request that met the end of its connection was worked on.
func (w *web) shutdown(ctx context.Context) error {
	look := time.NewTicker(quietGrace / 50)
	defer look.Stop()
	for end := time.Now().Add(quietGrace); !w.isQuiet() && time.Now().Before(end); {
		<-look.C
	}
	w.closeQuiet()
	if err := w.server.Shutdown(ctx); !errors.Is(err, net.ErrClosed) { // the listener is closed already
		return err
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
