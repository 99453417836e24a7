package socketio_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

const (
	sessionA = "bce7d22e-dde6-4427-b391-ebbdfda44de6"
	sessionB = "5d32dc5a-73d3-457e-9b30-5f7ff4c5fa24"
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
		AuthorType: chat.AuthorBot, AuthorID: botID, AuthorName: "МетроБот 😀", Avatar: "https://example.com/a/avatar.png?x=1",
		Type: chat.MessageTerminal, Body: "Выберите & нажмите 👨‍👩‍👧", Answers: []string{"Да", "Нет"},
		Keyboard:    &chat.Keyboard{ButtonsInRow: 2, Buttons: []string{"Кнопка 1", "Кнопка 2"}},
		Actions:     []chat.Action{{Type: "button", Event: "click_action", Label: "Нажми меня", Data: `{"key": "value"}`}},
		Attachments: []chat.Attachment{{ID: botID, Name: "мяч.jpg", ContentType: "image/jpeg", Size: 310723}},
		ReplyTo:     &chat.ReplyTo{ID: "00000000-0000-7000-8000-000000000003", AuthorType: chat.AuthorClient},
	})
	s.add(&chat.ActionPressed{Event: "click_action", Data: json.RawMessage(`{"key": 1}`)})
	s.add(&chat.OwnerChanged{
		Owner:    chat.Owner{Kind: chat.OwnerOperator, ID: "494", Name: "III Operator"},
		Previous: chat.Owner{Kind: chat.OwnerBot, ID: botID, Name: "МетроБот"},
	})
	s.add(&chat.OwnerChanged{Owner: chat.Owner{Kind: chat.OwnerQueue, ID: "7"}})
	s.add(&chat.MessageRead{MessageID: "00000000-0000-7000-8000-000000000003", By: chat.AuthorOperator})
	s.add(&chat.MessageRead{MessageID: "00000000-0000-7000-8000-000000000004", By: chat.AuthorClient})
	s.add(&chat.OperatorStatusChanged{OperatorID: "389", Previous: chat.OperatorActive, Current: chat.OperatorPaused})
	s.add(&chat.OperatorLoggedOut{OperatorID: "389"})
	s.add(&chat.SessionClosed{By: chat.ClosedByOperator, RatingRequired: true, ChatID: testChat})
}

// seen is how many packets of that the client gets.
const seen = 8

func links(a chat.Attachment) (inline, download string) {
	return "https://files.example/" + a.ID, "https://files.example/" + a.ID + "?download"
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, eio := range []int{3, 4} {
		for _, transport := range []string{"websocket", "polling"} {
			name := fmt.Sprintf("%s_%d", transport, eio)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				log := newTestLog()
				session := log.open(sessionA)
				s := serve(t, log, withLinks)
				c := s.dial
				if transport == "polling" {
					c = func(eio int, key string, _ ...string) *client { return s.poll(eio, key) }
				}
				conn := c(eio, sessionA)
				conn.script = &transcript{}
				conn.join()
				conn.settled() // so that typing is not lost
				everything(session)
				for range seen {
					conn.next()
				}
				conn.send(`421["chatMessageRead",{"messageId":"00000000-0000-7000-8000-000000000003"}]`)
				conn.next()
				conn.send(`422["chatMessageReadEmit",{"messageId":"3"}]`)
				conn.next()
				conn.send(`423["showTypingIndicatorEmit",{"body":"\u041f\u0440\u0438"}]`)
				conn.next()
				conn.script.compare(t, name)
			})
		}
	}
}

func TestTranscriptOfARefusal(t *testing.T) {
	t.Parallel()
	s := serve(t, newTestLog())
	script := &transcript{}
	for _, eio := range []int{3, 4} {
		for _, key := range []string{"", "no", sessionB} {
			c := s.dial(eio, key)
			script.note(fmt.Sprintf("# EIO %d, key %q", eio, key))
			c.script = script
			c.expect("0{")
			if eio == 4 {
				c.send("40")
			}
			c.next()
		}
	}
	script.compare(t, "refused")
}
