//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govorun/govorun/test/servers"
)

// twins are two nodes over one PostgreSQL, which tell each other the news over Redis.
type twins struct {
	data  data
	redis *servers.Redis
	nodes [2]*server
}

func newTwins(t *testing.T, d data, args ...string) *twins {
	t.Helper()
	p := &twins{data: d, redis: servers.NewRedis(t)}
	args = append(args, "--redis-url", p.redis.URL())
	for i := range p.nodes {
		p.nodes[i] = newServerOn(t, data{dir: t.TempDir(), url: d.url}, args...)
	}
	for _, s := range p.nodes {
		eventually(t, startWithin, "Redis is used", func() bool { return s.metric(t, "govorun_relay_up") == 1 })
	}
	return p
}

// roaming is an api of a client who goes from a node that does not answer to the other.
func (p *twins) roaming(first int) *api {
	return roaming([]string{p.nodes[0].addr, p.nodes[1].addr}, first)
}

// apis are one for each node, beginning with one of them.
func (p *twins) apis(t *testing.T, first int) []*api {
	return []*api{newAPI(t, p.nodes[first].url()), newAPI(t, p.nodes[1-first].url())}
}

// TestLongPollsOfTwoNodes: what is written on one node wakes who waits at the other. While both are written
// on, one is killed and comes back, and who polls on changing nodes is given everything, in order and once.
func TestLongPollsOfTwoNodes(t *testing.T) {
	onPostgres.only(t)
	t.Parallel()
	const client, writers, each = "u", 6, 20
	p := newTwins(t, newData(t))
	c := newChannel(t, p.nodes[0], nil)
	c.wakes(t, p)

	pollers := []*poller{
		{cursor: byTime, apis: p.apis(t, 0)}, {cursor: byTime, apis: p.apis(t, 1), roam: 1}, {cursor: byID, apis: p.apis(t, 0), roam: 1},
		{cursor: byServer, apis: p.apis(t, 0)}, {cursor: byServer, apis: p.apis(t, 1), roam: 2},
	}
	for i, poller := range pollers {
		poller.channel, poller.client, poller.cid = c, client, fmt.Sprint("poller-", i)
		polling(t, poller)
	}
	awaitPolls(t, len(pollers), p.nodes[:]...)
	var taken atomic.Int64
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		atOnce(writers, func(i int) {
			a := p.roaming(i)
			for n := range each {
				question := object{"clientId": client, "query": fmt.Sprintf("%d of %d", n, i), "uuid": fmt.Sprintf("%d-%d", i, n)}
				if _, _, err := c.ask(t.Context(), a, []string{"", "/async"}[i%2], question); err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
			}
		})
	}()
	for i, s := range p.nodes {
		eventually(t, settleWithin, "questions are taken", func() bool { return taken.Load() >= int64(writers*each*(2*i+1)/4) })
		p.closeLatest(t, client)
		s.kill()
		eventually(t, settleWithin, "they are taken at the other node", func() bool { return taken.Load() >= int64(writers*each*(2*i+2)/4-writers) })
		s.start(t)
		p.closeLatest(t, client)
	}
	<-asked
	awaitSettled(t, p.data, settleWithin)
	b := readSound(t, p.data)
	var pages []*page
	for _, id := range p.data.sessionsOf(t, client) {
		pages = append(pages, b[id])
	}
	wrong, questions := &complaints{t: t}, 0
	for _, o := range polled(pages) {
		if o.Type == "client" {
			questions++
		}
	}
	if questions != writers*each || len(pages) < 3 {
		t.Errorf("the log has %d questions in %d sessions, expected %d", questions, len(pages), writers*each)
	}
	for i, poller := range pollers {
		poller.check(t, wrong, pages)
		lost, repeats := poller.losses()
		t.Logf("poller %d: %d polls were lost, %d objects came again", i, lost, repeats)
		if lost == 0 {
			t.Errorf("the crashes did not disturb poller %d", i)
		}
	}
}

