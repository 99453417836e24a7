package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// How nodes that share a store see that one of them has died. Each counts the silence of the
// others by its own clock; clocks are never compared.
const (
	// NodeBeat is how often a node beats, and looks at the others.
	NodeBeat = 500 * time.Millisecond
	// NodeSilence is how long a node is seen not to beat until it is taken for dead.
	NodeSilence = 2500 * time.Millisecond
	// nodeGap is the longest time between two looks that counts as having looked all the time.
	nodeGap = 1500 * time.Millisecond
)

// Node is one process that serves, as it shows itself to the others.
type Node struct {
	ID          string // UUID of the run: the holder of its leases
	Name        string // as people see it
	Version     string // of the program
	Address     string // host:port on which it listens
	StartedAt   time.Time
	Beat        int64 // another one at every beat
	Connections int64 // open sockets
	Turns       int64 // of bots, in work
}

// Roster is one node's view of all that share its store: it shows that this node lives, and
// finds out who does not. Whoever notices first removes a dead node and frees its leases, so
// others take its turns up; should it wake, the leases it has lost refuse what it commits. A
// Roster is for one goroutine.
type Roster struct {
	store      Store
	now        func() time.Time // monotonic
	self       Node
	registered bool // since the first beat; others may have removed the row

	looked time.Time           // when, at the last look; zero when the last one failed
	seen   map[string]sighting // the others, by id
}

// sighting is the beat last seen of a node, and since when it is that one.
type sighting struct {
	beat  int64
	since time.Time
}

// Outlook is what a beat has shown.
type Outlook struct {
	Nodes    []Node // all that are not known to be dead, the eldest first, this one among them
	Removed  []Node // those that this beat has found dead, and removed
	Returned bool   // others took this node for dead; it is registered again
}

// NewRoster returns the view of a node, which is not registered before its first beat.
func NewRoster(store Store, self Node, now func() time.Time) *Roster {
	return &Roster{store: store, self: self, now: now}
}

// Beat shows that this node lives and how many connections and turns it holds, and looks at the
// others. It is to be called every NodeBeat. A beat that fails, or comes late, has nobody judged
// by what it missed: neither an outage of the database nor a pause of this process makes the
// others look dead.
//
// An outlook that comes with an error holds: this node has beaten, and some that are dead could
// not be removed. The next beat tries again.
func (r *Roster) Beat(ctx context.Context, connections, turns int64) (*Outlook, error) {
	r.self.Connections, r.self.Turns = connections, turns
	out, err := r.look(ctx)
	if err != nil {
		r.looked = time.Time{}
		return nil, fmt.Errorf("beat: %w", err)
	}
	for _, n := range r.judge(out.Nodes) {
		removed, removeErr := r.remove(ctx, n)
		if removeErr != nil {
			err = errors.Join(err, fmt.Errorf("remove node %s: %w", n.ID, removeErr))
		}
		if removed {
			out.Removed = append(out.Removed, n)
		}
		if removed || removeErr != nil { // else it has beaten meanwhile, or others were quicker
			out.Nodes = slices.DeleteFunc(out.Nodes, func(other Node) bool { return other.ID == n.ID })
		}
	}
	return out, err
}

// look beats, then reads the beats of all.
func (r *Roster) look(ctx context.Context) (*Outlook, error) {
	r.self.Beat++
	var added bool
	err := r.store.Update(ctx, func(tx Tx) (err error) {
		added, err = tx.PutNode(&r.self)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &Outlook{Returned: added && r.registered}
	r.registered = true
	out.Nodes, err = r.store.ListNodes(ctx)
	return out, err
}

// judge returns the nodes that have been silent for too long.
func (r *Roster) judge(nodes []Node) (silent []Node) {
	now := r.now()
	if r.looked.IsZero() || now.Sub(r.looked) > nodeGap {
		r.seen = nil
	}
	r.looked = now
	seen := make(map[string]sighting, len(nodes))
	for _, n := range nodes {
		if n.ID == r.self.ID {
			continue
		}
		s, ok := r.seen[n.ID]
		if !ok || s.beat != n.Beat {
			s = sighting{n.Beat, now}
		}
		seen[n.ID] = s
		if now.Sub(s.since) >= NodeSilence {
			silent = append(silent, n)
		}
	}
	r.seen = seen
	return silent
}

func (r *Roster) remove(ctx context.Context, n Node) (removed bool, err error) {
	err = r.store.Update(ctx, func(tx Tx) (err error) {
		removed, err = tx.RemoveNode(n.ID, n.Beat)
		return err
	})
	return removed, err
}

// Leave has the others take over at once, as the node's last act: what it still holds is freed.
func (r *Roster) Leave(ctx context.Context) error {
	err := r.store.Update(ctx, func(tx Tx) error {
		// Whether the last beat was stored may not be known.
		if _, err := tx.PutNode(&r.self); err != nil {
			return err
		}
		_, err := tx.RemoveNode(r.self.ID, r.self.Beat)
		return err
	})
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// FreeOrphans frees the leases of nodes that are no more: a commit of theirs may have come after
// they were removed. It returns how many there were.
func (s *Service) FreeOrphans(ctx context.Context) (freed int64, err error) {
	leases, err := s.Store.CountLeases(ctx)
	if err != nil {
		return 0, fmt.Errorf("free orphans: %w", err)
	}
	nodes, err := s.Store.ListNodes(ctx) // after the leases: who has one was registered before
	if err != nil {
		return 0, fmt.Errorf("free orphans: %w", err)
	}
	for _, n := range nodes {
		delete(leases, n.ID)
	}
	for id := range leases {
		var n int64
		err := s.Store.Update(ctx, func(tx Tx) (err error) {
			n, err = tx.FreeLeases(id)
			return err
		})
		if err != nil {
			return freed, fmt.Errorf("free orphans of node %s: %w", id, err)
		}
		freed += n
	}
	return freed, nil
}
