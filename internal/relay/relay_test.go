package relay_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/relay"
	"github.com/govorun/govorun/test/servers"
)

func TestARingReachesThoseWhoWatchItsSession(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b, c := startUp(t, url, "a"), startUp(t, url, "b"), startUp(t, url, "c")
	a.Subscribe(t.Context(), ref.Key)
	b.Subscribe(t.Context(), ref.Key)
	c.Subscribe(t.Context(), ref.Key+1)

	want := said(ref, 2, "Здравствуйте")
	sent := want
	sent.TurnDue, sent.Due = true, &chat.DueTurn{} // the committing node's own
	a.Publish(sent)
	if got := b.ring(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	b.Publish(said(ref, 3, "back"))
	if got := a.ring(t); got.Sequence != 3 {
		t.Errorf("got %+v, expected nothing but the other's", got)
	}
	if len(c.rings) != 0 {
		t.Error("a node got the ring of a session that it does not watch")
	}
	if got := value(t, a.metrics.Published); got != 1 {
		t.Errorf("published %v", got)
	}
	if got := value(t, b.metrics.Received); got != 1 {
		t.Errorf("received %v", got)
	}
}

func TestTypingTravels(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	b.Subscribe(t.Context(), ref.Key)
	want := chat.Ring{Session: ref, Events: []chat.Event{{
		ID: "1", Session: ref, At: time.UnixMicro(5).UTC(), Payload: &chat.Typing{By: chat.AuthorClient, Body: "I wan"},
	}}}
	a.Publish(want)
	if got := b.ring(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestOrderIsKept(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	const sessions, each = 20, 200
	for key := range int64(sessions) {
		b.Subscribe(t.Context(), key)
	}
	var writing sync.WaitGroup
	for key := range int64(sessions) {
		writing.Go(func() {
			for i := range int64(each) {
				a.Publish(said(chat.SessionRef{Key: key, ID: "x"}, i+1, "hello"))
			}
		})
	}
	writing.Wait()
	last := map[int64]int64{}
	for range sessions * each {
		r := b.ring(t)
		if r.Sequence != last[r.Session.Key]+1 {
			t.Fatalf("session %d: %d came after %d", r.Session.Key, r.Sequence, last[r.Session.Key])
		}
		last[r.Session.Key] = r.Sequence
	}
}

func TestARingThatIsTooLargeTravelsWithoutItsEvents(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	b.Subscribe(t.Context(), ref.Key)
	large := said(ref, 4, strings.Repeat("ы", chat.MaxBodyRunes))
	a.Publish(large)
	got := b.ring(t)
	if got.Sequence != 4 || got.Settled != 3 || got.Session != ref || got.Events != nil {
		t.Errorf("got %+v", got)
	}
}

func TestWhoIsUnsubscribedHearsNothing(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	other := chat.SessionRef{Key: 8, ID: "other"}
	b.Subscribe(t.Context(), ref.Key)
	b.Subscribe(t.Context(), other.Key)
	b.Unsubscribe(ref.Key)
	eventually(t, "Redis has one channel less", func() bool { return len(channels(t, url)) == 1 })
	a.Publish(said(ref, 1, "nobody is there"))
	a.Publish(said(other, 1, "here"))
	if got := b.ring(t); got.Session != other {
		t.Errorf("got %+v", got)
	}
}

// TestTheOldProtocol: RESP2, as proxies and servers before Redis 6 speak it.
func TestTheOldProtocol(t *testing.T) {
	t.Parallel()
	redis := servers.NewRedis(t)
	url := redis.URL() + "?protocol=2"
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	other := chat.SessionRef{Key: 8, ID: "other"}
	b.Subscribe(t.Context(), ref.Key)
	b.Subscribe(t.Context(), other.Key)
	b.Unsubscribe(ref.Key)
	eventually(t, "Redis has one channel less", func() bool { return len(channels(t, url)) == 1 })
	a.Publish(said(other, 1, "here"))
	if got := b.ring(t); got.Session != other {
		t.Errorf("got %+v", got)
	}
	if err := redis.Pause(); err != nil {
		t.Fatal(err)
	}
	b.awaitUp(t, 0)
	if err := redis.Resume(); err != nil {
		t.Fatal(err)
	}
	b.resync(t)
}

// TestComingAndGoing subscribes and unsubscribes without waiting in between: what counts is
// how it ends.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 500 {
		for key := range int64(10) {
			ctx := done
			if i%7 == 0 {
				ctx = t.Context()
			}
			b.Subscribe(ctx, key)
			b.Unsubscribe(key)
		}
	}
	b.Subscribe(t.Context(), 3)
	a.Publish(said(chat.SessionRef{Key: 4, ID: "gone"}, 1, ""))
	a.Publish(said(chat.SessionRef{Key: 3, ID: "there"}, 1, ""))
	if got := b.ring(t); got.Session.Key != 3 {
		t.Errorf("got %+v", got)
	}
	eventually(t, "one channel is left", func() bool { return len(channels(t, url)) == 1 })
}

// TestNothingIsMissedAfterSubscribe: a ring published after Subscribe has returned is heard.
func TestNothingIsMissedAfterSubscribe(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	for key := range int64(300) {
		b.Subscribe(t.Context(), key)
		a.Publish(said(chat.SessionRef{Key: key, ID: "x"}, 1, ""))
		select {
		case <-b.rings:
		case late := <-b.resyncs: // the machine was busy: it is told
			if late != key {
				t.Fatalf("resync of %d, expected %d", late, key)
			}
		case <-time.After(patience):
			t.Fatalf("the ring of %d is lost, and nobody was told", key)
		}
		b.Unsubscribe(key)
	}
}

func TestWhoDoesNotWaitIsToldLater(t *testing.T) {
	t.Parallel()
	b := startUp(t, servers.NewRedis(t).URL(), "b")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// It may be confirmed before Subscribe has looked whether it is to wait at all.
	for key := range int64(100) {
		b.Subscribe(ctx, key)
		select {
		case got := <-b.resyncs:
			if got != key {
				t.Errorf("resync of %d, expected %d", got, key)
			}
			return
		case <-time.After(relay.ConfirmWait):
		}
	}
	t.Error("no resync")
}

func TestTwoInstallationsDoNotMix(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	stranger := startUp(t, url, "c", func(p *relay.Params) { p.LogID = "ffffffff-0000-4000-8000-000000000001" })
	b.Subscribe(t.Context(), ref.Key)
	stranger.Publish(said(ref, 1, "not for you"))
	eventually(t, "it is published", func() bool { return value(t, stranger.metrics.Published) == 1 })
	a.Publish(said(ref, 2, "for you"))
	if got := b.ring(t); got.Sequence != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestGarbageIsDropped(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	b.Subscribe(t.Context(), ref.Key)
	b.Subscribe(t.Context(), ref.Key+1)
	client := connect(t, url)
	publish := func(key int64, data string) { publish(t, client, key, data) }
	garbage := []string{"", "\x00", "{}", "\x01", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x02\x01c", strings.Repeat("\x01", 1000)}
	for _, data := range garbage {
		publish(ref.Key, data)
	}
	publish(ref.Key+1, "\x01\x01c\x0e\x00\x02\x02\x00") // a ring of session 7
	publish(ref.Key, "\x01\x01c\x0e\x00\x02\x02\x00")
	if got := b.ring(t); got.Session.Key != ref.Key || got.Sequence != 1 || got.Settled != 1 {
		t.Errorf("got %+v", got)
	}
	a.Publish(said(ref, 9, "goes on"))
	if got := b.ring(t); got.Sequence != 9 {
		t.Errorf("got %+v", got)
	}
	if got := value(t, b.metrics.Unreadable); got != float64(len(garbage)+1) {
		t.Errorf("%v unreadable, expected %d", got, len(garbage)+1)
	}
	if n := b.log.count("rings are dropped"); n != 1 {
		t.Errorf("%d lines of log:\n%s", n, b.log)
	}
}

// publish says something on the channel of a session.
func publish(t *testing.T, client rueidis.Client, key int64, data string) {
	t.Helper()
	channel := fmt.Sprintf("govorun:%s:ring:%d", logID[:8], key)
	if err := client.Do(t.Context(), client.B().Publish().Channel(channel).Message(data).Build()).Error(); err != nil {
		t.Fatal(err)
	}
}

func TestTenThousandSubscriptions(t *testing.T) {
	t.Parallel()
	url := servers.NewRedis(t).URL()
	a, b := startUp(t, url, "a"), startUp(t, url, "b")
	const sessions, watchers = 10_000, 100
	var coming sync.WaitGroup
	for i := range int64(watchers) {
		coming.Go(func() {
			for key := i; key < sessions; key += watchers {
				b.Subscribe(t.Context(), key)
			}
		})
	}
	coming.Wait()
	eventually(t, "all are subscribed to", func() bool { return len(channels(t, url)) == sessions })
	heard := map[int64]bool{}
	for round := 0; len(heard) < sessions; round++ {
		if round == 20 {
			t.Fatalf("%d heard", len(heard))
		}
		// Rings are no promise: on a busy machine some are published again.
		sent := 0
		for key := int64(0); key < sessions && sent < 4000; key++ { // what fits into the queue
			if !heard[key] {
				a.Publish(said(chat.SessionRef{Key: key, ID: "x"}, 1, ""))
				sent++
			}
		}
		for quiet := false; sent > 0 && !quiet; sent-- {
			select {
			case r := <-b.rings:
				heard[r.Session.Key] = true
			case <-time.After(time.Second):
				quiet = true
			}
		}
	}
	for key := range int64(sessions) {
		b.Unsubscribe(key)
	}
	eventually(t, "none is", func() bool { return len(channels(t, url)) == 0 })
}

func TestAWrongURLIsAnErrorWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://u:secret@localhost", "redis://u:secret@localhost:x y", "redis://u:secret@localhost/zero", "redis://u:secret@[::1"} {
		if _, err := relay.New(relay.Params{URL: url, LogID: logID}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// connect is a client of the test's own.
func connect(t testing.TB, url string) rueidis.Client {
	t.Helper()
	o, err := rueidis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.ForceSingleClient, o.DisableCache = true, true
	client, err := rueidis.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// channels are those of sessions that somebody is subscribed to.
func channels(t testing.TB, url string) []string {
	t.Helper()
	client := connect(t, url)
	defer client.Close()
	names, err := client.Do(t.Context(), client.B().PubsubChannels().Pattern("*:ring:*").Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	return names
}
