package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// remote notes what it is asked for.
type remote struct {
	mu          sync.Mutex
	calls       []string
	onSubscribe func(session int64)
}

func (r *remote) Subscribe(_ context.Context, session int64) {
	r.note("+%d", session)
	if r.onSubscribe != nil {
		r.onSubscribe(session)
	}
}

func (r *remote) Unsubscribe(session int64) { r.note("-%d", session) }

func (r *remote) SubscribeClient(_ context.Context, client chat.ClientRef) {
	r.note("+client %d", client.Client)
}

func (r *remote) UnsubscribeClient(client chat.ClientRef) { r.note("-client %d", client.Client) }

func (r *remote) note(format string, session int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, fmt.Sprintf(format, session))
}

func (r *remote) expect(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.calls, want) {
		t.Errorf("the remote was called %v, expected %v", r.calls, want)
	}
}

func openWith(t *testing.T, l *eventLog, r *remote) *feed.Feed {
	f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler), HealInterval: time.Hour, Remote: r, Node: "here"})
	t.Cleanup(f.Close)
	return f
}

func TestTheFirstWhoWatchesSubscribesAndTheLastUnsubscribes(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	f := openWith(t, l, r)
	var stops []func()
	for range 3 {
		_, stop, err := f.Watch(t.Context(), ref, newSink().take)
		if err != nil {
			t.Fatal(err)
		}
		stops = append(stops, stop)
	}
	r.expect(t, "+1")
	for _, stop := range stops {
		stop()
		stop()
	}
	r.expect(t, "+1", "-1")
	if _, stop, err := f.Watch(t.Context(), ref, newSink().take); err != nil {
		t.Fatal(err)
	} else {
		stop()
	}
	r.expect(t, "+1", "-1", "+1", "-1")
}

func TestManyComeAndGoAtOnce(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	f := openWith(t, l, r)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 200 {
				_, stop, err := f.Watch(t.Context(), ref, newSink().take)
				if err != nil {
					t.Error(err)
					return
				}
				stop()
			}
		})
	}
	running.Wait()
	for i, call := range r.calls {
		if want := []string{"+1", "-1"}[i%2]; call != want {
			t.Fatalf("call %d is %s", i, call)
		}
	}
	if len(r.calls)%2 != 0 {
		t.Error("the session is still subscribed to")
	}
}

// TestSubscribingComesBeforeLooking: what another node commits up to the confirmation is in
// the session's row, what comes later is rung.
func TestSubscribingComesBeforeLooking(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	f := openWith(t, l, r)
	r.onSubscribe = func(int64) { l.add(ref, 3) }
	s := newSink()
	head, stop, err := f.Watch(t.Context(), ref, s.take)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if head.Sequence != 3 {
		t.Errorf("head %d", head.Sequence)
	}
	f.Ring(l.add(ref, 1)[0])
	if got := s.await(t, 1); !slices.Equal(got, []int64{4}) {
		t.Errorf("got %v", got)
	}
}

func TestAFailedWatchUnsubscribes(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	f := openWith(t, l, r)
	l.breakWith(context.DeadlineExceeded)
	if _, _, err := f.Watch(t.Context(), ref, newSink().take); err == nil {
		t.Error("no error")
	}
	r.expect(t, "+1", "-1")
}

func TestAResyncLooksAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, r := newLog(), &remote{}
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler), HealInterval: time.Hour, Remote: r, Node: "here"})
		defer f.Close()
		other := chat.SessionRef{Key: 2, ID: "two"}
		l.add(other, 1)
		l.setCursor(other.Key, 0)
		s := newSink()
		_, stop, err := f.Watch(t.Context(), ref, s.take)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		waiting := make(chan error, 1)
		go func() { waiting <- f.AwaitSettled(context.Background(), other, 1) }()
		synctest.Wait()
		l.add(ref, 2)
		l.settle(other.Key)
		began := time.Now()
		f.Resync(99) // nobody watches it
		<-time.After(time.Second)
		if got := s.list(); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		for range 1000 {
			f.Resync(ref.Key)
		}
		s.await(t, 2)
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 1100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		<-time.After(time.Minute)
		if n := l.listed(); n > 4 {
			t.Errorf("what changed was listed %d times", n)
		}
	})
}

// TestWhoWaitsForABotOfThisNodeAsksNoOther, and who waits for another's subscribes first.
func TestWhoWaitsForABotOfThisNodeAsksNoOther(t *testing.T) {
	t.Parallel()
	for lease, want := range map[string][]string{"here": nil, "there": {"+1", "-1"}, "": {"+1", "-1"}} {
		t.Run(lease, func(t *testing.T) {
			t.Parallel()
			l, r := newLog(), &remote{}
			f := openWith(t, l, r)
			l.add(ref, 1)
			l.setCursor(ref.Key, 0)
			l.setLease(lease)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if err := f.AwaitSettled(ctx, ref, 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			r.expect(t, want...)
		})
	}
}

// TestABotOfAnotherNodeReactsWhileSubscribing: that ring is not heard, but it is looked again.
func TestABotOfAnotherNodeReactsWhileSubscribing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, r := newLog(), &remote{}
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler), Remote: r, Node: "here"})
		defer f.Close()
		l.add(ref, 1)
		l.setCursor(ref.Key, 0)
		l.setLease("there")
		r.onSubscribe = func(int64) { l.settle(ref.Key) }
		synctest.Wait() // the feed has looked at what changed, and will not soon
		began := time.Now()
		if err := f.AwaitSettled(t.Context(), ref, 1); err != nil || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		r.expect(t, "+1", "-1")
	})
}

// TestTwoWaitForABotOfAnotherNode: the second has looked before the first has subscribed.
func TestTwoWaitForABotOfAnotherNode(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	f := openWith(t, l, r)
	eventually(t, "the feed has begun", func() bool { return l.listed() == 1 })
	l.add(ref, 1)
	l.setCursor(ref.Key, 0)
	l.setLease("there")
	confirm := make(chan struct{})
	r.onSubscribe = func(int64) { <-confirm }
	waiting := make(chan error, 2)
	for range 2 {
		go func() { waiting <- f.AwaitSettled(t.Context(), ref, 1) }()
	}
	eventually(t, "both have looked", func() bool { return l.found() == 2 })
	l.settle(ref.Key) // and nobody hears of it
	close(confirm)
	for range 2 {
		select {
		case err := <-waiting:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("one waits still")
		}
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	for !done() {
		select {
		case <-end:
			t.Fatalf("not after 20 s: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}
