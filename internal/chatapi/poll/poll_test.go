package poll_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi/poll"
)

func (w *world) want(what string, got []object, want ...string) {
	w.Helper()
	if list := bodies(got); !slices.Equal(list, want) {
		w.Errorf("%s: got %q, expected %q", what, list, want)
	}
}

func onEngines(t *testing.T, nodes int, test func(w *world)) {
	t.Parallel()
	for engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(newWorld(t, engine, nodes))
		})
	}
}

func TestOperatorsOnlyAndSinceTheCallBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", 1)
	w.want("no session", w.poll(0, false, w.request()))
	s := w.open(0)
	w.say(0, s, asks("hi", "q1", "tab"), bot("hello", 2, "q1"), &chat.Answered{Cause: 2, QuestionID: "q1", CID: "tab"})
	w.say(0, s, operator("one"), operator("two"))
	first := w.poll(0, false, w.request())
	w.want("operators", first, "operator:one", "operator:two")
	w.want("again", w.poll(0, false, w.request()))
	w.say(0, s, operator("three"))
	w.want("since then", w.poll(0, false, w.request()), "operator:three")
	w.want("after a number", w.poll(0, false, w.request(after(strconv.FormatInt(first[0].Seq, 10)))), "operator:two", "operator:three")
	w.want("after an event", w.poll(0, false, w.request(after(first[1].ID))), "operator:three")
	w.want("after a number that is not there yet", w.poll(0, false, w.request(after("999"))), "operator:one", "operator:two", "operator:three")
	since := func(ms int64) poll.Request {
		return w.request(func(r *poll.Request) { r.TS = time.UnixMilli(ms) })
	}
	w.want("after a time", w.poll(0, false, since(first[0].TS)), "operator:two", "operator:three")
	w.want("since before", w.poll(0, false, since(first[0].TS-1)), "operator:one", "operator:two", "operator:three")
	w.want("since long ago", w.poll(0, false, since(1)), "operator:one", "operator:two", "operator:three")
	w.want("the cursor never goes back", w.poll(0, false, w.request()))
	for _, bad := range []string{"-1", "nonsense", "1.5", newID()} {
		if _, err := w.nodes[0].hub.Begin(t.Context(), w.request(after(bad))); chat.CodeOf(err) != chat.CodeInvalid {
			t.Errorf("after=%s: %v", bad, err)
		}
	}
}

func TestTheFirstCallStartsAtTheLastRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", 1)
	s := w.open(0)
	w.say(0, s, operator("long ago"), asks("hi", "q1", ""), operator("now"))
	for i := range 120 {
		w.say(0, s, bot(fmt.Sprint(i), 0, ""))
	}
	w.want("first", w.poll(0, false, w.request()), "operator:now")
	// A call that was given nothing is a call too.
	w.say(0, s, asks("more", "q2", ""))
	w.want("nothing", w.poll(0, false, w.request()))
	w.say(0, s, operator("between"), asks("even more", "q3", ""))
	w.want("since the call before", w.poll(0, false, w.request()), "operator:between")
}

