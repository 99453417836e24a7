package files

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestPace: a transfer that moves goes on, one that stalls or crawls is cut, and none lasts for ever.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		left := func(p *pace) time.Duration {
			at, ok := p.deadline()
			if !ok {
				t.Fatal("no deadline")
			}
			return time.Until(at)
		}
		p := newPace(nil)
		if d := left(p); d != stall {
			t.Errorf("at first %s", d)
		}
		if _, ok := p.deadline(); ok {
			t.Error("a deadline is set for every byte")
		}
		time.Sleep(10 * time.Second) //nolint:forbidigo // of the bubble's clock
		if d := left(p); d != stall-10*time.Second {
			t.Errorf("with nothing moved %s", d)
		}
		p.moved = 1 << 20
		if d := left2(p); d != stall {
			t.Errorf("with much moved %s", d)
		}
		time.Sleep(520 * time.Second) //nolint:forbidigo // what was moved is worth 512 s, and the stall
		if d := left(p); d != 12*time.Second {
			t.Errorf("crawling %s", d)
		}
		p.moved = 1 << 40
		time.Sleep(longest - 540*time.Second) //nolint:forbidigo // of the bubble's clock
		if d := left(p); d != 10*time.Second {
			t.Errorf("near the end %s", d)
		}
	})
}

// left2 looks again within a second.
func left2(p *pace) time.Duration {
	p.set = time.Time{}
	at, _ := p.deadline()
	return time.Until(at)
}
