package auth_test

import (
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

var someone = netip.MustParseAddr("198.51.100.1")

// clock is a time that stands still until it is put forward.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) forward(d time.Duration) { c.at = c.at.Add(d) }

func TestLimitsRefuseAndSayWhenToComeBack(t *testing.T) {
	t.Parallel()
	clock := newClock()
	limits := auth.NewLimits(auth.LimitParams{Address: auth.Rate{PerSecond: 0.5, Burst: 3}, Now: clock.now})
	for range 3 {
		if err := limits.Address(someone); err != nil {
			t.Fatalf("within the burst: %v", err)
		}
	}
	var refused *chat.Error
	if err := limits.Address(someone); !errors.As(err, &refused) || refused.Code != chat.CodeRateLimited {
		t.Fatalf("beyond the burst: %v", err)
	}
	if refused.RetryAfter.Seconds() != 2 {
		t.Errorf("retry after %v, want 2s", refused.RetryAfter)
	}
	if err := limits.Address(someone.Next()); err != nil {
		t.Errorf("another address suffers: %v", err)
	}
	if err := limits.Session("s"); err != nil {
		t.Errorf("a session suffers: %v", err)
	}
	clock.forward(refused.RetryAfter)
	if err := limits.Address(someone); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if err := limits.Address(someone); err == nil {
		t.Error("a refused call was given a token back that it had not taken")
	}
}

// A rate of nothing at all is odd, but must not overflow.
func TestLimitsOfZero(t *testing.T) {
	t.Parallel()
	for _, r := range []auth.Rate{{Burst: 1}, {PerSecond: 1e-300, Burst: 1}, {PerSecond: 1}} {
		limits := auth.NewLimits(auth.LimitParams{Address: r})
		for range r.Burst {
			if err := limits.Address(someone); err != nil {
				t.Errorf("%+v: %v", r, err)
			}
		}
		var refused *chat.Error
		if err := limits.Address(someone); !errors.As(err, &refused) || refused.RetryAfter <= 0 || refused.RetryAfter.Hours() > 24 {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestOneIPv6NetworkIsOneCaller(t *testing.T) {
	t.Parallel()
	limits := auth.NewLimits(auth.LimitParams{Address: auth.Rate{PerSecond: 0.001, Burst: 1}})
	for _, tt := range []struct {
		addr string
		ok   bool
	}{{"2001:db8:1:1::1", true}, {"2001:db8:1:1:ffff::9", false}, {"2001:db8:1:2::1", true}} {
		if err := limits.Address(netip.MustParseAddr(tt.addr)); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.addr, err)
		}
	}
}

func TestNoLimitsAllowEverything(t *testing.T) {
	t.Parallel()
	var off *auth.Limits
	for range 100_000 {
		if off.Address(someone) != nil || off.Session("s") != nil {
			t.Fatal("refused")
		}
	}
}

func TestDefaultLimitsAreGenerous(t *testing.T) {
	t.Parallel()
	limits := auth.NewLimits(auth.LimitParams{})
	for i := range 50 {
		if err := limits.Session("s"); err != nil {
			t.Fatalf("message %d of an instant: %v", i, err)
		}
	}
	for i := range 1000 {
		if err := limits.Address(netip.Addr{}); err != nil {
			t.Fatalf("request %d of an integrator's server: %v", i, err)
		}
	}
}

// A caller who goes on is remembered however many others come along; one who was idle long
// enough to be let in again anyway may be forgotten.
func TestLimitsForgetOnlyTheIdle(t *testing.T) {
	t.Parallel()
	clock := newClock()
	limits := auth.NewLimits(auth.LimitParams{Session: auth.Rate{PerSecond: 0.001, Burst: 1}, MaxKeys: 8, Now: clock.now})
	if err := limits.Session("busy"); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if err := limits.Session(strconv.Itoa(i)); err != nil {
			t.Fatalf("a new session was refused: %v", err)
		}
		if err := limits.Session("busy"); err == nil {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	if err := limits.Session("0"); err != nil {
		t.Errorf("still remembered after 999 others, in a map of 8: %v", err)
	}
	clock.forward(time.Hour)
	if err := limits.Session("busy"); err != nil {
		t.Errorf("after an hour: %v", err)
	}
}

func TestLimitsAtOnce(t *testing.T) {
	t.Parallel()
	limits := auth.NewLimits(auth.LimitParams{Session: auth.Rate{PerSecond: 0.001, Burst: 100}, MaxKeys: 4})
	var allowed sync.Map
	var calls sync.WaitGroup
	for g := range 8 {
		calls.Go(func() {
			for i := range 100 {
				if limits.Session("s") == nil {
					allowed.Store(strconv.Itoa(g)+"-"+strconv.Itoa(i), true)
				}
			}
		})
	}
	calls.Wait()
	n := 0
	allowed.Range(func(any, any) bool { n++; return true })
	if n != 100 {
		t.Errorf("%d of 800 allowed, want 100", n)
	}
}

func BenchmarkLimits(b *testing.B) {
	limits := auth.NewLimits(auth.LimitParams{Address: auth.Rate{PerSecond: 1e12, Burst: 1e9}})
	b.ReportAllocs()
	for b.Loop() {
		if err := limits.Address(someone); err != nil {
			b.Fatal(err)
		}
	}
}
