package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// FindCampaign implements chat.Reader.
func (s *Store) FindCampaign(ctx context.Context, id string) (*chat.Campaign, error) {
	return read(ctx, s, "campaign", func(ctx context.Context, q *sqlgen.Queries) (*chat.Campaign, error) {
		return campaignOf(q.FindCampaign(ctx, id))
	})
}

// ListCampaigns implements chat.Reader.
func (s *Store) ListCampaigns(ctx context.Context, offset, limit int) ([]chat.Campaign, int64, error) {
	var total int64
	list, err := read(ctx, s, "campaign", func(ctx context.Context, q *sqlgen.Queries) (_ []chat.Campaign, err error) {
		if total, err = q.CountCampaigns(ctx); err != nil {
			return nil, err
		}
		rows, err := q.ListCampaigns(ctx, sqlgen.ListCampaignsParams{FirstRow: maxRows(offset), MaxRows: maxRows(limit)})
		return each(rows, err, campaignOf)
	})
	return list, total, err
}

// ListRecipients implements chat.Reader.
func (s *Store) ListRecipients(ctx context.Context, campaign int64, state chat.CampaignState, offset, limit int) ([]chat.Recipient, error) {
	return read(ctx, s, "recipient", func(ctx context.Context, q *sqlgen.Queries) ([]chat.Recipient, error) {
		if state == "" {
			rows, err := q.ListRecipients(ctx, sqlgen.ListRecipientsParams{CampaignKey: campaign, FirstRow: maxRows(offset), MaxRows: maxRows(limit)})
			return each(rows, err, recipientOf)
		}
		rows, err := q.ListRecipientsIn(ctx, sqlgen.ListRecipientsInParams{
			CampaignKey: campaign, State: string(state), FirstRow: maxRows(offset), MaxRows: maxRows(limit),
		})
		return each(rows, err, recipientOf)
	})
}

// FindNextCampaign implements chat.Reader.
func (s *Store) FindNextCampaign(ctx context.Context) (time.Time, error) {
	return read(ctx, s, "campaign", func(ctx context.Context, q *sqlgen.Queries) (time.Time, error) {
		at, err := q.FindNextCampaign(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return time.Time{}, nil
		}
		return timeOf(at), err
	})
}

// CreateCampaign implements chat.Tx.
func (t *tx) CreateCampaign(c *chat.Campaign) error {
	if err := t.begin(); err != nil {
		return err
	}
	messages := ""
	if len(c.Messages) > 0 {
		data, err := json.Marshal(c.Messages)
		if err != nil {
			return fmt.Errorf("messages of a campaign: %w", err)
		}
		messages = string(data)
	}
	key, err := t.q.CreateCampaign(context.Background(), sqlgen.CreateCampaignParams{
		ID: c.ID, ChatKey: c.ChatKey, ChatID: c.ChatID, Name: c.Name, BotID: c.BotID, Event: c.Event, EventData: string(c.EventData),
		Messages: messages, CallbackUrl: c.CallbackURL, Priority: int64(c.Priority), Rate: int64(c.Rate), SendingAt: micros(c.SendingAt),
		State: string(c.State), DueAt: micros(c.DueAt), Position: c.Position, LastPosition: c.LastPosition, Total: c.Total,
		Sent: c.Sent, Failed: c.Failed, CreatedAt: micros(c.CreatedAt), StartedAt: micros(c.StartedAt), EndedAt: micros(c.EndedAt),
	})
	if err != nil {
		return t.fail("campaign", err)
	}
	t.written += len(messages) + len(c.EventData)
	c.Key = key
	return nil
}

// LockCampaign implements chat.Tx.
func (t *tx) LockCampaign(id string) (*chat.Campaign, error) {
	c, err := campaignOf(t.q.LockCampaign(context.Background(), id))
	return c, t.fail("campaign", err)
}

// LockDueCampaign implements chat.Tx.
func (t *tx) LockDueCampaign(now time.Time) (*chat.Campaign, error) {
	c, err := campaignOf(t.q.LockDueCampaign(context.Background(), micros(now)))
	return c, t.fail("campaign", err)
}

// UpdateCampaign implements chat.Tx.
func (t *tx) UpdateCampaign(c *chat.Campaign) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("campaign", oneRow(t.q.UpdateCampaign(context.Background(), sqlgen.UpdateCampaignParams{
		Key: c.Key, State: string(c.State), DueAt: micros(c.DueAt), Position: c.Position, LastPosition: c.LastPosition, Total: c.Total,
		Sent: c.Sent, Failed: c.Failed, StartedAt: micros(c.StartedAt), EndedAt: micros(c.EndedAt),
	})))
}