func TestAConnectionIsAWindowWithoutItsEchoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", 1)
	s := w.open(0)
	w.say(0, s, asks("before", "q0", "other"), bot("answer", 2, "q0"), &chat.Answered{Cause: 2, QuestionID: "q0", CID: "other"})
	w.say(0, s, asks("mine", "q1", "tab"))
	w.say(0, s, bot("a", 5, "q1"), bot("b", 5, "q1"), &chat.Answered{Cause: 5, QuestionID: "q1", CID: "tab"})
	w.say(0, s, asks("theirs", "q2", "other"))
	w.say(0, s, bot("c", 9, "q2"), bot("d", 9, "q2"), &chat.Answered{Cause: 9, QuestionID: "q2", CID: "other"})
	w.say(0, s, bot("late, to tab", 5, "q1")) // its end was before
	w.say(0, s, bot("nobody asked", 0, ""), &chat.ActionPressed{Event: "pressed"}, operator("o"))
	rest := []string{"client:theirs", "bot:c", "bot:+d", "bot:nobody asked", "client:pressed", "operator:o"}
	w.want("tab", w.poll(0, false, w.request(all, of("tab"))), rest...)
	w.want("tab, before its time", w.poll(0, false, w.request(all, of("tab"), after("0"))), rest...)
	w.want("operators to tab", w.poll(0, false, w.request(of("tab"), after("0"))), "operator:o")
	w.want("a new one", w.poll(0, false, w.request(all, of("new"))))
	w.want("without", w.poll(0, false, w.request(all, after("0"))), "client:before", "bot:answer", "client:mine", "bot:a", "bot:+b",
		"client:theirs", "bot:c", "bot:+d", "bot:late, to tab", "bot:nobody asked", "client:pressed", "operator:o")
	w.say(0, s, operator("p"))
	for _, cid := range []string{"tab", "new"} {
		w.want(cid+" goes on", w.poll(0, false, w.request(all, of(cid))), "operator:p")
	}
}

func TestAnAnswerIsLimitedAndCutsNoTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", 1)
	s := w.open(0)
	var many []chat.Payload
	for i := range 600 {
		many = append(many, operator(strconv.Itoa(i)))
	}
	w.say(0, s, many...)
	var got []string
	for _, n := range []int{250, 250, 100, 0} {
		objects := w.poll(0, false, w.request())
		if len(objects) != n {
			t.Errorf("%d objects, expected %d", len(objects), n)
		}
		for _, o := range objects {
			got = append(got, o.Bodies...)
		}
	}
	for i, b := range got {
		if b != strconv.Itoa(i) {
			t.Fatalf("%d is %s", i, b)
		}
	}
	s = w.another(0, s)
	many = nil
	for i := range 9 { // 9 turns of 60 messages, more than are read at a time
		for range 60 {
			many = append(many, bot(strconv.Itoa(i), int64(1000+i), ""))
		}
	}
	w.say(0, s, many...)
	objects := w.poll(0, false, w.request(all))
	objects = append(objects, w.poll(0, false, w.request(all))...)
	if len(objects) != 9 {
		t.Errorf("%d turns", len(objects))
	}
	for _, o := range objects {
		if len(o.Bodies) != 60 {
			t.Errorf("a turn has %d messages", len(o.Bodies))
		}
	}
}

// another ends a session and begins the next.
func (w *world) another(node int, s *chat.Session) *chat.Session {
	w.end(node, s)
	return w.open(node)
}

func TestAPollWakesByEachWay(t *testing.T) {
	onEngines(t, 2, func(w *world) {
		s := w.open(0)
		w.say(0, s, asks("hi", "q1", ""))
		begin := func(r poll.Request) *poll.Wait {
			p, err := w.nodes[1].hub.Begin(context.Background(), r)
			if err != nil {
				w.Fatal(err)
			}
			return p
		}
		p := begin(w.request())
		w.say(0, s, bot("not asked for", 0, ""))
		w.say(0, s, operator("from the other node"))
		w.want("other node", w.await(p, true, true), "operator:from the other node")

		p = begin(w.request())
		w.deaf.Store(true)
		w.say(0, s, operator("unheard"))
		w.deaf.Store(false)
		w.want("lost ring", w.await(p, true, true), "operator:unheard")

		p = begin(w.request())
		s = w.another(0, s)
		w.say(0, s, operator("in another session"))
		w.want("another session", w.await(p, true, true), "operator:in another session")
		w.want("numbers count in it", w.poll(1, false, w.request(after("1"))), "operator:in another session")
	})
}

func TestWhatWasNotWrittenIsGivenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", 1)
	s := w.open(0)
	w.say(0, s, operator("one"))
	for range 3 {
		p, err := w.nodes[0].hub.Begin(t.Context(), w.request())
		if err != nil {
			t.Fatal(err)
		}
		w.want("not written", w.await(p, true, false), "operator:one")
	}
	w.want("written", w.poll(0, false, w.request()), "operator:one")
	w.want("after that", w.poll(0, false, w.request()))
}

// TestCursorsSurvive: a hub that was closed has written them down, another node goes on from there.
func TestCursorsSurvive(t *testing.T) {
	onEngines(t, 2, func(w *world) {
		s := w.open(0)
		w.say(0, s, operator("one"))
		w.want("one node", w.poll(0, false, w.request()), "operator:one")
		if err := w.nodes[0].hub.Close(context.Background()); err != nil {
			w.Fatal(err)
		}
		w.want("the other", w.poll(1, false, w.request()))
		w.say(0, s, operator("two"))
		w.want("the other", w.poll(1, false, w.request()), "operator:two")
	})
}

// TestNothingIsMissedWhileOthersWrite: whatever is lost between the nodes, who polls on changing nodes,
// whose answers are lost at times, is given every event, in order but for what is given again.
func TestNothingIsMissedWhileOthersWrite(t *testing.T) {
	onEngines(t, 2, func(w *world) {
		const sessions, writers, each = 3, 4, 12
		total := sessions * writers * each
		var running sync.WaitGroup
		var follow []func()
		for i, r := range []poll.Request{
			w.request(all, of("tab")), w.request(all), w.request(of("operators")), w.request(all, after("0"), of("by id")),
		} {
			p, err := w.nodes[0].hub.Begin(context.Background(), r)
			if err != nil {
				w.Fatal(err)
			}
			follow = append(follow, func() { w.follow(i, p, r, total) })
		}
		running.Go(func() { w.writeMuch(sessions, writers, each) })
		for _, f := range follow {
			running.Go(f)
		}
		running.Wait()
	})
}

// writeMuch has writers say things on all nodes in one session after the other; half of what is said is
// an operator's. Now and then no node hears of it.
func (w *world) writeMuch(sessions, writers, each int) {
	s := w.open(0)
	for n := range sessions {
		if n > 0 {
			s = w.another(n%2, s)
		}
		var running sync.WaitGroup
		for i := range writers {
			running.Go(func() {
				for j := range each {
					w.deaf.Store(rand.IntN(4) == 0)
					w.say(i%len(w.nodes), s, operator(fmt.Sprintf("%d/%d/%d", n, i, j)), bot("between", 0, ""))
				}
			})
		}
		running.Wait()
		w.deaf.Store(false)
	}
}

// follow polls until it was given every operator's message.
func (w *world) follow(seed int, p *poll.Wait, r poll.Request, total int) {
	random := rand.New(rand.NewPCG(1, uint64(seed)))
	seen := map[string]bool{}
	next := map[string]int{} // by session and writer
	for round := 1; len(seen) < total; round++ {
		lost := random.IntN(5) == 0
		objects := w.await(p, true, !lost)
		last := int64(0)
		for _, o := range objects {
			if o.TS <= last {
				w.Errorf("poll %d: times %d after %d in one answer", seed, o.TS, last)
			}
			last = o.TS
			var n, i, j int
			if count, _ := fmt.Sscanf(o.Bodies[0], "%d/%d/%d", &n, &i, &j); count < 3 || seen[o.ID] {
				continue
			}
			seen[o.ID] = true
			key := fmt.Sprint(n, "/", i)
			if next[key] != j {
				w.Errorf("poll %d: %s comes before %d", seed, o.Bodies[0], next[key])
			}
			next[key] = j + 1
		}
		if r.After != "" && len(objects) > 0 && !lost {
			r.After = objects[len(objects)-1].ID
		}
		var err error
		if p, err = w.nodes[random.IntN(len(w.nodes))].hub.Begin(context.Background(), r); err != nil {
			w.Errorf("begin: %v", err)
			return
		}
	}
	p.Done(false)
}
