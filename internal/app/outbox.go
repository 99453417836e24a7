package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/chatapi"
	"github.com/govorun/govorun/internal/config"
	"github.com/govorun/govorun/internal/egress"
	"github.com/govorun/govorun/internal/outbox"
	"github.com/govorun/govorun/internal/realtime"
	"github.com/govorun/govorun/internal/twin"
)

const (
	// countEvery is how often the deliveries that wait and the dead are counted.
	countEvery = 15 * time.Second
	// webhookConnectTime is more than an attempt may take: its own deadline ends it.
	webhookConnectTime = 2 * time.Minute
)

// webhookPurpose is for what the key that signs a delivery is derived from the installation's. What goes
// to a URL that a session's starter has chosen must prove nothing to the chat's own receiver.
func webhookPurpose(o *chat.Outgoing) string {
	if o.ToChat() {
		return "webhooks:" + o.ChatID
	}
	return "session webhooks:" + o.ChatID
}

// startOutbox delivers what rings the bell, with links to files.
func (a *App) startOutbox(service *chat.Service, bell *outbox.Bell, links func(chat.Attachment) (inline, download string)) {
	c := a.params.Config.Webhooks
	b := outbox.New(outbox.Options{
		Service: service,
		Bell:    bell,
		Render: map[chat.DeliveryKind]outbox.Render{
			chat.DeliveryCallback: func(o *chat.Outgoing) ([]byte, error) { return twin.Callback(o, links) },
			chat.DeliveryAnswer:   func(o *chat.Outgoing) ([]byte, error) { return chatapi.Webhook(o, links), nil },
			chat.DeliveryEvent:    func(o *chat.Outgoing) ([]byte, error) { return realtime.Webhook(o, links) },
		},
		Client:      webhookClient(c),
		Refused:     func(err error) bool { return errors.Is(err, egress.ErrPrivate) },
		Key:         func(o *chat.Outgoing) []byte { return a.key.Derive(webhookPurpose(o)) },
		Version:     a.params.Version,
		Log:         a.params.Log,
		Timeout:     c.Timeout,
		Hands:       c.Hands,
		PerReceiver: c.PerReceiver,
		GiveUp:      c.GiveUp,
		Metrics: outbox.Metrics{
			Attempts: a.metrics.webhookAttempts,
			Seconds:  a.metrics.webhookSeconds,
			Lag:      a.metrics.webhookLag,
			InHand:   a.metrics.webhooksInHand,
		},
	})
	a.onClose(early(b.Close))
}

func webhookClient(c config.Webhooks) *http.Client {
	if c.AllowPrivate.All {
		return egress.Client(true, webhookConnectTime)
	}
	return egress.ClientFor(c.AllowPrivate.Networks, webhookConnectTime)
}

// webhookChores count deliveries and remove old ones, on the eldest node.
func (a *App) webhookChores(s *chat.Service, n *node) []chore {
	c := a.params.Config.Webhooks
	return []chore{
		{forgetEvery, "forget old webhooks", n.asEldest(func(ctx context.Context) error { return s.ForgetDeliveries(ctx, c.Keep, c.KeepDead) })},
		{countEvery, "count webhooks", n.asEldest(func(ctx context.Context) error {
			counts, err := s.CountDeliveries(ctx)
			if err == nil {
				a.metrics.webhooksPending.Set(float64(counts.Pending))
				a.metrics.webhooksDead.Set(float64(counts.Dead))
			}
			return err
		})},
	}
}
