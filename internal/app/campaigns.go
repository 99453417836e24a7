package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/campaign"
	"github.com/govorun/govorun/internal/chat"
)

// startCampaigns sends campaigns when they are due.
func (a *App) startCampaigns(service *chat.Service, bell *campaign.Bell) {
	sender := campaign.Start(campaign.Options{Service: service, Bell: bell, Log: a.params.Log, Now: time.Now, Count: a.metrics.campaign})
	a.onClose(early(sender.Close))
}

// campaignChore removes old campaigns, on the eldest node.
func (a *App) campaignChore(s *chat.Service, n *node) chore {
	keep := a.params.Config.Campaigns.Keep
	return chore{forgetEvery, "forget old campaigns", n.asEldest(func(ctx context.Context) error { return s.ForgetCampaigns(ctx, keep) })}
}

// repliesOf makes messages of an administrator's replies, as scenarios make them of theirs.
func repliesOf(replies []json.RawMessage) ([]chat.Message, error) {
	messages, err := scenario.Render(replies)
	if err != nil {
		return nil, chat.Invalid("replies", "%s", err.Error())
	}
	return messages, nil
}
