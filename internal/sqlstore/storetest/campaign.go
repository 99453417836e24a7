package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/chat"
)

// newCampaign stores a campaign that is due after a time.
func (w *world) newCampaign(after time.Duration, edit ...func(*chat.Campaign)) *chat.Campaign {
	w.Helper()
	c := &chat.Campaign{
		ID: uuid.NewString(), ChatKey: w.chat.Key, ChatID: w.chat.ID, Name: "акция", Event: "sale",
		State: chat.CampaignPending, DueAt: epoch.Add(after), CreatedAt: epoch,
	}
	for _, e := range edit {
		e(c)
	}
	w.update(func(tx chat.Tx) error { return tx.CreateCampaign(c) })
	return c
}

func (w *world) nextCampaign() time.Time {
	w.Helper()
	at, err := w.FindNextCampaign(context.Background())
	wantNoError(w.T, err)
	return at
}

func campaignIsKept(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	wantEqual(t, "next without any", w.nextCampaign(), time.Time{})
	full := w.newCampaign(time.Hour, func(c *chat.Campaign) {
		c.BotID, c.EventData, c.CallbackURL, c.Priority, c.Rate = "b", json.RawMessage(`{"x":"🙂"}`), "https://a.example", -3, 7
		c.Messages = []chat.Message{{ID: "m", Body: "Скидка", Replies: []json.RawMessage{[]byte(`{"type":"text"}`)}}}
		c.SendingAt, c.StartedAt, c.EndedAt = epoch.Add(time.Minute), epoch.Add(time.Second), epoch.Add(time.Hour)
		c.Position, c.LastPosition, c.Total, c.Sent, c.Failed = 1, 2, 3, 4, 5
	})
	wantFilled(t, *full)
	empty := w.newCampaign(0, func(c *chat.Campaign) {
		*c = chat.Campaign{ID: c.ID, ChatKey: c.ChatKey, ChatID: c.ChatID}
	})
	wantEqual(t, "next", w.nextCampaign(), full.DueAt)
	for _, c := range []*chat.Campaign{full, empty} {
		found, err := w.FindCampaign(context.Background(), c.ID)
		wantNoError(t, err)
		wantEqual(t, "campaign", found, c)
	}
	w.update(func(tx chat.Tx) error {
		c, err := tx.LockCampaign(full.ID)
		if err != nil {
			return err
		}
		wantEqual(t, "locked", c, full)
		c.State, c.DueAt, c.Position, c.LastPosition, c.Total, c.Sent, c.Failed = chat.CampaignSent, time.Time{}, 11, 12, 13, 14, 15
		c.StartedAt, c.EndedAt = epoch.Add(2*time.Second), epoch.Add(2*time.Hour)
		full = c
		return tx.UpdateCampaign(c)
	})
	wantEqual(t, "next when it is over", w.nextCampaign(), time.Time{})
	list, total, err := w.ListCampaigns(context.Background(), 0, 10)
	wantNoError(t, err)
	wantEqual(t, "total", total, 2)
	wantEqual(t, "campaigns", list, []chat.Campaign{*empty, *full})
	list, _, err = w.ListCampaigns(context.Background(), 1, 10)
	wantNoError(t, err)
	wantEqual(t, "second page", list, []chat.Campaign{*full})
	w.refused(chat.CodeConflict, func(tx chat.Tx) error {
		again := *full
		return tx.CreateCampaign(&again)
	})
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockCampaign(uuid.NewString())
		return err
	})
}

func recipientsAreAddedOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	c, other := w.newCampaign(0), w.newCampaign(0)
	add := func(campaign, above int64, want int64, ids ...string) {
		t.Helper()
		w.update(func(tx chat.Tx) error {
			list := make([]chat.Recipient, len(ids))
			for i := range ids {
				list[i] = chat.Recipient{ClientID: ids[i], Data: json.RawMessage(`{"n":1}`)}
			}
			added, err := tx.AddRecipients(campaign, above, list)
			wantEqual(t, "added", added, want)
			return err
		})
	}
	add(c.Key, 0, 2, "б", "a", "б")
	add(c.Key, 3, 1, "a", "c")
	add(other.Key, 0, 1, "a")
	w.update(func(tx chat.Tx) error {
		list, err := tx.ListRecipientsAfter(c.Key, 1, 10)
		if err != nil {
			return err
		}
		wantEqual(t, "after the first", list, []chat.Recipient{
			{Position: 2, ClientID: "a", Data: json.RawMessage(`{"n":1}`), State: chat.CampaignPending},
			{Position: 5, ClientID: "c", Data: json.RawMessage(`{"n":1}`), State: chat.CampaignPending},
		})
		list[1].State, list[1].Reason, list[1].QuestionID, list[1].SessionID, list[1].SentAt = chat.CampaignFailed, "r", "q", "s", epoch
		return tx.UpdateRecipient(c.Key, &list[1])
	})
	all, err := w.ListRecipients(context.Background(), c.Key, "", 0, 10)
	wantNoError(t, err)
	wantEqual(t, "all", len(all), 3)
	last, err := w.ListRecipients(context.Background(), c.Key, "", 2, 1)
	wantNoError(t, err)
	failed, err := w.ListRecipients(context.Background(), c.Key, chat.CampaignFailed, 0, 10)
	wantNoError(t, err)
	wantEqual(t, "failed", failed, last)
	wantFilled(t, failed[0])
	pending, err := w.ListRecipients(context.Background(), c.Key, chat.CampaignPending, 1, 10)
	wantNoError(t, err)
	wantEqual(t, "pending", pending, all[1:2])
}

