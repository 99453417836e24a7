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

var (
	client   = chat.ClientRef{Chat: 3, Client: 9}
	nextTalk = chat.SessionRef{Key: 2, ID: "two"}
)

// begin commits the start of a session of a client, with n messages, and returns its ring.
func (l *eventLog) begin(ref chat.SessionRef, of chat.ClientRef, n int) chat.Ring {
	l.mu.Lock()
	l.owners[ref.Key] = of
	l.mu.Unlock()
	ring := l.commit(ref, 1+n)
	l.mu.Lock()
	defer l.mu.Unlock()
	ring.Client = of
	ring.Events[0].Payload, l.sessions[ref.Key][0].Payload = &chat.SessionStarted{}, &chat.SessionStarted{}
	return ring
}

// commit commits n events at once and returns the ring.
func (l *eventLog) commit(ref chat.SessionRef, n int) chat.Ring {
	rings := l.add(ref, n)
	ring := rings[n-1]
	ring.Events = nil
	for _, r := range rings {
		ring.Events = append(ring.Events, r.Events...)
	}
	return ring
}

// ListClientSessions returns the newest.
func (l *eventLog) ListClientSessions(_ context.Context, chatKey, clientKey int64, _ int) ([]chat.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return nil, l.broken
	}
	var newest int64
	for key, of := range l.owners {
		if of == (chat.ClientRef{Chat: chatKey, Client: clientKey}) {
			newest = max(newest, key)
		}
	}
	if newest == 0 {
		return nil, nil
	}
	return []chat.Session{{Key: newest, ID: fmt.Sprint("session ", newest)}}, nil
}

// watchClient returns what is told of the client.
func watchClient(t *testing.T, f *feed.Feed) (head feed.News, heard <-chan feed.News, stop func()) {
	t.Helper()
	news := make(chan feed.News, 10_000)
	head, stop, err := f.WatchClient(t.Context(), client, func(n feed.News) { news <- n })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return head, news, stop
}

func next(t *testing.T, heard <-chan feed.News) feed.News {
	t.Helper()
	select {
	case n := <-heard:
		return n
	case <-time.After(20 * time.Second):
		t.Fatal("no news")
		return feed.News{}
	}
}

func sequences(events []chat.Event) (all []int64) {
	for i := range events {
		all = append(all, events[i].Sequence)
	}
	return all
}

func TestNewsOfAClientComeByCommits(t *testing.T) {
	t.Parallel()
	l := newLog()
	l.begin(ref, client, 2)
	f := open(t, l, time.Hour)
	head, heard, stop := watchClient(t, f)
	if head.Session.Key != ref.Key || head.Sequence != 3 {
		t.Errorf("head %+v", head)
	}
	f.Ring(chat.Ring{Session: ref, Events: []chat.Event{{Session: ref, Payload: &chat.Typing{}}}}) // is nothing to wait for
	f.Ring(l.commit(ref, 3))
	if n := next(t, heard); n.Session.Key != ref.Key || n.Sequence != 6 || !slices.Equal(sequences(n.Events), upTo(4, 6)) {
		t.Errorf("news %+v", n)
	}
	stop()
	f.Ring(l.commit(ref, 1))
	_, other, _ := watchClient(t, f)
	f.Ring(l.commit(ref, 1))
	next(t, other)
	if len(heard) > 0 {
		t.Error("told after stop")
	}
}

func TestASessionThatBeginsIsHeardOf(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(f *feed.Feed, r chat.Ring){
		"here":            func(f *feed.Feed, r chat.Ring) { f.Ring(r) },
		"on another node": func(f *feed.Feed, r chat.Ring) { f.RingClient(r.Client) },
		"and nobody rang": func(*feed.Feed, chat.Ring) {},
	} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", the first: ", first), func(t *testing.T) {
				t.Parallel()
				l := newLog()
				if !first {
					l.begin(ref, client, 1)
				}
				heal := time.Hour
				if name == "and nobody rang" {
					heal = 20 * time.Millisecond
				}
				f := open(t, l, heal)
				head, heard, _ := watchClient(t, f)
				if (head.Session.Key == 0) != first {
					t.Errorf("head %+v", head)
				}
				begin(f, l.begin(nextTalk, client, 1))
				n := next(t, heard)
				if n.Session.Key != nextTalk.Key || n.Sequence != 2 {
					t.Errorf("news %+v", n)
				}
				f.Ring(l.commit(nextTalk, 1))
				for n.Sequence != 3 {
					n = next(t, heard)
				}
				f.Ring(l.commit(ref, 1)) // of a session that is over
				f.Ring(l.commit(nextTalk, 1))
				if n = next(t, heard); n.Session.Key != nextTalk.Key || n.Sequence != 4 {
					t.Errorf("news %+v", n)
				}
			})
		}
	}
}

