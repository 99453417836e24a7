//go:build e2e

package docs_test

import (
	"strings"
	"testing"

	"github.com/govorun/govorun/test/servers"
)

// What stands in the documents for servers that a test has for itself.
const (
	documented         = "127.0.0.1:8080"
	documentedPostgres = "postgres://govorun:secret@127.0.0.1:5432/"
	documentedRedis    = "redis://127.0.0.1:6379"
)

// onOurServers returns a script with addresses of servers that run: of s, and of PostgreSQL, with
// an empty database "govorun", and Redis, if it names them.
func onOurServers(t *testing.T, script string, s server) string {
	t.Helper()
	addresses := []string{documented, s.address}
	if strings.Contains(script, documentedPostgres) {
		pg := servers.NewPostgres(t)
		if _, err := pg.CreateDatabase(t.Context(), "govorun"); err != nil {
			t.Fatal(err)
		}
		url, _, _ := strings.Cut(pg.URL(""), "?")
		addresses = append(addresses, documentedPostgres, url)
	}
	if strings.Contains(script, documentedRedis) {
		addresses = append(addresses, documentedRedis, servers.NewRedis(t).URL())
	}
	return strings.NewReplacer(addresses...).Replace(script)
}
