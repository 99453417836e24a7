package feed_test

import (
	"slices"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
)

// question is a session as it is committed with its event 2, to which its bot is to react.
func question() *chat.Session {
	return &chat.Session{Key: ref.Key, ID: ref.ID, Sequence: 2, Cursor: 1, Pending: 2, Owner: chat.Owner{Kind: chat.OwnerBot}, Status: chat.StatusOpen}
}

// ringOf rings events of the session, which is settled up to an event then.
func ringOf(f *feed.Feed, settled int64, events ...int64) {
	r := chat.Ring{Session: ref, Settled: settled}
	for _, n := range events {
		r.Sequence = max(r.Sequence, n)
		r.Events = append(r.Events, chat.Event{Session: ref, Sequence: n, Payload: &chat.Message{}})
	}
	f.Ring(r)
}

func TestWhoExpectsAReactionIsBroughtIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rings [][]int64 // with the last of them the session is settled
		want  []int64   // nil: it is to be read from the log
	}{
		"at once":                {[][]int64{{1, 2}, {3, 4}}, []int64{3, 4}},
		"in parts":               {[][]int64{{3}, {4}, {5}}, []int64{3, 4, 5}},
		"again and late":         {[][]int64{{3}, {3}, {2}, {4}}, []int64{3, 4}},
		"nothing":                {[][]int64{{}}, nil},
		"a ring is lost":         {[][]int64{{3}, {5}}, nil},
		"the first ring is lost": {[][]int64{{4}, {5}}, nil},
		"swapped":                {[][]int64{{4}, {3}}, nil},
		"too much":               {[][]int64{upTo(3, 20)}, nil},
		"as much as can be":      {[][]int64{upTo(3, 18)}, upTo(3, 18)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog()
			l.breakAll(chat.Errorf(chat.CodeInternal, "it is not to be read"))
			f := open(t, l, time.Hour)
			e := f.Expect(question(), 2)
			defer e.Leave()
			f.Ring(chat.Ring{Session: ref, Events: []chat.Event{{Session: ref, Payload: &chat.Typing{}}}})
			for i, events := range c.rings {
				settled := int64(1)
				if i == len(c.rings)-1 {
					settled = 2
				}
				ringOf(f, settled, events...)
			}
			ringOf(f, 9, 9) // comes after the reaction
			events, err := e.Wait(t.Context())
			if got := sequences(events); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// A session that another node works on is looked at, since its rings may have been missed.
func TestWhoExpectsAReactionOfAnotherNodeLooks(t *testing.T) {
	t.Parallel()
	l, r := newLog(), &remote{}
	l.add(ref, 2)
	f := openWith(t, l, r)
	e := f.Expect(question(), 2) // its lease is no one's
	defer e.Leave()
	if _, err := e.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.found() == 0 {
		t.Error("the session was not looked at")
	}
}
