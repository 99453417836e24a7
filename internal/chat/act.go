package chat

import (
	"context"
	"encoding/json"
	"fmt"
)

// MaxEventName is the longest name of an action's event, in characters.
const MaxEventName = 255

// Read notes that the client has read a message, and with it all before.
func (s *Service) Read(ctx context.Context, sessionID, messageID string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := s.lockSession(tx, sessionID)
		if err != nil {
			return err
		}
		event, err := tx.FindEvent(session.Key, messageID)
		if CodeOf(err) == CodeNotFound || (err == nil && event.Message() == nil) {
			return Errorf(CodeNotFound, "no such message in this session")
		}
		if err != nil {
			return err
		}
		if event.Sequence <= session.ClientRead {
			return nil
		}
		session.ClientRead = event.Sequence
		ch := s.change(session)
		ch.add(s.NewID(), &MessageRead{MessageID: messageID, UpTo: event.Sequence, By: AuthorClient})
		return ch.commit(tx)
	})
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// Type tells who listens that the client is writing. It is not stored.
func (s *Service) Type(ctx context.Context, sessionID, body string) error {
	session, err := s.FindSession(ctx, sessionID)
	if err != nil {
		return err
	}
	if err := s.writable(session); err != nil {
		return err
	}
	s.ringTyping(session.Ref(), &Typing{By: AuthorClient, Body: body})
	return nil
}

// BotTyping tells who listens that the bot is about to answer.
func (s *Service) BotTyping(ref SessionRef) { s.ringTyping(ref, &Typing{By: AuthorBot}) }

func (s *Service) ringTyping(ref SessionRef, t *Typing) { s.ringEphemeral(ref, t) }

// OperatorStatusChanged tells the client of a session that an operator who answers there takes new
// sessions from now on, or none (TWIN, section 4).
func (s *Service) OperatorStatusChanged(ref SessionRef, c OperatorStatusChanged) {
	s.ringEphemeral(ref, &c)
}

// OperatorLoggedOut tells the client of a session that an operator who answers there has left
// (TWIN, section 4).
func (s *Service) OperatorLoggedOut(ref SessionRef, operatorID string) {
	s.ringEphemeral(ref, &OperatorLoggedOut{OperatorID: operatorID})
}

// ringEphemeral tells those who listen now; it is not stored.
func (s *Service) ringEphemeral(ref SessionRef, p Payload) {
	s.Ring(Ring{Session: ref, Events: []Event{{ID: s.NewID(), Session: ref, At: s.Now(), Payload: p}}})
}

// PressParams says which action button the client pressed.
type PressParams struct {
	SessionID   string
	Event       string
	Data        json.RawMessage
	Idempotency Idempotency
}

// PressAction writes that the client pressed an action button; the bot gets it as an event.
func (s *Service) PressAction(ctx context.Context, p PressParams) (*Event, error) {
	if err := checkEventName("event", p.Event); err != nil {
		return nil, err
	}
	var pressed *Event
	err := s.write(ctx, p.SessionID, "press", p.Idempotency, func(tx Tx, session *Session) (*Event, error) {
		ch := s.change(session)
		ch.act()
		event := ch.add(s.NewID(), &ActionPressed{Event: p.Event, Data: p.Data})
		ch.awaitBot()
		return &event, ch.commit(tx)
	}, func(_ *Session, e *Event) { pressed = e })
	if err != nil {
		return nil, fmt.Errorf("press action: %w", err)
	}
	return pressed, nil
}

// Close ends a session. A closed one stays as it is.
func (s *Service) Close(ctx context.Context, sessionID string, by ClosedBy, result string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := s.lockSession(tx, sessionID)
		if err != nil {
			return err
		}
		return s.closeLocked(tx, session, by, result)
	})
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

func (s *Service) closeLocked(tx Tx, session *Session, by ClosedBy, result string) error {
	if session.Status != StatusOpen {
		return nil
	}
	c, err := tx.FindChat(session.ChatID)
	if err != nil {
		return err
	}
	ch := s.change(session)
	ch.close(c, by, result)
	return ch.commit(tx)
}

// MarkGiven notes how far a REST answer or a connection has been given the widget stream; a
// first connect without a position starts there. It never goes back.
func (s *Service) MarkGiven(ctx context.Context, ref SessionRef, widgetNo int64) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := tx.LockSessionByKey(ref.Key)
		if err != nil {
			return err
		}
		if widgetNo <= session.WidgetGiven {
			return nil
		}
		session.WidgetGiven = min(widgetNo, session.WidgetNo)
		return tx.UpdateSession(session)
	})
	if err != nil {
		return fmt.Errorf("mark given: %w", err)
	}
	return nil
}
