package chat

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// SendParams is a client's message to a session.
type SendParams struct {
	SessionID   string
	Message     MessageParams
	Idempotency Idempotency

	// What bots say from now on is pushed there, "" for nowhere; nil leaves it as it was (TWIN,
	// section 8, callbackUrl and callbackData of a further message).
	CallbackURL  *string
	CallbackData *string
}

// SendResult is the event that was written, and the session with it.
type SendResult struct {
	Session *Session
	Event   *Event
}

// Send writes a client's message. A closed session is CodeState.
func (s *Service) Send(ctx context.Context, p SendParams) (*SendResult, error) {
	if err := p.Message.check(); err != nil {
		return nil, err
	}
	if p.CallbackURL != nil {
		if err := checkURL("callbackUrl", *p.CallbackURL); err != nil {
			return nil, err
		}
	}
	var result *SendResult
	err := s.write(ctx, p.SessionID, "send", p.Idempotency, func(tx Tx, session *Session) (*Event, error) {
		p.setCallback(session)
		return s.say(tx, session, &p.Message)
	}, func(session *Session, e *Event) { result = &SendResult{session, e} })
	if err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	return result, nil
}

func (p *SendParams) setCallback(session *Session) {
	if p.CallbackURL == nil && p.CallbackData == nil {
		return
	}
	h := session.ownHooks()
	if p.CallbackURL != nil {
		h.CallbackURL = *p.CallbackURL
	}
	if p.CallbackData != nil {
		h.CallbackData = *p.CallbackData
	}
	session.setCallback(h.CallbackURL, h.CallbackData)
}

// write runs an idempotent act of a client in its open session.
func (s *Service) write(ctx context.Context, sessionID, operation string, idem Idempotency,
	act func(tx Tx, session *Session) (*Event, error), done func(*Session, *Event)) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		session, err := s.lockSession(tx, sessionID)
		if err != nil {
			return err
		}
		return s.once(tx, fmt.Sprintf("session:%d:%s", session.Key, operation), idem, func(r *IdempotencyRecord) error {
			if err := s.writable(session); err != nil {
				return err
			}
			event, err := act(tx, session)
			if err != nil {
				return err
			}
			r.SessionID, r.EventID, r.Sequence = session.ID, event.ID, event.Sequence
			done(session, event)
			return nil
		}, func(r *IdempotencyRecord) error {
			event, err := tx.FindEvent(session.Key, r.EventID)
			if err != nil {
				return err
			}
			done(session, event)
			return nil
		})
	})
}

// lockSession locks a session that the outside may know of.
func (s *Service) lockSession(tx Tx, id string) (*Session, error) {
	session, err := tx.LockSession(id)
	if err != nil {
		return nil, err
	}
	if session.Demo && !s.DemoAllowed {
		return nil, Errorf(CodeNotFound, "no such session")
	}
	return session, nil
}

// writable refuses acts in a session that has ended, whether or not that has been noticed.
func (s *Service) writable(session *Session) error {
	if session.Status != StatusOpen || !s.Now().Before(session.ExpiresAt()) {
		return Errorf(CodeState, "the session is closed")
	}
	return nil
}

// say adds a client's message to a locked session and stores it.
func (s *Service) say(tx Tx, session *Session, p *MessageParams) (*Event, error) {
	ch := s.change(session)
	event, err := s.addMessage(tx, ch, p)
	if err != nil {
		return nil, err
	}
	return &event, ch.commit(tx)
}

func (s *Service) addMessage(tx Tx, ch *change, p *MessageParams) (Event, error) {
	m := &Message{AuthorType: AuthorClient, AuthorID: ch.session.ClientID, Body: p.Body}
	var err error
	if m.Attachments, err = attach(tx, ch.session, p.Attachments); err != nil {
		return Event{}, err
	}
	if p.ReplyToID != "" {
		replied, err := replyTo(tx, ch.session, p.ReplyToID)
		if err != nil {
			return Event{}, err
		}
		m.ReplyTo = replied
	}
	ch.act()
	event := ch.say(m)
	ch.awaitBot()
	return event, nil
}

func replyTo(tx Tx, session *Session, id string) (*ReplyTo, error) {
	event, err := tx.FindEvent(session.Key, id)
	if err != nil && CodeOf(err) != CodeNotFound {
		return nil, err
	}
	if err != nil || event.Message() == nil {
		return nil, Invalid("replyToMessageId", "no such message in this session")
	}
	m := event.Message()
	return &ReplyTo{ID: m.ID, AuthorType: m.AuthorType, AuthorName: m.AuthorName, Body: m.Body}, nil
}

// check judges what needs no storage.
func (p *MessageParams) check() error {
	if !utf8.ValidString(p.Body) {
		return Invalid("body", "expected valid UTF-8")
	}
	if IsBlank(p.Body) && len(p.Attachments) == 0 {
		return Invalid("body", "expected a text or an attachment")
	}
	if n := utf8.RuneCountInString(p.Body); n > MaxBodyRunes {
		return Invalid("body", "expected at most %d characters, got %d", MaxBodyRunes, n)
	}
	if n := len(p.Attachments); n > MaxAttachments {
		return Invalid("attachments", "expected at most %d, got %d", MaxAttachments, n)
	}
	return nil
}
