package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// MaxTurnAttempts is how often a turn is begun before it is given up: a bot that takes its
// node down with it must not do so for ever.
const MaxTurnAttempts = 3

// Turn is a bot's chance to react to one event of a client.
type Turn struct {
	ID      string // stable over repeats: names what the bot makes in calls to the outside
	Chat    *Chat
	Session *Session // as it was when the turn began
	Details *SessionDetails
	Client  *Client
	// Cause is *SessionStarted or *OwnerChanged to be greeted, *OwnerChanged when people are done,
	// *Message of the client, *ActionPressed or *TimerFired.
	Cause   Event
	State   BotState
	BotName string
	Now     time.Time
	Attempt int // 1 at the first; grows when another node, or this one started again, takes over
}

// Briefing is what a bot can know without having asked.
type Briefing struct {
	Details *SessionDetails
	Client  *Client
	State   BotState // what it remembers
}

// TurnResult is what the bot wants to happen.
type TurnResult struct {
	Outputs      []Output
	SessionState json.RawMessage // nil leaves it as it was
	ClientState  json.RawMessage // nil leaves it as it was
	// Amend, if it is not nil, makes the states to keep of those that are kept at the commit, in
	// place of SessionState and ClientState; what is nil in its result stays. It may run more than
	// once, within the transaction.
	Amend func(BotState) (BotState, error)
	// Timers have the bot react again at a time, CancelTimers ends timers of the bot by their ids. Of
	// several timeouts the last counts, and none when somebody else answers after the turn.
	Timers       []Timer
	CancelTimers []string
	// Reply is what the Chat API tells of the answer beside what is said; nil for nothing.
	Reply *BotReply
	// Later keeps the turn open for Service.AnswerLater, though it is settled.
	Later bool

	failed bool // the words are neither the bot's nor the chat's
}

// Output is one thing a bot does: Say, HandOver, SwitchBot or End.
type Output interface{ output() }

// Say has the bot say something. Id, author and time are filled in when it is stored.
type Say struct{ Message Message }

// SwitchBot gives the session to another bot.
type SwitchBot struct{ BotID string }

// End closes the session with an outcome, "" for none.
type End struct{ Result string }

func (Say) output()       {}
func (HandOver) output()  {}
func (SwitchBot) output() {}
func (End) output()       {}

// ListDueTurns returns sessions whose bot owes a reaction and that no other node works on, by
// key, with a key above after.
func (s *Service) ListDueTurns(ctx context.Context, after int64, limit int) ([]SessionRef, error) {
	return s.Store.ListDueTurns(ctx, s.Node, s.Now(), after, limit)
}

// BeginTurn takes the next turn of a session. It returns nil when nothing is due or another
// node works on it. due, if a ring brought it, spares reading the session: should it be out of
// date, CommitTurn refuses what comes of it. place, if it is not nil, is asked whether the bot can
// begin at all, before another node's turn is claimed: one that only waits has not been begun. When
// it says no, BeginTurn returns nil.
func (s *Service) BeginTurn(ctx context.Context, ref SessionRef, due *DueTurn, place func(bot string) bool) (*Turn, error) {
	if place == nil {
		place = func(string) bool { return true }
	}
	if due != nil && s.holdsLease(&due.Session) {
		if !place(due.Session.Owner.ID) {
			return nil, nil
		}
		return s.loadTurn(ctx, &due.Session, &due.Cause)
	}
	session, err := s.Store.FindSessionByKey(ctx, ref.Key)
	if err != nil {
		return nil, fmt.Errorf("begin turn: %w", err)
	}
	if !session.TurnDue() || !place(session.Owner.ID) {
		return nil, nil
	}
	if !s.holdsLease(session) {
		if session, err = s.claimTurn(ctx, ref); session == nil || err != nil {
			return nil, err
		}
	}
	cause, err := s.nextCause(ctx, session)
	if err != nil {
		return nil, err
	}
	return s.loadTurn(ctx, session, cause)
}

