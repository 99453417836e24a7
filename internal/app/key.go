package app

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

// installationSecret is the name under which the installation's key is kept.
const installationSecret = "installation"

// installationKey finds the key that all nodes share. The first one to start makes it.
func installationKey(ctx context.Context, store chat.Store) (auth.Key, error) {
	fresh := make(auth.Key, auth.KeySize)
	_, _ = rand.Read(fresh) // it never fails
	var kept string
	err := store.Update(ctx, func(tx chat.Tx) (err error) {
		kept, err = tx.KeepSecret(installationSecret, fresh.Text())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("installation's key: %w", err)
	}
	return auth.ParseKey(kept)
}
