package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

// atOnce is how many messages of a campaign are written at a time: as many as Govorun has in a transaction.
const atOnce = 50

// campaigns says something to each of many clients: a row each. Who has got it is not kept.
type campaigns struct {
	asker *asker
	mu    sync.Mutex             // guards lists
	lists map[string]*recipients // by campaign
}

type recipients struct {
	mu      sync.Mutex // guards clients
	clients []string
}

func (c *campaigns) create(w http.ResponseWriter, _ *http.Request) {
	id := uuid.NewString()
	c.mu.Lock()
	c.lists[id] = &recipients{}
	c.mu.Unlock()
	respond(w, http.StatusCreated, map[string]string{"id": id})
}

func (c *campaigns) find(r *http.Request) *recipients {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lists[r.PathValue("id")]
}

func (c *campaigns) add(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Recipients []string `json:"recipients"`
	}
	list := c.find(r)
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || list == nil {
		respond(w, http.StatusBadRequest, map[string]string{"error": "Invalid input parameters"})
		return
	}
	list.mu.Lock()
	defer list.mu.Unlock()
	list.clients = append(list.clients, body.Recipients...)
	respond(w, http.StatusOK, map[string]int{"added": len(body.Recipients)})
}

// start answers when all is written.
func (c *campaigns) start(w http.ResponseWriter, r *http.Request) {
	list := c.find(r)
	if list == nil {
		respond(w, http.StatusNotFound, map[string]string{"error": "Entity not found"})
		return
	}
	list.mu.Lock()
	defer list.mu.Unlock()
	if err := c.send(r.Context(), list.clients); err != nil {
		respond(w, http.StatusServiceUnavailable, map[string]string{"error": "Unavailable"})
		return
	}
	respond(w, http.StatusOK, map[string]any{"state": "SENT", "sent": len(list.clients)})
}

func (c *campaigns) send(ctx context.Context, clients []string) error {
	var (
		next    atomic.Int64
		failed  = make(chan error, atOnce)
		running sync.WaitGroup
	)
	for range atOnce {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(clients)); i = next.Add(1) - 1 {
				if _, err := c.asker.say(ctx, clients[i], uuid.NewString(), answerText); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	running.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
