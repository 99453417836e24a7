//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/test/contract"
)

// counting is a bot that says how many turns it has had in the session, and then what it was told: a
// turn that is done twice shows.
const counting = `theme: /

    state: Count || noContext = true
        q!: *
        event!: press
        script: $session.turns = ($session.turns || 0) + 1;
        a: {{$session.turns}}: {{$request.query || $request.event}}
        a: more
`

// channel is a chat of a counting bot as the Chat API sees it.
type channel struct {
	id    string // of the chat
	path  string // of the methods
	admin *administrator
}

// newChannel makes a chat on a server that is new.
func newChannel(t *testing.T, s *server, settings object) *channel {
	t.Helper()
	a := newAdministrator(t, s)
	bot := a.do(http.StatusCreated, "POST", "/bots", object{"kind": "scenario", "name": "Counting"})["id"].(string)
	if status, _, err := a.deploy(bot, zipped(t, counting)); status != http.StatusCreated {
		t.Fatalf("deploy: %d %v", status, err)
	}
	chat := object{"name": "channel", "identity": "open", "botId": bot}
	for name, value := range settings {
		chat[name] = value
	}
	id := a.do(http.StatusCreated, "POST", "/chats", chat)["id"].(string)
	token := a.do(http.StatusOK, "GET", "/chats/"+id+"/secrets", nil)["token"].(string)
	return &channel{id: id, path: "/chatapi/" + token, admin: a}
}

// answered is an answer, and what a webhook or a long poll gets.
type answered struct {
	ID, QuestionID, CID, ClientID, Timestamp string
	Data                                     struct {
		Answer                        string
		NewSessionStarted, EndSession bool
		Query, Event                  *string
		Replies                       []reply
	}

	// Of long polls.
	Type     string
	TS       int64
	Sequence int64
}

type reply struct{ Type, Text string }

// texts are what the replies say.
func (o *answered) texts() []string {
	var texts []string
	for _, r := range o.Data.Replies {
		texts = append(texts, r.Text)
	}
	return texts
}

// counted is what the bot says in its n-th turn.
func counted(n int, query string) string { return fmt.Sprintf("%d: %s\n\nmore", n, query) }

// ask asks until the question is taken, however often the server is killed; with a uuid it is always the
// same question. way is "" for an answer at once, or "/async". An error is final.
func (c *channel) ask(ctx context.Context, a *api, way string, question object) (res *answer, repeats int, err error) {
	for ; ; repeats++ {
		res, err = a.do(ctx, http.MethodPost, c.path+way, question, "")
		switch {
		case err == nil && res.status == http.StatusOK:
			return res, repeats, nil
		case err == nil && res.status != http.StatusServiceUnavailable:
			return nil, repeats, fmt.Errorf("%v was answered %d %.300s", question, res.status, res.body)
		case !pause(ctx, repeatEvery):
			return nil, repeats, ctx.Err()
		}
	}
}

