package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/govorun/govorun/internal/chat"
)

// The demo chat, the same in every installation: its ids and token are no secrets, so it
// answers only while the server listens on loopback.
const (
	demoChatID  = "11111111-1111-4111-8111-111111111111"
	demoBotID   = "22222222-2222-4222-8222-222222222222"
	demoBotName = "Говорун"
	demoToken   = "DemoChat:0000000000000000000000000000000000000000"
)

// createDemo makes the demo chat and its bot unless they are there.
func createDemo(ctx context.Context, store chat.Store) error {
	err := store.Update(ctx, func(tx chat.Tx) error {
		if err := tx.PutBot(&chat.BotRecord{ID: demoBotID, Name: demoBotName}); err != nil {
			return err
		}
		_, err := tx.FindChat(demoChatID)
		if chat.CodeOf(err) != chat.CodeNotFound {
			return err
		}
		return tx.CreateChat(&chat.Chat{
			ID:       demoChatID,
			Name:     "Demo",
			BotID:    demoBotID,
			Token:    demoToken,
			Identity: chat.IdentityOpen,
			Language: "ru",
			Demo:     true,
		})
	})
	if err != nil {
		return fmt.Errorf("create the demo chat: %w", err)
	}
	return nil
}

// onLoopback reports whether only this machine can reach a listener.
func onLoopback(a net.Addr) bool {
	ap, err := netip.ParseAddrPort(a.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}
