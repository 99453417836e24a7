package auth

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/govorun/govorun/internal/chat"
)

// Rate is how often something may happen: Burst at once, PerSecond in the long run.
type Rate struct {
	PerSecond float64
	Burst     int
}

// The default limits are generous: an integrator's server speaks for all its users from one
// address, and a person who pastes ten messages at once is no attacker.
var (
	defaultAddressRate = Rate{PerSecond: 300, Burst: 1500}
	defaultSessionRate = Rate{PerSecond: 20, Burst: 100}
)

// defaultMaxKeys bounds the addresses and, apart from them, the sessions remembered at a time.
const defaultMaxKeys = 1 << 16

// LimitParams says how often clients may call. A zero field takes its default.
type LimitParams struct {
	Address Rate             // of one IPv4 address, or of one IPv6 network of 64 bits
	Session Rate             // of one session, over all transports that ask
	MaxKeys int              // addresses and sessions remembered; beyond it the longest idle are forgotten
	Now     func() time.Time // clock
}

// maxRefill bounds how long a bucket is remembered, and the wait that a refusal names.
const maxRefill = 24 * time.Hour

// Limits counts calls. It is safe for use at once; a nil *Limits allows everything, which is
// how limiting is turned off.
type Limits struct {
	now     func() time.Time
	address *buckets[netip.Prefix]
	session *buckets[string]
}

// NewLimits returns limits in which nobody has called yet.
func NewLimits(p LimitParams) *Limits {
	if p.Address == (Rate{}) {
		p.Address = defaultAddressRate
	}
	if p.Session == (Rate{}) {
		p.Session = defaultSessionRate
	}
	if p.MaxKeys <= 0 {
		p.MaxKeys = defaultMaxKeys
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	return &Limits{
		now:     p.Now,
		address: newBuckets[netip.Prefix](p.Address, p.MaxKeys),
		session: newBuckets[string](p.Session, p.MaxKeys),
	}
}

// Address counts a call of a remote address. Beyond the limit it returns an error with
// CodeRateLimited that says when to try again.
func (l *Limits) Address(addr netip.Addr) error {
	if l == nil {
		return nil
	}
	return refusal(l.address.take(Network(addr), l.now()), "address")
}

// Network is what limits of an address count: the address, or the network of 64 bits of an IPv6
// one. It is the zero Prefix for the zero Addr.
func Network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64 // one subscriber has the whole network
	}
	network, _ := addr.Prefix(bits)
	return network
}

// Session counts a call that concerns a session; see Address.
func (l *Limits) Session(id string) error {
	if l == nil {
		return nil
	}
	return refusal(l.session.take(id, l.now()), "session")
}

func refusal(wait time.Duration, what string) error {
	if wait <= 0 {
		return nil
	}
	err := chat.Errorf(chat.CodeRateLimited, "too many requests of one %s", what)
	err.RetryAfter = wait
	return err
}

// buckets is a bounded, expiring map of token buckets. It has two generations: what is used
// moves to the recent one; when that is full, or old enough for every idle bucket to have
// filled up again, the older one is dropped and the recent one takes its place. So it never
// grows beyond max, and forgetting an idle bucket changes nothing.
type buckets[K comparable] struct {
	limit rate.Limit
	burst int
	half  int           // most buckets of one generation
	age   time.Duration // of a generation

	mu            sync.Mutex // guards what follows
	recent, older map[K]*rate.Limiter
	since         time.Time // when recent was begun
}

func newBuckets[K comparable](r Rate, limit int) *buckets[K] {
	refill := min(math.Ceil(float64(r.Burst)/r.PerSecond), maxRefill.Seconds())
	return &buckets[K]{
		limit: rate.Limit(r.PerSecond),
		burst: r.Burst,
		half:  max(limit/2, 1),
		age:   max(time.Duration(refill)*time.Second, time.Minute),
	}
}

// take uses up one token of a bucket, or says how long to wait for the next.
func (b *buckets[K]) take(k K, now time.Time) time.Duration {
	bucket := b.find(k, now)
	if bucket.AllowN(now, 1) {
		return 0
	}
	r := bucket.ReserveN(now, 1)
	if !r.OK() { // a burst of 0: never
		return b.age
	}
	wait := r.DelayFrom(now)
	r.CancelAt(now)
	return min(max(wait, time.Millisecond), b.age)
}

func (b *buckets[K]) find(k K, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bucket := b.recent[k]; bucket != nil {
		return bucket
	}
	bucket := b.older[k]
	if bucket == nil {
		bucket = rate.NewLimiter(b.limit, b.burst)
	}
	if b.recent == nil || len(b.recent) >= b.half || now.Sub(b.since) > b.age {
		b.recent, b.older, b.since = make(map[K]*rate.Limiter), b.recent, now
	}
	b.recent[k] = bucket
	return bucket
}
