package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// answerText is what the floor answers to everything.
const answerText = "Hello!"

// asker answers questions of the Chat API: the question is a row that is flushed before the answer is made,
// and so is the answer before it is given. There is no bot.
type asker struct {
	store   store
	mu      sync.Mutex       // guards clients
	clients map[string]int64 // their numbers
}

// firstClient is beyond the numbers of sessions.
const firstClient = 1 << 32

// client is the number under which the messages of a client are stored.
func (a *asker) client(id string) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	number, ok := a.clients[id]
	if !ok {
		number = firstClient + int64(len(a.clients))
		a.clients[id] = number
	}
	return number
}

// say writes a message about a question. Nobody is told of it.
func (a *asker) say(ctx context.Context, client, question, text string) (*message, error) {
	m := &message{session: a.client(client), id: question, body: text, at: time.Now()}
	return m, a.store.insert(ctx, m)
}

func (a *asker) serve(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ClientID string `json:"clientId"`
		Query    string `json:"query"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		respond(w, http.StatusBadRequest, map[string]string{"error": "Invalid input parameters"})
		return
	}
	id := uuid.NewString()
	_, err := a.say(r.Context(), q.ClientID, id, q.Query)
	var answer *message
	if err == nil {
		answer, err = a.say(r.Context(), q.ClientID, id, answerText)
	}
	if err != nil {
		respond(w, http.StatusServiceUnavailable, map[string]string{"error": "Unavailable"})
		return
	}
	respond(w, http.StatusOK, answered{ID: id, ClientID: q.ClientID, QuestionID: id, Data: said{answer.body}, Timestamp: stamp(answer.at)})
}

// answered is the answer to a question.
type answered struct {
	ID         string `json:"id"`
	ClientID   string `json:"clientId"`
	QuestionID string `json:"questionId"`
	Data       said   `json:"data"`
	Timestamp  string `json:"timestamp"`
}

type said struct {
	Answer string `json:"answer"`
}

// told is an item of a client's history.
type told struct {
	QuestionID  string `json:"questionId"`
	TextMessage string `json:"textMessage"`
	Author      string `json:"author"`
}

func (a *asker) history(w http.ResponseWriter, r *http.Request) {
	offset, _ := strconv.ParseInt(r.FormValue("offset"), 10, 64) // numbers have no gaps
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	messages, err := a.store.list(r.Context(), a.client(r.PathValue("client")), offset, limit)
	if err != nil {
		respond(w, http.StatusInternalServerError, map[string]string{"error": "Internal error"})
		return
	}
	items := make([]told, len(messages))
	for i, m := range messages {
		items[i] = told{QuestionID: m.id, TextMessage: m.body, Author: "CLIENT"}
		if m.body == answerText {
			items[i].Author = "BOT"
		}
	}
	respond(w, http.StatusOK, map[string]any{"messages": items})
}
