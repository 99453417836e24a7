package relay_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/govorun/govorun/test/servers"
)

// TestAnotherMaster kills the master of a set: the relays follow to the replica that a
// Sentinel makes the master.
func TestAnotherMaster(t *testing.T) {
	t.Parallel()
	master := servers.NewRedis(t)
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		t.Fatal(err)
	}
	replica := servers.NewRedis(t, "--replicaof", host, port, "--repl-diskless-sync-delay", "0")
	url := "redis://" + startSentinel(t, host, port) + "?master_set=chats"

	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	b.Subscribe(t.Context(), ref.Key)
	a.Publish(said(ref, 2, "through the master"))
	if got := b.ring(t); got.Sequence != 2 {
		t.Errorf("got %+v", got)
	}
	client := connect(t, replica.URL())
	eventually(t, "the replica is ready", func() bool {
		role, err := client.Do(t.Context(), client.B().Role().Build()).ToArray()
		if err != nil || len(role) < 4 {
			return false
		}
		state, err := role[3].ToString()
		return err == nil && state == "connected"
	})
	eventually(t, "the Sentinel knows the replica", func() bool { return knowsReplica(t, url) })
	if err := master.Kill(); err != nil {
		t.Fatal(err)
	}
	a.awaitUp(t, 0)
	if key := b.resync(t); key != ref.Key {
		t.Errorf("resync of %d", key)
	}
	a.awaitUp(t, 1)
	a.Publish(said(ref, 3, "through the replica"))
	if got := b.ring(t); got.Sequence != 3 {
		t.Errorf("got %+v", got)
	}
}

// startSentinel starts a Sentinel that watches a master, and returns where it listens.
func startSentinel(t *testing.T, host, port string) (addr string) {
	t.Helper()
	own, err := servers.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	settings := fmt.Sprintf(`bind 127.0.0.1
port %d
sentinel monitor chats %s %s 1
sentinel down-after-milliseconds chats 500
sentinel failover-timeout chats 5000
`, own, host, port)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "redis-server", file, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
	addr = fmt.Sprintf("127.0.0.1:%d", own)
	eventually(t, "the Sentinel listens", func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return addr
}

func knowsReplica(t *testing.T, url string) bool {
	t.Helper()
	client := connect(t, url[:len(url)-len("?master_set=chats")])
	defer client.Close()
	replicas, err := client.Do(t.Context(), client.B().SentinelReplicas().Master("chats").Build()).ToArray()
	if err != nil {
		t.Fatal(err)
	}
	return len(replicas) == 1
}

func TestNoSentinelIsThere(t *testing.T) {
	t.Parallel()
	port, err := servers.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, fmt.Sprintf("redis://127.0.0.1:%d?master_set=chats", port), "a")
	eventually(t, "the log says so", func() bool { return a.log.count(awayLine) == 1 })
	a.Subscribe(t.Context(), ref.Key)
	a.Close()
}
