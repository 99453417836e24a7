package twin_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/twin"
)

// The request of the vendor's article, word for word but for the ids (reference 001).
const articleRequest = `{
  "name": "string",
  "botId": "` + botID + `",
  "sessionId": "` + sessionID + `",
  "sessionTtl": 3600,
  "messengerType": "WHATSAPP",
  "messengerUserId": "string",
  "messageBody": "string",
  "messageAttachments": [
    "` + unknownID + `"
  ],
  "clientNameForOperator": "string",
  "clientId": "` + clientID + `",
  "clientExternalId": "string",
  "clientPhone": 75555673245,
  "clientEmail": "string",
  "clientDeviceId": "string",
  "clientTimezone": 300,
  "clientMetadata": {
    "var1": "val1",
    "var2": "val2",
    "var3": "val3"
  },
  "returnAnswerAsync": true
}`

func TestStartTakesTheArticlesRequest(t *testing.T) {
	t.Parallel()
	zone := 300
	want := chat.StartParams{
		ChatID: chatID, SessionID: sessionID, ClientID: clientID, ExternalID: "string", BotID: botID, TTL: time.Hour,
		Client: chat.Client{NameForOperator: "string", Phone: "75555673245", Email: "string", DeviceID: "string", Timezone: &zone,
			Metadata: map[string]string{"var1": "val1", "var2": "val2", "var3": "val3"}},
		Details: chat.SessionDetails{Name: "string", Channel: "WIDGET", MessengerType: "WHATSAPP", MessengerUserID: "string", ClientIP: "192.0.2.1"},
		Message: &chat.MessageParams{Body: "string", Attachments: []string{unknownID}},
	}
	for method, goOn := range map[string]bool{"POST": false, "PUT": true} {
		f := newFake()
		want.Continue = goOn
		if w := serve(t, f, nil).do(method, startPath, articleRequest); w.Code != 201 || !reflect.DeepEqual(f.start, want) {
			t.Errorf("%s: %d %s\ngot  %+v\nwant %+v", method, w.Code, w.Body, f.start, want)
		}
	}
}

