package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

const (
	// storeTimeout bounds what is asked of storage at a time.
	storeTimeout = 10 * time.Second
	// failingAfter is how many streams in a row a receiver must fail to be taken for one that fails: a
	// single delivery that it does not like is none of the others' business.
	failingAfter = 3
	// failingHands is how many hands a receiver has that fails, newHands one of which nothing is known.
	failingHands = 2
	newHands     = 4
)

// dispatch hands streams out. It belongs to one goroutine.
type dispatch struct {
	*Outbox
	receivers map[string]*receiver // who is due, worked for, or failing
	inHand    int
	blind     bool // storage was away at the last look
}

// receiver is a host that webhooks go to.
type receiver struct {
	inHand   int
	due      bool          // it may have a stream to claim
	failures int           // in a row
	proven   bool          // it has taken a delivery
	pace     time.Duration // of its attempts, the recent ones above all
	mourned  bool          // a dead delivery was logged since it last took one
}

func (r *receiver) failing() bool { return r.failures >= failingAfter }

// report is what a hand says when it is done with a stream.
type report struct {
	receiver  string
	due       bool // the stream has more
	tried     bool
	delivered bool           // the last that was tried
	took      time.Duration  // that one
	died      *chat.Delivery // the last that was given up
}

func newDispatch(b *Outbox) *dispatch {
	return &dispatch{Outbox: b, receivers: map[string]*receiver{}}
}

// run goes on until ctx ends, and then waits for the hands, whose attempts end with posts.
func (d *dispatch) run(ctx, posts context.Context) {
	tick := time.NewTicker(d.Sweep)
	defer tick.Stop()
	d.sweep(ctx)
	for ctx.Err() == nil {
		d.claim(ctx, posts)
		select {
		case <-ctx.Done():
		case <-d.Bell.wake:
			for name := range d.Bell.take() {
				d.receiver(name).due = true
			}
		case r := <-d.done:
			d.note(r)
		case <-tick.C:
			d.sweep(ctx)
		}
		d.noteAll()
	}
	for d.inHand > 0 {
		d.note(<-d.done)
	}
}

func (d *dispatch) receiver(name string) *receiver {
	r := d.receivers[name]
	if r == nil {
		r = &receiver{}
		d.receivers[name] = r
	}
	return r
}

// sweep looks for what no ring told of: after a crash, at the time to try again, of other nodes.
func (d *dispatch) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	names, err := d.Service.ListDueReceivers(ctx)
	d.see(ctx, err)
	for _, name := range names {
		d.receiver(name).due = true
	}
}

// see logs once that storage is away, and once that it is back.
func (d *dispatch) see(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled):
	case err != nil && !d.blind:
		d.Log.ErrorContext(ctx, "outbox: cannot look for deliveries", "error", err)
		d.blind = true
	case err == nil && d.blind:
		d.Log.InfoContext(ctx, "outbox: deliveries can be looked for again")
		d.blind = false
	}
}

// claim leases as many streams as there are hands for, of all receivers that may have some.
func (d *dispatch) claim(ctx, posts context.Context) {
	claims := d.wanted()
	if len(claims) == 0 {
		return
	}
	storing, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	leases, err := d.Service.ClaimStreams(storing, claims, d.lease())
	d.see(ctx, err)
	for i, c := range claims {
		r := d.receivers[c.Receiver]
		if err != nil {
			r.due = false // the sweep finds it again
			continue
		}
		r.due = len(leases[i]) == c.Limit
		for _, l := range leases[i] {
			d.hold(r, 1)
			d.running.Go(func() { d.done <- d.serve(ctx, posts, c.Receiver, l) })
		}
		d.forget(c.Receiver)
	}
}

// standing is what is known of a receiver.
type standing int

const (
	good standing = iota // it takes deliveries, and soon
	untried
	bad // it fails, or is slow
	standings
)

