package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
)

// Limits bound what a client may cost.
type Limits struct {
	Payload int           // of one request or message, in bytes
	Write   time.Duration // of one write to a connection
}

// Handler serves an engine's requests.
type Handler struct {
	engine engine.Server
	limits Limits
	ready  sync.Map // polling connections whose handshake is done: *pollers by id
	// handshakes is held for reading by those under way. It is never held while something waits.
	handshakes sync.RWMutex
}

// NewHandler returns a handler for an engine to which everybody listens already who is to.
func NewHandler(e engine.Server, l Limits) *Handler {
	h := &Handler{engine: e, limits: l}
	_ = e.On("connection", func(args ...any) { h.opened(args[0].(engine.Socket)) }) // fails never
	return h
}

// handshake is a request that opens a connection.
type handshake struct {
	done func()    // once
	held *hijacker // of a WebSocket
	// opened is the connection, once the engine has it; of the handshake's goroutine.
	opened *pollers
}

type handshakeKey struct{}

// polls is our event of a connection whose client begins to poll: before the library can answer that,
// which it may have done when it says "ready".
const polls = "govorun polls"

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	sid := query.Get("sid")
	r = r.WithContext(r.Context()) // a copy, to be changed
	switch {
	case query.Has("j"):
		fail(w, http.StatusBadRequest, "JSONP is not supported")
		return
	case sid == "":
		h.handshakes.RLock()
		shake := &handshake{done: sync.OnceFunc(h.handshakes.RUnlock)}
		defer shake.done()
		r = r.WithContext(context.WithValue(r.Context(), handshakeKey{}, shake))
	default:
		h.await(sid)
	}
	switch {
	case websocket.IsWebSocketUpgrade(r):
		held := &hijacker{ResponseWriter: w, timeout: h.limits.Write}
		defer held.release()
		if shake, ok := r.Context().Value(handshakeKey{}).(*handshake); ok {
			shake.held = held
		} else if p := h.pollers(sid); p != nil {
			p.upgrading(held)
		}
		r.Header = r.Header.Clone()
		r.Header.Del("Origin") // judged by whoever called; the library would want it to be ours
		h.engine.ServeHTTP(held, r)
	case r.Method == http.MethodPost && sid != "":
		h.post(w, r, sid)
	default:
		h.poll(w, r, sid)
	}
}

// await returns when the handshake of a connection is done, if it is under way.
func (h *Handler) await(sid string) {
	if _, ready := h.ready.Load(sid); !ready {
		h.handshakes.Lock()
		h.handshakes.Unlock() //nolint:staticcheck // only those who were under way are waited for
	}
}

// opened notes that a connection's handshake is done. Everybody who listens to the engine was told.
func (h *Handler) opened(conn engine.Socket) {
	p := &pollers{conn: conn, transport: conn.Transport(), waiting: make(map[*context.CancelFunc]bool), drained: make(chan struct{}, 1)}
	_ = p.transport.On("drain", func(...any) { p.drain() })
	_ = p.transport.On("ready", func(...any) { p.arrived() })
	h.ready.Store(conn.Id(), p)
	_ = conn.On("upgrade", func(...any) { p.finish() })
	_ = conn.Once("close", func(...any) {
		h.ready.Delete(conn.Id())
		p.finish()
	})
	if shake, ok := conn.Request().Request().Context().Value(handshakeKey{}).(*handshake); ok {
		p.upgrading(shake.held)
		shake.opened = p
		shake.done()
	}
}

// Left reports whether a connection ends because its client has said that it leaves: by disconnecting,
// by a posted close packet, or by a close frame; as opposed to one that the server ends, and to one
// that just ends, as it does when a proxy goes. It is to be asked when its sockets are told of the end,
// with the library's reason. Link sees packets that come over a WebSocket.
func (h *Handler) Left(conn engine.Socket, reason any) bool {
	switch reason {
	case "client namespace disconnect":
		return true
	case "transport close":
		if conn.Transport().Name() == transports.POLLING { // it ends so for a posted close packet only
			return true
		}
	}
	p := h.pollers(conn.Id())
	return p != nil && p.left()
}

// poll serves a request that waits for packets, or opens a connection of such.
func (h *Handler) poll(w http.ResponseWriter, r *http.Request, sid string) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // nothing more is read; it would end the poll
	out := newAnswer()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	closing := "1" // a close packet
	p := h.pollers(sid)
	if p != nil {
		if p.conn.Protocol() == 3 {
			closing = "1:1"
		}
		p.conn.Emit(polls)
		p.enter(&cancel)
		defer p.leave(&cancel)
		stop := context.AfterFunc(r.Context(), p.abandon)
		defer stop()
	}
	h.engine.ServeHTTP(out, r.WithContext(ctx))
	if shake, ok := r.Context().Value(handshakeKey{}).(*handshake); ok {
		p = shake.opened
	}
	if p != nil && out.answered() {
		p.awaitDrain()
	}
	out.send(w, closing, h.limits.Write)
}

func (h *Handler) pollers(sid string) *pollers {
	p, _ := h.ready.Load(sid)
	found, _ := p.(*pollers)
	return found
}

// post serves packets of a client.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, sid string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(h.limits.Payload)))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		fail(w, http.StatusRequestEntityTooLarge, "Payload too large, at most "+strconv.Itoa(h.limits.Payload)+" bytes")
		return
	case err != nil:
		fail(w, http.StatusBadRequest, "Request not read")
		return
	}
	r = r.WithContext(context.WithoutCancel(r.Context()))
	r.Header = r.Header.Clone()
	if p := h.pollers(sid); p != nil {
		if body, err = h.readable(p, body, r.Header); err != nil {
			Cut(p.conn)
			fail(w, http.StatusBadRequest, "Bad payload")
			return
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	out := newAnswer()
	h.engine.ServeHTTP(out, r)
	out.send(w, "", h.limits.Write)
}

// readable returns a posted payload as the library reads it, with the header that says so, or an
// error, which ends the connection: the library would overlook what it cannot read.
func (h *Handler) readable(p *pollers, body []byte, header http.Header) ([]byte, error) {
	if p.conn.Protocol() != 3 {
		return body, checkPayload(body)
	}
	binary := header.Get("Content-Type") == "application/octet-stream"
	header.Set("Content-Type", "text/plain; charset=UTF-8")
	return canonical(body, binary)
}

// fail refuses a request in the library's form, with its code for a bad request.
func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"code":3,"message":`+strconv.Quote(message)+`}`)
}
