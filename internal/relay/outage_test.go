package relay_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/test/servers"
)

// noticed is how long it may take until a relay knows that Redis is away, with room for a busy
// machine.
const noticed = 1500 * time.Millisecond

// blocked is how long a call takes that waits for Redis, and none that does not.
const blocked = 400 * time.Millisecond

const (
	awayLine = "Redis is not available, events of other nodes come from the log within a second"
	backLine = "Redis is available again"
)

func (n *node) expectLines(t *testing.T, away, back int) {
	t.Helper()
	if a, b := n.log.count(awayLine), n.log.count(backLine); a != away || b != back {
		t.Errorf("the log says %d times away, %d times back; expected %d and %d:\n%s", a, b, away, back, n.log)
	}
}

func TestRedisIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	a, b := startUp(t, redis.URL(), "a"), startUp(t, redis.URL(), "b")
	const sessions, more = 1000, 10
	for key := range int64(sessions) {
		b.Subscribe(t.Context(), key)
	}
	round := int64(0)
	again := func(kept bounds) {
		round++
		if err := redis.Kill(); err != nil {
			t.Fatal(err)
		}
		a.awaitUp(t, 0)
		b.awaitUp(t, 0)
		dropped := value(t, a.metrics.Dropped)
		a.Publish(said(ref, 1, "nobody hears it"))
		if got := value(t, a.metrics.Dropped); got != dropped+1 {
			t.Errorf("dropped %v, before %v", got, dropped)
		}
		began := time.Now()
		for i := range int64(more) { // while Redis is away nobody waits for it
			b.Subscribe(t.Context(), sessions+more*(round-1)+i)
		}
		kept.add("subscribing while Redis is away", time.Since(began), more*relay.ConfirmWait/2)
		if err := redis.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.awaitUp(t, 1)
		told := map[int64]bool{}
		for int64(len(told)) < sessions+more*round {
			told[b.resync(t)] = true
		}
		a.Publish(said(ref, 5+round, "again"))
		for b.ring(t).Sequence != 5+round {
		}
		a.expectLines(t, int(round), int(round))
		b.expectLines(t, int(round), int(round))
	}
	again(bounds{})
	again(bounds{})
	inRounds(t, again)
}

func TestRedisNeedNotBeThereAtTheStart(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	if err := redis.Stop(); err != nil {
		t.Fatal(err)
	}
	a := start(t, redis.URL(), "a")
	a.Subscribe(t.Context(), ref.Key)
	eventually(t, "the log says so", func() bool { return a.log.count(awayLine) == 1 })
	if err := redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if key := a.resync(t); key != ref.Key {
		t.Errorf("resync of %d", key)
	}
	a.awaitUp(t, 1)
	a.expectLines(t, 1, 1)
}

func TestAHangingRedisBlocksNobody(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	a, b := startUp(t, redis.URL(), "a"), startUp(t, redis.URL(), "b")
	b.Subscribe(t.Context(), ref.Key)
	round := int64(0)
	again := func(kept bounds) {
		round++
		if err := redis.Pause(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		a.Publish(said(ref, 1, strings.Repeat("x", 10_000)))
		slowest := time.Since(began)
		began = time.Now()
		b.Subscribe(t.Context(), 100+round)
		kept.add("subscribing", time.Since(began), relay.ConfirmWait+blocked)
		for value(t, a.metrics.Up) == 1 {
			began = time.Now()
			a.Publish(said(ref, 1, strings.Repeat("x", 10_000)))
			slowest = max(slowest, time.Since(began))
		}
		kept.add("publishing", slowest, blocked)
		kept.add("noticing", b.awaitUp(t, 0), noticed)
		if err := redis.Resume(); err != nil {
			t.Fatal(err)
		}
		a.awaitUp(t, 1)
		for b.resync(t) != ref.Key {
		}
		a.Publish(said(ref, 1000+round, "again"))
		for b.ring(t).Sequence != 1000+round {
		}
	}
	again(bounds{})
	inRounds(t, again)
}

// TestANetworkThatIsCut has Redis behind a proxy that swallows what goes one way, or both,
// with the connections open.
func TestANetworkThatIsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*proxy, bool){
		"to Redis":   func(p *proxy, on bool) { p.there.Store(on) },
		"from Redis": func(p *proxy, on bool) { p.back.Store(on) },
		// Publishing works, and yet nothing is heard.
		"from Redis, of what it publishes": func(p *proxy, on bool) { p.heard.Store(on) },
		"both":                             func(p *proxy, on bool) { p.there.Store(on); p.back.Store(on) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := servers.NewRedis(t)
			p := newProxy(t, redis.Addr())
			a, b := startUp(t, redis.URL(), "a"), startUp(t, "redis://"+p.addr, "b")
			b.Subscribe(t.Context(), ref.Key)
			inRounds(t, func(kept bounds) {
				cut(p, true)
				kept.add("noticing", b.awaitUp(t, 0), noticed)
				cut(p, false)
				if key := b.resync(t); key != ref.Key {
					t.Errorf("resync of %d", key)
				}
				a.Publish(said(ref, 3, "again"))
				if got := b.ring(t); got.Sequence != 3 {
					t.Errorf("got %+v", got)
				}
			})
			a.expectLines(t, 0, 0)
		})
	}
}

