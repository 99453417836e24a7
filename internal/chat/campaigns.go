package chat

import (
	"context"
	"fmt"
	"time"
)

// The use cases of administrators about campaigns. Who may call them is judged before.

// CampaignParams is a campaign that is to be made.
type CampaignParams struct {
	Campaign   Campaign
	Recipients []Recipient // the first of them
	Start      bool        // at once; no recipients can be added then
}

// CreateCampaign stores a campaign. Its recipients may be added in parts, and it is to be started then,
// or all of it is done at once.
func (s *Service) CreateCampaign(ctx context.Context, by *APIKey, p CampaignParams, idem Idempotency) (made *Campaign, err error) {
	if err := p.Campaign.check(s.Now()); err != nil {
		return nil, err
	}
	if err := p.Campaign.checkRecipients(p.Recipients); err != nil {
		return nil, err
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		return s.once(tx, adminScope(by, "create campaign"), idem, func(r *IdempotencyRecord) error {
			fresh := p.Campaign
			if err := s.createCampaign(tx, &fresh); err != nil {
				return err
			}
			made, r.EventID = &fresh, fresh.ID
			if _, err := addRecipients(tx, made, p.Recipients); err != nil {
				return err
			}
			if p.Start {
				return s.startCampaign(tx, made)
			}
			return tx.UpdateCampaign(made)
		}, func(r *IdempotencyRecord) (err error) {
			made, err = tx.LockCampaign(r.EventID)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("create campaign: %w", err)
	}
	return made, nil
}

func (s *Service) createCampaign(tx Tx, c *Campaign) error {
	in, err := findAdminChat(tx.FindChat(c.ChatID))
	if CodeOf(err) == CodeNotFound {
		return Invalid("chatId", "no such chat")
	}
	if err != nil {
		return err
	}
	if c.BotID != "" {
		if _, err := tx.FindBot(c.BotID); CodeOf(err) == CodeNotFound {
			return Invalid("botId", "no such bot")
		} else if err != nil {
			return err
		}
	}
	c.ID, c.ChatKey, c.ChatID = s.NewID(), in.Key, in.ID
	c.State, c.CreatedAt = CampaignInit, s.Now()
	return tx.CreateCampaign(c)
}

// AddRecipients adds clients to a campaign that was not started. One that it has already is passed over,
// so a call whose answer was lost may be repeated. added is how many are new.
func (s *Service) AddRecipients(ctx context.Context, id string, list []Recipient) (c *Campaign, added int64, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		if c, err = tx.LockCampaign(id); err != nil {
			return err
		}
		if c.State != CampaignInit {
			return Errorf(CodeState, "the campaign is %s: recipients can be added before it is started", c.State)
		}
		if err := c.checkRecipients(list); err != nil {
			return err
		}
		if added, err = addRecipients(tx, c, list); err != nil {
			return err
		}
		return tx.UpdateCampaign(c)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("add recipients: %w", err)
	}
	return c, added, nil
}

func addRecipients(tx Tx, c *Campaign, list []Recipient) (added int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	if added, err = tx.AddRecipients(c.Key, c.LastPosition, list); err != nil {
		return 0, err
	}
	c.LastPosition += int64(len(list))
	c.Total += added
	if c.Total > MaxRecipients {
		return 0, Invalid("recipients", "expected at most %d in a campaign", MaxRecipients)
	}
	return added, nil
}

// StartCampaign has a campaign sent, when its time has come. One that was started stays as it is; one
// that was canceled is CodeState, and so is one without recipients.
func (s *Service) StartCampaign(ctx context.Context, id string) (c *Campaign, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		if c, err = tx.LockCampaign(id); err != nil {
			return err
		}
		switch c.State {
		case CampaignInit:
			return s.startCampaign(tx, c)
		case CampaignCanceled:
			return Errorf(CodeState, "the campaign was canceled")
		default:
			return nil
		}
	})
	if err != nil {
		return nil, fmt.Errorf("start campaign: %w", err)
	}
	return c, nil
}

