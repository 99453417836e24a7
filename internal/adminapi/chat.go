package adminapi

import (
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// chatFields are what can be set of a chat (TWIN, section 6, "Chat settings", and our own), in the
// order of docs/admin-api.md.
var chatFields = []field[chat.Chat]{
	{name: "name", at: func(c *chat.Chat) any { return &c.Name }},
	{name: "botId", at: func(c *chat.Chat) any { return &c.BotID }},
	{name: "identity", at: func(c *chat.Chat) any { return &c.Identity }},
	{name: "language", at: func(c *chat.Chat) any { return &c.Language }},
	{name: "origins", at: func(c *chat.Chat) any { return &c.Origins }},

	{name: "sessionTtl", at: func(c *chat.Chat) any { return &c.Settings.SessionTTL }},
	{name: "answerOnFirstClientMessage", at: func(c *chat.Chat) any { return &c.Settings.AnswerOnFirstClientMessage }},
	{name: "botFailureMessage", at: func(c *chat.Chat) any { return &c.Settings.BotFailureMessage }},
	{name: "sessionRatingRequired", at: func(c *chat.Chat) any { return &c.Settings.SessionRatingRequired }},
	{name: "sessionRatingTriggerTime", at: func(c *chat.Chat) any { return &c.Settings.SessionRatingTriggerTime }},
	{name: "sessionRatingScale", at: func(c *chat.Chat) any { return &c.Settings.SessionRatingScale }},

	{name: "operatorsBusyMessage", at: func(c *chat.Chat) any { return &c.Settings.OperatorsBusyMessage }},
	{name: "allowableOperatorIdleTime", at: func(c *chat.Chat) any { return &c.Settings.AllowableOperatorIdleTime }},
	{name: "timerFirstAnswer", at: func(c *chat.Chat) any { return &c.Settings.TimerFirstAnswer }},
	{name: "timerNextAnswers", at: func(c *chat.Chat) any { return &c.Settings.TimerNextAnswers }},
	{name: "queueMaxTime", at: func(c *chat.Chat) any { return &c.Settings.QueueMaxTime }},
	{name: "queueNoticeInterval", at: func(c *chat.Chat) any { return &c.Settings.QueueNoticeInterval }},
	{name: "queueNotice", at: func(c *chat.Chat) any { return &c.Settings.QueueNotice }},

	{name: "sessionReloadBotId", at: func(c *chat.Chat) any { return &c.Settings.SessionReloadBotID }},
	{name: "operatorsOfflineBotId", at: func(c *chat.Chat) any { return &c.Settings.OperatorsOfflineBotID }},
	{name: "closedByClientBotId", at: func(c *chat.Chat) any { return &c.Settings.ClosedByClientBotID }},
	{name: "closedByOperatorBotId", at: func(c *chat.Chat) any { return &c.Settings.ClosedByOperatorBotID }},
	{name: "closedByLifetimeBotId", at: func(c *chat.Chat) any { return &c.Settings.ClosedByLifetimeBotID }},
	{name: "messageUndeliveredBotId", at: func(c *chat.Chat) any { return &c.Settings.MessageUndeliveredBotID }},

	{name: "disableTextInput", at: func(c *chat.Chat) any { return &c.Settings.DisableTextInput }},
	{name: "webhookUrl", at: func(c *chat.Chat) any { return &c.Settings.WebhookURL }},

	{name: "eventCallbackUrl", at: func(c *chat.Chat) any { return &c.Settings.EventCallbackURL }},
	{name: "eventCallbackData", at: func(c *chat.Chat) any { return &c.Settings.EventCallbackData }},
	{name: "notifyOnEvents", at: func(c *chat.Chat) any { return &c.Settings.NotifyOnEvents }},

	{name: "results", at: func(c *chat.Chat) any { return &c.Settings.Results }},
	{name: "fcmServiceUrl", at: func(c *chat.Chat) any { return &c.Settings.FCMServiceURL }},
	{name: "pushData", at: func(c *chat.Chat) any { return &c.Settings.PushData }},
	{name: "knowledgeBase", at: func(c *chat.Chat) any { return &c.Settings.KnowledgeBase }},
	{name: "form", at: func(c *chat.Chat) any { return &c.Settings.Form }},
	{name: "references", at: func(c *chat.Chat) any { return &c.Settings.References }},
	{name: "appearance", at: func(c *chat.Chat) any { return &c.Settings.Appearance }},

	{name: "secret", at: func(c *chat.Chat) any { return &c.Secret }, secret: true},
	{name: "token", at: func(c *chat.Chat) any { return &c.Token }, secret: true},
	{name: "fcmServerKey", at: func(c *chat.Chat) any { return &c.Settings.FCMServerKey }, secret: true},
}

// newChatFields are those of a create: there the id may be chosen.
var newChatFields = append([]field[chat.Chat]{{name: "id", at: func(c *chat.Chat) any { return (*id)(&c.ID) }}}, chatFields...)

func writeChat(c *chat.Chat) members {
	m := members{{"id", c.ID}, {"createdAt", stamp(c.CreatedAt)}, {"demo", c.Demo}}
	return append(m, show(chatFields, c, false)...)
}

// listChats is GET /chats.
func (a *API) listChats(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	chats, total, err := a.Service.ListChats(c.Context(), p.offset, p.limit)
	if err != nil {
		return reply{}, err
	}
	return listed(chats, total, writeChat), nil
}

// createChat is POST /chats.
func (a *API) createChat(c *call) (reply, error) {
	body, raw, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	idem, err := idempotency(c.Request, raw)
	if err != nil {
		return reply{}, err
	}
	made := chat.NewChat()
	if err := set(newChatFields, body, made, chat.NewChat()); err != nil {
		return reply{}, err
	}
	if made, err = a.Service.CreateChat(c.work(), c.key, made, idem); err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, writeChat(made), base + "/chats/" + made.ID}, nil
}

// showChat is GET /chats/{id}.
func (a *API) showChat(c *call) (reply, error) {
	found, err := a.Service.FindAdminChat(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeChat(found)}, nil
}

// updateChat is PATCH /chats/{id}.
func (a *API) updateChat(c *call) (reply, error) {
	body, _, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	fresh := chat.NewChat()
	changed, err := a.Service.UpdateChat(c.work(), c.PathValue("id"), func(now *chat.Chat) error {
		return set(chatFields, body, now, fresh)
	})
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeChat(changed)}, nil
}

// deleteChat is DELETE /chats/{id}.
func (a *API) deleteChat(c *call) (reply, error) {
	return deleted, a.Service.DeleteChat(c.work(), c.PathValue("id"))
}

// showChatSecrets is GET /chats/{id}/secrets.
func (a *API) showChatSecrets(c *call) (reply, error) {
	found, err := a.Service.FindAdminChat(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	m := append(show(chatFields, found, true),
		member{"webhookSecret", a.signingSecret("webhooks:" + found.ID)},
		member{"sessionWebhookSecret", a.signingSecret("session webhooks:" + found.ID)})
	return reply{status: http.StatusOK, body: m}, nil
}
