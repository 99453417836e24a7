package adminapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// deliveries makes a chat whose events leave, and sessions in it; it returns the chat's id, and the
// deliveries' ids, the newest first.
func (w *world) deliveries(sessions int) (chatID string, ids []string) {
	w.t.Helper()
	chatID = w.do(201, "POST", "/chats", `{"name": "a", "eventCallbackUrl": "https://shop.example/hook", "eventCallbackData": "данные"}`).text("id")
	for range sessions {
		started, err := w.service.Start(w.t.Context(), chat.StartParams{ChatID: chatID})
		if err == nil {
			err = w.service.Close(w.t.Context(), started.Session.ID, chat.ClosedByClient, "")
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for _, item := range w.do(200, "GET", "/webhooks?chatId="+chatID, "").body["items"].([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	if len(ids) < sessions {
		w.t.Fatalf("%d deliveries of %d sessions", len(ids), sessions)
	}
	return chatID, ids
}

// bury has a delivery die.
func (w *world) bury(id string) {
	w.t.Helper()
	err := w.store.Update(w.t.Context(), func(tx chat.Tx) error {
		d, err := tx.LockDelivery(id)
		if err != nil {
			return err
		}
		d.State, d.Reason, d.Attempts, d.EndedAt = chat.DeliveryDead, "нет ответа", 3, time.Now()
		d.Log = []chat.Attempt{{At: d.CreatedAt, Took: 1500 * time.Millisecond, Status: 500, Error: "HTTP 500"}}
		return tx.UpdateDelivery(d)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWebhooksAreListedShownReplayedAndDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chatID, ids := w.deliveries(4)
	_, others := w.deliveries(1)
	for _, id := range ids[:2] {
		w.bury(id)
	}
	of := "?chatId=" + strings.ToUpper(chatID)
	dead := w.do(200, "GET", "/webhooks"+of+"&state=dead", "")
	if dead.count() != 2 || dead.body["count"] != 2.0 {
		t.Errorf("%s", dead.raw)
	}
	if some := w.do(200, "GET", "/webhooks?state=pending&limit=1", ""); some.count() != 1 || some.body["count"] != float64(len(ids)-2+len(others)) {
		t.Errorf("%s", some.raw)
	}
	shown := w.do(200, "GET", "/webhooks/"+ids[0], "")
	for name, want := range map[string]string{
		"id": ids[0], "state": "dead", "kind": "event", "chatId": chatID, "url": "https://shop.example/hook", "attempts": "3", "reason": "нет ответа", "data": "данные",
	} {
		if got := fmt.Sprint(shown.body[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	log, _ := shown.body["log"].([]any)
	if len(log) != 1 || fmt.Sprint(log[0].(map[string]any)["took"], log[0].(map[string]any)["status"]) != "1500 500" || shown.body["endedAt"] == nil {
		t.Errorf("%s", shown.raw)
	}
	if session := w.do(200, "GET", "/webhooks?sessionId="+shown.text("sessionId"), ""); session.count() != len(others) {
		t.Errorf("%s", session.raw)
	}

	if a := w.do(200, "POST", "/webhooks/"+ids[0]+"/replay", ""); a.text("state") != "pending" || a.body["attempts"] != 0.0 {
		t.Errorf("%s", a.raw)
	}
	w.do(422, "POST", "/webhooks/"+ids[0]+"/replay", "{}") // waits already
	if a := w.do(200, "POST", "/webhooks/replay", `{"chatId": "`+chatID+`", "state": "dead"}`); a.body["replayed"] != 1.0 {
		t.Errorf("%s", a.raw)
	}
	if a := w.do(200, "POST", "/webhooks/replay", `{"chatId": "`+chatID+`"}`); a.body["replayed"] != 0.0 {
		t.Errorf("%s", a.raw)
	}
	w.do(204, "DELETE", "/webhooks/"+ids[0], "")
	for _, route := range []string{"GET /webhooks/%s", "DELETE /webhooks/%s", "POST /webhooks/%s/replay"} {
		for _, id := range []string{ids[0], "x", "%D0%B6"} {
			method, path, _ := strings.Cut(fmt.Sprintf(route, id), " ")
			w.do(404, method, path, "")
		}
	}
	if left := w.do(200, "GET", "/webhooks"+of, ""); left.count() != len(ids)-1 {
		t.Errorf("%s", left.raw)
	}
}

func TestBadWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, ids := w.deliveries(1)
	for query, field := range map[string]string{
		"?state=alive": "state", "?chatId=1": "chatId", "?sessionId=": "sessionId", "?limit=0": "limit", "?limit=1001": "limit", "?offset=-1": "offset", "?session=x": "session",
		"?url=a%00": "url", "?url=%FF": "url", "?url=a&url=b": "url",
	} {
		w.do(400, "GET", "/webhooks"+query, "").blames(field)
	}
	for body, field := range map[string]string{
		`{}`: "chatId", `{"chatId": null}`: "chatId", `{"chatId": "x"}`: "chatId", `{"chatId": 1}`: "chatId",
		`{"chatId": "` + demoChat + `", "state": "pending"}`: "state", `{"chatId": "` + demoChat + `", "state": 1}`: "state", `{"id": "x"}`: "id",
	} {
		w.do(400, "POST", "/webhooks/replay", body).blames(field)
	}
	w.do(404, "POST", "/webhooks/replay", `{"chatId": "`+unknownID+`"}`)
	w.do(400, "POST", "/webhooks/"+ids[0]+"/replay", `{"now": true}`).blames("now")
	w.do(400, "POST", "/webhooks/"+ids[0]+"/replay", `[`).blames("")
	w.do(405, "GET", "/webhooks/replay", "")
	if a := w.do(200, "GET", "/webhooks?url=https%3A%2F%2Fother.example", ""); a.count() != 0 {
		t.Errorf("%s", a.raw)
	}
}
