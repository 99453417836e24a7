package chat

import "time"

// change collects what a transaction does to one locked session: it gives the numbers,
// and at the end stores row and events together and rings.
type change struct {
	service *Service
	session *Session
	now     time.Time
	events  []Event
	answers *Event // what bots that speak in it answer; nil for nothing
	cause   *Event // the event that made a turn due, nil when none did
	inHand  bool   // who commits goes on with the turn that is due; no ring is needed for it

	timeoutOver bool      // the bot's timeout counts no longer
	wakesTimers bool      // events that wait for their bot to answer again may be due
	timerAt     time.Time // when to look for due timers, zero when nothing of them has changed
}

func (s *Service) change(session *Session) *change {
	return &change{service: s, session: session, now: s.Now()}
}

// add gives an event its sequence and its numbers in the streams it is part of. Its time is later than
// that of the event before, by a millisecond at least: so a time is a place in the session (Chat API, 2, ts).
func (c *change) add(id string, p Payload) Event {
	c.session.Sequence++
	c.session.LastAt = latest(c.now, nextMilli(c.session.LastAt))
	e := Event{ID: id, Session: c.session.Ref(), Sequence: c.session.Sequence, At: c.session.LastAt, Payload: p}
	if p.In(StreamWidget) {
		c.session.WidgetNo++
		e.WidgetNo = c.session.WidgetNo
	}
	if p.In(StreamSession) {
		c.session.SessionNo++
		e.SessionNo = c.session.SessionNo
	}
	c.events = append(c.events, e)
	return e
}

// nextMilli is the beginning of the next millisecond.
func nextMilli(t time.Time) time.Time { return t.Truncate(time.Millisecond).Add(time.Millisecond) }

// say adds a message; its id is the event's.
func (c *change) say(m *Message) Event {
	m.ID = c.service.NewID()
	if m.Type == "" {
		m.Type = MessageRegular
	}
	return c.add(m.ID, m)
}

// act notes that the client did something.
func (c *change) act() {
	c.session.ActiveAt = c.now
	c.timeoutOver = true
}

// look has this node look for due timers at a time.
func (c *change) look(at time.Time) {
	if c.timerAt.IsZero() || at.Before(c.timerAt) {
		c.timerAt = at
	}
}

// endTimeout deletes the session's timeout, if there is one.
func (c *change) endTimeout(tx Tx) error {
	if c.session.TimeoutAt.IsZero() {
		return nil
	}
	c.session.TimeoutAt = time.Time{}
	return tx.DeleteTimeout(c.session.Key)
}

// awaitBot makes the bot owe a reaction to the event just added, and claims the turn for this
// node unless somebody works on the session already.
func (c *change) awaitBot() {
	s := c.session
	if s.Owner.Kind != OwnerBot {
		return
	}
	if !s.TurnDue() {
		c.makeDue()
	}
	s.Pending = s.Sequence
}

// makeDue begins a turn about the event just added, claimed for this node.
func (c *change) makeDue() {
	c.session.Lease = c.lease()
	e := c.events[len(c.events)-1]
	c.cause = &e
}

// lease claims the session's turns for this node.
func (c *change) lease() Lease {
	return Lease{Node: c.service.Node, Until: c.now.Add(c.service.TurnLease), Attempts: 1}
}

// setOwner changes who answers. A turn that runs is dropped by the new term. The new owner
// starts at the present; a bot that takes over from a bot also gets what the client has said
// meanwhile.
func (c *change) setOwner(o Owner) {
	s := c.session
	previous := s.Owner
	s.Owner = o
	s.Term++
	s.Lease, c.cause = Lease{}, nil
	c.timeoutOver, c.wakesTimers = true, c.wakesTimers || o.Kind == OwnerBot
	c.add(c.service.NewID(), &OwnerChanged{Owner: o, Previous: previous, Term: s.Term})
	if o.Kind != OwnerBot || previous.Kind != OwnerBot {
		s.Cursor, s.Pending = s.Sequence, s.Sequence
	}
}

// handOver is setOwner for a bot that gives its client to people.
func (c *change) handOver(h *HandOver) error {
	if err := h.check(); err != nil {
		return err
	}
	c.setOwner(Owner{Kind: OwnerQueue, ID: h.GroupID})
	if h.wishes() {
		c.events[len(c.events)-1].Payload.(*OwnerChanged).HandOver = h
	}
	return nil
}

// giveBack is setOwner for a bot that gets a session back from people, which it is told.
func (c *change) giveBack(bot Owner) {
	s := c.session
	c.setOwner(bot)
	c.events[len(c.events)-1].Payload.(*OwnerChanged).Finished = true
	s.Cursor, s.Pending = s.Sequence-1, s.Sequence
	c.makeDue()
}

// reload is setOwner for a bot that begins anew and speaks first: what it or another bot owed before
// is dropped.
func (c *change) reload(bot Owner) Event {
	s := c.session
	c.setOwner(bot)
	e := &c.events[len(c.events)-1]
	e.Payload.(*OwnerChanged).Greet = true
	s.Cursor, s.Pending = s.Sequence-1, s.Sequence
	c.makeDue()
	return *e
}

func (c *change) close(chat *Chat, by ClosedBy, result string) {
	s := c.session
	s.Status = StatusClosed
	s.ClosedAt = c.now
	c.timeoutOver, c.wakesTimers = true, true
	s.Lease, c.cause = Lease{}, nil
	c.add(c.service.NewID(), &SessionClosed{By: by, Result: result, RatingRequired: chat.Settings.SessionRatingRequired, ChatID: chat.ID})
	s.Cursor, s.Pending = s.Sequence, s.Sequence
}

// commit stores the session's row and its new events, and rings after the commit.
func (c *change) commit(tx Tx) error {
	if err := c.commitTimers(tx); err != nil {
		return err
	}
	if err := tx.UpdateSession(c.session); err != nil {
		return err
	}
	return c.commitEvents(tx)
}

// commitTimers does what the change means for timers.
func (c *change) commitTimers(tx Tx) error {
	if c.timeoutOver {
		if err := c.endTimeout(tx); err != nil {
			return err
		}
	}
	if !c.wakesTimers {
		return nil
	}
	c.look(c.now)
	return tx.WakeTimers(c.session.ChatKey, c.session.ClientKey, c.now)
}

func (c *change) commitEvents(tx Tx) error {
	if err := tx.AppendEvents(c.events); err != nil {
		return err
	}
	receivers, err := c.commitDeliveries(tx)
	if err != nil {
		return err
	}
	s := c.session
	ring := Ring{
		Session:  s.Ref(),
		Client:   s.ClientRef(),
		Sequence: s.Sequence,
		Settled:  s.Settled(),
		TurnDue:  s.TurnDue() && s.Lease.Node == c.service.Node && !c.inHand,
		Events:   c.events,
		TimerAt:  c.timerAt,

		Receivers: receivers,
	}
	if c.cause != nil {
		ring.Due = &DueTurn{Session: *s, Cause: *c.cause}
	}
	tx.OnCommit(func() { c.service.Ring(ring) })
	return nil
}
