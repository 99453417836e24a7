package realtime

import (
	"slices"
	"testing"
	"time"
)

// TestOneURLForAll: the library connects as the relay does by the same URL.
func TestOneURLForAll(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]struct {
		address, master, user, password string
		sentinels                       []string
		db                              int
		secure                          bool
	}{
		"redis://localhost":                             {address: "localhost:6379"},
		"redis://u:p%40@10.0.0.1:7000/2":                {address: "10.0.0.1:7000", user: "u", password: "p@", db: 2},
		"rediss://:p@redis.example?db=3":                {address: "redis.example:6379", password: "p", db: 3, secure: true},
		"unix:///run/redis.sock":                        {address: "unix:///run/redis.sock"},
		"redis://a:1/1?addr=b:2&addr=c:3&master_set=m1": {master: "m1", sentinels: []string{"a:1", "b:2", "c:3"}, db: 1},
		"rediss://a:1?master_set=m1":                    {master: "m1", sentinels: []string{"a:1"}, secure: true},
	} {
		c, err := newShardConfig(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if c.Address != want.address || c.SentinelMasterName != want.master || !slices.Equal(c.SentinelAddresses, want.sentinels) ||
			c.User != want.user || c.Password != want.password || c.DB != want.db || (c.TLSConfig != nil) != want.secure ||
			(c.SentinelTLSConfig != nil) != (want.secure && want.master != "") {
			t.Errorf("%s: got %+v", url, c)
		}
		if c.ConnectTimeout != presenceTimeout || c.IOTimeout != presenceTimeout {
			t.Errorf("%s: %v, %v", url, c.ConnectTimeout, c.IOTimeout)
		}
	}
	c, err := newShardConfig("redis://localhost?dial_timeout=2s&write_timeout=3s&protocol=2&client_name=x")
	if err != nil || c.ConnectTimeout != 2*time.Second || c.IOTimeout != 3*time.Second || !c.ForceRESP2 || c.ClientName != "x" {
		t.Errorf("got %+v, %v", c, err)
	}
}
