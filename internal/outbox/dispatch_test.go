package outbox

import (
	"fmt"
	"testing"
	"time"
)

// TestBadReceiversShareHalfOfTheHands, however many they are, and hands are dealt out one by one.
func TestBadReceiversShareHalfOfTheHands(t *testing.T) {
	t.Parallel()
	d := newDispatch(&Outbox{Options: Options{Hands: 64, PerReceiver: 16, Timeout: 10 * time.Second}})
	put := func(kind string, n int, r receiver) {
		for i := range n {
			r.due = true
			one := r
			d.receivers[fmt.Sprint(kind, i)] = &one
		}
	}
	claimed := func() map[string]int {
		sum := map[string]int{}
		for _, c := range d.wanted() {
			d.hold(d.receivers[c.Receiver], c.Limit)
			sum[c.Receiver[:3]] += c.Limit
		}
		return sum
	}
	put("bad", 100, receiver{failures: failingAfter})
	put("slo", 10, receiver{proven: true, pace: 3 * time.Second})
	if got := claimed(); got["bad"]+got["slo"] != 32 {
		t.Errorf("bad and slow ones have %v of 64 hands", got)
	}
	put("new", 100, receiver{})
	if got := claimed(); got["new"] != 16 || len(got) != 1 {
		t.Errorf("of the rest, new ones have %v", got)
	}
	put("fin", 3, receiver{proven: true})
	if got := claimed(); got["fin"] != 16 || len(got) != 1 {
		t.Errorf("of the rest, good ones have %v", got)
	}
	for i := range 3 {
		if n := d.receivers[fmt.Sprint("fin", i)].inHand; n < 5 || n > 6 {
			t.Errorf("one of three has %d hands of 16", n)
		}
	}
	if got := claimed(); len(got) > 0 {
		t.Errorf("%v were claimed when no hand was free", got)
	}
}