// holdsLease reports whether this node may work on the turn without claiming it anew: it has
// the lease, as a rule since the transaction that made the turn due, and enough of it is left.
func (s *Service) holdsLease(session *Session) bool {
	l := session.Lease
	return l.Node == s.Node && s.Now().Before(l.Until.Add(-s.TurnLease/2))
}

func (s *Service) claimTurn(ctx context.Context, ref SessionRef) (*Session, error) {
	var claimed *Session
	err := s.Store.Update(ctx, func(tx Tx) error {
		claimed = nil
		session, err := tx.LockSessionByKey(ref.Key)
		if err != nil {
			return err
		}
		now := s.Now()
		if !session.TurnDue() || (session.Lease.Node != s.Node && session.Lease.Until.After(now)) {
			return nil
		}
		if session.Lease.Node != s.Node { // else this node has not died in it
			session.Lease.Attempts++
		}
		session.Lease.Node, session.Lease.Until = s.Node, now.Add(s.TurnLease)
		claimed = session
		return tx.UpdateSession(session)
	})
	if err != nil {
		return nil, fmt.Errorf("claim turn: %w", err)
	}
	return claimed, nil
}

func (s *Service) loadTurn(ctx context.Context, session *Session, cause *Event) (*Turn, error) {
	t := &Turn{
		ID:      fmt.Sprintf("%s-%d", cause.ID, session.Term),
		Session: session,
		Cause:   *cause,
		BotName: session.Owner.Name,
		Now:     s.Now(),
		Attempt: session.Lease.Attempts,
	}
	var err error
	if t.Chat, err = s.cachedChat(ctx, session.ChatID); err != nil {
		return nil, fmt.Errorf("load turn: %w", err)
	}
	known, err := s.Store.FindBriefing(ctx, session.Key, session.ClientKey, session.Owner.ID)
	if err != nil {
		return nil, fmt.Errorf("load turn: %w", err)
	}
	t.Details, t.Client, t.State = known.Details, known.Client, known.State
	return t, nil
}

// nextCause finds the first event after the cursor that the bot must react to.
func (s *Service) nextCause(ctx context.Context, session *Session) (*Event, error) {
	for after := session.Cursor; after < session.Pending; {
		events, err := s.Store.ListEvents(ctx, session.Ref(), after, 16)
		if err != nil {
			return nil, fmt.Errorf("next cause: %w", err)
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			if triggers(events[i].Payload) {
				return &events[i], nil
			}
		}
		after = events[len(events)-1].Sequence
	}
	return nil, Errorf(CodeInternal, "session %d: no event between cursor %d and pending %d", session.Key, session.Cursor, session.Pending)
}

// triggers reports whether a bot reacts to an event.
func triggers(p Payload) bool {
	switch p := p.(type) {
	case *SessionStarted:
		return p.Greet
	case *OwnerChanged:
		return p.Greet || p.Finished
	case *Message:
		return p.AuthorType == AuthorClient
	case *ActionPressed, *TimerFired:
		return true
	default:
		return false
	}
}

// asked reports whether a client waits for the bot's reaction.
func asked(cause Payload) bool {
	switch p := cause.(type) {
	case *TimerFired:
		return false
	case *OwnerChanged:
		return p.Greet
	default:
		return true
	}
}

// CommitTurn makes a turn's result happen, all of it or nothing. It is refused with
// CodeConflict when the session has moved on since the turn began: another owner, another
// cursor, another node's lease, or a changed client state; what the bot made is dropped.
// It reports whether the session's next turn is due, its lease renewed for this node.
func (s *Service) CommitTurn(ctx context.Context, t *Turn, r *TurnResult) (more bool, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		session, err := tx.LockSessionByKey(t.Session.Key)
		if err != nil {
			return err
		}
		if session.Status != StatusOpen || session.Term != t.Session.Term || session.Cursor != t.Session.Cursor ||
			session.Lease.Node != s.Node || session.Lease.Attempts != t.Attempt {
			return Errorf(CodeConflict, "the session moved on during turn %s", t.ID)
		}
		c := s.change(session)
		bot := session.Owner.ID
		session.Cursor = t.Cause.Sequence
		session.Lease = Lease{}
		if err := s.saveState(tx, session, t.State.ClientVersion, r); err != nil {
			return err
		}
		if r.Later {
			if err := s.keepOpen(tx, session, t.Cause.Sequence); err != nil {
				return err
			}
		}
		if err := s.applyOutputs(tx, c, t.Chat, &t.Cause, r.Outputs); err != nil {
			return err
		}
		c.answered(&t.Cause, r.Reply, r.failed)
		if err := s.setTimers(tx, c, t, bot, r); err != nil {
			return err
		}
		more = session.TurnDue()
		if more {
			session.Lease = c.lease()
		}
		c.inHand = more
		return c.commit(tx)
	})
	if err != nil {
		return false, fmt.Errorf("commit turn: %w", err)
	}
	return more, nil
}

