package chat

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Limits of timers.
const (
	MaxTimers      = 100                  // that wait in one session
	MaxTimerAhead  = 366 * 24 * time.Hour // from now
	MaxTimerData   = MaxFreeForm          // bytes of an event's data
	MaxTimerTarget = 4096                 // characters of a timeout's target
	// MaxTimerWait is how long an event waits for its bot to have the session again.
	MaxTimerWait = 24 * time.Hour
	// MinTimerGap is after which time the timers are due at the earliest that a bot sets about a
	// timer: one that always sets another must not keep a server busy.
	MinTimerGap = time.Second
)

// TimerKind says what a timer is for, and what ends it.
type TimerKind string

// The kinds of timer.
const (
	// TimerTimeout is for a client that stays silent (scenario language, 2, timeout). The client's
	// next act ends it, and so do a later timeout of the session, a change of owner, and closing.
	TimerTimeout TimerKind = "timeout"
	// TimerEvent is for the client, in whichever session there is then (scenario language, 3,
	// $pushgate). Nothing but its bot ends it.
	TimerEvent TimerKind = "event"
)

// Timer has a bot react at a time without an act of the client.
type Timer struct {
	ID     string // UUID that no other timer has; "": one is made
	Kind   TimerKind
	At     time.Time       // a time that is over: at once
	Event  string          // name, for events
	Data   json.RawMessage // of an event; nil for none
	Target string          // path of the state that a timeout leads to

	// What follows is filled in when it is stored.
	Key        int64
	BotID      string // who set it, and is to react
	SessionKey int64  // in which it was set
	ChatKey    int64
	ClientKey  int64
	Held       bool // it waits for its bot to have the session again
	CreatedAt  time.Time
}

// TimerFired says that a timer was due. Clients do not see it.
type TimerFired struct {
	TimerID   string          `json:"timerId"`
	TimerKind TimerKind       `json:"kind"`
	Event     string          `json:"event,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Target    string          `json:"target,omitempty"`
	At        time.Time       `json:"at"` // when it was due
}

// Kind implements Payload.
func (*TimerFired) Kind() Kind { return KindTimerFired }

// In implements Payload.
func (*TimerFired) In(Stream) bool { return false }

// check judges a timer that a bot sets.
func (t *Timer) check(field string, now time.Time) error {
	if t.ID != "" {
		if id, err := uuid.Parse(t.ID); err != nil || id.String() != t.ID {
			return Invalid(field+".id", "expected a UUID in lower case, or none")
		}
	}
	if t.At.IsZero() || t.At.After(now.Add(MaxTimerAhead)) {
		return Invalid(field+".at", "expected a time that is at most %d days ahead", int(MaxTimerAhead.Hours()/24))
	}
	if err := checkText(field+".target", t.Target, MaxTimerTarget); err != nil {
		return err
	}
	switch t.Kind {
	case TimerTimeout:
		if t.Event != "" || len(t.Data) > 0 {
			return Invalid(field+".event", "a timeout has a target, and neither an event nor data")
		}
		return nil
	case TimerEvent:
		return t.checkEvent(field)
	default:
		return Invalid(field+".kind", "expected %q or %q", TimerTimeout, TimerEvent)
	}
}

func (t *Timer) checkEvent(field string) error {
	if err := checkEventName(field+".event", t.Event); err != nil {
		return err
	}
	if err := checkText(field+".event", t.Event, MaxEventName); err != nil {
		return err
	}
	if t.Target != "" {
		return Invalid(field+".target", "an event has a name, and no target")
	}
	if n := len(t.Data); n > MaxTimerData {
		return Invalid(field+".data", "expected at most %d bytes, got %d", MaxTimerData, n)
	}
	if len(t.Data) > 0 && (!json.Valid(t.Data) || !utf8.Valid(t.Data)) {
		return Invalid(field+".data", "expected JSON")
	}
	return nil
}

// checkEventName judges the name of an event that a bot is to get.
func checkEventName(field, name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > MaxEventName || !utf8.ValidString(name) {
		return Invalid(field, "expected a name of 1 to %d characters", MaxEventName)
	}
	return nil
}

// setTimers does what a turn says of timers, after all else of it. bot is whose turn it was.
func (s *Service) setTimers(tx Tx, c *change, t *Turn, bot string, r *TurnResult) error {
	if err := s.cancelTimers(tx, c, bot, r.CancelTimers); err != nil || len(r.Timers) == 0 {
		return err
	}
	if n := len(r.Timers); n > MaxTimers {
		return Invalid("timers", "expected at most %d, got %d", MaxTimers, n)
	}
	earliest := c.now
	if _, again := t.Cause.Payload.(*TimerFired); again {
		earliest = c.now.Add(MinTimerGap)
	}
	var timeout *Timer
	var events []*Timer
	for i := range r.Timers {
		timer := r.Timers[i]
		if err := timer.check(element("timers", i), c.now); err != nil {
			return err
		}
		timer.At = latest(timer.At, earliest)
		if timer.Kind == TimerTimeout {
			timeout = &timer // the last one counts
		} else {
			events = append(events, &timer)
		}
	}
	if err := s.setTimeout(tx, c, bot, timeout); err != nil {
		return err
	}
	for _, e := range events {
		if err := s.createTimer(tx, c, bot, e); err != nil {
			return err
		}
	}
	n, err := tx.CountTimersOf(c.session.Key)
	if err == nil && n > MaxTimers {
		err = Invalid("timers", "expected at most %d that wait in a session, got %d", MaxTimers, n)
	}
	return err
}

// setTimeout puts a timeout in the place of the one that waits. It is not kept when somebody else
// answers by now, nor when the bot owes another reaction already: what the client has said
// meanwhile ends it.
func (s *Service) setTimeout(tx Tx, c *change, bot string, timeout *Timer) error {
	if timeout == nil || c.timeoutOver || c.session.TurnDue() {
		return nil
	}
	if err := c.endTimeout(tx); err != nil {
		return err
	}
	c.session.TimeoutAt = timeout.At
	return s.createTimer(tx, c, bot, timeout)
}

func (s *Service) createTimer(tx Tx, c *change, bot string, t *Timer) error {
	if t.ID == "" {
		t.ID = s.NewID()
	} else if _, err := tx.FindTimer(t.ID); err == nil {
		return Invalid("timers", "another timer has the id %s", t.ID)
	} else if CodeOf(err) != CodeNotFound {
		return err
	}
	t.BotID, t.CreatedAt = bot, c.now
	t.SessionKey, t.ChatKey, t.ClientKey = c.session.Key, c.session.ChatKey, c.session.ClientKey
	c.look(t.At)
	return tx.CreateTimer(t)
}

// cancelTimers ends timers of a bot. Those that are no more, and those of other bots, are passed over.
func (s *Service) cancelTimers(tx Tx, c *change, bot string, ids []string) error {
	if n := len(ids); n > MaxTimers {
		return Invalid("cancelTimers", "expected at most %d, got %d", MaxTimers, n)
	}
	for _, id := range ids {
		if _, err := uuid.Parse(id); err != nil {
			continue // no timer is called so
		}
		t, err := tx.FindTimer(id)
		switch {
		case CodeOf(err) == CodeNotFound || (err == nil && t.BotID != bot):
			continue
		case err != nil:
			return err
		}
		if err := tx.DeleteTimer(t.Key); err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
		if t.Kind == TimerTimeout && t.SessionKey == c.session.Key {
			c.session.TimeoutAt = time.Time{}
		}
	}
	return nil
}