func TestStartFields(t *testing.T) {
	t.Parallel()
	details := chat.SessionDetails{Name: "Chat", Channel: "WIDGET", ClientIP: "192.0.2.1"}
	with := func(change func(*chat.SessionDetails)) chat.SessionDetails {
		d := details
		change(&d)
		return d
	}
	for _, tt := range []struct {
		name, body string
		want       chat.StartParams
	}{
		{"nothing", ``, chat.StartParams{Details: details}},
		{"white space", " \n", chat.StartParams{Details: details}},
		{"empty object", `{}`, chat.StartParams{Details: details}},
		{"null", `null`, chat.StartParams{Details: details}},
		{"unknown fields", `{"x":{"y":[1]},"Клиент":1}`, chat.StartParams{Details: details}},
		{"nulls", `{"name":null,"botId":null,"clientPhone":null,"clientTimezone":null,"clientMetadata":null,"sessionTtl":null,"returnAnswerAsync":null,"variables":null,"messageBody":null,"messageAttachments":null,"notifyOnEvents":null}`, chat.StartParams{Details: details}},
		{"empty texts", `{"name":"","botId":"","sessionId":"","clientId":"","replyToMessageId":"","messageBody":"","messageAttachments":[]}`, chat.StartParams{Details: details}},
		{"the last of a field counts", `{"name":"a","name":"b"}`, chat.StartParams{Details: with(func(d *chat.SessionDetails) { d.Name = "b" })}},
		{"Cyrillic and emoji", `{"name":"Привет 👋🏽"}`, chat.StartParams{Details: with(func(d *chat.SessionDetails) { d.Name = "Привет 👋🏽" })}},
		{"half a surrogate pair", `{"name":"a\ud83d"}`, chat.StartParams{Details: with(func(d *chat.SessionDetails) { d.Name = "a\uFFFD" })}},
		{"an escaped backslash before u0000", `{"name":"\\u0000"}`, chat.StartParams{Details: with(func(d *chat.SessionDetails) { d.Name = `\u0000` })}},
		{"phone as a string", `{"clientPhone":"+7 (555) 567-32-45"}`, chat.StartParams{Details: details, Client: chat.Client{Phone: "+7 (555) 567-32-45"}}},
		{"names", `{"clientName":"n","clientFirstName":"f","clientMiddleName":"m","clientLastName":"l"}`, chat.StartParams{Details: details, Client: chat.Client{Name: "n", FirstName: "f", MiddleName: "m", LastName: "l"}}},
		{"signature", `{"clientExternalId":"e","clientSignature":"ab"}`, chat.StartParams{Details: details, ExternalID: "e", Signature: "ab"}},
		{"nobody answers", `{"botId":"00000000-0000-0000-0000-000000000000"}`, chat.StartParams{Details: details, BotID: chat.NoBot}},
		{"ids in capitals", `{"botId":"AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA"}`, chat.StartParams{Details: details, BotID: "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"}},
		{"life time too short", `{"sessionTtl":1}`, chat.StartParams{Details: details, TTL: 5 * time.Minute}},
		{"life time negative", `{"sessionTtl":-9223372036854775808}`, chat.StartParams{Details: details, TTL: 5 * time.Minute}},
		{"life time too long", `{"sessionTtl":9223372036854775807}`, chat.StartParams{Details: details, TTL: 7 * 24 * time.Hour}},
		{"life time of the chat", `{"sessionTtl":0}`, chat.StartParams{Details: details}},
		{"metadata of other types", `{"clientMetadata":{"n":1.50,"t":true,"x":null,"":"e"}}`, chat.StartParams{Details: details, Client: chat.Client{Metadata: map[string]string{"n": "1.50", "t": "true", "": "e"}}}},
		{"metadata of PHP", `{"clientMetadata":[ ]}`, chat.StartParams{Details: details}},
		{"variables as an object", `{"variables":{"a":{"b":[1]}}}`, chat.StartParams{Details: with(func(d *chat.SessionDetails) {
			d.Variables = map[string]any{"a": map[string]any{"b": []any{1.0}}}
		})}},
		{"variables as pairs", `{"variables":[{"name":"a","value":1},{"key":"b","value":null},{"name":"c"},"d"]}`, chat.StartParams{Details: with(func(d *chat.SessionDetails) {
			d.Variables = map[string]any{"a": 1.0, "b": nil, "2": map[string]any{"name": "c"}, "3": "d"}
		})}},
		{"attachments as objects", `{"messageAttachments":[{"id":"` + unknownID + `","name":"x"},"` + botID + `"]}`, chat.StartParams{Details: details,
			Message: &chat.MessageParams{Attachments: []string{unknownID, botID}}}},
		{"reply", `{"messageBody":" hi ","replyToMessageId":"` + messageID + `"}`, chat.StartParams{Details: details,
			Message: &chat.MessageParams{Body: " hi ", ReplyToID: messageID}}},
		{"callbacks", `{"referer":"https://a.example/","callbackUrl":"https://b.example","callbackData":"{\"a\":1}","botNodeId":"/Start","eventCallbackUrl":"https://c.example","eventCallbackData":"x","notifyOnEvents":["chatMessageCreated"],"channel":"CHAT_API"}`,
			chat.StartParams{Details: chat.SessionDetails{Name: "Chat", Channel: "CHAT_API", ClientIP: "192.0.2.1", Referer: "https://a.example/", CallbackURL: "https://b.example",
				CallbackData: `{"a":1}`, BotNodeID: "/Start", EventCallbackURL: "https://c.example", EventCallbackData: "x", NotifyOnEvents: []string{"chatMessageCreated"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			tt.want.ChatID = chatID
			if w := serve(t, f, nil).do("POST", startPath, tt.body); w.Code != 201 || !reflect.DeepEqual(f.start, tt.want) {
				t.Errorf("%d %s\ngot  %+v\nwant %+v", w.Code, w.Body, f.start, tt.want)
			}
		})
	}
}

// richMessage has everything a bot can say.
func richMessage() chat.Event {
	e := botSays(2, 1, "Привет <b> & \"you\"")
	m := e.Message()
	m.Answers = []string{"да", "нет"}
	m.Keyboard = &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"Кнопка 1", "Кнопка 2"}}
	m.Actions = []chat.Action{{Type: "button", Event: "click", Label: "Нажми", Data: `{"key": "value"}`}, {Type: "link"}}
	m.Attachments = []chat.Attachment{{ID: unknownID, Name: "мяч.tar.gz", ContentType: "image/png", Size: 310723, URL: "https://a.example/x"}, {ID: botID, Name: "README"}}
	m.State, m.Cause = "/Start", 1
	m.ReplyTo = &chat.ReplyTo{ID: messageID, AuthorType: chat.AuthorClient, Body: "hi"}
	return e
}

