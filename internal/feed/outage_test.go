package feed_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.text.String()), "\n")
}

func TestAnOutageIsLoggedOnceAndHeals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, said := newLog(), &lines{}
		f := feed.New(l, feed.Options{Log: slog.New(slog.NewTextHandler(said, nil))})
		defer f.Close()
		sinks := map[int64]*sink{}
		for key := range int64(20) {
			sinks[key] = newSink()
			_, stop, err := f.Watch(t.Context(), chat.SessionRef{Key: key}, sinks[key].take)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
		}
		synctest.Wait()

		away := errors.New("the database is away")
		l.breakAll(away)
		for key := range sinks { // committed on another node
			l.add(chat.SessionRef{Key: key}, 3)
			f.Ring(chat.Ring{Session: chat.SessionRef{Key: key}, Sequence: 3})
		}
		if _, _, err := f.Watch(t.Context(), chat.SessionRef{Key: 99}, newSink().take); !errors.Is(err, away) {
			t.Errorf("watching during an outage: %v", err)
		}
		if err := f.AwaitSettled(t.Context(), chat.SessionRef{Key: 99}, 1); !errors.Is(err, away) {
			t.Errorf("waiting during an outage: %v", err)
		}
		<-time.After(60 * time.Second) // of the bubble's clock
		l.breakAll(nil)
		began := time.Now()
		for _, s := range sinks {
			if got := s.await(t, 3); !slices.Equal(got, upTo(1, 3)) {
				t.Errorf("got %v", got)
			}
		}
		if took := time.Since(began); took > feed.DefaultHealInterval {
			t.Errorf("it took %v", took)
		}
		late := newSink()
		if head, stop, err := f.Watch(t.Context(), chat.SessionRef{Key: 99}, late.take); err != nil || head.Sequence != 0 {
			t.Errorf("watching after the outage: %+v, %v", head, err)
		} else {
			stop()
		}
		<-time.After(5 * feed.DefaultHealInterval)
		got := said.list()
		if len(got) != 2 || !strings.Contains(got[0], "the log cannot be read, events wait") || !strings.Contains(got[1], "the log can be read again") {
			t.Errorf("the log says:\n%s", strings.Join(got, "\n"))
		}
	})
}

// TestALogThatIsAwayAtTheStart: what is committed until the feed knows where the log stands is
// not listed as changed.
func TestALogThatIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.breakAll(errors.New("away"))
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler)})
		defer f.Close()
		synctest.Wait()
		l.breakAll(nil)
		s := newSink()
		_, stop, err := f.Watch(t.Context(), ref, s.take)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		l.add(ref, 2) // nobody rings
		began := time.Now()
		if got := s.await(t, 2); !slices.Equal(got, upTo(1, 2)) || time.Since(began) > feed.DefaultHealInterval {
			t.Errorf("got %v after %v", got, time.Since(began))
		}
	})
}

// TestAllWhoWaitHaveTheirTurn: more wait in one part of the sessions than are looked at in
// one interval.
func TestAllWhoWaitHaveTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const waiting, intervals = 100, 4
		l := newLog()
		f := feed.New(l, feed.Options{Log: slog.New(slog.DiscardHandler)})
		defer f.Close()
		var done sync.WaitGroup
		for i := range int64(waiting) {
			r := chat.SessionRef{Key: i * 8}
			l.add(r, 1)
			l.setCursor(r.Key, 0)
			done.Go(func() {
				if err := f.AwaitSettled(t.Context(), r, 1); err != nil {
					t.Error(err)
				}
			})
		}
		<-time.After(10 * feed.DefaultHealInterval)
		synctest.Wait()
		for i := range int64(waiting) {
			l.settle(i * 8) // on another node, without a word
		}
		began := time.Now()
		done.Wait()
		if took := time.Since(began); took > intervals*feed.DefaultHealInterval {
			t.Errorf("it took %v", took)
		}
	})
}
