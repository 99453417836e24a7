package main

import (
	"net/http"
	"sync"
	"time"
)

// pollLimit is how long a poll waits.
const pollLimit = 25 * time.Second

// poller has polls wait for their clients, each in a handler that blocks. It remembers nothing: who comes
// after a message is not given it.
type poller struct {
	mu    sync.Mutex               // guards what follows
	waits map[string]chan struct{} // by client; closed by its next message
	said  map[string]*message      // the last one
}

func newPoller() *poller {
	return &poller{waits: make(map[string]chan struct{}), said: make(map[string]*message)}
}

func (p *poller) wake(client string, m *message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said[client] = m
	if c := p.waits[client]; c != nil {
		close(c)
		delete(p.waits, client)
	}
}

func (p *poller) wait(client string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.waits[client]
	if c == nil {
		c = make(chan struct{})
		p.waits[client] = c
	}
	return c
}

func (p *poller) last(client string) *message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said[client]
}

func (p *poller) serve(w http.ResponseWriter, r *http.Request) {
	client := r.URL.Query().Get("clientId")
	timer := time.NewTimer(pollLimit)
	defer timer.Stop()
	select {
	case <-p.wait(client):
		m := p.last(client)
		respond(w, http.StatusOK, []sent{{ID: m.id, CreatedAt: stamp(m.at), Sequence: m.sequence, AuthorType: "CLIENT", Body: m.body}})
	case <-timer.C:
		respond(w, http.StatusOK, []sent{})
	case <-r.Context().Done():
	}
}