func (s *Service) startCampaign(tx Tx, c *Campaign) error {
	if c.Total == 0 {
		return Errorf(CodeState, "the campaign has no recipients")
	}
	now := s.Now()
	c.StartedAt, c.DueAt, c.State = now, latest(now, c.SendingAt), CampaignPending
	if c.DueAt.After(now) {
		c.State = CampaignPostponed
	}
	tx.OnCommit(s.CampaignDue)
	return tx.UpdateCampaign(c)
}

// CancelCampaign has those who have not got it not get it. What is canceled already stays so; a campaign
// that is over is CodeState.
func (s *Service) CancelCampaign(ctx context.Context, id string) (c *Campaign, err error) {
	err = s.Store.Update(ctx, func(tx Tx) error {
		if c, err = tx.LockCampaign(id); err != nil {
			return err
		}
		switch c.State {
		case CampaignCanceled:
			return nil
		case CampaignSent, CampaignFailed:
			return Errorf(CodeState, "the campaign is over: it is %s", c.State)
		}
		c.State, c.DueAt, c.EndedAt = CampaignCanceled, time.Time{}, s.Now()
		return tx.UpdateCampaign(c)
	})
	if err != nil {
		return nil, fmt.Errorf("cancel campaign: %w", err)
	}
	return c, nil
}

// forgetRecipients is how many recipients are removed in one transaction.
const forgetRecipients = 500

// ForgetCampaigns removes campaigns that ended longer ago than keep, or were made longer ago and never
// started, with their recipients. What they have sent stays in the clients' sessions.
func (s *Service) ForgetCampaigns(ctx context.Context, keep time.Duration) error {
	for more := true; more; {
		err := s.Store.Update(ctx, func(tx Tx) (err error) {
			more, err = forgetCampaign(tx, s.Now().Add(-keep))
			return err
		})
		if err != nil {
			return fmt.Errorf("forget campaigns: %w", err)
		}
	}
	return nil
}

// forgetCampaign removes recipients of one campaign, and with the last of them the campaign. It reports
// whether there was one.
func forgetCampaign(tx Tx, before time.Time) (bool, error) {
	c, err := tx.LockIdleCampaign(before)
	if CodeOf(err) == CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := tx.DeleteRecipients(c.Key, forgetRecipients)
	if err != nil {
		return false, err
	}
	if n < forgetRecipients {
		return true, tx.DeleteCampaign(c.Key)
	}
	if c.State != CampaignInit {
		return true, nil
	}
	c.State = CampaignCanceled // nobody starts what is left of it
	return true, tx.UpdateCampaign(c)
}

// FindCampaign finds a campaign by its id.
func (s *Service) FindCampaign(ctx context.Context, id string) (*Campaign, error) {
	return s.Store.FindCampaign(ctx, id)
}

// ListCampaigns returns campaigns, the newest first, and how many there are in all.
func (s *Service) ListCampaigns(ctx context.Context, offset, limit int) ([]Campaign, int64, error) {
	return s.Store.ListCampaigns(ctx, offset, limit)
}

// ListRecipients returns recipients of a campaign in their order, those in a state or all ("" for any),
// and how many such there are.
func (s *Service) ListRecipients(ctx context.Context, id, state string, offset, limit int) ([]Recipient, int64, error) {
	asked, err := recipientState(state)
	if err != nil {
		return nil, 0, err
	}
	c, err := s.Store.FindCampaign(ctx, id)
	if err != nil {
		return nil, 0, fmt.Errorf("list recipients: %w", err)
	}
	stored, total := asked, c.Total
	switch asked {
	case "":
	case CampaignSent:
		total = c.Sent
	case CampaignFailed:
		total = c.Failed
	case c.waitingState():
		stored, total = CampaignPending, c.Waiting()
	default:
		return nil, 0, nil
	}
	list, err := s.Store.ListRecipients(ctx, c.Key, stored, offset, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list recipients: %w", err)
	}
	for i := range list {
		if list[i].State == CampaignPending {
			list[i].State = c.waitingState()
		}
	}
	return list, total, nil
}
