package chat_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// peer is one node of several over the world's store.
type peer struct {
	*chat.Service
	w      *world
	roster *chat.Roster
	down   bool // the store does not answer this node
}

// flaky is a store that a node may lose.
type flaky struct {
	chat.Store
	down *bool
}

var errDown = errors.New("the store is down")

func (f flaky) Update(ctx context.Context, fn func(chat.Tx) error) error {
	if *f.down {
		return errDown
	}
	return f.Store.Update(ctx, fn)
}

func (w *world) join(name string) *peer {
	w.t.Helper()
	service := *w.Service
	service.Node = uuid.NewString()
	p := &peer{Service: &service, w: w}
	p.roster = chat.NewRoster(flaky{w.store, &p.down}, chat.Node{ID: service.Node, Name: name, StartedAt: w.clock()}, w.clock)
	if out := p.beat(); out.Returned {
		w.t.Fatal("it returns from nowhere")
	}
	return p
}

func (p *peer) beat() *chat.Outlook {
	p.w.t.Helper()
	out, err := p.roster.Beat(context.Background(), 1, 2)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return out
}

// watch has nodes beat in turns for a time, and returns who was removed meanwhile.
func (w *world) watch(d time.Duration, peers ...*peer) (removed []string) {
	w.t.Helper()
	for ; d > 0; d -= chat.NodeBeat {
		w.pass(chat.NodeBeat)
		for _, p := range peers {
			removed = append(removed, names(p.beat().Removed)...)
		}
	}
	return removed
}

func names(nodes []chat.Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.Name)
	}
	return list
}

func (w *world) wantNodes(want ...string) {
	w.t.Helper()
	nodes, err := w.store.ListNodes(context.Background())
	if err != nil || !slices.Equal(names(nodes), want) {
		w.t.Fatalf("nodes %q, %v, expected %q", names(nodes), err, want)
	}
}

func TestNodesSeeEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.join("a"), w.join("b")
	if removed := w.watch(time.Minute, a, b); removed != nil {
		t.Fatalf("removed %q", removed)
	}
	out := b.beat()
	if !slices.Equal(names(out.Nodes), []string{"a", "b"}) || out.Returned {
		t.Fatalf("got %+v", out)
	}
	if n := out.Nodes[1]; n.Connections != 1 || n.Turns != 2 || n.Beat != out.Nodes[0].Beat+1 {
		t.Fatalf("got %+v", out.Nodes)
	}
}

func TestASilentNodeIsRemovedInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.join("a"), w.join("b"), w.join("c")
	w.watch(5*time.Second, a, b, c)
	if removed := w.watch(chat.NodeSilence-chat.NodeBeat, b, c); removed != nil {
		t.Fatalf("removed %q too early", removed)
	}
	w.pass(chat.NodeBeat)
	out := b.beat()
	if !slices.Equal(names(out.Removed), []string{"a"}) || !slices.Equal(names(out.Nodes), []string{"b", "c"}) {
		t.Fatalf("got %+v", out)
	}
	if out = c.beat(); out.Removed != nil || !slices.Equal(names(out.Nodes), []string{"b", "c"}) {
		t.Fatalf("the second to notice got %+v", out)
	}
}

// sticky is a store with a node that cannot be removed.
type sticky struct {
	chat.Store
	id string
}

var errSticky = errors.New("the row is stuck")

func (s sticky) Update(ctx context.Context, fn func(chat.Tx) error) error {
	return s.Store.Update(ctx, func(tx chat.Tx) error { return fn(stickyTx{tx, s.id}) })
}

type stickyTx struct {
	chat.Tx
	id string
}

func (t stickyTx) RemoveNode(id string, beat int64) (bool, error) {
	if id == t.id {
		return false, errSticky
	}
	return t.Tx.RemoveNode(id, beat)
}

