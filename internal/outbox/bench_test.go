package outbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/outbox"
)

// BenchmarkDeliver drains what 64 clients have waiting for one receiver on this machine.
func BenchmarkDeliver(b *testing.B) {
	r := newReceiver(b, nil)
	w := newWorld(b)
	const clients = 64
	var wg sync.WaitGroup
	for i := range clients {
		n := b.N / clients
		if i < b.N%clients {
			n++
		}
		wg.Go(func() {
			s := w.start(r.URL)
			for j := range n {
				w.say(s, strconv.Itoa(j))
			}
		})
	}
	wg.Wait()
	b.ResetTimer()
	w.deliver(func(o *outbox.Options) { o.PerReceiver = 16 })
	for len(r.all()) < b.N {
		<-time.After(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkFloor posts the same bodies to the same kind of receiver and does nothing else: one after
// another, and as many at once as one receiver has hands.
func BenchmarkFloor(b *testing.B) {
	for _, at := range []int{1, 16} {
		b.Run(strconv.Itoa(at), func(b *testing.B) {
			r := newReceiver(b, nil)
			client := egress.Client(true, time.Minute)
			defer client.CloseIdleConnections()
			data, err := json.Marshal(body{"11111111-1111-4111-8111-111111111111", 7, "7"})
			if err != nil {
				b.Fatal(err)
			}
			work := make(chan struct{})
			var wg sync.WaitGroup
			for range at {
				wg.Go(func() {
					for range work {
						res, err := client.Post(r.URL, "application/json", bytes.NewReader(data))
						if err != nil {
							b.Error(err)
							continue
						}
						io.Copy(io.Discard, res.Body)
						res.Body.Close()
						if res.StatusCode != http.StatusOK {
							b.Error(res.Status)
						}
					}
				})
			}
			b.ResetTimer()
			for range b.N {
				work <- struct{}{}
			}
			close(work)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}