// closeLatest closes the session of a client that was started last: the next question begins another.
func (p *twins) closeLatest(t *testing.T, client string) {
	t.Helper()
	ids := p.data.sessionsOf(t, client)
	res, err := p.roaming(0).do(t.Context(), http.MethodPost, base+"/sessions/"+ids[len(ids)-1]+"/close", nil, "")
	if err != nil || res.status != http.StatusOK {
		t.Errorf("close: %+v, %v", res, err)
	}
}

// wakes has a poll wait at the one node while the other is written on, with Redis and without.
func (c *channel) wakes(t *testing.T, p *twins) {
	t.Helper()
	here, there := p.apis(t, 0)[0], p.apis(t, 1)[0]
	there.http.Timeout = 0
	c.mustAsk(t, here, "waiting", "before")
	for round := range 4 {
		if round == 3 {
			if err := p.redis.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		woken := make(chan []answered)
		go func() {
			objects, err := c.poll(t.Context(), there, url.Values{"clientId": {"waiting"}, "cid": {"page"}, "all": {"true"}})
			if err != nil {
				t.Error(err)
			}
			woken <- objects
		}()
		awaitPolls(t, 1, p.nodes[1])
		began := time.Now()
		last := c.mustAsk(t, here, "waiting", fmt.Sprint("round ", round))
		objects := <-woken
		if len(objects) == 0 || objects[0].QuestionID != last.QuestionID {
			t.Errorf("round %d: woken with %+v, expected %s", round, objects, last.QuestionID)
		}
		t.Logf("round %d: woken after %s", round, time.Since(began).Round(time.Millisecond))
		for len(objects) < 2 { // its answer
			more, err := c.poll(t.Context(), there, url.Values{"clientId": {"waiting"}, "cid": {"page"}, "all": {"true"}})
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, more...)
		}
		awaitPolls(t, 0, p.nodes[1])
	}
	if err := p.redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestQuestionThatAnotherNodeAnswers: a synchronous question waits at one node for a turn of the other, which
// has the client's turns in hand; and when that one is killed in the middle, it is answered all the same.
func TestQuestionThatAnotherNodeAnswers(t *testing.T) {
	onPostgres.only(t)
	t.Parallel()
	d := newData(t)
	gate := make(chan struct{}, 10)
	far := newFarBot(t, d, func(w http.ResponseWriter, r *http.Request, turn farTurn) {
		select {
		case <-gate:
			say(w, "to "+turn.Event.Body)
		case <-r.Context().Done():
		}
	})
	p := newTwins(t, d, privateBots)
	c := &channel{id: far.chat, path: "/chatapi/" + farToken}
	here, there := p.apis(t, 0)[0], p.apis(t, 1)[0]
	for i, killed := range []bool{false, true} {
		client := fmt.Sprint("client-", i)
		inHand := len(far.seen()) + 1
		if _, _, err := c.ask(t.Context(), there, "/async", object{"clientId": client, "query": "first", "uuid": "q1"}); err != nil {
			t.Fatal(err)
		}
		eventually(t, settleWithin, "the other node has a turn in hand", func() bool { return len(far.seen()) == inHand })
		calls := p.nodes[0].metric(t, "govorun_remote_bot_call_seconds_count")
		answers := make(chan string, 2)
		question := object{"clientId": client, "query": "second", "uuid": "q2"}
		ask := func(a *api) {
			res, _, err := c.ask(t.Context(), a, "", question)
			if err != nil {
				t.Error(err)
				answers <- ""
				return
			}
			answers <- res.text()
		}
		go ask(here)
		session := d.sessionOf(t, client)
		eventually(t, settleWithin, "the question is asked", func() bool { return len(readBook(t, d)[session].entries) == 3 })
		if killed {
			p.nodes[1].kill()
			gate <- struct{}{}
		} else {
			go ask(there) // the same question
		}
		gate <- struct{}{}
		gate <- struct{}{}
		first := <-answers
		var o answered
		if err := json.Unmarshal([]byte(first), &o); err != nil || o.Data.Answer != "to second" || o.QuestionID != "q2" {
			t.Errorf("answered %s, %v", first, err)
		}
		made := p.nodes[0].metric(t, "govorun_remote_bot_call_seconds_count") - calls
		if !killed {
			if second := <-answers; second != first {
				t.Errorf("a repeat at the other node was answered %s, the question %s", second, first)
			}
			if made != 0 {
				t.Errorf("the node that was asked has called the bot %v times", made)
			}
		} else if made < 2 {
			t.Errorf("the node that was asked has called the bot %v times, expected two turns of the killed one", made)
		}
	}
	readSound(t, d)
}

// TestCrashOfCampaignOnTwoNodes kills the node that is sending, again and again. Every client gets it once, each
// bot reacts once, and the webhook is told so.
func TestCrashOfCampaignOnTwoNodes(t *testing.T) {
	onPostgres.only(t)
	t.Parallel()
	const people, rate, kills = 1200, 300, 4
	h := newHook(t, 0)
	p := newTwins(t, newData(t), privateWebhooks)
	c := newChannel(t, p.nodes[0], object{"webhookUrl": h.url()})
	path := c.admin.campaign(object{"chatId": c.id, "event": "press", "ratePerSecond": rate}, people)
	c.admin.do(http.StatusOK, "POST", path+"/start", object{})
	sent := func(i int) float64 { return p.nodes[i].metric(t, "govorun_campaign_recipients_total") }
	for range kills {
		had := [2]float64{sent(0), sent(1)}
		sending := -1
		eventually(t, settleWithin, "a node sends", func() bool {
			for i := range p.nodes {
				if sent(i)-had[i] > rate/4 {
					sending = i
				}
			}
			return sending >= 0
		})
		p.nodes[sending].kill()
		had[1-sending] = sent(1 - sending)
		eventually(t, settleWithin, "the other goes on", func() bool { return sent(1-sending) > had[1-sending] })
		p.nodes[sending].start(t)
	}
	var told object
	eventually(t, settleWithin, "it is sent", func() bool {
		told = c.admin.do(http.StatusOK, "GET", path, nil)
		return told["state"] == "SENT"
	})
	if told["sent"] != float64(people) || told["failed"] != 0.0 || told["total"] != float64(people) {
		t.Error(told)
	}
	eventually(t, time.Minute, "all bots have reacted, and the webhook is told", func() bool { return h.ids() >= people })
	checkReactions(t, h, people)
	eventually(t, time.Minute, "all is counted as delivered", func() bool { return p.nodes[0].state(t, "delivered") == people })
	p.data.mustCount(t, map[string]int{
		"SELECT COUNT(*) FROM client_aliases WHERE value LIKE 'client-%'": people,
		"SELECT COUNT(*) FROM sessions":                                   people,
		"SELECT COUNT(*) FROM events WHERE kind = 'action.pressed'":       people,
		"SELECT COUNT(*) FROM events WHERE kind = 'message.created'":      2 * people,
		"SELECT COUNT(*) FROM campaign_recipients WHERE state = 'SENT'":   people,
		"SELECT COUNT(DISTINCT question_id) FROM campaign_recipients":     people,
	})
	readSound(t, p.data)
}

// checkReactions: a webhook was told of one reaction of each client's bot to an event that a campaign sent.
func checkReactions(t *testing.T, h *hook, people int) {
	t.Helper()
	pressed := map[string]string{} // questions by client
	ids, repeats := map[string]bool{}, 0
	for _, call := range h.all() {
		var objects []answered
		if err := json.Unmarshal(call.body, &objects); err != nil || len(objects) != 1 {
			t.Fatalf("%v: %s", err, call.body)
		}
		o := &objects[0]
		if ids[call.id] {
			repeats++
		}
		if was := pressed[o.ClientID]; o.Data.Answer != counted(1, "press") || was != "" && was != o.QuestionID || (was != "") != ids[call.id] {
			t.Errorf("%s after %q: %s", call.id, was, call.body)
		}
		pressed[o.ClientID], ids[call.id] = o.QuestionID, true
	}
	t.Logf("%d deliveries were repeated", repeats)
	if len(pressed) != people {
		t.Errorf("the webhook was told of %d clients", len(pressed))
	}
}