// saveState keeps what the bot remembers; version is that of the client's state it began with.
func (s *Service) saveState(tx Tx, session *Session, version int64, r *TurnResult) error {
	state := BotState{Session: r.SessionState, Client: r.ClientState, ClientVersion: version}
	if r.Amend != nil {
		kept, err := tx.FindBotState(session.Key, session.Owner.ID, session.ClientKey)
		if err != nil {
			return err
		}
		if state, err = r.Amend(*kept); err != nil {
			return err
		}
		state.ClientVersion = kept.ClientVersion
	}
	if state.Session != nil {
		if err := tx.SaveSessionState(session.Key, state.Session); err != nil {
			return err
		}
	}
	if state.Client != nil {
		return tx.SaveClientState(session.Owner.ID, session.ClientKey, state.Client, state.ClientVersion)
	}
	return nil
}

// applyOutputs says all that is to be said first: the last answer of a bot that hands over or
// closes in the same turn is delivered. Of several changes of owner the last one counts, and
// an end counts above them. cause is what the bot answers.
func (s *Service) applyOutputs(tx Tx, c *change, in *Chat, cause *Event, outputs []Output) error {
	bot := c.session.Owner
	c.answers = cause
	say := func(m Message) {
		m.AuthorType, m.AuthorID, m.AuthorName, m.Cause = AuthorBot, bot.ID, bot.Name, cause.Sequence
		if a, ok := addressOf(cause); ok {
			m.QuestionID = a.questionID
		}
		c.say(&m)
	}
	var next, end Output
	for _, o := range outputs {
		switch o := o.(type) {
		case Say:
			say(o.Message)
		case HandOver, SwitchBot:
			next = o
		case End:
			end = o
		}
	}
	if end != nil {
		c.close(in, ClosedByBot, end.(End).Result)
		return nil
	}
	switch o := next.(type) {
	case HandOver:
		say(Message{Body: busyText(in)})
		return c.handOver(&o)
	case SwitchBot:
		other, err := tx.FindBot(o.BotID)
		if CodeOf(err) == CodeNotFound {
			return Invalid("switchBot", "no such bot")
		}
		if err != nil {
			return err
		}
		c.setOwner(Owner{Kind: OwnerBot, ID: other.ID, Name: other.Name})
	}
	return nil
}

// FailTurn ends a turn that its bot could not: the client is told so, once, in the words of the
// bot, of the chat, or of the server. A bot that is gone has none. A client who has not asked for
// anything is told nothing.
func (s *Service) FailTurn(ctx context.Context, t *Turn) (more bool, err error) {
	if !asked(t.Cause.Payload) {
		return s.CommitTurn(ctx, t, &TurnResult{})
	}
	text, own := failureText(t.Chat), t.Chat.Settings.BotFailureMessage == ""
	bot, err := s.Store.FindBot(ctx, t.Session.Owner.ID)
	switch {
	case err == nil && bot.Settings.FailureMessage != "":
		text, own = bot.Settings.FailureMessage, false
	case err != nil && CodeOf(err) != CodeNotFound:
		return false, fmt.Errorf("fail turn: %w", err)
	}
	return s.CommitTurn(ctx, t, &TurnResult{Outputs: []Output{Say{Message{Body: text}}}, failed: own})
}
