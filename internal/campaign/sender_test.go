package campaign

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// script is a domain whose answers a test writes.
type script struct {
	busy chan struct{} // sending waits for it, unless it is nil

	mu sync.Mutex // guards told
	told
}

type told struct {
	due     []time.Time // of the recipients who are left
	away    error       // of looking
	refusal error       // of sending
	sent    []time.Time
	skipped int
}

func (s *script) NextCampaign(context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil || len(s.due) == 0 {
		return time.Time{}, s.away
	}
	return s.due[0], nil
}

func (s *script) SendCampaign(context.Context) (chat.CampaignStep, error) {
	if s.busy != nil {
		<-s.busy
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusal != nil {
		return chat.CampaignStep{}, s.refusal
	}
	s.due, s.sent = s.due[1:], append(s.sent, time.Now())
	return chat.CampaignStep{Tried: 1}, nil
}

func (s *script) SkipRecipient(context.Context, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due, s.skipped = s.due[1:], s.skipped+1
	return nil
}

func (s *script) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *script) now() told {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}

// during runs a sender in a bubble of time.
func during(t *testing.T, s *script, do func(bell *Bell, count *chat.CampaignStep, log *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var total chat.CampaignStep
		bell := NewBell()
		sender := Start(Options{
			Service: s, Bell: bell, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now,
			Count: func(step chat.CampaignStep) {
				total.Tried, total.Failed = total.Tried+step.Tried, total.Failed+step.Failed
			},
		})
		do(bell, &total, &log)
		if err := sender.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := sender.Close(context.Background()); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
}

// after lets time pass.
func after(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // of the bubble's clock
	synctest.Wait()
}

func TestSendsWhenItIsDue(t *testing.T) {
	t.Parallel()
	s := &script{}
	during(t, s, func(bell *Bell, total *chat.CampaignStep, _ *bytes.Buffer) {
		after(10 * time.Second)
		start := time.Now()
		s.set(func() { s.due = []time.Time{start, start.Add(300 * time.Millisecond), start.Add(time.Hour)} })
		bell.Ring()
		after(400 * time.Millisecond)
		if sent := s.now().sent; len(sent) != 2 || !sent[0].Equal(start) || !sent[1].Equal(start.Add(300*time.Millisecond)) {
			t.Errorf("sent at %v, start %v", sent, start)
		}
		s.set(func() { s.due[0] = time.Now() }) // another node changed it and rings nobody here
		after(DefaultSweep)
		if sent := s.now().sent; len(sent) != 3 || total.Tried != 3 || total.Failed != 0 {
			t.Errorf("sent %d, counted %+v", len(sent), *total)
		}
	})
}

func TestStorageIsAway(t *testing.T) {
	t.Parallel()
	s := &script{told: told{due: []time.Time{time.Unix(1, 0)}, away: errors.New("away")}}
	during(t, s, func(_ *Bell, total *chat.CampaignStep, log *bytes.Buffer) {
		after(10 * time.Second)
		s.set(func() { s.away = nil; s.refusal = chat.Errorf(chat.CodeUnavailable, "away") })
		after(20 * DefaultSweep) // however often, nobody is given up for it
		if n, got := strings.Count(log.String(), "\n"), s.now(); n != 1 || len(got.sent) != 0 || got.skipped != 0 {
			t.Errorf("%d sent, %d given up; log: %s", len(got.sent), got.skipped, log)
		}
		s.set(func() { s.refusal = nil })
		after(DefaultSweep)
		if !strings.Contains(log.String(), "it can be sent again") || total.Tried != 1 {
			t.Errorf("%+v; log: %s", *total, log)
		}
	})
}

func TestOneWhoCannotBeReachedIsGivenUp(t *testing.T) {
	t.Parallel()
	s := &script{told: told{due: []time.Time{time.Unix(1, 0), time.Unix(2, 0)}, refusal: errors.New("no")}}
	during(t, s, func(_ *Bell, total *chat.CampaignStep, _ *bytes.Buffer) {
		after((maxFailures - 2) * DefaultSweep)
		if s.now().skipped != 0 {
			t.Error("given up too soon")
		}
		after(DefaultSweep)
		s.set(func() { s.refusal = nil })
		after(DefaultSweep)
		if got := s.now(); got.skipped != 1 || len(got.sent) != 1 || total.Failed != 1 || total.Tried != 2 {
			t.Errorf("given up %d, sent %d, counted %+v", got.skipped, len(got.sent), *total)
		}
	})
}

// TestCloseWaitsForTheBatch: what is being sent is sent, or the caller's patience ends.
func TestCloseWaitsForTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{told: told{due: []time.Time{time.Unix(1, 0), time.Unix(2, 0)}}, busy: make(chan struct{})}
		sender := Start(Options{Service: s, Bell: NewBell(), Log: slog.New(slog.DiscardHandler), Now: time.Now})
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sender.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed under way: %v", err)
		}
		close(s.busy)
		if err := sender.Close(t.Context()); err != nil || len(s.now().sent) != 1 {
			t.Errorf("%v, sent at %v", err, s.now().sent)
		}
	})
}
