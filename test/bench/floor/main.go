// Command floor is what Govorun is measured against: HTTP POST, one row in SQLite (flushed, grouped
// commits) or in PostgreSQL (a transaction of one statement), publish through the centrifuge library,
// socket, and nothing else: no rules, no log of events, no bot, no recovery over a restart. A session
// with a receiver of webhooks has its messages posted there instead, once each. A question of the Chat API
// is two rows, one after the other, and a campaign one for each client. It speaks
// just enough of the same wire forms for the load generator to drive both without knowing which it
// drives.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/google/uuid"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address to listen on")
	data := flag.String("data", "", "empty directory for the database")
	postgres := flag.String("postgres-url", "", "empty database of PostgreSQL, instead of SQLite")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", *listen)
	if err == nil {
		err = run(ctx, l, *data, *postgres)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, and then ends in order.
func run(ctx context.Context, l net.Listener, data, postgres string) error {
	node, err := centrifuge.New(centrifuge.Config{ClientChannelLimit: 100_000})
	if err != nil {
		return err
	}
	node.OnConnecting(connecting)
	if err := node.Run(); err != nil {
		return err
	}
	f := &floor{node: node, pusher: newPusher(), poller: newPoller(), sessions: make(map[string]session)}
	st, err := openStore(ctx, data, postgres, f.publish)
	if err != nil {
		return err
	}
	f.store = st
	f.asker = &asker{store: st, clients: make(map[string]int64)}
	f.campaigns = &campaigns{asker: f.asker, lists: make(map[string]*recipients)}
	server := &http.Server{Handler: f.routes(), ReadHeaderTimeout: 10 * time.Second}
	writing, stopWriting := context.WithCancel(context.Background())
	failed := make(chan error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { failed <- st.run(writing) })
	wg.Go(func() { failed <- server.Serve(l) })
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, node.Shutdown(grace), server.Shutdown(grace))
	stopWriting()
	wg.Wait()
	f.pusher.close()
	return errors.Join(err, st.close())
}

type floor struct {
	node      *centrifuge.Node
	store     store
	pusher    *pusher
	poller    *poller
	asker     *asker
	campaigns *campaigns
	mu        sync.RWMutex       // guards sessions
	sessions  map[string]session // by id
}

type session struct {
	number   int64
	receiver string // URL; "" without webhooks
	client   string
}

func (f *floor) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /api/v1/chats/{chat}/sessions", f.startSession)
	mux.HandleFunc("POST /api/v1/sessions/{id}/messages", f.createMessage)
	mux.HandleFunc("GET /api/v1/sessions/{id}/messages", f.listMessages)
	mux.HandleFunc("GET /chatapi/{token}/events", f.poller.serve)
	mux.HandleFunc("POST /chatapi/{token}", f.asker.serve)
	mux.HandleFunc("GET /chatapi/{token}/client/{client}/history", f.asker.history)
	mux.HandleFunc("POST /api/admin/v1/campaigns", f.campaigns.create)
	mux.HandleFunc("POST /api/admin/v1/campaigns/{id}/recipients", f.campaigns.add)
	mux.HandleFunc("POST /api/admin/v1/campaigns/{id}/start", f.campaigns.start)
	mux.Handle("/centrifugo/connection/websocket", centrifuge.NewWebsocketHandler(f.node, centrifuge.WebsocketConfig{
		UseWriteBufferPool: true,
		CheckOrigin:        func(*http.Request) bool { return true },
	}))
	return mux
}

// connecting subscribes a connection to one channel of each session it names.
func connecting(_ context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	var data struct {
		Settings struct {
			Sessions []string `json:"sessions"`
			Echo     bool     `json:"echo"`
		} `json:"settings"`
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return centrifuge.ConnectReply{}, centrifuge.ErrorBadRequest
	}
	prefix := "widget:" // on which nothing ever comes: there is only the client
	if data.Settings.Echo {
		prefix = "session:"
	}
	subs := make(map[string]centrifuge.SubscribeOptions, len(data.Settings.Sessions))
	for _, id := range data.Settings.Sessions {
		subs[prefix+id] = centrifuge.SubscribeOptions{EnableRecovery: true, EnablePositioning: true}
	}
	return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}, Subscriptions: subs}, nil
}

