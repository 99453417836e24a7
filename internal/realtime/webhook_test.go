package realtime_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/realtime"
	"github.com/govorun/govorun/test/contract"
)

// TestWebhook holds the bodies of webhooks of events: they are the contract with receivers.
func TestWebhook(t *testing.T) {
	t.Parallel()
	at := time.Date(2018, 10, 31, 14, 56, 7, 0, time.FixedZone("Moscow", 3*60*60))
	ref := chat.SessionRef{Key: 1, ID: "session"}
	names := strings.NewReplacer( // of ids, which are UUIDs
		`:"session"`, `:"`+sessionA+`"`, `:"chat"`, `:"`+botID+`"`, `:"client"`, `:"`+botID+`"`, `:"event"`, `:"`+botID+`"`, `:"m"`, `:"`+botID+`"`)
	const whose = `,"sessionId":"session","chatId":"chat","eventCallbackData":"<данные>"}`
	for payload, want := range map[chat.Payload]string{
		&chat.SessionStarted{}: `{"event":"chatSessionStarted","action":"chatSessionStarted","data":{"id":"session","chatId":"chat",` +
			`"clientId":"client","clientExternalId":"u-1","name":"Имя","channel":"WIDGET","messengerType":"tg","referer":"https://r",` +
			`"startedAt":"2018-10-31T11:56:07+00:00","ttl":3600},"id":"event","sequence":7` + whose,
		&chat.Message{ID: "event", AuthorType: chat.AuthorClient, AuthorID: "client", Type: chat.MessageRegular, Body: "a < b 👋",
			Attachments: []chat.Attachment{{ID: "f", Name: "файл.png", ContentType: "image/png", Size: 3}}}: `{"event":"chatMessageCreated",` +
			`"action":"chatMessageCreated","data":{"id":"event","authorType":"CLIENT","body":"a < b 👋","answers":[],` +
			`"createdAt":"2018-10-31T11:56:07+00:00","sessionId":"session","attachments":[{"id":"f","contentType":"image/png","size":3,` +
			`"downloadLink":"https://d/f","name":"файл.png","url":"https://i/f"}],"actions":[],"authorId":"client","type":"REGULAR"},` +
			`"id":"event","sequence":7` + whose,
		&chat.MessageRead{MessageID: "m", UpTo: 2, By: chat.AuthorClient}: `{"event":"chatMessageRead","action":"chatMessageRead",` +
			`"data":{"messageId":"m","authorType":"CLIENT"},"id":"event","sequence":7` + whose,
		&chat.ActionPressed{Event: "buy", Data: json.RawMessage(`{"n":1}`)}: `{"event":"actionPressed","action":"actionPressed",` +
			`"data":{"event":"buy","data":{"n":1}},"id":"event","sequence":7` + whose,
		&chat.StatusChanged{QuestionID: "q", Status: chat.MessageReadBy, By: chat.AuthorClient}: `{"event":"messageStatusChanged",` +
			`"action":"messageStatusChanged","data":{"questionId":"q","status":"READ","authorType":"CLIENT"},"id":"event","sequence":7` + whose,
		&chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerOperator, ID: "389", Name: "Анна"}, Previous: chat.Owner{Kind: chat.OwnerQueue}}: `{"event":` +
			`"operatorChanged","action":"operatorChanged","data":{"operatorId":"389","operatorName":"Анна","avatar":null,` +
			`"previousOperatorId":null,"previousOperatorName":null,"previousOperatorAvatar":null},"id":"event","sequence":7` + whose,
		&chat.SessionClosed{By: chat.ClosedByBot, ChatID: "chat", RatingRequired: true}: `{"event":"sessionClosed","action":"sessionClosed",` +
			`"data":{"sessionId":"session","chatId":"chat","sessionRatingRequired":true},"id":"event","sequence":7` + whose,
	} {
		o := &chat.Outgoing{
			Delivery: chat.Delivery{ChatID: "chat", Data: "<данные>"},
			Session:  &chat.Session{ID: "session", ChatID: "chat", StartedAt: at, TTL: time.Hour},
			Events:   []chat.Event{{ID: "event", Session: ref, Sequence: 7, At: at, Payload: payload}},
			Details:  &chat.SessionDetails{Name: "Имя", Channel: "WIDGET", MessengerType: "tg", Referer: "https://r"},
			Client:   &chat.Client{ID: "client", ExternalID: "u-1"},
		}
		got, err := realtime.Webhook(o, func(a chat.Attachment) (string, string) { return "https://i/" + a.ID, "https://d/" + a.ID })
		if err != nil || string(got) != want {
			t.Errorf("%s, %v:\n got %s\nwant %s", payload.Kind(), err, got, want)
		}
		var told struct{ Event string }
		_ = json.Unmarshal(got, &told) // what has no name is not documented
		contract.Event(t, "webhook", told.Event, []byte(names.Replace(string(got))))
	}
	if _, err := realtime.Webhook(&chat.Outgoing{Session: &chat.Session{}, Events: make([]chat.Event, 2)}, nil); err == nil {
		t.Error("two events are one")
	}
}
