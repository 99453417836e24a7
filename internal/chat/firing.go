package chat

import (
	"context"
	"fmt"
	"time"
)

// timerLease is how long a node that has claimed timers may take until others try them as well.
// More than one may: whoever deletes a timer has fired it.
const timerLease = 5 * time.Second

// maxFireConflicts is how often a timer is tried again that met a start of its client.
const maxFireConflicts = 5

// TimerOutcome is what became of a due timer.
type TimerOutcome string

// What becomes of due timers.
const (
	TimerDone    TimerOutcome = "fired"
	TimerHeld    TimerOutcome = "held"    // somebody else answers: it waits
	TimerDropped TimerOutcome = "dropped" // there is nobody to get it, or no longer
	TimerGone    TimerOutcome = "gone"    // another node was quicker, or it was cancelled
)

// NextTimer returns when a timer is due next, zero when none waits.
func (s *Service) NextTimer(ctx context.Context) (time.Time, error) {
	return s.Store.FindNextTimer(ctx)
}

// CountTimers returns how many timers wait.
func (s *Service) CountTimers(ctx context.Context) (int64, error) { return s.Store.CountTimers(ctx) }

// ClaimTimers leases due timers to the caller, who is to fire them: those first that are due the
// longest.
func (s *Service) ClaimTimers(ctx context.Context, limit int) (timers []Timer, err error) {
	err = s.Store.Update(ctx, func(tx Tx) (err error) {
		now := s.Now()
		timers, err = tx.ClaimTimers(now, now.Add(timerLease), limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim timers: %w", err)
	}
	return timers, nil
}

// FireTimer makes a due timer an event of its client's session and the bot's turn due, and deletes
// it, all in one transaction: so it happens once, whoever tries. A timeout counts in the session it
// was set in. An event comes to the client's open session in the chat, and begins one, without a
// greeting, when there is none. While somebody else than its bot answers there it waits, for
// MaxTimerWait at most.
func (s *Service) FireTimer(ctx context.Context, t *Timer) (outcome TimerOutcome, err error) {
	for range maxFireConflicts {
		err = s.Store.Update(ctx, func(tx Tx) (err error) {
			outcome, err = s.fire(tx, t)
			return err
		})
		if err == nil || CodeOf(err) != CodeConflict {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("fire timer: %w", err)
	}
	return outcome, nil
}

// fire locks the session before it touches the timer, as turns do.
func (s *Service) fire(tx Tx, t *Timer) (TimerOutcome, error) {
	origin, err := tx.LockSessionByKey(t.SessionKey)
	if err != nil {
		return "", err
	}
	if t.Kind == TimerTimeout {
		return s.fireTimeout(tx, origin, t)
	}
	if origin.Demo && !s.DemoAllowed {
		return dropTimer(tx, t)
	}
	in, err := tx.FindChat(origin.ChatID)
	if err != nil {
		return "", err
	}
	session, after, err := s.openSession(tx, in, origin.ClientKey)
	switch {
	case err != nil:
		return "", err
	case session == nil:
		return s.openFor(tx, in, origin, t, after)
	case session.Owner.Kind == OwnerBot && session.Owner.ID == t.BotID:
		return s.fireIn(tx, s.change(session), t)
	case !s.Now().Before(t.At.Add(MaxTimerWait)):
		return dropTimer(tx, t)
	default:
		return gone(TimerHeld, tx.HoldTimer(t.Key, t.At.Add(MaxTimerWait)))
	}
}

// gone turns a timer that is not there any more into an outcome.
func gone(outcome TimerOutcome, err error) (TimerOutcome, error) {
	if err != nil && CodeOf(err) == CodeNotFound {
		return TimerGone, nil
	}
	return outcome, err
}

func dropTimer(tx Tx, t *Timer) (TimerOutcome, error) {
	return gone(TimerDropped, tx.DeleteTimer(t.Key))
}

// fireTimeout is for a session that its client, its owner and its end would have taken the timeout
// from. Only its life time may be over without that having been noticed.
func (s *Service) fireTimeout(tx Tx, session *Session, t *Timer) (TimerOutcome, error) {
	if s.writable(session) == nil && session.Owner.Kind == OwnerBot && session.Owner.ID == t.BotID {
		session.TimeoutAt = time.Time{}
		return s.fireIn(tx, s.change(session), t)
	}
	outcome, err := dropTimer(tx, t)
	if err != nil || outcome != TimerDropped {
		return outcome, err
	}
	session.TimeoutAt = time.Time{}
	return outcome, tx.UpdateSession(session)
}

// fireIn adds the event to a session, with what the change has collected before.
func (s *Service) fireIn(tx Tx, c *change, t *Timer) (TimerOutcome, error) {
	if outcome, err := gone(TimerDone, tx.DeleteTimer(t.Key)); err != nil || outcome == TimerGone {
		return outcome, err
	}
	return TimerDone, s.fired(tx, c, t)
}

// fired adds the event of a timer that this transaction has deleted.
func (s *Service) fired(tx Tx, c *change, t *Timer) error {
	c.add(s.NewID(), &TimerFired{TimerID: t.ID, TimerKind: t.Kind, Event: t.Event, Data: t.Data, Target: t.Target, At: t.At})
	c.awaitBot()
	return c.commit(tx)
}

// openFor begins a session for an event, like the one in which it was set. The bot does not greet. What
// happens in it is later than after.
func (s *Service) openFor(tx Tx, in *Chat, origin *Session, t *Timer, after time.Time) (TimerOutcome, error) {
	bot, err := tx.FindBot(t.BotID)
	if CodeOf(err) == CodeNotFound || (err == nil && !in.DeletedAt.IsZero()) {
		return dropTimer(tx, t)
	}
	if err != nil {
		return "", err
	}
	if outcome, err := gone(TimerDone, tx.DeleteTimer(t.Key)); err != nil || outcome == TimerGone {
		return outcome, err // before there is a session for nothing
	}
	details, err := tx.FindSessionDetails(origin.Key)
	if err != nil {
		return "", err
	}
	details.BotNodeID = "" // where the scenario started then
	session := s.newSession(in, &Client{Key: origin.ClientKey, ID: origin.ClientID}, origin.TTL, origin.Hooks)
	session.beginAfter(after)
	session.assign(bot)
	c, err := s.beginQuietly(tx, session, details)
	if err != nil {
		return "", err
	}
	return TimerDone, s.fired(tx, c, t)
}
