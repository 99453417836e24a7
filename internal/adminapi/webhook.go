package adminapi

import (
	"net/http"
	"slices"

	"github.com/govorun/govorun/internal/chat"
)

// webhooksQuery names the parameters of the list of deliveries.
var webhooksQuery = append(slices.Clone(pageQuery), "state", "chatId", "sessionId", "url")

// writeDelivery is a delivery as lists show it.
func writeDelivery(d *chat.Delivery) members {
	return members{
		{"id", d.ID}, {"state", d.State}, {"kind", d.Kind}, {"chatId", d.ChatID}, {"sessionId", d.Session.ID}, {"url", d.URL},
		{"attempts", d.Attempts}, {"reason", d.Reason},
		{"createdAt", stamp(d.CreatedAt)}, {"nextAt", stamp(d.NextAt)}, {"endedAt", stamp(d.EndedAt)},
	}
}

// attempt is one try to deliver.
type attempt struct {
	At     *string `json:"at"`
	Took   int64   `json:"took"`   // milliseconds
	Status int     `json:"status"` // 0: there was no answer
	Error  string  `json:"error"`
}

// writeWholeDelivery also shows the last attempts, and which events of the session it is about.
func writeWholeDelivery(d *chat.Delivery) members {
	log := make([]attempt, len(d.Log))
	for i, a := range d.Log {
		log[i] = attempt{stamp(a.At), a.Took.Milliseconds(), a.Status, a.Error}
	}
	return append(writeDelivery(d), member{"data", d.Data}, member{"firstSequence", d.First}, member{"lastSequence", d.Last}, member{"log", log})
}

// listWebhooks is GET /webhooks.
func (a *API) listWebhooks(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	q := chat.DeliveriesQuery{State: chat.DeliveryState(c.query.Get("state")), URL: c.query.Get("url"), Offset: p.offset, Limit: p.limit}
	for name, to := range map[string]*string{"chatId": &q.ChatID, "sessionId": &q.SessionID} {
		if !c.query.Has(name) {
			continue
		}
		id, ok := parseID(c.query.Get(name))
		if !ok {
			return reply{}, chat.Invalid(name, "expected a UUID")
		}
		*to = id
	}
	deliveries, total, err := a.Service.ListDeliveries(c.Context(), q)
	if err != nil {
		return reply{}, err
	}
	return listed(deliveries, total, writeDelivery), nil
}

// showWebhook is GET /webhooks/{id}.
func (a *API) showWebhook(c *call) (reply, error) {
	found, err := a.Service.FindDelivery(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeWholeDelivery(found)}, nil
}

// replayWebhook is POST /webhooks/{id}/replay.
func (a *API) replayWebhook(c *call) (reply, error) {
	if err := readNothing(c.Request); err != nil {
		return reply{}, err
	}
	replayed, err := a.Service.ReplayDelivery(c.work(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeWholeDelivery(replayed)}, nil
}

// replay is what is to be replayed.
type replay struct{ chatID, state string }

var replayFields = []field[replay]{
	{name: "chatId", at: func(r *replay) any { return (*id)(&r.chatID) }},
	{name: "state", at: func(r *replay) any { return &r.state }},
}

// replayWebhooks is POST /webhooks/replay.
func (a *API) replayWebhooks(c *call) (reply, error) {
	body, _, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	r := replay{state: string(chat.DeliveryDead)}
	if err := set(replayFields, body, &r, &replay{state: string(chat.DeliveryDead)}); err != nil {
		return reply{}, err
	}
	if r.chatID == "" {
		return reply{}, chat.Invalid("chatId", "expected the chat whose dead deliveries are to be replayed")
	}
	if r.state != string(chat.DeliveryDead) {
		return reply{}, chat.Invalid("state", "expected dead, or nothing")
	}
	n, err := a.Service.ReplayDead(c.work(), r.chatID)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: members{{"replayed", n}}}, nil
}

// dropWebhook is DELETE /webhooks/{id}.
func (a *API) dropWebhook(c *call) (reply, error) {
	return deleted, a.Service.DropDelivery(c.work(), c.PathValue("id"))
}

// readNothing refuses a body that says something.
func readNothing(r *http.Request) error {
	body, _, err := readObject(r)
	if names := sortedNames(body); len(names) > 0 {
		return chat.Invalid(names[0], "unknown; nothing is expected here")
	}
	return err
}
