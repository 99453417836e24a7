package chat_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func TestWhatABotWishesOfPeopleIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("a person, please")).Session.ID
	wish := chat.HandOver{
		GroupID: "sales", State: "/Switch", FirstMessage: "Хочет кредит", LastMessage: "Пока", CloseChatPhrases: []string{"закончить"},
		AppendCloseChatButton: true, IgnoreOffline: true, OneTimeMessage: true, Theme: "/People", SendMessagesToOperator: true,
		SendMessageHistoryAmount: 7, Attributes: json.RawMessage(`{"Имя":"Анна"}`), HiddenAttributes: json.RawMessage(`{"score":1}`),
		CustomData: json.RawMessage(`[1]`), Raw: json.RawMessage(`{"type":"switch","x":{}}`),
	}
	v := reflect.ValueOf(wish)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("the sample has no %s", v.Type().Field(i).Name)
		}
	}
	w.commit(w.begin(id), say("wait"), wish)
	events := w.events(id)
	last := events[len(events)-1]
	changed, ok := last.Payload.(*chat.OwnerChanged)
	if !ok || changed.Owner != (chat.Owner{Kind: chat.OwnerQueue, ID: "sales"}) || changed.HandOver == nil || !reflect.DeepEqual(*changed.HandOver, wish) {
		t.Fatalf("got %+v", last.Payload)
	}
	if last.WidgetNo != 0 || last.SessionNo != 0 {
		t.Fatal("the client sees it")
	}
	w.send(id, "hello?")
	if w.begin(id) != nil {
		t.Fatal("the bot answers in the place of people")
	}
	if err := w.ChangeOwner(t.Context(), id, chat.Owner{Kind: chat.OwnerBot, ID: w.bot.ID}); err != nil {
		t.Fatal(err)
	}
	if p, ok := w.begin(id).Cause.Payload.(*chat.OwnerChanged); !ok || !p.Finished {
		t.Fatal("the bot is not told that it has the session again")
	}
}

func TestAPlainHandOverSaysNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	w.commit(w.begin(id), chat.HandOver{GroupID: "g"})
	events := w.events(id)
	if p := events[len(events)-1].Payload.(*chat.OwnerChanged); p.HandOver != nil || p.Finished {
		t.Fatalf("got %+v", p)
	}
}

func TestHandOversThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.start(saying("hi")).Session.ID
	turn := w.begin(id)
	for field, wish := range map[string]chat.HandOver{
		"switch.destination":              {GroupID: strings.Repeat("я", 256)},
		"switch.state":                    {State: "\xff"},
		"switch.theme":                    {Theme: "\x00"},
		"switch.firstMessage":             {FirstMessage: strings.Repeat("я", chat.MaxBodyRunes+1)},
		"switch.lastMessage":              {LastMessage: "\xff"},
		"switch.closeChatPhrases":         {CloseChatPhrases: make([]string, 101)},
		"switch.closeChatPhrases[1]":      {CloseChatPhrases: []string{"a", "\xff"}},
		"switch.sendMessageHistoryAmount": {SendMessageHistoryAmount: -1},
		"switch.attributes":               {Attributes: json.RawMessage(`{`)},
		"switch.hiddenAttributes":         {HiddenAttributes: json.RawMessage(`"` + strings.Repeat("a", chat.MaxHandOverBytes) + `"`)},
		"switch.customData":               {CustomData: json.RawMessage("\"\xff\"")},
		"switch":                          {Raw: json.RawMessage(`nope`)},
	} {
		_, err := w.CommitTurn(t.Context(), turn, &chat.TurnResult{Outputs: []chat.Output{wish}})
		expectField(t, err, field)
	}
	w.expectLog(id, "session.started", "CLIENT hi")
}
