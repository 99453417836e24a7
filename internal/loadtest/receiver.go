package loadtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// receiver takes the webhooks of sessions, on a port of this machine. It drops repeats by their ids,
// as receivers are told to; what it hears must then be once and in order, as on a socket.
type receiver struct {
	url    string
	server *http.Server
	failed chan error // what serving ended with

	mu       sync.Mutex // guards what follows
	sessions map[string]*session
	seen     map[string]bool // ids of deliveries
}

// largestWebhook is far more than the generator's own messages make, in bytes.
const largestWebhook = 64 << 10

func startReceiver(ctx context.Context) (*receiver, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("receive webhooks: %w", err)
	}
	r := &receiver{
		url: "http://" + l.Addr().String() + "/", failed: make(chan error, 1),
		sessions: make(map[string]*session), seen: make(map[string]bool),
	}
	r.server = &http.Server{Handler: r, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, IdleTimeout: time.Minute}
	go func() { r.failed <- r.server.Serve(l) }()
	return r, nil
}

// expect says which sessions count, before any of them has a message.
func (r *receiver) expect(sessions []*session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range sessions {
		r.sessions[s.id] = s
	}
}

// close waits for what is being answered.
func (r *receiver) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if r.server.Shutdown(ctx) != nil {
		_ = r.server.Close() // who still sends has not been heard of
	}
	<-r.failed //nolint:errcheck // it says only that the server is closed
}

// ServeHTTP takes one delivery. What it cannot read is missing in the account.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, largestWebhook))
	now := time.Now()
	var sessionID, message []byte
	var ev event
	err = errors.Join(err, fields(body, func(key, value []byte) {
		switch string(key) {
		case "sessionId":
			sessionID = text(value)
		case "data":
			message = value
		case "sequence":
			ev.sequence = number(value)
		}
	}))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s := r.first(q.Header.Get("webhook-id"), sessionID); s != nil {
		_, ev.counter = identify(message)
		s.ledger.deliver(echoStream, ev, now)
	}
	w.WriteHeader(http.StatusNoContent)
}

// first is the session that a delivery is about; nil for a repeat, and for sessions of others.
func (r *receiver) first(id string, sessionID []byte) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id != "" {
		if r.seen[id] {
			return nil
		}
		r.seen[id] = true
	}
	return r.sessions[string(sessionID)]
}
