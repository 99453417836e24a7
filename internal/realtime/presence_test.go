package realtime

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/centrifugal/centrifuge"
)

// dialling is a presence whose calls hang as long as one that connects may.
type dialling struct {
	centrifuge.PresenceManager
	begun, done chan struct{}
}

func (d dialling) AddPresence(string, string, *centrifuge.ClientInfo) error {
	close(d.begun)
	<-d.done
	return nil
}

// TestARemoteIsClosedAfterItsCalls: what a call connects after that would stay open.
func TestARemoteIsClosedAfterItsCalls(t *testing.T) {
	t.Parallel()
	d := dialling{begun: make(chan struct{}), done: make(chan struct{})}
	var closed atomic.Int32
	r := &remote{manager: d, end: func() { closed.Add(1) }}
	var running sync.WaitGroup
	running.Go(func() { _ = r.tell(stay{channel: "channel", client: "client", info: &centrifuge.ClientInfo{}}) })
	<-d.begun
	running.Go(r.close)
	for r.calls.TryRLock() { // until it waits: then it lets in no more calls
		r.calls.RUnlock()
		if closed.Load() != 0 {
			t.Error("it is closed while a call is under way")
			break
		}
		runtime.Gosched()
	}
	close(d.done)
	running.Wait()
	if closed.Load() != 1 {
		t.Errorf("closed %d times", closed.Load())
	}
}