const richJSON = `{"id":"` + messageID + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":2,"authorId":"` + botID + `","authorType":"BOT",
	"body":"Привет <b> & \"you\"","answers":["да","нет"],
	"keyboard":{"buttonsInRow":2,"buttons":[{"type":"text","text":"Кнопка 1"},{"type":"text","text":"Кнопка 2"}]},
	"actions":[{"type":"button","event":"click","label":"Нажми","data":"{\"key\": \"value\"}"},{"type":"link"}],
	"attachments":[
		{"id":"` + unknownID + `","isPrivate":false,"createdAt":"2018-10-31T11:56:07+00:00","contentType":"image/png","name":"мяч.tar.gz","baseName":"мяч.tar",
		 "extension":"gz","sugestedExtension":"gz","suggestedExtension":"gz","path":"","size":310723,"url":"https://a.example/x","downloadLink":"https://a.example/x"},
		{"id":"` + botID + `","isPrivate":false,"createdAt":"2018-10-31T11:56:07+00:00","contentType":"","name":"README","baseName":"README",
		 "extension":"","sugestedExtension":"","suggestedExtension":"","path":"","size":0,"url":"/files/` + botID + `","downloadLink":"/files/` + botID + `?d=1"}]`

const plainJSON = `{"id":"` + messageID + `","createdAt":"2018-10-31T11:56:07+00:00","sequence":4,"authorId":"` + botID + `","authorType":"BOT","body":"","answers":[],"keyboard":null,"actions":[],"attachments":[]`

func TestStartAnswer(t *testing.T) {
	t.Parallel()
	const head = `"id":"` + sessionID + `","clientId":"` + clientID + `","startedAt":"2018-10-31T11:56:07+00:00","ttl":3600`
	closed := chat.Event{ID: unknownID, Sequence: 5, WidgetNo: 3, At: moment, Payload: &chat.SessionClosed{}}
	operator := botSays(3, 0, "operator")
	operator.Message().AuthorType = chat.AuthorOperator
	for _, tt := range []struct {
		name, body string
		prepare    func(f *fake)
		want       string
		calls      string
		marked     int64
	}{
		{"nobody answers", `{}`, func(*fake) {}, `{` + head + `,"messages":[]}`, "start", 0},
		{"the bot greets", `{}`, func(f *fake) {
			f.result.Cause = 1
			f.events = []chat.Event{{Sequence: 1, Payload: &chat.SessionStarted{}}, richMessage(), operator, botSays(4, 2, ""), closed}
		}, `{` + head + `,"messages":[` + richJSON + `},` + plainJSON + `}]}`, "start, await, mark", 2},
		{"the bot greets the sockets only", `{"returnAnswerAsync":true}`, func(f *fake) {
			f.result.Cause = 1
			f.events = []chat.Event{richMessage()}
		}, `{` + head + `,"messages":[]}`, "start", 0},
		{"with a first message", `{"messageBody":"hi"}`, func(f *fake) {
			f.result.Message, f.result.Cause = clientSays(3, "hi"), 3
			f.events = []chat.Event{richMessage(), *clientSays(3, "hi"), botSays(4, 1, "")}
		}, `{` + head + `,"messageId":"` + messageID + `","messages":[` + plainJSON + `}]}`, "start, await, mark", 1},
		{"a repeat, long after", `{"messageBody":"hi"}`, func(f *fake) {
			f.result.Message, f.result.Cause = clientSays(3, "hi"), 3
			f.events = []chat.Event{botSays(4, 1, ""), *clientSays(5, "more"), botSays(6, 2, "to more")}
			f.events[2].Message().Cause = 5
		}, `{` + head + `,"messageId":"` + messageID + `","messages":[` + plainJSON + `}]}`, "start, await, mark", 1},
		{"what was not given yet stays so", `{"messageBody":"hi"}`, func(f *fake) {
			f.result.Message, f.result.Cause, f.result.Started = clientSays(3, "hi"), 3, false
			f.events = []chat.Event{botSays(4, 2, "")}
		}, `{` + head + `,"messageId":"` + messageID + `","messages":[` + plainJSON + `}]}`, "start, await", 0},
		{"what was given already is not marked again", `{"messageBody":"hi"}`, func(f *fake) {
			f.result.Message, f.result.Cause, f.result.Session.WidgetGiven = clientSays(3, "hi"), 3, 2
			f.events = []chat.Event{botSays(4, 2, "")}
		}, `{` + head + `,"messageId":"` + messageID + `","messages":[` + plainJSON + `}]}`, "start, await", 0},
		{"the bot says nothing", `{"messageBody":"hi"}`, func(f *fake) {
			f.result.Message, f.result.Cause = clientSays(3, "hi"), 3
		}, `{` + head + `,"messageId":"` + messageID + `","messages":[]}`, "start, await", 0},
		{"the log cannot be read", `{}`, func(f *fake) {
			f.result.Cause, f.listErr = 1, errors.New("disk")
		}, `{` + head + `,"messages":[]}`, "start, await", 0},
		{"the mark cannot be written", `{}`, func(f *fake) {
			f.result.Cause, f.markErr = 1, errors.New("disk")
			f.events = []chat.Event{botSays(4, 1, "")}
		}, `{` + head + `,"messages":[` + plainJSON + `}]}`, "start, await, mark", 1},
		{"the server shuts down", `{}`, func(f *fake) {
			f.result.Cause = 1
			f.settle = func(context.Context) error { return chat.Errorf(chat.CodeUnavailable, "shutting down") }
		}, `{` + head + `,"messages":[]}`, "start, await", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			tt.prepare(f)
			for i := range f.events {
				if m := f.events[i].Message(); m != nil && m.AuthorType == chat.AuthorBot && m.Cause == 0 {
					m.Cause = f.result.Cause
				}
			}
			s := serve(t, f, nil)
			w := s.do("POST", startPath, tt.body)
			if w.Code != 201 || !sameJSON(t, w.Body.String(), tt.want) {
				t.Errorf("%d %s\nwant %s", w.Code, w.Body, tt.want)
			}
			if f.calls() != tt.calls || f.marked != tt.marked {
				t.Errorf("called %q, marked %d", f.calls(), f.marked)
			}
			if failed := f.listErr != nil || f.markErr != nil; failed != (s.log.Len() > 0) {
				t.Errorf("logged %q", s.log)
			}
		})
	}
}

func TestASlowBotHoldsUpABoundedNumberOfRequests(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.result.Cause = 1
	waits, release := make(chan struct{}), make(chan struct{})
	f.settle = func(context.Context) error { close(waits); <-release; return nil }
	s := serve(t, f, nil, func(p *twin.Params) { p.MaxWaiting = 1 })
	first := make(chan int)
	go func() { first <- s.do("POST", startPath, `{}`).Code }()
	<-waits
	if w := s.do("POST", startPath, `{}`); w.Code != 201 || !strings.Contains(w.Body.String(), `"messages":[]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(release)
	if code := <-first; code != 201 {
		t.Errorf("the one that waited got %d", code)
	}
}

func TestStartWaitsAtMostFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.result.Cause = 1
		f.settle = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		f.events = []chat.Event{botSays(4, 1, "")}
		f.events[0].Message().Cause = 1
		s, began := serve(t, f, nil), time.Now()
		w := s.do("POST", startPath, `{}`)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("took %v", took)
		}
		if w.Code != 201 || !strings.Contains(w.Body.String(), `"messages":[{"id"`) || s.log.Len() > 0 {
			t.Errorf("what the bot has said so far is missing: %d %s, logged %q", w.Code, w.Body, s.log)
		}
	})
}