func (f *floor) startSession(w http.ResponseWriter, r *http.Request) {
	var body struct {
		EventCallbackURL string `json:"eventCallbackUrl"`
		ClientExternalID string `json:"clientExternalId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		respond(w, http.StatusBadRequest, map[string]string{"error": "Invalid input parameters"})
		return
	}
	id := uuid.NewString()
	f.mu.Lock()
	f.sessions[id] = session{int64(len(f.sessions) + 1), body.EventCallbackURL, body.ClientExternalID}
	f.mu.Unlock()
	respond(w, http.StatusCreated, map[string]string{"id": id})
}

func (f *floor) session(w http.ResponseWriter, r *http.Request) (session, bool) {
	f.mu.RLock()
	s, ok := f.sessions[r.PathValue("id")]
	f.mu.RUnlock()
	if !ok {
		respond(w, http.StatusNotFound, map[string]string{"error": "Entity not found"})
	}
	return s, ok
}

// sent is the answer to a message, and an item of the history.
type sent struct {
	ID         string `json:"id"`
	CreatedAt  string `json:"createdAt"`
	Sequence   int64  `json:"sequence"`
	AuthorType string `json:"authorType,omitempty"`
	Body       string `json:"body,omitempty"`
}

// envelope is a publication, or a webhook.
type envelope struct {
	Event     string `json:"event"`
	Data      sent   `json:"data"`
	Sequence  int64  `json:"sequence"`
	SessionID string `json:"sessionId,omitempty"` // of a webhook
}

func (f *floor) createMessage(w http.ResponseWriter, r *http.Request) {
	session, ok := f.session(w, r)
	if !ok {
		return
	}
	var body struct {
		Body string `json:"body"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		respond(w, http.StatusBadRequest, map[string]string{"error": "Invalid input parameters"})
		return
	}
	m := &message{
		session: session.number, channel: "session:" + r.PathValue("id"), receiver: session.receiver, client: session.client,
		id: uuid.NewString(), body: body.Body, at: time.Now(),
	}
	if err := f.store.insert(r.Context(), m); err != nil {
		respond(w, http.StatusServiceUnavailable, map[string]string{"error": "Unavailable"})
		return
	}
	respond(w, http.StatusCreated, sent{ID: m.id, CreatedAt: stamp(m.at), Sequence: m.sequence})
}

func (f *floor) publish(m *message) {
	if m.channel == "" {
		return
	}
	e := envelope{
		Event:    "chatMessageCreated",
		Data:     sent{ID: m.id, CreatedAt: stamp(m.at), Sequence: m.sequence, AuthorType: "CLIENT", Body: m.body},
		Sequence: m.sequence,
	}
	if m.client != "" {
		f.poller.wake(m.client, m)
	}
	if m.receiver != "" {
		e.SessionID = strings.TrimPrefix(m.channel, "session:")
	}
	data, err := json.Marshal(e)
	switch {
	case err != nil:
	case m.receiver != "":
		f.pusher.push(m, data)
	default:
		_, err = f.node.Publish(m.channel, data, centrifuge.WithHistory(100, time.Minute))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor: publish:", err)
	}
}

func (f *floor) listMessages(w http.ResponseWriter, r *http.Request) {
	session, ok := f.session(w, r)
	if !ok {
		return
	}
	after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64)
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	messages, err := f.store.list(r.Context(), session.number, after, limit)
	if err != nil {
		respond(w, http.StatusInternalServerError, map[string]string{"error": "Internal error"})
		return
	}
	items := make([]sent, len(messages))
	for i, m := range messages {
		items[i] = sent{ID: m.id, CreatedAt: stamp(m.at), Sequence: m.sequence, AuthorType: "CLIENT", Body: m.body}
	}
	respond(w, http.StatusOK, map[string]any{"count": len(items), "items": items})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05-07:00") }

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller is gone
}
