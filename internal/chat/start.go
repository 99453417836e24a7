package chat

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// NoBot as a bot id says that no bot answers in a session.
const NoBot = "00000000-0000-0000-0000-000000000000"

// StartParams are what a session is started or continued with (TWIN, startChatSessions and
// continueLastOrStartNewChatSessions).
type StartParams struct {
	ChatID      string
	Continue    bool // continue the client's open session in the chat, if there is one
	SessionID   string
	ClientID    string
	ExternalID  string
	Signature   string // of the external id, see Sign
	BotID       string // overrides the chat's bot
	Client      Client
	Details     SessionDetails
	TTL         time.Duration // 0: the chat's
	Message     *MessageParams
	Idempotency Idempotency

	after time.Time // of the last event of the client's session before this one
}

// MessageParams is what a client says.
type MessageParams struct {
	Body        string
	Attachments []string // file ids
	ReplyToID   string
}

// StartResult says which session the client is in now.
type StartResult struct {
	Session *Session
	Chat    *Chat  // that of the session
	Started bool   // false: it was there already
	Message *Event // the client's first message, nil for none
	Cause   int64  // sequence of the event the bot is to react to, 0 for none
}

// Start starts a session, or continues one: the one named by SessionID if it is open, and
// with Continue the open one of the client in the chat. A start supersedes that one. The
// first message is written in the same transaction.
func (s *Service) Start(ctx context.Context, p StartParams) (*StartResult, error) {
	return s.startIn(ctx, p, func(tx Tx) (*Chat, error) {
		c, err := s.findChat(tx, p.ChatID)
		if err == nil && c.Kind != ChatOrdinary {
			return nil, Errorf(CodeNotFound, "no such chat")
		}
		return c, err
	}, func(c *Chat) string { return startScope(c, &p) })
}