func (d *dispatch) standing(r *receiver) standing {
	switch {
	case r.failing() || r.pace > d.turn():
		return bad
	case r.proven:
		return good
	}
	return untried
}

// bounds are how many hands receivers of a standing, and of worse ones, may have together: half for those
// that are bad, however many they are, three quarters with those that may turn out so.
func (d *dispatch) bounds() [standings]int {
	return [standings]int{good: d.Hands, untried: max(d.Hands*3/4, 1), bad: max(d.Hands/2, 1)}
}

// wanted says what there are hands for: one after another for those that have the fewest, the better
// ones first.
func (d *dispatch) wanted() (claims []chat.StreamClaim) {
	type wish struct {
		chat.StreamClaim
		r  *receiver
		is standing
	}
	var wishes []*wish
	left := d.bounds()
	for name, r := range d.receivers { // in any order, so that none is always the last
		is := d.standing(r)
		for s := good; s <= is; s++ {
			left[s] -= r.inHand
		}
		if r.due && r.inHand < d.handsFor(r, is) {
			wishes = append(wishes, &wish{chat.StreamClaim{Receiver: name}, r, is})
		}
	}
	slices.SortFunc(wishes, func(a, b *wish) int { return int(a.is - b.is) })
	for level := 0; level < d.PerReceiver && left[good] > 0; level++ {
		for _, w := range wishes {
			if w.r.inHand+w.Limit != level || level >= d.handsFor(w.r, w.is) || slices.Min(left[:w.is+1]) <= 0 {
				continue
			}
			w.Limit++
			for s := good; s <= w.is; s++ {
				left[s]--
			}
		}
	}
	for _, w := range wishes {
		if w.Limit > 0 {
			claims = append(claims, w.StreamClaim)
		}
	}
	return claims
}

// handsFor is how many hands a receiver may have alone.
func (d *dispatch) handsFor(r *receiver, is standing) int {
	switch {
	case r.failing():
		return min(failingHands, d.PerReceiver)
	case is == untried:
		return min(newHands, d.PerReceiver)
	}
	return d.PerReceiver
}

func (d *dispatch) hold(r *receiver, n int) {
	r.inHand += n
	d.inHand += n
	if d.Metrics.InHand != nil {
		d.Metrics.InHand.Set(float64(d.inHand))
	}
}

// noteAll takes the reports that are there, so that one claim answers many.
func (d *dispatch) noteAll() {
	for {
		select {
		case r := <-d.done:
			d.note(r)
		default:
			return
		}
	}
}

// note takes a hand back. It logs once that a receiver fails, and once that it takes deliveries again.
func (d *dispatch) note(rep report) {
	r := d.receiver(rep.receiver)
	d.hold(r, -1)
	r.due = r.due || rep.due
	if rep.died != nil && !r.mourned {
		d.Log.Warn("outbox: a delivery is given up", "receiver", rep.receiver, "delivery", rep.died.ID, "reason", rep.died.Reason)
		r.mourned = true
	}
	switch {
	case rep.tried && !rep.delivered:
		if r.failures++; r.failures == failingAfter {
			d.Log.Warn("outbox: a receiver does not take deliveries, they are tried again", "receiver", rep.receiver)
		}
	case rep.delivered:
		if r.failing() {
			d.Log.Info("outbox: a receiver takes deliveries again", "receiver", rep.receiver)
		}
		r.failures, r.proven = 0, true
	}
	if rep.took > 0 {
		r.pace = (3*r.pace + rep.took) / 4
	}
	r.mourned = r.mourned && !rep.delivered
	d.forget(rep.receiver)
}

// maxReceivers bounds those that are remembered only for their standing.
const maxReceivers = 10_000

// forget drops what is not worth remembering of a receiver.
func (d *dispatch) forget(name string) {
	r := d.receivers[name]
	if r.inHand == 0 && !r.due && (r.failures == 0 && !r.proven && r.pace == 0 && !r.mourned || len(d.receivers) > maxReceivers) {
		delete(d.receivers, name)
	}
}
