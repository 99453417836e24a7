package chat

import "context"

// FindSession finds a session the outside may know of.
func (s *Service) FindSession(ctx context.Context, id string) (*Session, error) {
	session, err := s.Store.FindSession(ctx, id)
	if err != nil {
		return nil, err
	}
	if session.Demo && !s.DemoAllowed {
		return nil, Errorf(CodeNotFound, "no such session")
	}
	return session, nil
}

// FindChat finds a chat the outside may know of, as it is on this node and was at most chatCacheTTL
// ago on another one. One that was deleted is found too: its open sessions go on. It must not be
// changed.
func (s *Service) FindChat(ctx context.Context, id string) (*Chat, error) {
	c, err := s.cachedChat(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.visible(c)
}

func (s *Service) cachedChat(ctx context.Context, id string) (*Chat, error) {
	if c := s.chats.find(id); c != nil {
		return c, nil
	}
	state := s.chats.begin()
	c, err := s.Store.FindChat(ctx, id)
	if err != nil {
		return nil, err
	}
	s.chats.put(c, state)
	return c, nil
}

func (s *Service) findChat(tx Tx, id string) (*Chat, error) {
	state := s.chats.begin()
	c, err := tx.FindChat(id)
	if err != nil {
		return nil, err
	}
	s.chats.put(c, state)
	return s.visible(c)
}

func (s *Service) visible(c *Chat) (*Chat, error) {
	if c.Demo && !s.DemoAllowed {
		return nil, Errorf(CodeNotFound, "no such chat")
	}
	return c, nil
}

// History returns messages of a session as its client may see them, and their number in all.
func (s *Service) History(ctx context.Context, sessionID string, q MessagesQuery) (*Session, []Event, int64, error) {
	session, err := s.FindSession(ctx, sessionID)
	if err != nil {
		return nil, nil, 0, err
	}
	events, total, err := s.Store.ListMessages(ctx, session.Ref(), q)
	return session, events, total, err
}