// mustAsk is ask of a client for an answer at once.
func (c *channel) mustAsk(t *testing.T, a *api, client, query string) *answered {
	t.Helper()
	res, _, err := c.ask(t.Context(), a, "", object{"clientId": client, "query": query, "uuid": uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	var o answered
	res.decode(t, &o)
	return &o
}

// poll is one long poll.
func (c *channel) poll(ctx context.Context, a *api, query url.Values) ([]answered, error) {
	res, err := a.do(ctx, http.MethodGet, c.path+"/events?"+query.Encode(), nil, "")
	if err != nil {
		return nil, err
	}
	if res.status != http.StatusOK {
		return nil, fmt.Errorf("poll %v: %d %.300s", query, res.status, res.body)
	}
	var objects []answered
	return objects, json.Unmarshal(res.body, &objects)
}

// dialogueItem is a message of GET …/history.
type dialogueItem struct {
	QuestionID, TextMessage, Author, Status string
	EventData                               *struct{ Event string }
}

// history is all that was said to and by a client.
func (c *channel) history(t *testing.T, a *api, client string) []dialogueItem {
	t.Helper()
	var h struct {
		TotalCount int
		Messages   []dialogueItem
	}
	a.get(t, c.path+"/client/"+url.PathEscape(client)+"/history").decode(t, &h)
	if h.TotalCount != len(h.Messages) {
		t.Errorf("a history of %d has %d", h.TotalCount, len(h.Messages))
	}
	return h.Messages
}

// sessionOf is the only session of a client in a chat that is known by an id of the caller's.
func (d data) sessionOf(t *testing.T, client string) string {
	t.Helper()
	ids := d.sessionsOf(t, client)
	if len(ids) != 1 {
		t.Fatalf("client %s has the sessions %v", client, ids)
	}
	return ids[0]
}

func (d data) sessionsOf(t *testing.T, client string) (ids []string) {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT s.id FROM sessions s JOIN client_aliases a ON a.client_key = s.client_key
		WHERE a.value = $1 ORDER BY s.key`, client)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// unfinished counts what is not done yet: turns that bots owe, and deliveries that wait.
func (d data) unfinished(t *testing.T) (turns, deliveries int) {
	t.Helper()
	db, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const query = `SELECT (SELECT COUNT(*) FROM session_heads WHERE due_at > 0), (SELECT COUNT(*) FROM deliveries WHERE state = 'pending')`
	if err := db.QueryRowContext(t.Context(), query).Scan(&turns, &deliveries); err != nil {
		t.Fatal(err)
	}
	return turns, deliveries
}

// TestRepeatedQuestionsOfAKilledServer: who repeats a question by its uuid through crashes is answered, always
// the same, and the bot has had one turn about it.
func TestRepeatedQuestionsOfAKilledServer(t *testing.T) {
	t.Parallel()
	const clients, questions, kills = 20, 25, 5
	r := random(t)
	s := newServer(t)
	c, a := newChannel(t, s, nil), newAPI(t, s.url())
	answers := make([][]string, clients) // as they came first
	repeats := make([]int, clients)
	taken, asked := make(chan struct{}, clients*questions), make(chan struct{})
	question := func(client, n int) object {
		return object{"clientId": fmt.Sprint("client-", client), "query": fmt.Sprint("question ", n), "uuid": fmt.Sprintf("%d-%d", client, n), "cid": "page"}
	}
	go func() {
		defer close(asked)
		atOnce(clients, func(i int) {
			for n := range questions {
				res, again, err := c.ask(t.Context(), a, "", question(i, n))
				if err != nil {
					t.Error(err)
					return
				}
				answers[i] = append(answers[i], res.text())
				repeats[i] += again
				taken <- struct{}{}
			}
		})
	}()
	for i := range kills {
		eventually(t, time.Minute, "questions are answered", func() bool { return len(taken) >= clients*questions*(i+1)/(kills+2) })
		pause(t.Context(), time.Duration(r.Int64N(int64(20*time.Millisecond))))
		s.kill()
		s.start(t)
	}
	<-asked
	s.kill()
	s.start(t)
	sum := 0
	for i := range clients {
		sum += repeats[i]
		for n := range answers[i] {
			var o answered
			if err := json.Unmarshal([]byte(answers[i][n]), &o); err != nil {
				t.Fatal(err)
			}
			if q := question(i, n); o.Data.Answer != counted(n+1, q["query"].(string)) || o.QuestionID != q["uuid"] || o.Data.NewSessionStarted != (n == 0) {
				t.Errorf("%v was answered %s", q, answers[i][n])
			}
			if res, _, err := c.ask(t.Context(), a, "", question(i, n)); err != nil || res.text() != answers[i][n] {
				t.Errorf("a repeat was answered %+v, %v, the question %s", res, err, answers[i][n])
			}
		}
		if got := len(c.history(t, a, fmt.Sprint("client-", i))); got != questions*3 {
			t.Errorf("client %d has a history of %d", i, got)
		}
	}
	t.Logf("%d repeats", sum)
	if sum == 0 {
		t.Error("nobody had to repeat a question")
	}
	readSound(t, s.data)
}

// pushedTo is what a channel's webhook has been told about clients, held against what was asked: see check.
type pushedTo struct {
	channel *channel
	clients int
	taken   atomic.Int64 // questions
}

func (p *pushedTo) name(client int) string { return fmt.Sprint("клиент ", client) }

func (p *pushedTo) uuid(client, n int) string { return fmt.Sprintf("%s/%d", p.name(client), n) }

// askAll has every client ask so many questions, one after the other, that nobody waits for.
func (p *pushedTo) askAll(t *testing.T, questions int, apis ...*api) {
	atOnce(p.clients, func(i int) {
		for n := 1; n <= questions; n++ {
			id := p.uuid(i, n)
			res, _, err := p.channel.ask(t.Context(), apis[i%len(apis)], "/async", object{
				"clientId": p.name(i), "query": fmt.Sprint("question ", n), "uuid": id, "cid": fmt.Sprint("page-", n%2),
			})
			if want := fmt.Sprintf(`{"id":%q,"questionId":%q}`, id, id); err != nil || res.text() != want {
				t.Errorf("question %d of %s: %+v, %v", n, p.name(i), res, err)
				return
			}
			p.taken.Add(1)
		}
	})
}

// check compares what was received with what was asked: the answer to each question of every client, in
// order, as documented. A repeat says the same under the same id as what came before it for its client.
func (p *pushedTo) check(t *testing.T, h *hook, questions int) (repeats int) {
	t.Helper()
	type place struct {
		n, attempt int
		id, body   string
	}
	last := make([]place, p.clients)
	numbers := map[string]int{}
	for i := range p.clients {
		numbers[p.name(i)] = i
	}
	ids := map[string]bool{}
	wrong := &complaints{t: t}
	for _, call := range h.all() {
		contract.Event(t, "chatapi", "chatAnswers", call.body)
		var objects []answered
		if err := json.Unmarshal(call.body, &objects); err != nil || len(objects) != 1 {
			wrong.add("%v: %s", err, call.body)
			continue
		}
		o := &objects[0]
		i, ok := numbers[o.ClientID]
		at := &last[i]
		next := at.n + 1
		attempt, err := strconv.Atoi(call.attempt)
		switch {
		case !ok || err != nil:
			wrong.add("nobody asked, or attempt %q: %s", call.attempt, call.body)
		case call.id == at.id && attempt >= at.attempt && string(call.body) == at.body:
			at.attempt = attempt
			repeats++
		case ids[call.id]:
			wrong.add("client %d: the id of another delivery, after %d: %s", i, at.n, call.body)
		case o.QuestionID != p.uuid(i, next) || o.CID != fmt.Sprint("page-", next%2) || o.Data.Answer != counted(next, fmt.Sprint("question ", next)):
			wrong.add("client %d: after the answer to question %d: %s", i, at.n, call.body)
		default:
			ids[call.id] = true
			*at = place{next, attempt, call.id, string(call.body)}
		}
	}
	for i := range last {
		if last[i].n != questions {
			wrong.add("client %d: %d questions are answered, want %d", i, last[i].n, questions)
		}
	}
	return repeats
}

// TestAnswersByWebhook: the server is killed again and again while its bots answer, and while it delivers,
// and the receiver goes and comes back. Every question that was taken is answered, in order.
func TestAnswersByWebhook(t *testing.T) {
	t.Parallel()
	const clients, questions, kills, rounds = 40, 20, 4, 4
	h := newHook(t, 10*time.Millisecond)
	s := newServer(t, privateWebhooks, "--webhooks-per-receiver=8")
	p := &pushedTo{channel: newChannel(t, s, object{"webhookUrl": h.url()}), clients: clients}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		p.askAll(t, questions, newAPI(t, s.url()))
	}()
	turns, deliveries := 0, 0
	kill := func() {
		s.kill()
		due, pending := s.data.unfinished(t)
		turns, deliveries = turns+due, deliveries+pending
		s.start(t)
	}
	for i := range int64(kills) {
		eventually(t, time.Minute, "questions are taken", func() bool { return p.taken.Load() > clients*questions*i/(kills+1)+clients/2 })
		kill()
	}
	<-asked
	for i := range rounds {
		got := h.ids()
		target := got + (clients*questions-got)/(rounds-i+1)
		eventually(t, time.Minute, "answers are received", func() bool { return h.ids() >= target })
		h.down()
		if i%2 == 1 {
			kill()
		}
		if err := h.up(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 2*time.Minute, "all is received", func() bool { return h.ids() >= clients*questions })
	t.Logf("%d repeats; the kills met %d turns and %d deliveries", p.check(t, h, questions), turns, deliveries)
	if turns == 0 || deliveries == 0 {
		t.Error("nothing was under way when the server was killed")
	}
	a := newAPI(t, s.url())
	mustBeSigned(t, p.channel.webhookKey(t), h.all())
	for i := range clients {
		var status struct{ Status string }
		path := p.channel.path + "/client/" + url.PathEscape(p.name(i)) + "/message/" + url.PathEscape(p.uuid(i, questions)) + "/status"
		eventually(t, time.Minute, "the last answer is delivered", func() bool {
			a.get(t, path).decode(t, &status)
			return status.Status == "DELIVERED"
		})
	}
	readSound(t, s.data)
}

// webhookKey verifies what goes to the channel's webhook.
func (c *channel) webhookKey(t *testing.T) []byte {
	t.Helper()
	secret := c.admin.do(http.StatusOK, "GET", "/chats/"+c.id+"/secrets", nil)["webhookSecret"].(string)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}
