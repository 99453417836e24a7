package realtime_test

import (
	"encoding/json"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

const (
	sessionA = "bce7d22e-dde6-4427-b391-ebbdfda44de6"
	botID    = "4f8151ed-8e7a-4a12-a6a5-c94f99c58019"
)

// everything happens in a session in which everything happens.
func everything(s *testSession) {
	s.add(&chat.SessionStarted{Greet: true})
	s.add(&chat.Typing{By: chat.AuthorBot})
	s.add(botSays(""))
	s.add(clientSays("Привет <b>"))
	s.add(&chat.Typing{By: chat.AuthorClient, Body: "При"})
	s.add(&chat.Message{
		AuthorType: chat.AuthorBot, AuthorID: botID, AuthorName: "МетроБот", Avatar: "https://example.com/avatar.png",
		Type: chat.MessageTerminal, Body: "Выберите & нажмите", Answers: []string{"Да", "Нет"},
		Keyboard:    &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"Кнопка 1", "Кнопка 2"}},
		Actions:     []chat.Action{{Type: "button", Event: "click_action", Label: "Нажми меня", Data: `{"key": "value"}`}},
		Attachments: []chat.Attachment{{ID: botID, Name: "test-file.png", ContentType: "image/png", Size: 1024000, URL: "https://example.com/file.png"}},
		ReplyTo:     &chat.ReplyTo{ID: "00000000-0000-7000-8000-000000000003", AuthorType: chat.AuthorClient, AuthorName: "Имя клиента", Body: "Привет"},
	})
	s.add(&chat.ActionPressed{Event: "click_action", Data: json.RawMessage(`{"key": 1}`)})
	s.add(&chat.OwnerChanged{
		Owner:    chat.Owner{Kind: chat.OwnerOperator, ID: "494", Name: "III Operator"},
		Previous: chat.Owner{Kind: chat.OwnerBot, ID: botID, Name: "МетроБот"},
	})
	s.add(&chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerQueue, ID: "7"}})
	s.add(&chat.MessageRead{MessageID: "00000000-0000-7000-8000-000000000003", By: chat.AuthorOperator})
	s.add(&chat.MessageRead{MessageID: "00000000-0000-7000-8000-000000000004", By: chat.AuthorClient})
	s.add(&chat.SessionClosed{By: chat.ClosedByOperator, RatingRequired: true, ChatID: testChat})
}

func TestTranscriptListening(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	c := serve(t, log).dial()
	c.script = &transcript{}
	c.connect("", sessionA)
	c.silent() // the channel is live, so that typing is not lost
	everything(session)
	for range 6 {
		c.next()
	}
	c.script.compare(t, "listening")
}

func TestTranscriptSubscribing(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	c := serve(t, log, held).dial()
	c.script = &transcript{}
	c.connect("", sessionA)
	session.say("Здравствуйте")
	c.send(`{"id":2,"subscribe":{"channel":"widget:` + sessionA + `"}}`)
	c.next()
	c.next()
	c.send(`{"id":3,"rpc":{"method":"joinSession","data":{"id":"` + sessionA + `"}}}`)
	c.next()
	c.send(`{"id":4,"subscribe":{"channel":"widget:` + sessionA + `"}}`)
	c.next()
	c.script.compare(t, "subscribing")
}

func TestTranscriptWholeSession(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	c := serve(t, log).dial()
	c.script = &transcript{}
	c.connect("")
	c.send(`{"id":2,"subscribe":{"channel":"session:` + sessionA + `"}}`)
	c.next()
	c.silent()
	everything(session)
	for range 10 {
		c.next()
	}
	c.script.compare(t, "whole_session")
}

func TestTranscriptRecovering(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	session := log.open(sessionA)
	session.say("one")
	session.say("two")
	s := serve(t, log)
	c := s.dial()
	c.script = &transcript{}
	c.connect(`{"widget:`+sessionA+`":{"recover":true,"offset":1,"epoch":"`+testLogID+`"}}`, sessionA)
	c.next()
	c.script.note("# another log")
	d := s.dial()
	d.script = c.script
	d.connect(`{"widget:`+sessionA+`":{"recover":true,"offset":1,"epoch":"1"}}`, sessionA)
	d.script.compare(t, "recovering")
}

func TestTranscriptJoining(t *testing.T) {
	t.Parallel()
	log := newTestLog()
	c := serve(t, log).dial()
	c.script = &transcript{}
	c.connect("")
	session := log.open(sessionA)
	session.say("Здравствуйте")
	c.send(`{"id":2,"rpc":{"method":"joinSession","data":{"id":"` + sessionA + `"}}}`)
	c.next()
	c.next()
	c.next()
	c.script.settle(`{"id":2,"rpc"`)
	c.script.compare(t, "joining")
}
