package scenario_test

import (
	"context"
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

// BenchmarkTurn is a turn of the demo bot, without storage: plain is one without scripts.
func BenchmarkTurn(b *testing.B) {
	bot := demo(b, dice())
	k := &talk{t: b, bot: bot}
	k.start()
	for _, said := range []struct{ name, text string }{{"plain", "расскажи шутку"}, {"script", "меня зовут Ёжик"}} {
		b.Run(said.name, func(b *testing.B) {
			for b.Loop() {
				_, err := bot.React(context.Background(), &chat.Turn{
					ID: "turn", Details: &k.details, Client: &k.client, State: k.state,
					Cause: chat.Event{ID: "cause", Payload: &chat.Message{AuthorType: chat.AuthorClient, Body: said.text}},
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
