package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// setupAtOnce is how many sessions or sockets are opened at a time.
const setupAtOnce = 64

// noBotID is the bot that does not exist: nobody answers (an extension to TWIN's API).
const noBotID = "00000000-0000-0000-0000-000000000000"

// phrase follows the counter in each message: a question of ordinary length.
const phrase = " hello, could you tell me when my order will be delivered?"

// session is one conversation with the server.
type session struct {
	node    *node // to which its messages go
	id      string
	path    string     // /api/v1/sessions/{id}
	sending sync.Mutex // held while a message is on its way: a client sends one after the other
	body    []byte     // guarded by sending
	ledger  ledger
}

// startBody starts a session. A receiver, if any, is told of its messages (TWIN, section 2).
func startBody(bot, receiver string) []byte {
	b := []byte(`{"name":"bench","returnAnswerAsync":true`)
	if receiver != "" {
		b = append(b, `,"notifyOnEvents":["chatMessageCreated"],"eventCallbackUrl":`...)
		b = strconv.AppendQuote(b, receiver)
	}
	switch bot {
	case DefaultBot:
	case NoBot, "":
		b = append(b, `,"botId":"`+noBotID+`"`...)
	default:
		b = append(b, `,"botId":`...)
		b = strconv.AppendQuote(b, bot)
	}
	return append(b, '}')
}

// open starts the sessions and connects the sockets that hold them, or receives their webhooks.
func (g *generator) open(ctx context.Context) error {
	var err error
	if g.options.Webhooks {
		if g.receiver, err = startReceiver(ctx); err != nil {
			return err
		}
		g.start = startBody(g.options.Bot, g.receiver.url)
	}
	if g.sessions, err = g.startSessions(ctx, g.options.Sessions); err != nil {
		return err
	}
	if g.options.Webhooks {
		g.receiver.expect(g.sessions)
		return nil
	}
	count := g.options.Sockets
	if count == 0 {
		count = len(g.sessions)
	}
	count = min(count, len(g.sessions))
	sockets := make([]*socket, count)
	for i := range sockets {
		held := g.sessions[i*len(g.sessions)/count : (i+1)*len(g.sessions)/count]
		for _, s := range held {
			s.node = g.node(i)
		}
		sockets[i] = g.newSocket(g.node(i+1), centrifugoPath, newCentrifugo(held, true))
	}
	if g.sockets, err = openSockets(ctx, sockets); err != nil || !g.options.SocketIO {
		return err
	}
	more, err := openSockets(ctx, g.overSocketIO(g.sessions))
	g.sockets = append(g.sockets, more...)
	return err
}

// overSocketIO are Socket.IO connections that hold a session each, not yet open.
func (g *generator) overSocketIO(sessions []*session) []*socket {
	sockets := make([]*socket, len(sessions))
	for i, s := range sessions {
		sockets[i] = g.newSocket(g.node(i+1), socketIOPath(s), &socketIO{session: s})
	}
	return sockets
}

// openSockets opens all and returns those that are open, also with an error.
func openSockets(ctx context.Context, sockets []*socket) ([]*socket, error) {
	open := make([]*socket, len(sockets))
	err := each(len(sockets), setupAtOnce, func(i int) error {
		if err := sockets[i].open(ctx); err != nil {
			return err
		}
		open[i] = sockets[i]
		return nil
	})
	kept := open[:0]
	for _, s := range open {
		if s != nil {
			kept = append(kept, s)
		}
	}
	return kept, err
}