// LockIdleCampaign implements chat.Tx.
func (t *tx) LockIdleCampaign(before time.Time) (*chat.Campaign, error) {
	c, err := campaignOf(t.q.LockIdleCampaign(context.Background(), micros(before)))
	return c, t.fail("campaign", err)
}

// DeleteCampaign implements chat.Tx.
func (t *tx) DeleteCampaign(key int64) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("campaign", t.q.DeleteCampaign(context.Background(), key))
}

// DeleteRecipients implements chat.Tx.
func (t *tx) DeleteRecipients(campaign int64, limit int) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteRecipients(context.Background(), sqlgen.DeleteRecipientsParams{CampaignKey: campaign, MaxRows: maxRows(limit)})
	return n, t.fail("recipient", err)
}

// AddRecipients implements chat.Tx. The inserts answer nothing, so that they are sent together.
func (t *tx) AddRecipients(campaign, above int64, list []chat.Recipient) (int64, error) {
	if err := t.begin(); err != nil {
		return 0, err
	}
	for i := range list {
		err := t.q.AddRecipient(context.Background(), sqlgen.AddRecipientParams{
			CampaignKey: campaign, Position: above + int64(i) + 1, ClientID: list[i].ClientID, Data: string(list[i].Data),
		})
		if err != nil {
			return 0, t.fail("recipient", err)
		}
		t.written += len(list[i].ClientID) + len(list[i].Data)
	}
	added, err := t.q.CountRecipientsAfter(context.Background(), sqlgen.CountRecipientsAfterParams{CampaignKey: campaign, Position: above})
	return added, t.fail("recipient", err)
}

// ListRecipientsAfter implements chat.Tx.
func (t *tx) ListRecipientsAfter(campaign, after int64, limit int) ([]chat.Recipient, error) {
	rows, err := t.q.ListRecipientsAfter(context.Background(), sqlgen.ListRecipientsAfterParams{CampaignKey: campaign, Position: after, MaxRows: maxRows(limit)})
	list, err := each(rows, err, recipientOf)
	return list, t.fail("recipient", err)
}

// UpdateRecipient implements chat.Tx.
func (t *tx) UpdateRecipient(campaign int64, r *chat.Recipient) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.fail("recipient", t.q.UpdateRecipient(context.Background(), sqlgen.UpdateRecipientParams{
		State: string(r.State), Reason: r.Reason, QuestionID: r.QuestionID, SessionID: r.SessionID, SentAt: micros(r.SentAt),
		CampaignKey: campaign, Position: r.Position,
	}))
}

func campaignOf(r sqlgen.Campaign, err error) (*chat.Campaign, error) {
	if err != nil {
		return nil, err
	}
	c := &chat.Campaign{
		Key: r.Key, ID: r.ID, ChatKey: r.ChatKey, ChatID: r.ChatID, Name: r.Name, BotID: r.BotID, Event: r.Event, CallbackURL: r.CallbackUrl,
		Priority: int(r.Priority), Rate: int(r.Rate), SendingAt: timeOf(r.SendingAt), State: chat.CampaignState(r.State), DueAt: timeOf(r.DueAt),
		Position: r.Position, LastPosition: r.LastPosition, Total: r.Total, Sent: r.Sent, Failed: r.Failed,
		CreatedAt: timeOf(r.CreatedAt), StartedAt: timeOf(r.StartedAt), EndedAt: timeOf(r.EndedAt),
	}
	if r.EventData != "" {
		c.EventData = json.RawMessage(r.EventData)
	}
	if r.Messages != "" {
		if err := json.Unmarshal([]byte(r.Messages), &c.Messages); err != nil {
			return nil, fmt.Errorf("messages of campaign %s: %w", r.ID, err)
		}
	}
	return c, nil
}

func recipientOf(r sqlgen.CampaignRecipient, err error) (*chat.Recipient, error) {
	if err != nil {
		return nil, err
	}
	one := &chat.Recipient{
		Position: r.Position, ClientID: r.ClientID, State: chat.CampaignState(r.State), Reason: r.Reason, QuestionID: r.QuestionID,
		SessionID: r.SessionID, SentAt: timeOf(r.SentAt),
	}
	if r.Data != "" {
		one.Data = json.RawMessage(r.Data)
	}
	return one, nil
}
