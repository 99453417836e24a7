package relay_test

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/test/servers"
)

// BenchmarkRing carries rings of a message of 40 characters from one relay to another through
// one Redis, all three on this machine, as fast as they go. "cpu-µs/op" is of both relays,
// "redis-µs/op" of Redis.
func BenchmarkRing(b *testing.B) {
	const sessions, inFlight = 1000, 4000 // what fits into the queue
	url := servers.NewRedis(b).URL()
	var received atomic.Int64
	all, room := make(chan struct{}), make(chan struct{}, inFlight)
	sender := startUp(b, url, "sender")
	receiver := startUp(b, url, "receiver", func(p *relay.Params) {
		p.Deliver = func(chat.Ring) {
			<-room
			if received.Add(1) == int64(b.N) {
				close(all)
			}
		}
	})
	rings := make([]chat.Ring, sessions)
	for key := range int64(sessions) {
		receiver.Subscribe(b.Context(), key)
		rings[key] = said(chat.SessionRef{Key: key, ID: ref.ID}, 2, strings.Repeat("ы", 40))
	}
	cpu, redis := cpuTime(b), redisTime(b, url)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		room <- struct{}{}
		sender.Publish(rings[i%sessions])
	}
	<-all
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rings/s")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric((redisTime(b, url)-redis)*1e6/float64(b.N), "redis-µs/op")
}

// redisTime is the processor time Redis has used so far, in seconds.
func redisTime(b *testing.B, url string) (seconds float64) {
	b.Helper()
	client := connect(b, url)
	defer client.Close()
	info, err := client.Do(b.Context(), client.B().Info().Section("cpu").Build()).ToString()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			used, err := strconv.ParseFloat(text, 64)
			if err != nil {
				b.Fatal(err)
			}
			seconds += used
		}
	}
	return seconds
}

// BenchmarkLatency carries one ring at a time.
func BenchmarkLatency(b *testing.B) {
	url := servers.NewRedis(b).URL()
	sender, receiver := startUp(b, url, "sender"), startUp(b, url, "receiver")
	receiver.Subscribe(b.Context(), ref.Key)
	ring := said(ref, 2, strings.Repeat("ы", 40))
	for b.Loop() {
		sender.Publish(ring)
		receiver.ring(b)
	}
}

// BenchmarkPublish is what a commit pays: encoding, and handing over to the queue.
func BenchmarkPublish(b *testing.B) {
	sender := startUp(b, servers.NewRedis(b).URL(), "sender")
	ring := said(ref, 2, strings.Repeat("ы", 40))
	b.ReportAllocs()
	for b.Loop() {
		sender.Publish(ring)
	}
}

// BenchmarkSubscribe is what the first who watches a session waits for.
func BenchmarkSubscribe(b *testing.B) {
	receiver := startUp(b, servers.NewRedis(b).URL(), "receiver")
	for key := int64(0); b.Loop(); key++ {
		receiver.Subscribe(b.Context(), key)
	}
}