func TestCloseDoesNotWaitForAHangingRedis(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	inRounds(t, func(kept bounds) {
		a := startUp(t, redis.URL(), "a")
		a.Subscribe(t.Context(), ref.Key)
		if err := redis.Pause(); err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			a.Publish(said(ref, 1, strings.Repeat("x", 10_000)))
		}
		began := time.Now()
		a.Close()
		a.Close()
		kept.add("closing", time.Since(began), time.Second)
		a.Publish(said(ref, 1, "nothing happens"))
		a.Subscribe(t.Context(), ref.Key+1)
		a.Unsubscribe(ref.Key)
		if err := redis.Resume(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAFullQueueDropsAndGoesOn publishes faster than Redis can take it.
func TestAFullQueueDropsAndGoesOn(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	a, b := startUp(t, redis.URL(), "a"), startUp(t, redis.URL(), "b")
	b.Subscribe(t.Context(), ref.Key)
	if err := redis.Pause(); err != nil {
		t.Fatal(err)
	}
	const rings = 20_000
	for i := range int64(rings) {
		a.Publish(said(chat.SessionRef{Key: 99, ID: "x"}, i+1, ""))
	}
	if err := redis.Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "every ring is counted", func() bool {
		return value(t, a.metrics.Published)+value(t, a.metrics.Dropped) == rings
	})
	if value(t, a.metrics.Dropped) < rings/2 {
		t.Errorf("dropped %v", value(t, a.metrics.Dropped))
	}
	eventually(t, "rings travel again", func() bool {
		a.Publish(said(ref, 1, ""))
		return len(b.rings) > 0
	})
}

// proxy hands bytes on, or swallows them.
type proxy struct {
	addr               string
	there, back, heard atomic.Bool // whether they are swallowed; heard: on connections that subscribe
}

func newProxy(t *testing.T, to string) *proxy {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); l.Close(); running.Wait() })
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.carry(ctx, conn, to) })
		}
	})
	return p
}

func (p *proxy) carry(ctx context.Context, conn net.Conn, to string) {
	defer conn.Close()
	redis, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer redis.Close()
	defer context.AfterFunc(ctx, func() { conn.Close(); redis.Close() })()
	var subscribes atomic.Bool
	var running sync.WaitGroup
	running.Go(func() {
		defer redis.Close()
		io.Copy(redis, reader(func(b []byte) (int, error) {
			n, err := conn.Read(b)
			if bytes.Contains(b[:n], []byte("SUBSCRIBE")) {
				subscribes.Store(true)
			}
			return swallow(n, err, p.there.Load())
		}))
	})
	running.Go(func() {
		defer conn.Close()
		io.Copy(conn, reader(func(b []byte) (int, error) {
			n, err := redis.Read(b)
			return swallow(n, err, p.back.Load() || p.heard.Load() && subscribes.Load())
		}))
	})
	running.Wait()
}

// swallow makes nothing of what has been read.
func swallow(n int, err error, on bool) (int, error) {
	if on {
		return 0, err
	}
	return n, err
}

type reader func(b []byte) (int, error)

func (r reader) Read(b []byte) (int, error) { return r(b) }
