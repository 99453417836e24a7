package chat

import (
	"context"
	"fmt"
)

// LaterParams is one answer to an event whose turn was settled with TurnResult.Later.
type LaterParams struct {
	SessionID string
	BotID     string
	Cause     int64      // sequence of the event
	Term      int64      // of the session when the turn began
	Result    TurnResult // what it remembers by Amend alone; no timers
	Final     bool       // no more answers to this event are taken
	// Idempotency makes the answer repeatable: a repeat changes nothing and is answered as the first.
	Idempotency Idempotency
}

// Keys of what is remembered of a turn that is kept open, beside those of its answers.
const (
	laterOpen  = "open"
	laterFinal = "final"
)

// maxLaterConflicts is how often an answer is tried again that met another session of its client.
const maxLaterConflicts = 5

// laterScope is where it is remembered that a turn is kept open, and that it was ended.
func laterScope(session *Session, cause int64) string {
	return fmt.Sprintf("later:%d:%d:%d", session.Key, session.Term, cause)
}

// keepOpen notes that a turn that is being settled may be answered later.
func (s *Service) keepOpen(tx Tx, session *Session, cause int64) error {
	return tx.CreateIdempotency(&IdempotencyRecord{
		Scope: laterScope(session, cause), Key: laterOpen, SessionID: session.ID, Sequence: cause, CreatedAt: s.Now(),
	})
}

// AnswerLater adds what a bot says about an event after its turn. It may be called many times for
// one event, until one is final. CodeState means that no answer to the event is taken any more: the
// session has ended or belongs to somebody else now, the turn was settled with another answer, or the
// last one was final. CodeConflict means that the turn is not settled yet.
func (s *Service) AnswerLater(ctx context.Context, p LaterParams) (err error) {
	for range maxLaterConflicts {
		met := false
		err = s.Store.Update(ctx, func(tx Tx) error {
			met = false
			session, err := s.lockSession(tx, p.SessionID)
			if err != nil {
				return err
			}
			scope := fmt.Sprintf("later:%d:%d:%d:answer", session.Key, p.Term, p.Cause)
			return s.once(tx, scope, p.Idempotency, func(r *IdempotencyRecord) error {
				if err := s.awaitsAnswer(tx, session, &p); err != nil {
					return err
				}
				r.SessionID, r.Sequence = session.ID, p.Cause
				err := s.answerLater(tx, session, &p)
				met = CodeOf(err) == CodeConflict && err != nil
				return err
			}, func(*IdempotencyRecord) error { return nil })
		})
		if !met {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("answer later: %w", err)
	}
	return nil
}

// awaitsAnswer refuses answers to events that none is taken to.
func (s *Service) awaitsAnswer(tx Tx, session *Session, p *LaterParams) error {
	if err := s.writable(session); err != nil {
		return err
	}
	if session.Term != p.Term || session.Owner.Kind != OwnerBot || session.Owner.ID != p.BotID {
		return Errorf(CodeState, "somebody else answers in the session now")
	}
	if _, err := tx.FindBot(p.BotID); CodeOf(err) == CodeNotFound {
		return Errorf(CodeState, "the bot has been deleted")
	} else if err != nil {
		return err
	}
	scope := laterScope(session, p.Cause)
	_, err := tx.FindIdempotency(scope, laterOpen)
	switch {
	case CodeOf(err) == CodeNotFound && session.Cursor < p.Cause:
		return Errorf(CodeConflict, "the turn is still under way: answer it first, with 202")
	case CodeOf(err) == CodeNotFound:
		return Errorf(CodeState, "the turn was not kept open for a later answer")
	case err != nil:
		return err
	}
	_, err = tx.FindIdempotency(scope, laterFinal)
	if err == nil {
		return Errorf(CodeState, "the last answer to this event was final")
	}
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	return err
}

// answerLater does what an answer says. Cursor and lease stay: another turn may be under way.
func (s *Service) answerLater(tx Tx, session *Session, p *LaterParams) error {
	in, err := tx.FindChat(session.ChatID)
	if err != nil {
		return err
	}
	if p.Final {
		err := tx.CreateIdempotency(&IdempotencyRecord{
			Scope: laterScope(session, p.Cause), Key: laterFinal, SessionID: session.ID, Sequence: p.Cause, CreatedAt: s.Now(),
		})
		if err != nil {
			return err
		}
	}
	if err := s.saveState(tx, session, 0, &p.Result); err != nil {
		return err
	}
	c := s.change(session)
	cause, err := tx.FindEventAt(session.Key, p.Cause)
	if err != nil {
		return err
	}
	if err := s.applyOutputs(tx, c, in, cause, p.Result.Outputs); err != nil {
		return err
	}
	if len(c.events) == 0 {
		return nil
	}
	if session.TurnDue() && session.Lease == (Lease{}) { // another bot's now
		session.Lease = c.lease()
	}
	return c.commit(tx)
}
