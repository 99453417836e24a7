package sqlstore

import (
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/storetest"
	"github.com/govorun/govorun/test/servers"
)

func TestStoreOnPostgres(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	storetest.Run(t, func(t *testing.T) chat.Store {
		return openStore(t, Options{PostgresURL: server.NewDatabase(t), Connections: 4})
	})
}
