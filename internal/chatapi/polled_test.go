package chatapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/chatapi/poll"
)

func operator(id, text string, files ...chat.Attachment) *poll.Object {
	return &poll.Object{Type: poll.TypeOperator, Events: []chat.Event{{
		ID: id, At: time.Unix(1, 0), Payload: &chat.Message{AuthorType: chat.AuthorOperator, Body: text, Attachments: files},
	}}}
}

// What is kept for many who wait is what each of them would be given alone.
func TestPolledIsSharedAsItShouldBe(t *testing.T) {
	t.Parallel()
	signed := 0
	links := func(chat.Attachment) (inline, download string) {
		signed++
		return fmt.Sprint("link-", signed), ""
	}
	render := chatapi.Polled(links)
	a, b := &chat.Chat{Token: "a"}, &chat.Chat{Token: "b"}
	answered := &poll.Object{Type: poll.TypeBot, Events: operator("3", "x").Events, Answered: &chat.Answered{QuestionID: "q"}}
	open := &poll.Object{Type: poll.TypeBot, Events: answered.Events}
	file := operator("4", "", chat.Attachment{ID: "f", Name: "n"})
	for _, c := range []struct {
		request *poll.Request
		object  *poll.Object
		want    string
	}{
		{&poll.Request{Chat: a, ClientID: "1"}, operator("1", "one"), `"text":"one"`},
		{&poll.Request{Chat: a, ClientID: "1", CID: "c"}, operator("1", "one"), `"text":"one"`},
		{&poll.Request{Chat: a, ClientID: "1"}, operator("2", "two"), `"text":"two"`},
		{&poll.Request{Chat: a, ClientID: "2"}, operator("2", "two"), `"clientId":"2"`},
		{&poll.Request{Chat: b, ClientID: "2"}, operator("2", "two"), `"token":"b"`},
		{&poll.Request{Chat: b, ClientID: "2"}, open, `"questionId":"3"`},
		{&poll.Request{Chat: b, ClientID: "2"}, answered, `"questionId":"q"`},
		{&poll.Request{Chat: b, ClientID: "2"}, file, `"link-1"`},
		{&poll.Request{Chat: b, ClientID: "2"}, file, `"link-2"`},
	} {
		got, err := render(t.Context(), c.request, c.object)
		alone, _ := chatapi.Polled(func(chat.Attachment) (string, string) { return fmt.Sprint("link-", signed), "" })(t.Context(), c.request, c.object)
		if err != nil || !strings.Contains(string(got), c.want) || string(got) != string(alone) {
			t.Errorf("got %s, %v; expected %s with %s", got, err, alone, c.want)
		}
	}
}
