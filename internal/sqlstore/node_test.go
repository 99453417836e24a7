package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/test/servers"
)

func TestNodesAreComparedByTheirBeats(t *testing.T) {
	t.Parallel()
	node := func(id string, beat int64) chat.Node { return chat.Node{ID: id, Beat: beat} }
	before := []chat.Node{node("gone", 1), node("silent", 2), node("alive", 3)}
	after := []chat.Node{node("silent", 2), node("alive", 4), node("new", 1)}
	states, orphaned := nodeStates(before, after, map[string]int64{"alive": 5, "gone": 6, "long gone": 1})
	want := []NodeState{{Node: after[0]}, {Node: after[1], Alive: true, Leases: 5}, {Node: after[2], Alive: true}}
	if !reflect.DeepEqual(states, want) || orphaned != 7 {
		t.Errorf("got %+v, %d orphaned, want %+v", states, orphaned, want)
	}
}

// TestWatchNodes reads beside the nodes, and finds who beats meanwhile.
func TestWatchNodes(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	url := server.NewDatabase(t)
	if _, _, err := WatchNodes(t.Context(), url); err == nil || !strings.Contains(err.Error(), "no server of this version") {
		t.Errorf("without tables: %v", err)
	}
	s := openStore(t, Options{PostgresURL: url})
	put := func(id string, beat int64) {
		err := s.Update(context.Background(), func(x chat.Tx) error {
			_, err := x.PutNode(&chat.Node{ID: id, Beat: beat})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	put("silent", 1)
	session := newTestSession(t, s)
	mustUpdate(t, s, func(x chat.Tx) error {
		locked, err := x.LockSession(session.ID)
		if err != nil {
			return err
		}
		locked.Owner = chat.Owner{Kind: chat.OwnerBot}
		locked.Sequence, locked.Pending = locked.Sequence+1, locked.Sequence+1
		locked.Lease = chat.Lease{Node: "silent", Attempts: 1}
		return x.UpdateSession(locked)
	})
	put("alive", 1)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for beat := int64(2); ; beat++ {
			select {
			case <-tick.C:
				put("alive", beat)
			case <-stop:
				return
			}
		}
	}()
	nodes, orphaned, err := WatchNodes(t.Context(), url)
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes) != 2 || nodes[0].ID != "silent" || nodes[0].Alive || nodes[0].Leases != 1 || !nodes[1].Alive || nodes[1].Leases != 0 || orphaned != 0 {
		t.Errorf("got %+v, %d orphaned", nodes, orphaned)
	}
}

func TestErrorsOfWatchingHaveNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://user:s3cret@127.0.0.1:1/name",
		"postgres://user:s3cret@127.0.0.1:1/name?sslmode=bogus",
		"postgres://user:s3%zzcret@127.0.0.1:1/name",
		"host=127.0.0.1 port=none password=s3cret",
	} {
		_, _, err := WatchNodes(context.Background(), url)
		if err == nil || strings.Contains(err.Error(), "s3") || !strings.HasPrefix(err.Error(), "read nodes") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestHolderOfADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := func(when string, held bool, process int) {
		t.Helper()
		gotHeld, gotProcess, err := FindHolder(dir)
		if err != nil || gotHeld != held || gotProcess != process {
			t.Errorf("%s: %v, process %d, %v", when, gotHeld, gotProcess, err)
		}
	}
	want("empty", false, 0)
	s := openStore(t, Options{Dir: dir})
	want("open", true, os.Getpid())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want("closed", false, 0)
	if _, _, err := FindHolder(filepath.Join(dir, databaseName)); err == nil {
		t.Error("a file passes for a directory")
	}
}
