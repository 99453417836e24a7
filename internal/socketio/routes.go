package socketio

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"golang.org/x/time/rate"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/socketio/wire"
)

// Register adds every route of the protocol. python-socketio ignores the path of the documented
// URL and asks for the first unless told otherwise (TWIN, section 4).
func (s *Server) Register(mux *http.ServeMux) {
	for _, path := range []string{"/socket.io", "/operator/socket.io"} {
		mux.Handle(path, s)
		mux.Handle(path+"/{$}", s)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowPage(w.Header(), r.Header.Get("Origin"))
	switch query := r.URL.Query(); {
	case r.Method == http.MethodOptions:
		auth.AllowPreflight(w.Header(), "GET, POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case query.Get("sid") != "" || r.Method == http.MethodPost:
		s.handler.ServeHTTP(w, r)
	default:
		s.arrive(w, r, query.Get("key"))
	}
}

// allowPage lets any page read the answers: which pages may use a chat is judged at the handshake,
// by the chat. socket.io-client 2 asks with credentials, so the origin is named; but no cookie is
// set, and none authorises anything.
func allowPage(h http.Header, origin string) {
	if auth.AllowOrigin(h, nil, origin) && origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Vary", "Origin")
	}
}

// arrival is a handshake: what its request said, and its seat.
type arrival struct {
	session *chat.Session
	refused string // why the client is not let in; "" when it is
	leave   func() // once
	adopted bool   // the engine has the connection, which keeps the seat
	gate    *wire.Gate
}

type arrivalKey struct{}

// arrive lets a client in, or has it told why not: by Socket.IO itself, for an SDK makes a clear
// error of that, and tries again and again when a handshake fails.
func (s *Server) arrive(w http.ResponseWriter, r *http.Request, key string) {
	leave := sync.OnceFunc(func() { s.seated.Add(-1) })
	if s.seated.Add(1) > int64(s.Limits.MaxConnections) || s.stopping() {
		leave()
		refuse(w, "no room for a connection")
		return
	}
	a := &arrival{leave: leave}
	session, err := s.enter(r.Context(), key, r.Header.Get("Origin"))
	switch code := chat.CodeOf(err); {
	case err == nil:
		a.session = session
	case code == chat.CodeNotFound || code == chat.CodeInvalid || code == chat.CodeForbidden:
		a.refused = said(err)
	default:
		leave()
		if code != chat.CodeUnavailable && r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "handshake failed", "error", err)
		}
		refuse(w, "try again later")
		return
	}
	s.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), arrivalKey{}, a)))
	if !a.adopted {
		leave()
	}
}

func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "5") // seconds
	http.Error(w, why, http.StatusServiceUnavailable)
}

func (s *Server) stopping() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// enter finds the session a client names, knowing whose id is the right to it, unless the page is
// of an origin that the chat does not allow.
func (s *Server) enter(ctx context.Context, key, origin string) (*chat.Session, error) {
	switch {
	case key == "":
		return nil, chat.Invalid("key", "missing, expected the id of a session")
	case len(key) != len(uuid.UUID{}.String()) || uuid.Validate(key) != nil:
		return nil, chat.Invalid("key", "expected the id of a session")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	session, err := s.Service.FindSession(ctx, strings.ToLower(key))
	if chat.CodeOf(err) == chat.CodeNotFound && err != nil {
		return nil, chat.Errorf(chat.CodeNotFound, "session not found")
	}
	if err != nil || origin == "" {
		return session, err
	}
	c, err := s.Service.FindChat(ctx, session.ChatID)
	if err != nil {
		return nil, err
	}
	if !auth.OriginAllowed(c.Origins, origin) {
		return nil, chat.Errorf(chat.CodeForbidden, "origin not allowed")
	}
	return session, nil
}

func arrivalOf(conn engine.Socket) *arrival {
	a, _ := conn.Request().Request().Context().Value(arrivalKey{}).(*arrival)
	return a
}

// opened is told of a connection of the engine, on the goroutine of its handshake.
func (s *Server) opened(conn engine.Socket) {
	a := arrivalOf(conn)
	s.mu.Lock()
	closing := s.closing || a == nil
	if !closing {
		s.open.Add(1)
	}
	s.mu.Unlock()
	if closing {
		wire.Cut(conn)
		return
	}
	a.adopted, a.gate = true, wire.NewGate(conn)
	if s.Metrics.Connections != nil {
		s.Metrics.Connections.Inc()
	}
	limiter := rate.NewLimiter(s.Limits.Packets, s.Limits.PacketsBurst)
	_ = conn.On("packet", func(...any) {
		if !limiter.Allow() {
			wire.Cut(conn)
		}
	})
	wire.OnSilence(conn, s.Limits.PingInterval+s.Limits.PingTimeout, func() {
		s.spawn(func() { wire.Cut(conn) })
	})
	_ = conn.Once("close", func(...any) {
		a.leave()
		if s.Metrics.Connections != nil {
			s.Metrics.Connections.Dec()
		}
		s.open.Done()
	})
}

// admit answers a client's connect: whoever is refused is told why, and cut off later.
func admit(client *socket.Socket, next func(*socket.ExtendedError)) {
	if a := arrivalOf(client.Conn()); a != nil && a.refused != "" {
		next(socket.NewExtendedError(a.refused, nil))
		return
	}
	next(nil)
}

// said is what an error says to the caller, without its cause.
func said(err error) string {
	var e *chat.Error
	switch {
	case !errors.As(err, &e):
		return "internal error"
	case e.Field == "":
		return e.Message
	default:
		return e.Field + ": " + e.Message
	}
}

// Seated is how many connections count against Limits.MaxConnections.
func (s *Server) Seated() int64 { return s.seated.Load() }