// TestANodeThatCannotBeRemovedIsInNobodysWay: the other dead ones are, and it is not the eldest.
func TestANodeThatCannotBeRemovedIsInNobodysWay(t *testing.T) {
	t.Parallel()
	for _, stuck := range []string{"a", "b", "c"} {
		t.Run(stuck, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dead := map[string]string{}
			for _, name := range []string{"a", "b", "c"} {
				dead[name] = w.join(name).Node
			}
			d := w.join("d")
			d.roster = chat.NewRoster(sticky{w.store, dead[stuck]}, chat.Node{ID: d.Node, Name: "d", StartedAt: w.clock()}, w.clock)
			var removed []string
			for beats, failed := 20, 0; beats > 0; beats-- {
				out, err := d.roster.Beat(t.Context(), 0, 0)
				if out == nil {
					t.Fatal(err)
				}
				removed = append(removed, names(out.Removed)...)
				if err != nil {
					failed++
				}
				if late := failed > 0; late != errors.Is(err, errSticky) || late != slices.Equal(names(out.Nodes), []string{"d"}) {
					t.Fatalf("sees %q, %v", names(out.Nodes), err)
				}
				if beats == 1 && failed < 10 {
					t.Errorf("failed only %d times", failed)
				}
				w.pass(chat.NodeBeat)
			}
			want := slices.DeleteFunc([]string{"a", "b", "c"}, func(name string) bool { return name == stuck })
			if !slices.Equal(removed, want) {
				t.Errorf("removed %q, expected %q", removed, want)
			}
		})
	}
}

func TestNobodyIsJudgedByWhatWasMissed(t *testing.T) {
	t.Parallel()
	for name, miss := range map[string]func(w *world, b *peer){
		"this node was paused": func(w *world, _ *peer) { w.pass(time.Hour) },
		"this node beat too rarely": func(w *world, b *peer) {
			for range 10 {
				w.pass(1600 * time.Millisecond)
				if out := b.beat(); out.Removed != nil {
					w.t.Fatalf("removed %q", names(out.Removed))
				}
			}
			w.pass(1600 * time.Millisecond)
		},
		"the store was down": func(w *world, b *peer) {
			b.down = true
			for range 10 {
				w.pass(chat.NodeBeat)
				if _, err := b.roster.Beat(context.Background(), 0, 0); !errors.Is(err, errDown) {
					w.t.Fatal(err)
				}
			}
			b.down = false
		},
		"one beat failed": func(w *world, b *peer) {
			b.down = true
			w.pass(chat.NodeBeat)
			if _, err := b.roster.Beat(context.Background(), 0, 0); !errors.Is(err, errDown) {
				w.t.Fatal(err)
			}
			b.down = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.join("a")
			b := w.join("b")
			w.watch(chat.NodeSilence-chat.NodeBeat, b)
			miss(w, b)
			if removed := w.watch(chat.NodeSilence, b); removed != nil {
				t.Fatalf("removed %q by what was not seen", removed)
			}
			if removed := w.watch(chat.NodeBeat, b); !slices.Equal(removed, []string{"a"}) {
				t.Fatalf("removed %q, expected a", removed)
			}
		})
	}
}

func TestANodeThatBeatsAtTheLastMomentStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.join("a"), w.join("b")
	w.watch(chat.NodeSilence-chat.NodeBeat, b)
	w.watch(chat.NodeBeat, a, b)
	if removed := w.watch(chat.NodeSilence-chat.NodeBeat, b); removed != nil {
		t.Fatalf("removed %q", removed)
	}
	w.wantNodes("a", "b")
}

func TestANodeTakenForDeadReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.join("a"), w.join("b")
	w.watch(2*chat.NodeSilence, b)
	w.wantNodes("b")
	out := a.beat()
	if !out.Returned || out.Removed != nil || !slices.Equal(names(out.Nodes), []string{"b", "a"}) {
		t.Fatalf("got %+v", out)
	}
	if out = a.beat(); out.Returned {
		t.Fatal("returned twice")
	}
	if removed := w.watch(time.Minute, a, b); removed != nil {
		t.Fatalf("removed %q", removed)
	}
}

func TestANodeThatLeavesGivesUpWhatItHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.join("a"), w.join("b")
	ref := a.started()
	a.down = true // whether this beat was stored, the node does not know
	_, _ = a.roster.Beat(t.Context(), 0, 0)
	a.down = false
	if err := a.roster.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantNodes("b")
	if turn := b.begun(ref); turn == nil || turn.Attempt != 2 {
		t.Fatalf("got %+v", turn)
	}
	if err := a.roster.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantNodes("b")
}

