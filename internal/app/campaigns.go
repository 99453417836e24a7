package app

import (
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

// repliesOf makes messages of an administrator's replies, as scenarios make them of theirs.
func repliesOf(replies []json.RawMessage) ([]chat.Message, error) {
	messages, err := scenario.Render(replies)
	if err != nil {
		return nil, chat.Invalid("replies", "%s", err.Error())
	}
	return messages, nil
}
