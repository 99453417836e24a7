package realtime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/govorun/govorun/internal/auth"
)

// Register adds every route of the protocol (TWIN, section 1). centrifuge-js asks for
// /emulation unless told otherwise.
func (s *Server) Register(mux *http.ServeMux) {
	websocket := s.admit(centrifuge.NewWebsocketHandler(s.node, centrifuge.WebsocketConfig{
		CheckOrigin:        func(*http.Request) bool { return true }, // per chat, at connect
		MessageSizeLimit:   s.Limits.MessageBytes,
		WriteTimeout:       s.Limits.WriteTimeout,
		UseWriteBufferPool: true,
		ReadBufferSize:     1024,
	}))
	emulation := shared(s.buffered(centrifuge.NewEmulationHandler(s.node, centrifuge.EmulationConfig{
		MaxRequestBodySize: s.Limits.MessageBytes,
	})))
	mux.Handle("/centrifugo/connection/websocket", websocket)
	mux.Handle("/centrifugo/connection/http_stream", shared(s.admit(s.buffered(centrifuge.NewHTTPStreamHandler(s.node,
		centrifuge.HTTPStreamConfig{MaxRequestBodySize: s.Limits.MessageBytes})))))
	mux.Handle("/centrifugo/connection/sse", shared(s.admit(s.buffered(centrifuge.NewSSEHandler(s.node,
		centrifuge.SSEConfig{MaxRequestBodySize: s.Limits.MessageBytes})))))
	mux.Handle("/centrifugo/emulation", emulation)
	mux.Handle("/centrifugo/connection/emulation", emulation)
	mux.Handle("/emulation", emulation)
}

// Handler serves every route of the protocol.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.Register(mux)
	return mux
}

// admit refuses connections beyond the limit and notes what connect must know of the request.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seat, ok := s.takeSeat(w)
		if !ok {
			w.Header().Set("Retry-After", "5") // seconds
			http.Error(w, "no room for a connection", http.StatusServiceUnavailable)
			return
		}
		defer seat.served()
		shake := handshake{origin: r.Header.Get("Origin"), at: s.Now()}
		next.ServeHTTP(seat, r.WithContext(context.WithValue(r.Context(), handshakeKey{}, shake)))
	})
}

// shared lets any page read the answers: which pages may use a chat is judged at connect, by
// the chat. No cookie authorises anything.
func shared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth.AllowOrigin(w.Header(), nil, r.Header.Get("Origin"))
		if r.Method == http.MethodOptions {
			auth.AllowPreflight(w.Header(), "GET, POST, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// buffered reads the body while the HTTP server's read deadline counts, then lifts it: net/http
// would end a stream at that deadline although nothing more is to be read.
func (s *Server) buffered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.Limits.MessageBytes)))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "request not read", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // not every writer has one
		next.ServeHTTP(w, r)
	})
}
