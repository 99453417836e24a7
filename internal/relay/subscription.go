package relay

import "sync"

// subscriptions are what this node wants to hear of, and what Redis knows of that. A topic that
// is dropped before Redis has been told of it costs nothing.
type subscriptions struct {
	mu      sync.Mutex // guards what follows
	byTopic map[topic]*subscription
	changed []topic // to be told to Redis, each once

	wake chan struct{} // has one when there is something in changed
}

// subscription is a topic's.
type subscription struct {
	wanted    bool
	sent      bool // what Redis was told last
	open      int  // what Redis was told and has not confirmed
	changed   bool // in subscriptions.changed
	late      bool // who wanted it went on without waiting for the confirmation
	confirmed chan struct{}
}

func newSubscriptions() *subscriptions {
	return &subscriptions{byTopic: make(map[topic]*subscription), wake: make(chan struct{}, 1)}
}

// want has a topic subscribed to. The channel returned is closed when it is; nil means it is
// already.
func (s *subscriptions) want(key topic) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.byTopic[key]
	if x == nil {
		x = &subscription{}
		s.byTopic[key] = x
	}
	x.wanted = true
	if x.isConfirmed() {
		return nil
	}
	if x.confirmed == nil {
		x.confirmed = make(chan struct{})
	}
	s.change(key, x)
	return x.confirmed
}

// giveUp notes that whoever wanted a topic could not wait until it was confirmed.
func (s *subscriptions) giveUp(key topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.byTopic[key]; x != nil && !x.isConfirmed() {
		x.late = true
	}
}

// drop has a topic no longer subscribed to.
func (s *subscriptions) drop(key topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.byTopic[key]; x != nil {
		x.wanted, x.late = false, false
		s.change(key, x)
	}
}

// change has the subscriber look at a topic. s.mu is held.
func (s *subscriptions) change(key topic, x *subscription) {
	if x.changed {
		return
	}
	x.changed = true
	s.changed = append(s.changed, key)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next returns at most limit topics of which Redis is to be told, and counts them as told.
func (s *subscriptions) next(limit int) (subscribe, unsubscribe []topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.changed) > 0 && len(subscribe)+len(unsubscribe) < limit {
		key := s.changed[0]
		s.changed = s.changed[1:]
		x := s.byTopic[key]
		x.changed = false
		switch {
		case x.wanted != x.sent:
			x.sent = x.wanted
			x.open++
			if x.wanted {
				subscribe = append(subscribe, key)
			} else {
				unsubscribe = append(unsubscribe, key)
			}
		case !x.wanted && x.open == 0:
			delete(s.byTopic, key)
		}
	}
	return subscribe, unsubscribe
}

// confirm notes that Redis has done what it was told of a topic. It reports whether rings
// may have been missed that somebody counts on.
func (s *subscriptions) confirm(key topic) (missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.byTopic[key]
	if x == nil || x.open == 0 {
		return false
	}
	x.open--
	switch {
	case x.isConfirmed():
		missed, x.late = x.late && x.wanted, false
		if x.confirmed != nil {
			close(x.confirmed)
			x.confirmed = nil
		}
	case x.open == 0 && !x.wanted && !x.changed:
		delete(s.byTopic, key)
	}
	return missed
}

// isConfirmed reports whether Redis sends the session's rings.
func (x *subscription) isConfirmed() bool { return x.sent && x.open == 0 }

// renew has everything told to Redis again: the connection is a new one.
func (s *subscriptions) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = nil
	for key, x := range s.byTopic {
		if !x.wanted {
			delete(s.byTopic, key)
			continue
		}
		// Who waits for the confirmation has seen nothing yet, and needs no Resync.
		x.late = x.late || x.confirmed == nil
		x.sent, x.open, x.changed = false, 0, false
		s.change(key, x)
	}
}
