package realtime

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/maphash"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/redis/rueidis"
)

// Presence is how nodes know of each other's connections. The zero value is for one node alone,
// which knows its own.
type Presence struct {
	Redis string        // URL, as rueidis.ParseURL takes it; "" for none
	TTL   time.Duration // after which the connections of a node that is gone are, in whole seconds; default 60 s
}

const (
	// presenceLanes is how many calls to Redis are under way at once, laneLength how many wait
	// for each. What does not fit is left to the next update, or to the TTL.
	presenceLanes = 16
	laneLength    = 2048
	// presencePause is between two attempts to connect to Redis.
	presencePause = time.Second
	// presenceTimeout bounds a connect, and how long a connection may not answer.
	presenceTimeout = time.Second
)

var errPresenceAway = errors.New("presence: Redis is not available")

// presence tells Redis who is connected here, and asks it who is anywhere: the library's own
// support, kept away from whoever must not wait. To enter and to leave is queued. While Redis is
// away it is not even that; when it is back, the library's next updates enter everybody again.
//
//	subscribe, update, leave ──▶ lanes ──▶ remote, while there is one ──▶ Redis
//	                                          └─ an error: given up, and made anew
//
// A Redis that is there and refuses, for lack of memory or of a right, stays: one kind of call
// may work where another does not.
type presence struct {
	connect func() (*remote, error)
	log     *slog.Logger
	seed    maphash.Seed
	lanes   [presenceLanes]chan stay
	remote  atomic.Pointer[remote] // nil while Redis is away
	// Whether Redis has refused the last call of a kind, and that was logged. Apart from each
	// other: a Redis without memory takes who leaves, and not who enters.
	entering, leaving, asking atomic.Bool
	working                   sync.WaitGroup // on the lanes
}

// stay is the beginning or the end of a connection's subscription to a channel.
type stay struct {
	channel, client string
	info            *centrifuge.ClientInfo // nil at the end
}

var _ centrifuge.PresenceManager = (*presence)(nil)

func newPresence(connect func() (*remote, error), log *slog.Logger) *presence {
	p := &presence{connect: connect, log: log, seed: maphash.MakeSeed()}
	for i := range p.lanes {
		p.lanes[i] = make(chan stay, laneLength)
	}
	return p
}

// AddPresence does not wait, and so never fails.
func (p *presence) AddPresence(channel, client string, info *centrifuge.ClientInfo) error {
	p.queue(stay{channel: channel, client: client, info: info})
	return nil
}

// RemovePresence does not wait either.
func (p *presence) RemovePresence(channel, client, _ string) error {
	p.queue(stay{channel: channel, client: client})
	return nil
}

// queue keeps the order of what one connection does.
func (p *presence) queue(s stay) {
	if p.remote.Load() == nil {
		return
	}
	select {
	case p.lanes[maphash.String(p.seed, s.client)%presenceLanes] <- s:
	default:
	}
}

// Presence asks Redis who is in a channel, on whatever node.
func (p *presence) Presence(channel string) (map[string]*centrifuge.ClientInfo, error) {
	r := p.remote.Load()
	if r == nil {
		return nil, errPresenceAway
	}
	members, err := r.members(channel)
	p.judge(r, err, &p.asking)
	return members, err
}

// PresenceStats counts them.
func (p *presence) PresenceStats(channel string) (centrifuge.PresenceStats, error) {
	members, err := p.Presence(channel)
	return presenceStats(members), err
}

func presenceStats(members map[string]*centrifuge.ClientInfo) centrifuge.PresenceStats {
	users := make(map[string]struct{})
	for _, info := range members {
		users[info.UserID] = struct{}{}
	}
	return centrifuge.PresenceStats{NumClients: len(members), NumUsers: len(users)}
}

// presenceName is what Redis knows a channel by: not its name, which holds the id of a session,
// and knowing that is a right.
func presenceName(channel string) string {
	sum := sha256.Sum256([]byte(channel))
	return hex.EncodeToString(sum[:16])
}

// keep connects to Redis, again whenever that fails, until done. What is queued then is still
// told.
func (p *presence) keep(done <-chan struct{}) {
	for _, lane := range p.lanes {
		p.working.Go(func() { p.work(lane, done) })
	}
	defer p.working.Wait()
	for {
		if r, err := p.connect(); err == nil {
			p.remote.Store(r)
			select {
			case <-r.broken:
			case <-done:
				p.working.Wait()
			}
			p.remote.CompareAndSwap(r, nil)
			r.close()
		}
		select {
		case <-done:
			return
		case <-time.After(presencePause):
		}
	}
}

// work tells Redis what is in a lane.
func (p *presence) work(lane <-chan stay, done <-chan struct{}) {
	for {
		select {
		case s := <-lane:
			p.tell(s)
			continue
		default:
		}
		select {
		case s := <-lane:
			p.tell(s)
		case <-done:
			return
		}
	}
}

func (p *presence) tell(s stay) {
	r := p.remote.Load()
	if r == nil {
		return
	}
	refused := &p.entering
	if s.info == nil {
		refused = &p.leaving
	}
	p.judge(r, r.tell(s), refused)
}

// judge looks at how a call has ended. A refusal is logged once, until the next call of its kind
// that works; that Redis does not answer at all is for others to say.
func (p *presence) judge(r *remote, err error, refused *atomic.Bool) {
	if err == nil {
		if refused.CompareAndSwap(true, false) {
			p.log.Info("Redis keeps again who is connected")
		}
		return
	}
	refusal, is := rueidis.IsRedisErr(err)
	if is && refused.CompareAndSwap(false, true) {
		p.log.Warn("Redis does not keep who is connected", "error", err)
	}
	if !is || isElsewhere(refusal) {
		p.giveUp(r)
	}
}

// isElsewhere tells whether another connection may lead to a Redis that does not refuse, as after
// a failover.
func isElsewhere(refusal *rueidis.RedisError) bool {
	text := refusal.Error() // before version 7 a script's error has the code within
	return slices.ContainsFunc([]string{"READONLY ", "LOADING ", "MASTERDOWN ", "CLUSTERDOWN "}, func(code string) bool {
		return strings.Contains(text, code)
	})
}

// giveUp has Redis taken for away.
func (p *presence) giveUp(r *remote) {
	if p.remote.CompareAndSwap(r, nil) {
		close(r.broken)
	}
}

// presentAt lists the clients subscribed to a channel over all nodes, for one of them.
func (s *Server) presentAt(c *conn, channel string) (map[string]*centrifuge.ClientInfo, error) {
	if !c.client.IsSubscribed(channel) {
		return nil, centrifuge.ErrorPermissionDenied
	}
	members := make(map[string]*centrifuge.ClientInfo)
	if s.presence != nil {
		elsewhere, err := s.presence.Presence(channel)
		if err != nil {
			return nil, centrifuge.ErrorInternal // temporary
		}
		members = elsewhere
	}
	// What is known here need not have come to Redis yet.
	for _, id := range append(s.broker.clients(channel), c.client.ID()) {
		members[id] = &centrifuge.ClientInfo{ClientID: id}
	}
	return members, nil
}
