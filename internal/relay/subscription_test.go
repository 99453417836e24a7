package relay

import (
	"slices"
	"testing"
)

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func topics(sessions ...int64) (all []topic) {
	for _, key := range sessions {
		all = append(all, ofSession(key))
	}
	return all
}

// expectNext takes what Redis is to be told.
func expectNext(t *testing.T, s *subscriptions, subscribe, unsubscribe []topic) {
	t.Helper()
	if on, off := s.next(10); !slices.Equal(on, subscribe) || !slices.Equal(off, unsubscribe) {
		t.Fatalf("Redis is told %v and not %v, expected %v and not %v", on, off, subscribe, unsubscribe)
	}
}

func TestAConfirmationOfEarlierIsNoneOfNow(t *testing.T) {
	t.Parallel()
	s := newSubscriptions()
	first := s.want(ofSession(1))
	expectNext(t, s, topics(1), nil)
	s.drop(ofSession(1))
	expectNext(t, s, nil, topics(1))
	s.want(ofSession(1))
	expectNext(t, s, topics(1), nil)
	for range 2 {
		if s.confirm(ofSession(1)) || isClosed(first) {
			t.Fatal("taken for confirmed before it was")
		}
	}
	if s.confirm(ofSession(1)) || !isClosed(first) || s.want(ofSession(1)) != nil {
		t.Error("not confirmed")
	}
}

func TestWhatIsTakenBackInTimeIsNotTold(t *testing.T) {
	t.Parallel()
	s := newSubscriptions()
	s.want(ofSession(1))
	s.drop(ofSession(1))
	expectNext(t, s, nil, nil)
	if len(s.byTopic) != 0 {
		t.Error("it is remembered")
	}
	s.want(ofSession(2))
	expectNext(t, s, topics(2), nil)
	s.confirm(ofSession(2))
	s.drop(ofSession(2))
	if s.want(ofSession(2)) != nil {
		t.Error("Redis has not been told otherwise, and yet it is to be waited for")
	}
	expectNext(t, s, nil, nil)
}

func TestNothingIsLeftOfWhatIsDropped(t *testing.T) {
	t.Parallel()
	s := newSubscriptions()
	for key := range int64(3) {
		s.want(ofSession(key))
	}
	s.next(10)
	s.confirm(ofSession(0)) // 1 is not confirmed before it is dropped
	for key := range int64(2) {
		s.drop(ofSession(key))
	}
	expectNext(t, s, nil, topics(0, 1))
	s.confirm(ofSession(1))
	s.confirm(ofSession(0))
	s.confirm(ofSession(1))
	s.confirm(ofSession(99)) // what nobody asked for
	s.confirm(ofSession(0))
	s.drop(ofSession(99))
	if len(s.byTopic) != 1 || len(s.changed) != 0 {
		t.Errorf("left: %v, %v", s.byTopic, s.changed)
	}
}

func TestANewConnectionIsToldOfAll(t *testing.T) {
	t.Parallel()
	s := newSubscriptions()
	for key := range int64(4) {
		s.want(ofSession(key))
	}
	s.next(10)
	s.confirm(ofSession(0))
	s.confirm(ofSession(1))
	s.drop(ofSession(1))
	s.giveUp(ofSession(2))
	// 3 is still waited for.
	s.renew()
	on, off := s.next(10)
	slices.SortFunc(on, func(a, b topic) int { return int(a.session - b.session) })
	if !slices.Equal(on, topics(0, 2, 3)) || off != nil {
		t.Fatalf("told %v and not %v", on, off)
	}
	for key, want := range map[int64]bool{0: true, 2: true, 3: false} {
		if s.confirm(ofSession(key)) != want {
			t.Errorf("missed rings of %d: %v", key, !want)
		}
	}
}

func TestRedisIsToldAPartAtATime(t *testing.T) {
	t.Parallel()
	s := newSubscriptions()
	for key := range int64(25) {
		s.want(ofSession(key))
	}
	for _, want := range []int{10, 10, 5, 0} {
		if on, _ := s.next(10); len(on) != want {
			t.Errorf("told of %d, expected %d", len(on), want)
		}
	}
}