// started is a new session whose turn is due at the node.
func (p *peer) started() chat.SessionRef {
	p.w.t.Helper()
	r, err := p.Start(context.Background(), chat.StartParams{ChatID: p.w.chat.ID, Message: &chat.MessageParams{Body: "hi"}})
	if err != nil {
		p.w.t.Fatal(err)
	}
	return r.Session.Ref()
}

// begun is the turn the node may take in a session, if any.
func (p *peer) begun(ref chat.SessionRef) *chat.Turn {
	p.w.t.Helper()
	turn, err := p.BeginTurn(context.Background(), ref, nil, nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return turn
}

func (p *peer) commit(turn *chat.Turn, text string) error {
	_, err := p.CommitTurn(context.Background(), turn, &chat.TurnResult{Outputs: []chat.Output{say(text)}})
	return err
}

func TestWhatAPausedNodeCommitsIsRefused(t *testing.T) {
	t.Parallel()
	const answer = "BOT the one answer"
	// All begin with a turn that a has begun when others took it for dead.
	for name, wake := range map[string]func(t *testing.T, a, b *peer, ref chat.SessionRef, old *chat.Turn){
		"before anybody has taken the turn up": func(t *testing.T, a, b *peer, ref chat.SessionRef, old *chat.Turn) {
			expectCode(t, a.commit(old, "late"), chat.CodeConflict)
			if err := b.commit(b.begun(ref), "the one answer"); err != nil {
				t.Fatal(err)
			}
		},
		"while another works on it": func(t *testing.T, a, b *peer, ref chat.SessionRef, old *chat.Turn) {
			turn := b.begun(ref)
			expectCode(t, a.commit(old, "late"), chat.CodeConflict)
			if again := a.begun(ref); again != nil {
				t.Fatalf("two nodes work on %s", again.ID)
			}
			if err := b.commit(turn, "the one answer"); err != nil {
				t.Fatal(err)
			}
		},
		"after another has answered": func(t *testing.T, a, b *peer, ref chat.SessionRef, old *chat.Turn) {
			if err := b.commit(b.begun(ref), "the one answer"); err != nil {
				t.Fatal(err)
			}
			expectCode(t, a.commit(old, "late"), chat.CodeConflict)
		},
		"after it has taken the turn up anew itself": func(t *testing.T, a, _ *peer, ref chat.SessionRef, old *chat.Turn) {
			if out := a.beat(); !out.Returned {
				t.Fatal("it is still registered")
			}
			turn := a.begun(ref)
			if turn == nil || turn.Attempt != old.Attempt+1 {
				t.Fatalf("got %+v", turn)
			}
			expectCode(t, a.commit(old, "late"), chat.CodeConflict)
			if err := a.commit(turn, "the one answer"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b := w.join("a"), w.join("b")
			ref := a.started()
			old := a.begun(ref)
			if b.begun(ref) != nil {
				t.Fatal("two nodes work on one turn")
			}
			if removed := w.watch(2*chat.NodeSilence, b); !slices.Equal(removed, []string{"a"}) {
				t.Fatalf("removed %q", removed)
			}
			wake(t, a, b, ref, old)
			w.expectLog(ref.ID, "session.started", "CLIENT hi", answer)
			if a.begun(ref) != nil || b.begun(ref) != nil {
				t.Fatal("a turn is due for nothing")
			}
		})
	}
}

func TestOrphansAreFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.join("a"), w.join("b")
	w.watch(2*chat.NodeSilence, b)
	orphan := a.started() // a has woken, not beaten, and dies for good
	held := b.started()
	for _, want := range []int64{1, 0} {
		if freed, err := b.FreeOrphans(t.Context()); err != nil || freed != want {
			t.Fatalf("freed %d, %v, expected %d", freed, err, want)
		}
	}
	if turn := b.begun(orphan); turn == nil || turn.Attempt != 2 {
		t.Fatalf("got %+v", turn)
	}
	if turn := b.begun(held); turn == nil || turn.Attempt != 1 {
		t.Fatalf("got %+v", turn)
	}
}
