package adminapi

import (
	"encoding/base64"
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// botFields are what can be set of a bot.
var botFields = []field[chat.BotRecord]{
	{name: "name", at: func(b *chat.BotRecord) any { return &b.Name }},
	{name: "url", at: func(b *chat.BotRecord) any { return &b.Settings.URL }},
	{name: "timeout", at: func(b *chat.BotRecord) any { return &b.Settings.Timeout }},
	{name: "retries", at: func(b *chat.BotRecord) any { return (*orNone)(&b.Settings.Retries) }},
	{name: "history", at: func(b *chat.BotRecord) any { return (*orNone)(&b.Settings.History) }},
	{name: "failureMessage", at: func(b *chat.BotRecord) any { return &b.Settings.FailureMessage }},
}

// newBotFields are those of a create: there the id may be chosen, and the kind is said.
var newBotFields = append([]field[chat.BotRecord]{
	{name: "id", at: func(b *chat.BotRecord) any { return (*id)(&b.ID) }},
	{name: "kind", at: func(b *chat.BotRecord) any { return &b.Kind }},
}, botFields...)

func writeBot(b *chat.BotRecord) members {
	m := members{{"id", b.ID}, {"createdAt", stamp(b.CreatedAt)}, {"kind", b.Kind}}
	switch {
	case b.BuiltIn():
		return append(m, member{"name", b.Name})
	case b.Kind == chat.BotScenario:
		return append(m, member{"name", b.Name}, member{"version", orNull(b.Version)}, member{"failureMessage", b.Settings.FailureMessage})
	default:
		return append(m, show(botFields, b, false)...)
	}
}

// orNull is a number of which 0 says that there is none.
func orNull(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func newBot() *chat.BotRecord { return &chat.BotRecord{Kind: chat.BotRemote} }

// listBots is GET /bots.
func (a *API) listBots(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	bots, err := a.Service.ListBots(c.Context())
	if err != nil {
		return reply{}, err
	}
	return listed(cut(bots, p), int64(len(bots)), writeBot), nil
}

// createBot is POST /bots.
func (a *API) createBot(c *call) (reply, error) {
	body, raw, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	idem, err := idempotency(c.Request, raw)
	if err != nil {
		return reply{}, err
	}
	made := newBot()
	if err := set(newBotFields, body, made, newBot()); err != nil {
		return reply{}, err
	}
	if made, err = a.Service.CreateBot(c.work(), c.key, made, idem); err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, writeBot(made), base + "/bots/" + made.ID}, nil
}

// showBot is GET /bots/{id}.
func (a *API) showBot(c *call) (reply, error) {
	found, err := a.Service.FindBot(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeBot(found)}, nil
}

// updateBot is PATCH /bots/{id}.
func (a *API) updateBot(c *call) (reply, error) {
	body, _, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	fresh := newBot()
	changed, err := a.Service.UpdateBot(c.work(), c.PathValue("id"), func(now *chat.BotRecord) error {
		return set(botFields, body, now, fresh)
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeBot(changed)}, nil
}

// deleteBot is DELETE /bots/{id}.
func (a *API) deleteBot(c *call) (reply, error) {
	return deleted, a.Service.DeleteBot(c.work(), c.PathValue("id"))
}

// showBotSecret is GET /bots/{id}/secret.
func (a *API) showBotSecret(c *call) (reply, error) {
	found, err := a.Service.FindBot(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	if found.Kind != chat.BotRemote {
		return reply{}, chat.Errorf(chat.CodeState, "only a remote bot is called with signatures")
	}
	return reply{status: http.StatusOK, body: members{{"secret", a.signingSecret("bot:" + found.ID)}}}, nil
}

// signingSecret is what a receiver of calls checks their signatures with, in the form of Standard
// Webhooks.
func (a *API) signingSecret(purpose string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(a.Key.Derive(purpose))
}
