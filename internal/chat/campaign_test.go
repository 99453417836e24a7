package chat_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// recipients are clients c0, c1 and so on.
func recipients(n int) []chat.Recipient {
	list := make([]chat.Recipient, n)
	for i := range list {
		list[i].ClientID = "c" + strconv.Itoa(i)
	}
	return list
}

// campaign makes one with an event, and starts it.
func (w *world) campaign(list []chat.Recipient, edit ...func(*chat.Campaign)) *chat.Campaign {
	w.t.Helper()
	p := chat.CampaignParams{Recipients: list, Start: true, Campaign: chat.Campaign{Name: "акция", ChatID: w.chat.ID, Event: "sale"}}
	for _, e := range edit {
		e(&p.Campaign)
	}
	made, err := w.CreateCampaign(w.t.Context(), root, p, chat.Idempotency{})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

var root = &chat.APIKey{ID: "root"}

func (w *world) found(c *chat.Campaign) *chat.Campaign {
	w.t.Helper()
	found, err := w.FindCampaign(w.t.Context(), c.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// sendOnce sends what is due, and returns to how many it was tried.
func (w *world) sendOnce() int {
	w.t.Helper()
	step, err := w.SendCampaign(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return step.Tried
}

func (w *world) sendAll() {
	for w.sendOnce() > 0 {
	}
}

// got is how often a client got an event of a campaign.
func (w *world) got(client string) (n int, last *chat.ActionPressed) {
	w.t.Helper()
	r := w.start(func(p *chat.StartParams) { p.ExternalID, p.Continue = client, true })
	for _, e := range w.events(r.Session.ID) {
		if pressed, ok := e.Payload.(*chat.ActionPressed); ok {
			n, last = n+1, pressed
		}
	}
	return n, last
}

func TestCampaignReachesEverybodyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.start(func(p *chat.StartParams) { p.ExternalID = "c3" })
	list := recipients(120)
	list[4].Data = json.RawMessage(`{"name":"Ян","b":2}`)
	list = append(list, list[7]) // again
	c := w.campaign(list, func(c *chat.Campaign) { c.EventData = json.RawMessage(`{"a":1,"b":1}`) })
	if c.Total != 120 || c.State != chat.CampaignPending {
		t.Fatalf("%+v", c)
	}
	w.sendAll()
	if c = w.found(c); c.State != chat.CampaignSent || c.Sent != 120 || c.Failed != 0 || c.EndedAt.IsZero() {
		t.Fatalf("%+v", c)
	}
	for i := range 120 {
		n, pressed := w.got(list[i].ClientID)
		want := `{"a":1,"b":1}`
		if i == 4 {
			want = `{"a":1,"b":2,"name":"Ян"}`
		}
		if n != 1 || pressed.Event != "sale" || string(pressed.Data) != want {
			t.Errorf("client %d got %d, %+v", i, n, pressed)
		}
	}
	if s := w.session(open.Session.ID); !s.TurnDue() || s.Status != chat.StatusOpen {
		t.Errorf("the open session of a client was not gone on with: %+v", s)
	}
	sent, total, err := w.ListRecipients(t.Context(), c.ID, "SENT", 100, 50)
	if err != nil || total != 120 || len(sent) != 20 || sent[0].ClientID != "c100" || sent[0].QuestionID == "" || sent[0].SessionID == "" {
		t.Errorf("%d of %d: %+v, %v", len(sent), total, sent[0], err)
	}
	if next, err := w.NextCampaign(t.Context()); err != nil || !next.IsZero() {
		t.Errorf("something is due: %v, %v", next, err)
	}
}

// Two nodes, and one that dies in the middle of a batch, whose transaction is not committed then.
func TestCampaignIsSentByManyNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.campaign(recipients(500))
	var nodes sync.WaitGroup
	for range 3 {
		node := w.another()
		nodes.Go(func() {
			for {
				step, err := node.SendCampaign(t.Context())
				if err != nil || step.Idle {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	nodes.Wait()
	if c = w.found(c); c.Sent != 500 || c.State != chat.CampaignSent {
		t.Fatalf("%+v", c)
	}
	for i := range 500 {
		if n, _ := w.got("c" + strconv.Itoa(i)); n != 1 {
			t.Errorf("client %d got it %d times", i, n)
		}
	}
}

func TestCampaignKeepsItsRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{1, 7, 100, 2000} {
		t.Run(strconv.Itoa(rate), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.campaign(recipients(60), func(c *chat.Campaign) { c.Rate = rate })
			began, others := w.clock(), w.another()
			for range 400 {
				w.sendOnce()
				step, err := others.SendCampaign(t.Context()) // another node has nothing to add
				if err != nil || !step.Idle && step.Tried > 0 && rate < 10 && w.found(c).Sent > 2+int64(w.clock().Sub(began).Seconds()*float64(rate)) {
					t.Fatalf("%+v, %v", step, err)
				}
				found := w.found(c)
				took := w.clock().Sub(began).Seconds()
				if most := float64(rate)*took + 2*float64(max(1, min(rate/10, 50))); float64(found.Sent) > most {
					t.Fatalf("%d sent after %.3f s", found.Sent, took)
				}
				if found.Over() {
					break
				}
				w.pass(found.DueAt.Sub(w.clock()))
			}
			if took := w.clock().Sub(began).Seconds(); w.found(c).Sent != 60 || took < 0.8*60/float64(rate)-1 || took > 1.1*60/float64(rate)+1 {
				t.Fatalf("%d sent in %.3f s", w.found(c).Sent, took)
			}
		})
	}
}

func TestCampaignIsPostponedAndCanceled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.campaign(recipients(200), func(c *chat.Campaign) { c.SendingAt = w.clock().Add(time.Hour) })
	if c.State != chat.CampaignPostponed || w.sendOnce() != 0 {
		t.Fatalf("%+v", c)
	}
	list, total, err := w.ListRecipients(t.Context(), c.ID, "POSTPONED", 0, 1)
	if err != nil || total != 200 || list[0].State != chat.CampaignPostponed {
		t.Fatal(list, total, err)
	}
	w.pass(time.Hour)
	sent := w.sendOnce()
	if sent == 0 || sent == 200 || w.found(c).State != chat.CampaignPending {
		t.Fatalf("%d, %+v", sent, w.found(c))
	}
	for range 2 { // the second changes nothing
		if c, err = w.CancelCampaign(t.Context(), c.ID); err != nil || c.State != chat.CampaignCanceled {
			t.Fatal(c, err)
		}
	}
	if w.sendOnce() != 0 {
		t.Fatal("a canceled campaign is sent")
	}
	_, total, err = w.ListRecipients(t.Context(), c.ID, "CANCELED", 0, 1)
	if err != nil || total != int64(200-sent) || c.Sent != int64(sent) {
		t.Fatal(total, sent, err)
	}
	_, err = w.StartCampaign(t.Context(), c.ID)
	expectCode(t, err, chat.CodeState)
	_, _, err = w.AddRecipients(t.Context(), c.ID, recipients(1))
	expectCode(t, err, chat.CodeState)
}

func TestCampaignOfHigherPriorityGoesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	low := w.campaign(recipients(10))
	high := w.campaign(recipients(10), func(c *chat.Campaign) { c.Priority = 5 })
	w.sendOnce()
	if w.found(high).Sent != 10 || w.found(low).Sent != 0 {
		t.Fatal("the lower one went first")
	}
	w.sendAll()
	if w.found(low).Sent != 10 {
		t.Fatal("the lower one did not go")
	}
}

// What fails for one does not keep the others from getting it.
func TestCampaignFailsForSome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	withPeople := w.start(func(p *chat.StartParams) { p.ExternalID = "c1" })
	turn := w.begin(withPeople.Session.ID)
	w.commit(turn, chat.HandOver{})
	w.start(func(p *chat.StartParams) { p.ExternalID, p.BotID = "c2", chat.NoBot })
	c := w.campaign(recipients(4))
	w.sendAll()
	if c = w.found(c); c.Sent != 2 || c.Failed != 2 || c.State != chat.CampaignSent {
		t.Fatalf("%+v", c)
	}
	list, _, err := w.ListRecipients(t.Context(), c.ID, "FAILED", 0, 10)
	if err != nil || len(list) != 2 || !strings.Contains(list[0].Reason, "people") || !strings.Contains(list[1].Reason, "no bot") {
		t.Fatal(list, err)
	}

	said := w.campaign(recipients(3), func(c *chat.Campaign) {
		c.Event = ""
		c.Messages = []chat.Message{{Body: "Скидка", Replies: []json.RawMessage{[]byte(`{"type":"text","text":"Скидка"}`)}}, {Body: "две"}}
	})
	w.sendAll()
	if w.found(said).Sent != 3 {
		t.Fatalf("%+v", w.found(said))
	}
	events := w.events(withPeople.Session.ID)
	for i, body := range []string{"Скидка", "две"} {
		if m := events[len(events)-2+i].Message(); m == nil || m.Body != body || m.AuthorType != chat.AuthorBot || m.AuthorID != w.bot.ID {
			t.Errorf("%+v", m)
		}
	}

	gone := w.campaign(recipients(8)[6:], func(c *chat.Campaign) { c.BotID = otherBot })
	w.update(func(tx chat.Tx) error { return tx.DeleteBot(otherBot) })
	w.sendAll()
	if gone = w.found(gone); gone.Failed != 2 || gone.State != chat.CampaignFailed {
		t.Fatalf("%+v", gone)
	}
}

func TestCampaignsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		field string
		edit  func(*chat.CampaignParams)
	}{
		{"name", func(p *chat.CampaignParams) { p.Campaign.Name = " " }},
		{"chatId", func(p *chat.CampaignParams) { p.Campaign.ChatID = uuid.NewString() }},
		{"botId", func(p *chat.CampaignParams) { p.Campaign.BotID = uuid.NewString() }},
		{"event", func(p *chat.CampaignParams) { p.Campaign.Event = "" }},
		{"event", func(p *chat.CampaignParams) { p.Campaign.Event = strings.Repeat("я", 256) }},
		{"replies", func(p *chat.CampaignParams) { p.Campaign.Messages = []chat.Message{{Body: "a"}} }},
		{"eventData", func(p *chat.CampaignParams) { p.Campaign.EventData = []byte(`[1]`) }},
		{"eventData", func(p *chat.CampaignParams) {
			p.Campaign.EventData = []byte(`{"a":"` + strings.Repeat("x", 65536) + `"}`)
		}},
		{"callbackUrl", func(p *chat.CampaignParams) { p.Campaign.CallbackURL = "ftp://x" }},
		{"priority", func(p *chat.CampaignParams) { p.Campaign.Priority = 1001 }},
		{"ratePerSecond", func(p *chat.CampaignParams) { p.Campaign.Rate = -1 }},
		{"sendingTime", func(p *chat.CampaignParams) { p.Campaign.SendingAt = w.clock().AddDate(2, 0, 0) }},
		{"recipients", func(p *chat.CampaignParams) { p.Recipients = recipients(1001) }},
		{"recipients[1].clientId", func(p *chat.CampaignParams) { p.Recipients = []chat.Recipient{{ClientID: "a"}, {ClientID: ""}} }},
		{"recipients[0].clientId", func(p *chat.CampaignParams) { p.Recipients = []chat.Recipient{{ClientID: "a\n"}} }},
		{"recipients[0].data", func(p *chat.CampaignParams) { p.Recipients = []chat.Recipient{{ClientID: "a", Data: []byte(`1`)}} }},
	}
	for i, c := range tests {
		t.Run(fmt.Sprint(i, " ", c.field), func(t *testing.T) {
			p := chat.CampaignParams{Campaign: chat.Campaign{Name: "n", ChatID: w.chat.ID, Event: "sale"}}
			c.edit(&p)
			_, err := w.CreateCampaign(t.Context(), root, p, chat.Idempotency{})
			expectField(t, err, c.field)
		})
	}
	if list, n, err := w.ListCampaigns(t.Context(), 0, 10); err != nil || n != 0 || len(list) != 0 {
		t.Fatalf("%d campaigns are there, %v", n, err)
	}
	p := chat.CampaignParams{Start: true, Campaign: chat.Campaign{Name: "n", ChatID: w.chat.ID, Event: "sale"}}
	_, err := w.CreateCampaign(t.Context(), root, p, chat.Idempotency{})
	expectCode(t, err, chat.CodeState)
}

func TestCampaignIsMadeOnceAndFilledInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idem := chat.Idempotency{Key: uuid.NewString(), BodyHash: "h"}
	var ids []string
	for range 2 {
		c, err := w.CreateCampaign(t.Context(), root, chat.CampaignParams{Campaign: chat.Campaign{Name: "n", ChatID: w.chat.ID, Event: "sale"}}, idem)
		if err != nil || c.State != chat.CampaignInit {
			t.Fatal(c, err)
		}
		ids = append(ids, c.ID)
	}
	if ids[0] != ids[1] {
		t.Fatal("there are two")
	}
	for i, want := range []int64{5, 0} { // an answer that was lost
		c, added, err := w.AddRecipients(t.Context(), ids[0], recipients(5))
		if err != nil || added != want || c.Total != 5 {
			t.Fatal(i, added, c, err)
		}
	}
	if _, added, err := w.AddRecipients(t.Context(), ids[0], recipients(8)); err != nil || added != 3 || w.sendOnce() != 0 {
		t.Fatal(added, err)
	}
	if _, err := w.StartCampaign(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	w.sendAll()
	if c := w.found(&chat.Campaign{ID: ids[0]}); c.Sent != 8 {
		t.Fatalf("%+v", c)
	}
}

// TestTimesGrowOverSessions: a session that begins because the one before was over goes on with its
// times, whoever begins it: so a time is a place in all that happened to the client (Chat API, 2, ts).
func TestTimesGrowOverSessions(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(w *world){
		"a campaign": func(w *world) { w.campaign(recipients(1)); w.sendAll() },
		"a question": func(w *world) {
			if _, err := w.Ask(t.Context(), w.chat, chat.AskParams{ClientID: "c0", Query: "a"}); err != nil {
				t.Fatal(err)
			}
		},
		"an event of a timer": func(w *world) { w.expectFired(chat.TimerDone) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.start(func(p *chat.StartParams) { p.ExternalID = "c0" }).Session
			w.set(w.begin(before.ID), event(w, chat.DefaultSessionTTL))
			w.pass(chat.DefaultSessionTTL)
			begin(w)
			now := w.openOf(before)
			old, events := w.events(before.ID), w.events(now.ID)
			last := old[len(old)-1]
			if last.Payload.Kind() != chat.KindSessionClosed || now.ID == before.ID {
				t.Fatalf("the session before was not ended: %+v", last)
			}
			if first := events[0].At; first.UnixMilli() <= last.At.UnixMilli() {
				t.Errorf("the new session begins at %s, the one before ends at %s", first, last.At)
			}
		})
	}
}

func TestOldCampaignsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.campaign(recipients(700))
	w.sendAll()
	reached, _, err := w.ListRecipients(t.Context(), sent.ID, "SENT", 699, 1)
	if err != nil || len(reached) != 1 {
		t.Fatal(reached, err)
	}
	never, err := w.CreateCampaign(t.Context(), root, chat.CampaignParams{
		Campaign: chat.Campaign{Name: "n", ChatID: w.chat.ID, Event: "sale"}, Recipients: recipients(600),
	}, chat.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	later := w.campaign(recipients(1), func(c *chat.Campaign) { c.SendingAt = w.clock().Add(10 * time.Hour) })
	list := func() (ids []string) {
		t.Helper()
		if err := w.ForgetCampaigns(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		campaigns, total, err := w.ListCampaigns(t.Context(), 0, 10)
		if err != nil || int(total) != len(campaigns) {
			t.Fatal(total, err)
		}
		for _, c := range campaigns {
			ids = append(ids, c.ID)
		}
		return ids
	}
	w.pass(time.Hour)
	if got := list(); !slices.Equal(got, []string{later.ID, never.ID, sent.ID}) {
		t.Fatalf("%v after just an hour", got)
	}
	w.pass(time.Second)
	if got := list(); !slices.Equal(got, []string{later.ID}) {
		t.Fatalf("%v after more than an hour", got)
	}
	if _, _, err := w.ListRecipients(t.Context(), sent.ID, "", 0, 1); chat.CodeOf(err) != chat.CodeNotFound {
		t.Error(err)
	}
	if events := w.events(reached[0].SessionID); len(events) < 2 || events[1].ID != reached[0].QuestionID {
		t.Errorf("what was sent is gone too: %+v", events)
	}
}