// startIn is Start in the chat that find returns. scope is who starts there, for idempotency.
func (s *Service) startIn(ctx context.Context, p StartParams, find func(tx Tx) (*Chat, error), scope func(*Chat) string) (*StartResult, error) {
	if p.Message != nil {
		if err := p.Message.check(); err != nil {
			return nil, err
		}
	}
	if err := p.Details.checkHooks(); err != nil {
		return nil, err
	}
	var result *StartResult
	err := s.Store.Update(ctx, func(tx Tx) error {
		c, err := find(tx)
		if err != nil {
			return err
		}
		result = &StartResult{Chat: c}
		return s.once(tx, scope(c), p.Idempotency, func(r *IdempotencyRecord) error {
			if err := s.start(tx, c, &p, result); err != nil {
				return err
			}
			r.SessionID, r.Sequence = result.Session.ID, result.Cause
			if result.Message != nil {
				r.EventID = result.Message.ID
			}
			return nil
		}, func(r *IdempotencyRecord) error {
			return s.repeatStart(tx, r, result)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("start session: %w", err)
	}
	return result, nil
}

// startScope is the principal and the operation of an idempotent start by a client. A session id is a
// right, so a key that several strangers may happen to choose must not hand it out: a short
// one counts only for the same caller.
func startScope(c *Chat, p *StartParams) string {
	op := "start"
	if p.Continue {
		op = "continue"
	}
	if len(p.Idempotency.Key) < minGlobalKey {
		return fmt.Sprintf("chat:%d:%s:%s", c.Key, op, p.Idempotency.Caller)
	}
	return fmt.Sprintf("chat:%d:%s", c.Key, op)
}

func (s *Service) repeatStart(tx Tx, r *IdempotencyRecord, result *StartResult) error {
	session, err := tx.LockSession(r.SessionID)
	if err != nil {
		return err
	}
	result.Session, result.Cause = session, r.Sequence
	if r.EventID != "" {
		result.Message, err = tx.FindEvent(session.Key, r.EventID)
	}
	return err
}

func (s *Service) start(tx Tx, c *Chat, p *StartParams, result *StartResult) error {
	names, err := trustedAliases(c, p)
	if err != nil {
		return err
	}
	client, session, err := s.identify(tx, c, p, names)
	if err != nil {
		return err
	}
	if client == nil {
		client, err = s.createClient(tx, c, p, names)
	} else {
		err = s.refreshClient(tx, c, p, client, names)
	}
	if err != nil {
		return err
	}
	if session != nil {
		return s.resume(tx, p, session, result)
	}
	return s.open(tx, c, client, p, result)
}

// identify finds who the caller is, nil for somebody new, and the session to go on in, nil for
// a new one.
func (s *Service) identify(tx Tx, c *Chat, p *StartParams, names []Alias) (*Client, *Session, error) {
	named, client, err := s.findNamed(tx, c, p)
	if err != nil {
		return nil, nil, err
	}
	if client == nil || p.Signature != "" {
		// What is signed decides. A session or client that somebody else has named in the
		// caller's place must not make two people one.
		known, err := findClient(tx, c, names)
		if err != nil {
			return nil, nil, err
		}
		if known == nil || client == nil || known.Key != client.Key {
			client, named = known, nil
		}
	}
	if client == nil || named != nil {
		return client, named, nil
	}
	session, err := s.continueOrSupersede(tx, c, p, client)
	return client, session, err
}

// findNamed finds the session or the client that the caller names: knowing such an id is a
// right. The client of a session that has ended goes on in another one.
func (s *Service) findNamed(tx Tx, c *Chat, p *StartParams) (*Session, *Client, error) {
	clientID := p.ClientID
	var session *Session
	if p.SessionID != "" {
		var err error
		session, err = tx.LockSession(p.SessionID)
		if CodeOf(err) == CodeNotFound || (err == nil && session.ChatKey != c.Key) {
			return nil, nil, Errorf(CodeNotFound, "no such session in this chat")
		}
		if err != nil {
			return nil, nil, err
		}
		clientID = session.ClientID
		if s.writable(session) != nil {
			session = nil
		}
	}
	if clientID == "" {
		return nil, nil, nil
	}
	client, err := tx.FindClient(clientID)
	if CodeOf(err) == CodeNotFound {
		return nil, nil, Invalid("clientId", "no such client")
	}
	return session, client, err
}

// continueOrSupersede returns the client's open session if it is to be continued; otherwise
// it closes it, since a client has at most one in a chat.
func (s *Service) continueOrSupersede(tx Tx, c *Chat, p *StartParams, client *Client) (*Session, error) {
	session, err := tx.LockOpenSession(c.Key, client.Key)
	if CodeOf(err) == CodeNotFound {
		p.after, err = lastEventAt(tx, c, client.Key)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if p.Continue && s.Now().Before(session.ExpiresAt()) {
		return session, nil
	}
	by := ClosedBySuperseded
	if !s.Now().Before(session.ExpiresAt()) {
		by = ClosedByLifetime
	}
	ch := s.change(session)
	ch.close(c, by, "")
	p.after = session.LastAt
	return nil, ch.commit(tx)
}

func (s *Service) refreshClient(tx Tx, c *Chat, p *StartParams, client *Client, names []Alias) error {
	if client.refresh(p, names) {
		locked, err := tx.LockClient(client.Key)
		if err != nil {
			return err
		}
		*client = *locked // what others have changed meanwhile stays
		client.refresh(p, names)
		if err := tx.UpdateClient(client); err != nil {
			return err
		}
	}
	return addAliases(tx, c, client, names)
}

// resume goes on in an open session, with the first message if there is one.
func (s *Service) resume(tx Tx, p *StartParams, session *Session, result *StartResult) error {
	result.Session = session
	session.updateHooks(&p.Details)
	if p.Message == nil {
		return tx.UpdateSession(session) // which costs nothing when nothing has changed
	}
	event, err := s.say(tx, session, p.Message)
	if err != nil {
		return err
	}
	result.Message = event
	if session.Owner.Kind == OwnerBot {
		result.Cause = event.Sequence
	}
	return nil
}

// open starts a new session. The bot speaks first unless the client has, or the chat says
// that it waits for the client.
func (s *Service) open(tx Tx, c *Chat, client *Client, p *StartParams, result *StartResult) error {
	if !c.DeletedAt.IsZero() { // only its open sessions go on
		return Errorf(CodeNotFound, "no such chat")
	}
	session := s.newSession(c, client, clampTTL(p.TTL, c), p.Details.hooks())
	session.beginAfter(p.after)
	bot, err := botFor(tx, c, p.BotID)
	if err != nil {
		return err
	}
	session.assign(bot)
	if err := tx.CreateSession(session, &p.Details); err != nil {
		return err
	}
	result.Session, result.Started = session, true

	ch := s.change(session)
	greet := p.Message == nil && session.Owner.Kind == OwnerBot && !c.Settings.AnswerOnFirstClientMessage
	ch.add(s.NewID(), &SessionStarted{Greet: greet})
	session.Cursor, session.Pending = session.Sequence, session.Sequence
	switch {
	case p.Message != nil:
		event, err := s.addMessage(tx, ch, p.Message)
		if err != nil {
			return err
		}
		result.Message = &event
	case greet:
		session.Cursor = 0
		ch.makeDue()
	}
	if session.TurnDue() {
		result.Cause = session.Sequence
	}
	return ch.commit(tx)
}

// newSession is an open session that nobody has yet, not stored.
func (s *Service) newSession(c *Chat, client *Client, ttl time.Duration, hooks *Hooks) *Session {
	now := s.Now()
	return &Session{
		ID:        s.NewSecretID(),
		ChatKey:   c.Key,
		ChatID:    c.ID,
		Demo:      c.Demo,
		ClientKey: client.Key,
		ClientID:  client.ID,
		Status:    StatusOpen,
		Owner:     Owner{Kind: OwnerNobody},
		Term:      1,
		TTL:       ttl,
		StartedAt: now,
		ActiveAt:  now,
		CheckAt:   now.Add(ttl),
		Hooks:     hooks,
	}
}

// botFor finds who is to answer in a new session of a chat: the bot named, or the chat's when none is;
// nil for nobody. A bot that is not there is CodeInvalid.
func botFor(tx Tx, c *Chat, id string) (*BotRecord, error) {
	if id = cmp.Or(id, c.BotID); id == "" || id == NoBot {
		return nil, nil
	}
	bot, err := tx.FindBot(id)
	if CodeOf(err) == CodeNotFound {
		return nil, Invalid("botId", "no such bot")
	}
	return bot, err
}

// assign gives a new session to a bot; nil is nobody.
func (s *Session) assign(bot *BotRecord) {
	if bot != nil {
		s.BotID = bot.ID
		s.Owner = Owner{Kind: OwnerBot, ID: bot.ID, Name: bot.Name}
	}
}

// lastEventAt is when the last event of a client's latest session in a chat happened, zero when it has
// none. That session cannot change until commit.
func lastEventAt(tx Tx, in *Chat, client int64) (time.Time, error) {
	session, err := tx.LockLatestSession(in.Key, client)
	if CodeOf(err) == CodeNotFound {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return session.LastAt, nil
}

// openSession locks the open session of a client in a chat; nil when there is none, or none any more:
// then after is when the last event of the one before happened, and zero if there was none.
func (s *Service) openSession(tx Tx, in *Chat, client int64) (open *Session, after time.Time, err error) {
	session, err := tx.LockOpenSession(in.Key, client)
	if CodeOf(err) == CodeNotFound {
		after, err = lastEventAt(tx, in, client)
		return nil, after, err
	}
	if err != nil || s.writable(session) == nil {
		return session, after, err
	}
	c := s.change(session)
	c.close(in, ClosedByLifetime, "")
	return nil, session.LastAt, c.commit(tx)
}

// beginQuietly stores a new session in which the bot does not greet: it is to react to what is added.
func (s *Service) beginQuietly(tx Tx, session *Session, d *SessionDetails) (*change, error) {
	if err := tx.CreateSession(session, d); err != nil {
		return nil, err
	}
	c := s.change(session)
	c.add(s.NewID(), &SessionStarted{})
	session.Cursor, session.Pending = session.Sequence, session.Sequence
	return c, nil
}

// clampTTL keeps a life time within MinSessionTTL and MaxSessionTTL.
func clampTTL(ttl time.Duration, c *Chat) time.Duration {
	if ttl == 0 {
		ttl = time.Duration(c.Settings.SessionTTL) * time.Second
	}
	if ttl == 0 {
		ttl = DefaultSessionTTL
	}
	return min(max(ttl, MinSessionTTL), MaxSessionTTL)
}