func dueCampaignIsLockedOnce(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	w.newCampaign(2*time.Hour, func(c *chat.Campaign) { c.Priority = 9 }) // not due
	low := w.newCampaign(time.Minute)
	later := w.newCampaign(2*time.Minute, func(c *chat.Campaign) { c.Priority = 1 })
	high := w.newCampaign(time.Minute, func(c *chat.Campaign) { c.Priority = 1 })
	for _, want := range []*chat.Campaign{high, later, low} {
		w.update(func(tx chat.Tx) error {
			c, err := tx.LockDueCampaign(epoch.Add(time.Hour))
			if err != nil {
				return err
			}
			wantEqual(t, "due", c, want)
			c.DueAt = time.Time{}
			return tx.UpdateCampaign(c)
		})
	}
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockDueCampaign(epoch.Add(time.Hour))
		return err
	})
	// Who holds one keeps others from it: on an engine where they run at once, they pass over it.
	one := w.newCampaign(0, func(c *chat.Campaign) { c.DueAt = epoch })
	const tries = 20
	done := make(chan error, tries)
	for range tries {
		go func() {
			done <- s.Update(context.Background(), func(tx chat.Tx) error {
				c, err := tx.LockDueCampaign(epoch)
				if chat.CodeOf(err) == chat.CodeNotFound {
					return nil
				}
				if err != nil {
					return err
				}
				if c.Position++; c.Position == 3 {
					c.DueAt = time.Time{}
				}
				return tx.UpdateCampaign(c)
			})
		}()
	}
	for range tries {
		wantNoError(t, <-done)
	}
	for one.DueAt = epoch; !one.DueAt.IsZero(); {
		w.update(func(tx chat.Tx) (err error) {
			if one, err = tx.LockCampaign(one.ID); err != nil || one.DueAt.IsZero() {
				return err
			}
			if one.Position++; one.Position >= 3 {
				one.DueAt = time.Time{}
			}
			return tx.UpdateCampaign(one)
		})
	}
	wantEqual(t, "steps", one.Position, 3)
}

func idleCampaignIsDeleted(t *testing.T, s chat.Store) {
	w := newWorld(t, s)
	idle := func(c *chat.Campaign) { c.State, c.DueAt = chat.CampaignSent, time.Time{} }
	ended := func(after time.Duration) func(*chat.Campaign) {
		return func(c *chat.Campaign) { c.EndedAt = epoch.Add(after) }
	}
	w.newCampaign(0) // under way
	w.newCampaign(0, idle, ended(3*time.Hour))
	second := w.newCampaign(0, idle, ended(2*time.Hour))
	first := w.newCampaign(0, idle, func(c *chat.Campaign) { c.State, c.CreatedAt = chat.CampaignInit, epoch.Add(time.Hour) })
	for _, c := range []*chat.Campaign{first, second} {
		w.update(func(tx chat.Tx) error {
			_, err := tx.AddRecipients(c.Key, 0, []chat.Recipient{{ClientID: "a"}, {ClientID: "b"}, {ClientID: "c"}})
			return err
		})
	}
	for _, want := range []*chat.Campaign{first, second} {
		for _, left := range []int64{2, 1} {
			w.update(func(tx chat.Tx) error {
				c, err := tx.LockIdleCampaign(epoch.Add(3 * time.Hour))
				if err != nil {
					return err
				}
				wantEqual(t, "idle", c, want)
				n, err := tx.DeleteRecipients(c.Key, 2)
				wantEqual(t, "deleted", n, left)
				return err
			})
		}
		w.update(func(tx chat.Tx) error { return tx.DeleteCampaign(want.Key) })
		_, err := w.FindCampaign(context.Background(), want.ID)
		wantCode(t, err, chat.CodeNotFound)
	}
	w.refused(chat.CodeNotFound, func(tx chat.Tx) error {
		_, err := tx.LockIdleCampaign(epoch.Add(3 * time.Hour))
		return err
	})
	_, total, err := w.ListCampaigns(context.Background(), 0, 10)
	wantNoError(t, err)
	wantEqual(t, "left", total, 2)
}
