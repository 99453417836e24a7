package loadtest

import (
	"sync/atomic"
	"time"
)

// recorder measures one phase of the load. All of it may be used from many goroutines.
type recorder struct {
	start    time.Time
	deadline time.Time // after which nobody begins to send
	end      time.Time // when the last was sent; set by the load
	answers  int       // of a bot to each message, counted on each connection: 0 without a bot, 2 with Socket.IO

	offered, accepted, delivered, refused, failed, unsent atomic.Int64

	ack, delivery, answer, socketIO, late, other histogram

	outstanding  atomic.Int64 // deliveries and answers of acknowledged or unsettled messages to come
	lastAck      atomic.Int64 // nanoseconds after start
	lastDelivery atomic.Int64
	timeline     *timeline // nil unless wanted
	firstFailure atomic.Pointer[error]
}

func newRecorder(answers int, d time.Duration) *recorder {
	now := time.Now()
	return &recorder{start: now, deadline: now.Add(d), answers: answers}
}

// sending notes that a message is sent now that was due before.
func (r *recorder) sending(lateBy time.Duration) {
	r.offered.Add(1)
	r.late.add(lateBy)
	r.outstanding.Add(1 + int64(r.answers))
}

func (r *recorder) acknowledged(now time.Time, took time.Duration) {
	r.accepted.Add(1)
	r.ack.add(took)
	r.timeline.add(now.Sub(r.start)-took, took)
	raise(&r.lastAck, now.Sub(r.start))
}

func (r *recorder) deliveredAt(now time.Time, took time.Duration) {
	r.delivered.Add(1)
	r.delivery.add(took)
	r.timeline.add(now.Sub(r.start)-took, took)
	raise(&r.lastDelivery, now.Sub(r.start))
}

func (r *recorder) answered(kind streamKind, took time.Duration) {
	if kind == socketIOStream {
		r.socketIO.add(took)
	} else {
		r.answer.add(took)
	}
	r.outstanding.Add(-1)
}

func (r *recorder) failedWith(err error) {
	r.failed.Add(1)
	r.firstFailure.CompareAndSwap(nil, &err)
}

func raise(v *atomic.Int64, to time.Duration) {
	for old := v.Load(); int64(to) > old && !v.CompareAndSwap(old, int64(to)); old = v.Load() {
	}
}

// timeline keeps the latencies of each quarter of a second, by when the messages were due.
type timeline struct {
	slots []histogram
}

const timelineSlot = 250 * time.Millisecond

func newTimeline(d time.Duration) *timeline {
	return &timeline{slots: make([]histogram, d/timelineSlot+1)}
}

func (t *timeline) add(due, took time.Duration) {
	if t == nil || due < 0 || int(due/timelineSlot) >= len(t.slots) {
		return
	}
	t.slots[due/timelineSlot].add(took)
}

// calm is when the first second begins in which the 99th percentile stays under a limit, and
// whether there is one.
func (t *timeline) calm(limit time.Duration) (time.Duration, bool) {
	const second = int(time.Second / timelineSlot)
	for i := 0; i+second < len(t.slots); i++ {
		var h histogram
		for j := range second {
			h.merge(&t.slots[i+j])
		}
		if h.count.Load() > 0 && h.quantile(0.99) < limit {
			return time.Duration(i) * timelineSlot, true
		}
	}
	return 0, false
}

// quantile is over all slots.
func (t *timeline) quantile(q float64) time.Duration {
	var h histogram
	for i := range t.slots {
		h.merge(&t.slots[i])
	}
	return h.quantile(q)
}
