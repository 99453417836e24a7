package chatapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/contract"
)

// campaign sends to clients c, who has an open session, and new, whom nobody knows, and returns how it
// went with them.
func (w *world) campaign(p chat.Campaign) map[string]chat.Recipient {
	w.Helper()
	p.Name, p.ChatID = "n", w.channel.ID
	made, err := w.service.CreateCampaign(w.Context(), &chat.APIKey{ID: "k"}, chat.CampaignParams{
		Campaign: p, Recipients: []chat.Recipient{{ClientID: "c"}, {ClientID: "new", Data: p.EventData}}, Start: true,
	}, chat.Idempotency{})
	if err != nil {
		w.Fatal(err)
	}
	if step, err := w.service.SendCampaign(w.Context()); err != nil || step.Tried != 2 || step.Failed != 0 {
		w.Fatalf("%+v, %v", step, err)
	}
	list, _, err := w.service.ListRecipients(w.Context(), made.ID, "SENT", 0, 10)
	if err != nil || len(list) != 2 {
		w.Fatal(list, err)
	}
	return map[string]chat.Recipient{list[0].ClientID: list[0], list[1].ClientID: list[1]}
}

// pushed is what a webhook gets about two clients, in any order: one object for each.
func (w *world) pushed(bodies <-chan string) map[string]answer {
	w.Helper()
	got := map[string]answer{}
	for range 2 {
		body := <-bodies
		contract.Event(w.T, "chatapi", "chatAnswers", []byte(body))
		var objects []answer
		if json.Unmarshal([]byte(body), &objects) != nil || len(objects) != 1 {
			w.Fatalf("%s", body)
		}
		objects[0].text = body
		got[objects[0].ClientID] = objects[0]
	}
	return got
}

// What comes of a campaign reaches the channel's webhook (Chat API, 4 and 9): the bot's answer to its
// event, under the event's questionId.
func TestWebhookOfCampaignWithEvent(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldWithWebhook(t)
	w.ask("hi") // which the webhook is not told of
	sent := w.campaign(chat.Campaign{Event: "sale", EventData: json.RawMessage(`{"a":1}`)})
	got := w.pushed(bodies)
	for client, begins := range map[string]bool{"c": false, "new": true} {
		a := got[client]
		if a.QuestionID != sent[client].QuestionID || a.Token != token || a.Data.Answer != "echo event sale\n\nmore" ||
			a.Data.NLPClass != "/State" || a.Data.NewSessionStarted != begins {
			t.Errorf("%s: %s", client, a.text)
		}
		status := "/client/" + client + "/message/" + sent[client].QuestionID + "/status"
		w.eventually(func() error { return w.wantStatus(status, "DELIVERED") })
	}
	if n := len(bodies); n != 0 {
		t.Errorf("%d more bodies", n)
	}
	if h := w.get("/client/new/history"); !strings.Contains(h.text, `"eventData":{"data":{"a":1},"event":"sale"}`) || h.TotalCount != 2 {
		t.Errorf("%s", h.text)
	}
}

// Ready replies reach it too, as one object, and the client's other faces.
func TestWebhookOfCampaignWithReplies(t *testing.T) {
	t.Parallel()
	w, bodies := newWorldWithWebhook(t)
	w.ask("hi")
	sent := w.campaign(chat.Campaign{Messages: []chat.Message{
		{Body: "Sale", Replies: []json.RawMessage{[]byte(`{"type":"text","text":"Sale"}`)}},
		{Body: "Come", Replies: []json.RawMessage{[]byte(`{"type":"text","text":"Come"}`), []byte(`{"type":"alien","x":[null]}`)}},
	}})
	got := w.pushed(bodies)
	for _, client := range []string{"c", "new"} {
		a := got[client]
		replies := make([]string, len(a.Data.Replies))
		for i := range replies {
			replies[i] = string(a.Data.Replies[i])
		}
		if want := []string{`{"type":"text","text":"Sale"}`, `{"type":"text","text":"Come"}`, `{"type":"alien","x":[null]}`}; !slices.Equal(replies, want) {
			t.Errorf("%s: %s", client, a.text)
		}
		if a.QuestionID != sent[client].QuestionID || a.Data.Answer != "Sale\n\nCome" {
			t.Errorf("%s: %s", client, a.text)
		}
		status := "/client/" + client + "/message/" + a.QuestionID + "/status"
		w.eventually(func() error { return w.wantStatus(status, "DELIVERED") })
		polled := w.do(http.MethodGet, "/chatapi/"+token+"/events?clientId="+client+"&all=true&after=1", "")
		if !strings.Contains(polled.text, "Come") {
			t.Errorf("%s: %s", client, polled.text)
		}
	}
	if n := len(bodies); n != 0 {
		t.Errorf("%d more bodies", n)
	}
}
