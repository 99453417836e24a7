package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
)

const (
	// beatTimeout bounds a look at the other nodes.
	beatTimeout = 2 * time.Second
	// leaveTimeout bounds telling the others that this node stops.
	leaveTimeout = 2 * time.Second
	// adoptTimeout bounds looking for the turns of dead nodes; the runner's own sweeps find what
	// was not found in time.
	adoptTimeout = 5 * time.Second
	// adoptBatch is how many turns of a dead node are taken up at once; sweeps find the others.
	adoptBatch = 1000
)

// nodeParams are what a node works with.
type nodeParams struct {
	store   chat.Store
	shared  bool // whether other processes may use the same data
	self    chat.Node
	metrics *metrics
	log     *slog.Logger
	freed   func(context.Context) error // told that leases were freed
}

// node is this process among those that share its data. Alone with its data it is the eldest,
// and neither reads nor writes anything.
type node struct {
	nodeParams
	roster  *chat.Roster
	eldest  atomic.Bool
	failing bool          // the last beat failed
	stuck   bool          // at the last beat a dead node could not be removed
	orphans chan struct{} // has one when leases were freed and nobody has looked for the turns yet

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// startNode registers this process, before it takes any lease, and beats until close.
func startNode(ctx context.Context, p nodeParams) (*node, error) {
	n := &node{
		nodeParams: p,
		roster:     chat.NewRoster(p.store, p.self, time.Now),
		orphans:    make(chan struct{}, 1),
		cancel:     func() {},
	}
	if !p.shared {
		n.see([]chat.Node{p.self})
		return n, nil
	}
	out, err := n.look(ctx)
	if out == nil {
		return nil, fmt.Errorf("register node: %w", err)
	}
	n.see(out.Nodes)
	n.log.Info("node joined", "node", p.self.Name, "node_id", p.self.ID, "nodes", len(out.Nodes))
	ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	n.running.Go(func() { n.run(ctx) })
	n.running.Go(func() { n.takeUp(ctx) })
	return n, nil
}

func (n *node) run(ctx context.Context) {
	tick := time.NewTicker(chat.NodeBeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.beat(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// close has the others take over at once what this node still holds, above all when the time to
// stop was too short for it. It fails nothing: they see by themselves that the node is gone.
func (n *node) close(ctx context.Context) error {
	n.cancel()
	n.running.Wait()
	if !n.shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := n.roster.Leave(ctx); err != nil {
		n.log.WarnContext(ctx, "the other nodes cannot be told that this one stops", "error", err)
	}
	return nil
}

func (n *node) look(ctx context.Context) (*chat.Outlook, error) {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	return n.roster.Beat(ctx, total(n.metrics.connections), total(n.metrics.turnsInHand))
}

// beat logs a failure once, until it is over. A dead node that cannot be removed keeps this one
// from nothing else.
func (n *node) beat(ctx context.Context) {
	out, err := n.look(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case out == nil:
		if !n.failing {
			n.log.ErrorContext(ctx, "the node cannot beat, others may take it for dead", "error", err)
		}
		n.failing = true
		n.setEldest(false)
		return
	case n.failing:
		n.log.InfoContext(ctx, "the node beats again")
		n.failing = false
	}
	if err != nil && !n.stuck {
		n.log.ErrorContext(ctx, "a dead node cannot be removed, its turns wait until it can", "error", err)
	}
	n.stuck = err != nil
	if out.Returned {
		n.log.WarnContext(ctx, "others took this node for dead, it is registered again")
	}
	n.see(out.Nodes)
	n.adopt(ctx, out.Removed)
}

// see takes note of who is alive.
func (n *node) see(nodes []chat.Node) {
	n.metrics.nodes.Set(float64(len(nodes)))
	n.setEldest(len(nodes) > 0 && nodes[0].ID == n.self.ID)
}

func (n *node) setEldest(eldest bool) {
	n.eldest.Store(eldest)
	value := 0.0
	if eldest {
		value = 1
	}
	n.metrics.nodeEldest.Set(value)
}

// adopt goes on with what dead nodes have left.
func (n *node) adopt(ctx context.Context, dead []chat.Node) {
	if len(dead) == 0 {
		return
	}
	for _, d := range dead {
		n.metrics.nodesRemoved.Inc()
		n.log.WarnContext(ctx, "a node was silent and is taken for dead", "node", d.Name, "node_id", d.ID, "address", d.Address)
	}
	n.free()
}

// freeOrphans does what adopt does for leases that dead nodes took at the last moment.
func (n *node) freeOrphans(ctx context.Context, service *chat.Service) error {
	if !n.shared {
		return nil
	}
	freed, err := service.FreeOrphans(ctx)
	if freed > 0 {
		n.log.WarnContext(ctx, "leases of dead nodes are freed", "leases", freed)
		n.free()
	}
	return err
}

// free has the turns of freed leases taken up. It does not wait: a beat that did would come too
// late, and this node be taken for dead as well.
func (n *node) free() {
	select {
	case n.orphans <- struct{}{}:
	default: // it is going to look for all there are
	}
}

// takeUp looks for the turns of freed leases, until ctx ends.
func (n *node) takeUp(ctx context.Context) {
	for {
		select {
		case <-n.orphans:
			if err := n.findTurns(ctx); err != nil && ctx.Err() == nil {
				n.log.ErrorContext(ctx, "the turns of a dead node wait for the next sweep", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (n *node) findTurns(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, adoptTimeout)
	defer cancel()
	return n.freed(ctx)
}

// asEldest is work for one of the nodes.
func (n *node) asEldest(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if !n.eldest.Load() {
			return nil
		}
		return work(ctx)
	}
}

// newSelf is this process as the other nodes are to see it.
func (a *App) newSelf() chat.Node {
	address := a.web.listener.Addr().String()
	return chat.Node{
		ID:        uuid.NewString(), // of this run: a turn that killed its process counts as begun
		Name:      nodeName(a.params.Config.Node.Name, address),
		Version:   a.params.Version,
		Address:   address,
		StartedAt: time.Now(),
	}
}

func nodeName(name, address string) string {
	if name != "" {
		return name
	}
	host, err := os.Hostname()
	if err != nil {
		return address
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return host
	}
	return net.JoinHostPort(host, port)
}

// sweep queues turns that are due, without waiting for the runner to look for them.
func sweep(service *chat.Service, queue *bot.Queue) func(context.Context) error {
	return func(ctx context.Context) error {
		refs, err := service.ListDueTurns(ctx, 0, adoptBatch)
		for _, ref := range refs {
			queue.Ring(chat.Ring{Session: ref, TurnDue: true})
		}
		return err
	}
}