func TestSessionsThatCannotBeReadAreFoundLater(t *testing.T) {
	t.Parallel()
	l := newLog()
	f := open(t, l, 20*time.Millisecond)
	_, heard, _ := watchClient(t, f)
	l.breakWith(errors.New("away"))
	f.Ring(l.begin(ref, client, 0))
	if _, _, err := f.WatchClient(t.Context(), chat.ClientRef{Client: 5}, func(feed.News) {}); err == nil {
		t.Error("a client is watched that cannot be read")
	}
	l.breakWith(nil)
	if n := next(t, heard); n.Session.Key != ref.Key || n.Sequence != 1 {
		t.Errorf("news %+v", n)
	}
}

// TestWhoJoinsLaterStandsWhereTheOthersDo: of what comes after the head nothing is missed.
func TestWhoJoinsLaterStandsWhereTheOthersDo(t *testing.T) {
	t.Parallel()
	const sessions, commits = 6, 40
	l := newLog()
	f := open(t, l, 10*time.Millisecond)
	_, all, _ := watchClient(t, f)
	var running sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		running.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				var mu sync.Mutex
				var told []feed.News
				head, stop, err := f.WatchClient(t.Context(), client, func(n feed.News) {
					mu.Lock()
					told = append(told, n)
					mu.Unlock()
				})
				if err != nil {
					t.Error(err)
					return
				}
				stop()
				mu.Lock()
				for _, n := range told {
					if n.Session.Key < head.Session.Key || n.Session == head.Session && n.Sequence < head.Sequence {
						t.Errorf("told of %d in %d, the head was %d in %d", n.Sequence, n.Session.Key, head.Sequence, head.Session.Key)
					}
				}
				mu.Unlock()
			}
		})
	}
	for key := range int64(sessions) {
		session := chat.SessionRef{Key: key + 1, ID: fmt.Sprint("session ", key+1)}
		if r := l.begin(session, client, 1); key%3 > 0 {
			f.Ring(r)
		}
		for i := range commits {
			if r := l.commit(session, 2); i%5 > 0 {
				f.Ring(r)
			}
		}
	}
	at := feed.News{}
	for at.Session.Key != sessions || at.Sequence < 2+2*commits {
		n := next(t, all)
		if len(n.Events) > 0 && n.Events[len(n.Events)-1].Sequence != n.Sequence {
			t.Errorf("the events end with %d, the news are of %d", n.Events[len(n.Events)-1].Sequence, n.Sequence)
		}
		for i := 1; i < len(n.Events); i++ {
			if n.Events[i].Sequence != n.Events[i-1].Sequence+1 {
				t.Errorf("events %v", sequences(n.Events))
			}
		}
		at = n
	}
	close(done)
	running.Wait()
}

func TestAClientIsSubscribedToOnce(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	l.begin(ref, client, 0)
	f := openWith(t, l, r)
	_, _, first := watchClient(t, f)
	_, _, second := watchClient(t, f)
	first()
	first()
	r.expect(t, "+client 9", "+1")
	second()
	r.expect(t, "+client 9", "+1", "-client 9", "-1")
}

func TestManyWatchClientsAtOnce(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	l.begin(ref, client, 0)
	f := openWith(t, l, r)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 200 {
				_, stop, err := f.WatchClient(t.Context(), client, func(feed.News) {})
				if err != nil {
					t.Error(err)
					return
				}
				f.RingClient(client)
				stop()
			}
		})
	}
	running.Wait()
	f.Close()
	on := map[string]int{}
	for _, call := range r.calls {
		on[call[1:]] += map[byte]int{'+': 1, '-': -1}[call[0]]
		if n := on[call[1:]]; n < 0 || n > 1 {
			t.Fatalf("subscribed %d times after %s", n, call)
		}
	}
	for name, n := range on {
		if n != 0 {
			t.Errorf("%s is still subscribed to", name)
		}
	}
}

// TestAnOutageAtTheStartHidesNoSession: a session that began while nothing could be read is in no list.
func TestAnOutageAtTheStartHidesNoSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.unlisted = errors.New("away")
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler), HealInterval: time.Second})
		defer f.Close()
		synctest.Wait()
		heard := make(chan feed.News, 10)
		_, stop, err := f.WatchClient(t.Context(), client, func(n feed.News) { heard <- n })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		l.begin(ref, client, 0)
		l.breakAll(nil)
		time.Sleep(2 * time.Second) //nolint:forbidigo // of the bubble's clock
		synctest.Wait()
		if len(heard) == 0 {
			t.Error("not heard of")
		}
	})
}
