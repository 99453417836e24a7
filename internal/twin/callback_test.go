package twin_test

import (
	"encoding/json"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/twin"
	"github.com/govorun/govorun/test/contract"
)

// TestCallback: the object is that of the turn, whatever has become of the session since.
func TestCallback(t *testing.T) {
	t.Parallel()
	said := chat.Event{ID: messageID, Sequence: 3, At: moment, Payload: &chat.Message{
		ID: messageID, AuthorType: chat.AuthorBot, AuthorID: botID, Body: "привет", Answers: []string{"да"}, State: "/Start",
		Actions: []chat.Action{{Type: "button", Label: "Да", Data: `{"a":1}`}}, Keyboard: &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"1"}},
	}}
	silent := chat.Event{ID: "s", Sequence: 2, At: moment, Payload: &chat.Message{AuthorType: chat.AuthorBot, AuthorID: unknownID, Replies: []json.RawMessage{json.RawMessage(`{}`)}}}
	asked := chat.Event{ID: "c", Sequence: 4, At: moment, Payload: &chat.Message{AuthorType: chat.AuthorClient, Body: "?"}}
	closed := chat.Event{ID: "e", Sequence: 5, At: moment, Payload: &chat.SessionClosed{Result: "ok"}}
	for name, test := range map[string]struct {
		now            chat.Session
		events         []chat.Event
		status, result string
	}{
		"closed since":        {chat.Session{ID: sessionID, Status: chat.StatusClosed, BotID: unknownID, Owner: chat.Owner{Kind: chat.OwnerOperator, ID: "389"}}, []chat.Event{silent, said, asked}, "ACTIVE", ""},
		"closed in that turn": {chat.Session{ID: sessionID, Status: chat.StatusClosed}, []chat.Event{said, closed}, "FINISHED", "ok"},
	} {
		o := &chat.Outgoing{Delivery: chat.Delivery{Data: "d"}, Chat: &chat.Chat{Language: "ru"}, Session: &test.now, Events: test.events}
		data, err := twin.Callback(o, func(chat.Attachment) (string, string) { return "", "" })
		if err != nil {
			t.Fatal(err)
		}
		contract.Event(t, "callback", "dialogCallback", data)
		var got struct {
			DialogID, BotID, Status, Language, Result, CallbackData string
			Messages                                                []struct{ Body string }
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if got.DialogID != sessionID || got.BotID != botID || got.Status != test.status || got.Result != test.result || got.Language != "ru" ||
			got.CallbackData != "d" || len(got.Messages) != 1 || got.Messages[0].Body != "привет" {
			t.Errorf("%s: %s", name, data)
		}
	}
}