func (g *generator) startSessions(ctx context.Context, n int) ([]*session, error) {
	sessions := make([]*session, n)
	err := each(n, setupAtOnce, func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := g.node(i)
		c := n.conns.take()
		defer n.conns.put(c)
		status, body, err := g.startSession(c)
		if err != nil {
			return fmt.Errorf("start session: %w", err)
		}
		var started struct {
			ID string `json:"id"`
		}
		if status != http.StatusCreated || json.Unmarshal(body, &started) != nil || started.ID == "" {
			return fmt.Errorf("start session: status %d: %.300s", status, body)
		}
		sessions[i] = &session{node: n, id: started.ID, path: "/api/v1/sessions/" + started.ID}
		if g.options.SocketIO {
			sessions[i].ledger.listenOverSocketIO()
		}
		return nil
	})
	return sessions, err
}

// startSession is POST /chats/{chat}/sessions (TWIN, section 2).
func (g *generator) startSession(c *httpConn) (status int, body []byte, err error) {
	return c.do(http.MethodPost, "/api/v1/chats/"+g.options.Chat+"/sessions", g.start)
}

// act does what is next in the mix.
func (g *generator) act(ctx context.Context, rec *recorder, due time.Time) {
	what := g.options.Mix.at(g.turn.Add(1) - 1)
	if what == actSend {
		if s := g.pick(ctx, rec); s != nil {
			s.send(rec, due)
		} else {
			rec.unsent.Add(1)
		}
		return
	}
	status, err := g.actOther(what)
	switch {
	case err != nil:
		rec.failedWith(err)
	case overloaded(status):
		rec.refused.Add(1)
	case status >= http.StatusBadRequest:
		rec.failedWith(fmt.Errorf("%s: status %d", what, status))
	default:
		rec.other.add(time.Since(due))
	}
}

func (g *generator) actOther(what act) (status int, err error) {
	s := g.nextSession()
	c := s.node.conns.take()
	defer s.node.conns.put(c)
	switch what {
	case actStart:
		status, _, err = g.startSession(c)
	case actHistory:
		status, _, err = c.do(http.MethodGet, s.path+"/messages?limit=20", nil)
	case actTyping:
		status, _, err = c.do(http.MethodPost, s.path+"/typing", []byte("{}"))
	}
	return status, err
}

func (g *generator) nextSession() *session {
	return g.sessions[(g.next.Add(1)-1)%int64(len(g.sessions))]
}

// pick takes the sessions in turn. With a bot it passes over those that still wait for an answer;
// when all do it waits too, until the load is over: then it returns nil.
func (g *generator) pick(ctx context.Context, rec *recorder) *session {
	if rec.answers == 0 {
		return g.nextSession()
	}
	for {
		for range g.sessions {
			if s := g.nextSession(); s.ledger.reserve() {
				return s
			}
		}
		if time.Now().After(rec.deadline) || !pause(ctx, time.Millisecond) {
			return nil
		}
	}
}

// send is POST /sessions/{id}/messages (TWIN, section 2).
func (s *session) send(rec *recorder, due time.Time) {
	s.sending.Lock()
	defer s.sending.Unlock()
	c := s.node.conns.take()
	defer s.node.conns.put(c)
	rec.sending(time.Since(due))
	counter := s.ledger.send(due, rec)
	s.body = append(s.body[:0], `{"body":"`...)
	s.body = strconv.AppendInt(s.body, int64(counter), 10)
	s.body = append(append(s.body, phrase...), `"}`...)
	status, answer, err := c.do(http.MethodPost, s.path+"/messages", s.body)
	switch {
	case err != nil:
		rec.failedWith(err)
	case status == http.StatusCreated:
		s.ledger.acknowledge(counter, acknowledgedSequence(answer), time.Now())
		return
	case overloaded(status):
		rec.refused.Add(1)
	default:
		rec.failedWith(fmt.Errorf("send message: status %d: %.300s", status, answer))
	}
	s.ledger.refuse(counter)
}

// acknowledgedSequence is the sequence in an acknowledgement; 0 when the server does not say.
func acknowledgedSequence(answer []byte) (sequence int64) {
	_ = fields(answer, func(key, value []byte) {
		if string(key) == "sequence" {
			sequence = number(value)
		}
	})
	return sequence
}
