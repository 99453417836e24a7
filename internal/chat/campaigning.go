package chat

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// CampaignStep is what came of a look for something to send.
type CampaignStep struct {
	Tried  int  // recipients
	Failed int  // of these
	Idle   bool // nothing is due, or others are at it
}

// maxCampaignConflicts is how often one recipient is tried again that met a start of its client.
const maxCampaignConflicts = 5

// NextCampaign returns when somebody is to get a campaign next, zero when nobody is.
func (s *Service) NextCampaign(ctx context.Context) (time.Time, error) {
	return s.Store.FindNextCampaign(ctx)
}

// SendCampaign sends the campaign that is due, of several the one with the highest priority, to its next
// recipients, as many as its rate allows. What they get and how far the campaign has come are one
// transaction, which holds the campaign: so nobody is skipped, and nobody gets it twice, whichever
// nodes send, and whenever they die. Other nodes pass over it meanwhile.
func (s *Service) SendCampaign(ctx context.Context) (step CampaignStep, err error) {
	step, err = s.sendBatch(ctx, 0)
	// One of them met another session of its client, or cannot be sent to at all: one by one it shows which.
	for range maxCampaignConflicts {
		if err == nil || CodeOf(err) == CodeUnavailable {
			break
		}
		step, err = s.sendBatch(ctx, 1)
	}
	if err != nil {
		return CampaignStep{}, fmt.Errorf("send campaign: %w", err)
	}
	return step, nil
}

// SkipRecipient has the next recipient of the campaign that is due fail, with a reason that is told to
// administrators. It is for one that SendCampaign fails at again and again.
func (s *Service) SkipRecipient(ctx context.Context, reason string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		return s.onDueCampaign(tx, 1, func(_ *Chat, _ *Campaign, r *Recipient) error {
			r.fail(reason)
			return nil
		}, &CampaignStep{})
	})
	if err != nil {
		return fmt.Errorf("skip recipient: %w", err)
	}
	return nil
}

// sendBatch sends to at most limit recipients, 0 for as many as are due.
func (s *Service) sendBatch(ctx context.Context, limit int) (step CampaignStep, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		step = CampaignStep{}
		return s.onDueCampaign(tx, limit, func(in *Chat, c *Campaign, r *Recipient) error {
			return s.sendTo(tx, in, c, r)
		}, &step)
	})
	return step, err
}

// onDueCampaign locks the campaign that is due before any session, and does something about its next
// recipients.
func (s *Service) onDueCampaign(tx Tx, limit int, do func(*Chat, *Campaign, *Recipient) error, step *CampaignStep) error {
	now := s.Now()
	c, err := tx.LockDueCampaign(now)
	if CodeOf(err) == CodeNotFound {
		step.Idle = true
		return nil
	}
	if err != nil {
		return err
	}
	if limit == 0 {
		limit = c.batch()
	}
	in, err := tx.FindChat(c.ChatID)
	if err != nil {
		return err
	}
	list, err := tx.ListRecipientsAfter(c.Key, c.Position, limit)
	if err != nil {
		return err
	}
	for i := range list {
		if err := do(in, c, &list[i]); err != nil {
			return err
		}
		if err := tx.UpdateRecipient(c.Key, &list[i]); err != nil {
			return err
		}
	}
	c.advance(now, list, step)
	return tx.UpdateCampaign(c)
}

// advance notes that recipients were tried.
func (c *Campaign) advance(now time.Time, list []Recipient, step *CampaignStep) {
	step.Tried = len(list)
	for i := range list {
		c.Position = list[i].Position
		if list[i].State == CampaignFailed {
			step.Failed++
		}
	}
	c.Failed += int64(step.Failed)
	c.Sent += int64(step.Tried - step.Failed)
	c.State = CampaignPending
	if c.Waiting() <= 0 || len(list) == 0 {
		c.end(now)
		return
	}
	c.pace(now, len(list))
}

// errNotSent is why a recipient does not get what the others do.
type errNotSent string

func (e errNotSent) Error() string { return string(e) }

