package loadtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// stub is a server that keeps its promises, except for the one a test names.
type stub struct {
	t     *testing.T
	fault string
	bot   bool

	mu       sync.Mutex // guards all below
	sessions map[string]*stubSession
	requests int
	cut      bool
	sent     map[string]map[string]bool // hosts by session: where messages came
	held     map[string]map[string]bool // where sockets came
}

type stubSession struct {
	id       string
	messages []stubMessage // the log, by sequence - 1
	held     []stubMessage // published later
	conn     *websocket.Conn
	echo     bool
	socketIO *websocket.Conn
	late     []stubMessage // sent over it later
}

type stubMessage struct {
	ID         string `json:"id"`
	Sequence   int64  `json:"sequence"`
	AuthorType string `json:"authorType"`
	Body       string `json:"body"`
}

// third is the counter of the message that the faults happen to.
const third = "3 "

func newStub(t *testing.T, fault string, bot bool) string {
	return newStubNode(t, &stub{fault: fault, bot: bot})
}

// newStubNode is one more address of the stub.
func newStubNode(t *testing.T, s *stub) string {
	if s.sessions == nil {
		s.t, s.sessions, s.sent, s.held = t, map[string]*stubSession{}, map[string]map[string]bool{}, map[string]map[string]bool{}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/chats/{chat}/sessions", s.start)
	mux.HandleFunc("POST /api/v1/sessions/{id}/messages", s.send)
	mux.HandleFunc("POST /api/v1/sessions/{id}/typing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/v1/sessions/{id}/messages", s.list)
	mux.HandleFunc("/centrifugo/connection/websocket", s.connect)
	mux.HandleFunc("/socket.io/", s.connectSocketIO)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *stub) start(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct{ BotID string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || (body.BotID == "") != s.bot {
		s.t.Errorf("start session: bot %q, %v", body.BotID, err)
	}
	sess := &stubSession{id: fmt.Sprintf("s%d", len(s.sessions))}
	if s.bot {
		sess.add("BOT", "Welcome!")
	}
	s.sessions[sess.id] = sess
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":%q}`, sess.id)
}

func (s *stubSession) add(author, body string) stubMessage {
	n := len(s.messages) + 1
	m := stubMessage{ID: fmt.Sprintf("%s-%d", s.id, n), Sequence: int64(n), AuthorType: author, Body: body}
	s.messages = append(s.messages, m)
	return m
}

func (s *stub) send(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess := s.sessions[r.PathValue("id")]
	var body struct{ Body string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.t.Errorf("send message: %v", err)
	}
	s.requests++
	note(s.sent, sess.id, r.Host)
	if s.fault == "refuse" && s.requests%3 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	special := strings.HasPrefix(body.Body, third)
	m := sess.add("CLIENT", body.Body)
	s.publishOwn(sess, m, special)
	if s.bot && (!special || s.fault != "mute") {
		s.publish(sess, sess.add("BOT", "Well."))
		s.publish(sess, sess.add("BOT", "And more."))
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":"m","sequence":%d}`, m.Sequence)
}

// publishOwn publishes a client's message, badly if it is the one that the fault happens to.
func (s *stub) publishOwn(sess *stubSession, m stubMessage, special bool) {
	if !special {
		s.publish(sess, m)
		for _, late := range sess.held {
			s.publish(sess, late)
		}
		sess.held = nil
		return
	}
	switch s.fault {
	case "lose":
	case "reorder":
		sess.held = append(sess.held, m)
	case "duplicate":
		s.publish(sess, m)
		s.publish(sess, m)
	case "write twice":
		s.publish(sess, m)
		s.publish(sess, sess.add("CLIENT", m.Body))
	case "cut":
		if !s.cut && sess.conn != nil {
			s.cut = true
			sess.conn.Close()
			sess.conn = nil
			return
		}
		s.publish(sess, m)
	default:
		s.publish(sess, m)
	}
}

func note(hosts map[string]map[string]bool, session, host string) {
	if hosts[session] == nil {
		hosts[session] = map[string]bool{}
	}
	hosts[session][host] = true
}

func envelope(m stubMessage) string {
	data, _ := json.Marshal(m)
	return fmt.Sprintf(`{"event":"chatMessageCreated","action":"chatMessageCreated","data":%s,"sequence":%d}`, data, m.Sequence)
}

func (s *stub) publish(sess *stubSession, m stubMessage) {
	if sess.socketIO != nil && m.AuthorType != "CLIENT" {
		s.publishOverSocketIO(sess, m)
	}
	if sess.conn == nil {
		return
	}
	var frame []string
	push := `{"push":{"channel":"%s:%s","pub":{"data":%s,"offset":%d}}}`
	if m.AuthorType != "CLIENT" {
		frame = append(frame, fmt.Sprintf(push, "widget", sess.id, envelope(m), m.Sequence))
	}
	if sess.echo {
		frame = append(frame, fmt.Sprintf(push, "session", sess.id, envelope(m), m.Sequence))
	}
	_ = sess.conn.WriteMessage(websocket.TextMessage, []byte(strings.Join(frame, "\n")+"\n{}\n"))
}

func (s *stub) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64)
	items := []stubMessage{}
	for _, m := range s.sessions[r.PathValue("id")].messages {
		if m.Sequence > after && len(items) < 1000 && (s.fault != "forget" || !strings.HasPrefix(m.Body, third)) {
			items = append(items, m)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "count": len(items)})
}

// connect answers the connect command, with what was missed, and then reads pongs.
func (s *stub) connect(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	var command struct {
		Connect struct {
			Data struct {
				Settings struct {
					Sessions []string
					Echo     bool
				}
			}
			Subs map[string]struct{ Offset int64 }
		}
	}
	if err := conn.ReadJSON(&command); err != nil {
		return // the client has gone, or its run fails without an answer
	}
	s.mu.Lock()
	subs := map[string]any{}
	for _, id := range command.Connect.Data.Settings.Sessions {
		sess := s.sessions[id]
		note(s.held, id, r.Host)
		sess.conn, sess.echo = conn, command.Connect.Data.Settings.Echo
		for _, kind := range []string{"widget", "session"} {
			channel := kind + ":" + id
			subs[channel] = map[string]any{
				"recoverable": true, "positioned": true, "epoch": "e", "offset": len(sess.messages),
				"publications": sess.missed(kind, command.Connect.Subs[channel].Offset),
			}
		}
	}
	err = conn.WriteJSON(map[string]any{"id": 1, "connect": map[string]any{"client": "c", "subs": subs, "ping": 25, "pong": true}})
	s.mu.Unlock()
	for err == nil {
		_, _, err = conn.ReadMessage()
	}
}

func (s *stubSession) missed(kind string, offset int64) []any {
	missed := []any{}
	for _, m := range s.messages {
		if m.Sequence > offset && (kind == "session" || m.AuthorType != "CLIENT") {
			missed = append(missed, map[string]any{"offset": m.Sequence, "data": json.RawMessage(envelope(m))})
		}
	}
	return missed
}

// fourth is the sequence of the message that the faults of Socket.IO happen to: the greeting, a
// message and the first part of its answer come before it.
const fourth = 4

func (s *stub) publishOverSocketIO(sess *stubSession, m stubMessage) {
	said := append([]stubMessage{m}, sess.late...)
	sess.late = nil
	if m.Sequence == fourth {
		switch s.fault {
		case "socket.io: lose":
			return
		case "socket.io: duplicate":
			said = append(said, m)
		case "socket.io: reorder":
			sess.late = said
			return
		case "socket.io: make up":
			said = append(said, stubMessage{ID: "nobody's"})
		}
	}
	for _, m := range said {
		data, _ := json.Marshal(m)
		_ = sess.socketIO.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `42["chatMessageCreatedEmit",%s]`, data))
	}
}

// connectSocketIO opens, lets in whoever asks and has answered a ping, and then reads pongs.
func (s *stub) connectSocketIO(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	say := func(packet string) { _ = conn.WriteMessage(websocket.TextMessage, []byte(packet)) }
	hear := func(want string) bool {
		_, packet, err := conn.ReadMessage()
		if err == nil && string(packet) != want {
			s.t.Errorf("got packet %q, want %q", packet, want)
		}
		return err == nil && string(packet) == want
	}
	say(`0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":65536}`)
	if !hear("40") {
		return
	}
	if s.fault == "socket.io: refuse" {
		say(`44{"message":"session not found"}`)
		return
	}
	if say("2"); !hear("3") {
		return
	}
	s.mu.Lock()
	say(`40{"sid":"s"}`)
	sess := s.sessions[r.FormValue("key")]
	sess.socketIO = conn
	say(`42["showTypingIndicatorEmit",{"authorType":"BOT"}]`)
	for _, greeting := range sess.messages {
		s.publishOverSocketIO(sess, greeting)
	}
	say("2")
	s.mu.Unlock()
	for hear("3") {
	}
}
