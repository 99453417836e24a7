package adminapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/chat"
)

// renders makes a message of each reply.
func renders(p *adminapi.Params) {
	p.Render = func(replies []json.RawMessage) (list []chat.Message, err error) {
		for _, r := range replies {
			list = append(list, chat.Message{Body: "b", Replies: []json.RawMessage{r}})
		}
		return list, nil
	}
}

func TestCampaignOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, renders)
	chatID := w.do(201, "POST", "/chats", `{"name": "a"}`).text("id")
	made := w.do(201, "POST", "/campaigns", `{"name": "n", "chatId": "`+chatID+`", "replies": [{"type": "text", "text": "a"}], "recipients": ["a", 7]}`)
	path := "/campaigns/" + made.text("id")
	if made.text("state") != "INIT" || made.body["total"] != 2.0 {
		t.Fatal(made.raw)
	}
	if added := w.do(200, "POST", path+"/recipients", `{"recipients": [{"clientId": "7"}, {"clientId": "c", "data": null}]}`); added.raw != `{"added":1,"total":3}` {
		t.Fatal(added.raw)
	}
	if started := w.do(200, "POST", path+"/start", ""); started.text("state") != "PENDING" {
		t.Fatal(started.raw)
	}
	if step, err := w.service.SendCampaign(t.Context()); err != nil || step.Tried != 3 || step.Failed != 0 {
		t.Fatal(step, err)
	}
	if shown := w.do(200, "GET", path, ""); shown.text("state") != "SENT" || shown.body["sent"] != 3.0 || shown.body["waiting"] != 0.0 {
		t.Fatal(shown.raw)
	}
	if list := w.do(200, "GET", path+"/recipients?state=SENT&limit=1&offset=1", ""); list.body["count"] != 3.0 || !strings.Contains(list.raw, `"clientId":"7"`) {
		t.Fatal(list.raw)
	}
	w.do(200, "GET", "/campaigns", "")
	w.do(422, "POST", path+"/cancel", "")
	_, reader := w.key("campaigns:read")
	w.do(200, "GET", path, "", reader)
	w.do(403, "POST", path+"/cancel", "", reader)
	w.do(404, "GET", "/campaigns/"+unknownID, "")
	w.do(400, "GET", path+"/recipients?state=LOST", "")
	for body, field := range map[string]string{
		`{"name": "n"}`:                             "chatId",
		`{"name": "n", "chatId": "x"}`:              "chatId",
		`{"name": "n", "chatId": "` + chatID + `"}`: "event",
		`{"name": "n", "chatId": "` + chatID + `", "event": "e", "sendingTime": "soon"}`:                     "sendingTime",
		`{"name": "n", "chatId": "` + chatID + `", "event": "e", "replies": [1]}`:                            "replies[0]",
		`{"name": "n", "chatId": "` + chatID + `", "event": "e", "recipients": [null]}`:                      "recipients[0]",
		`{"name": "n", "chatId": "` + chatID + `", "event": "e", "recipients": [{"clientId": "a", "x": 1}]}`: "recipients[0].x",
	} {
		if a := w.do(400, "POST", "/campaigns", body); !strings.Contains(a.raw, `"field":"`+field+`"`) {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}