func (r *Recipient) fail(reason string) {
	r.State, r.Reason = CampaignFailed, reason
}

// sendTo sends to one recipient, or says in it why not. What cannot be is found out before anything is
// written.
func (s *Service) sendTo(tx Tx, in *Chat, c *Campaign, r *Recipient) error {
	change, err := s.reachRecipient(tx, in, c, r)
	var not errNotSent
	if errors.As(err, &not) {
		r.fail(string(not))
		return nil
	}
	if err != nil {
		return err
	}
	if c.CallbackURL != "" {
		h := change.session.ownHooks()
		change.session.setCallback(c.CallbackURL, h.CallbackData)
	}
	if r.QuestionID, err = s.put(change, c, r); err != nil {
		return err
	}
	r.State, r.SessionID, r.SentAt = CampaignSent, change.session.ID, change.now
	return change.commit(tx)
}

// put adds what a campaign says to a session, and returns the id of the question that it is.
func (s *Service) put(to *change, c *Campaign, r *Recipient) (string, error) {
	if c.Event != "" {
		data, err := c.dataFor(r)
		if err != nil {
			return "", err
		}
		id := s.NewID()
		to.add(id, &ActionPressed{Event: c.Event, Data: data, Question: &Question{ID: id, Data: data, Async: true}})
		to.awaitBot()
		return id, nil
	}
	bot := Owner{ID: to.session.BotID}
	if to.session.Owner.Kind == OwnerBot {
		bot = to.session.Owner
	}
	var first Event // by which all of them go, as answers go by their question
	for i := range c.Messages {
		m := c.Messages[i]
		m.AuthorType, m.AuthorID, m.AuthorName = AuthorBot, bot.ID, bot.Name
		if event := to.say(&m); i == 0 {
			first = event
		}
		m.QuestionID, m.Cause = first.ID, first.Sequence
	}
	return first.ID, nil
}

// reachRecipient is reach for a recipient: it says why one cannot be sent to before anything is written
// for it, such as a client whom nobody knows (Chat API, clientId).
func (s *Service) reachRecipient(tx Tx, in *Chat, c *Campaign, r *Recipient) (*change, error) {
	var after time.Time
	client, err := tx.FindClientByAlias(in.Key, Alias{AliasExternal, r.ClientID})
	known := err == nil
	if !known && CodeOf(err) != CodeNotFound {
		return nil, err
	}
	if known {
		var open *Session
		if open, after, err = s.openSession(tx, in, client.Key); err != nil {
			return nil, err
		}
		if open != nil {
			return s.change(open), mayGetEvent(open, c)
		}
	}
	bot, err := campaignBot(tx, in, c)
	if err != nil {
		return nil, err
	}
	if !known {
		if client, err = s.newClientNamed(tx, in, r.ClientID); err != nil {
			return nil, err
		}
	}
	return s.beginFor(tx, in, client, bot, after)
}

// mayGetEvent judges whether an open session has somebody who reacts to what a campaign sends.
func mayGetEvent(session *Session, c *Campaign) error {
	switch {
	case c.Event == "":
		return nil
	case session.Owner.Kind == OwnerNobody:
		return errNotSent("no bot answers in the client's session")
	case session.Owner.Kind != OwnerBot:
		return errNotSent("people answer the client now, who would not see the event")
	case c.BotID != "" && session.Owner.ID != c.BotID:
		return errNotSent("another bot answers in the client's session")
	default:
		return nil
	}
}

// campaignBot finds who answers in a session that a campaign begins; nil for nobody.
func campaignBot(tx Tx, in *Chat, c *Campaign) (*BotRecord, error) {
	if !in.DeletedAt.IsZero() {
		return nil, errNotSent("the chat was deleted")
	}
	bot, err := botFor(tx, in, c.BotID)
	switch {
	case CodeOf(err) == CodeInvalid:
		return nil, errNotSent("the bot is gone")
	case err == nil && bot == nil && c.Event != "":
		return nil, errNotSent("the chat has no bot")
	}
	return bot, err
}
