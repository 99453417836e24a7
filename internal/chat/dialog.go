package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/google/uuid"
)

// dialogIDs is the version of the UUIDs that chats of dialogs have, and no others.
const dialogIDs = 5

// dialogChats names the chats of dialogs: their ids are derived from those of their bots.
var dialogChats = uuid.MustParse("6a0c1b52-5d0c-4d0e-9b53-0f5e3c1f7a11")

// StartDialog starts a dialog with a bot, or goes on in the one that p.SessionID names, whichever bot
// has it: p.BotID counts for one that is started. A dialog is a session in a chat of its own per bot,
// which is made with the first (TWIN, section 8). The caller is trusted to name its clients. An unknown
// bot is CodeInvalid. A repeat is one by the same key: what others happen to call the same must not
// hand out a dialog.
func (s *Service) StartDialog(ctx context.Context, by *APIKey, p StartParams) (*StartResult, error) {
	p.ChatID = uuid.NewSHA1(dialogChats, []byte(p.BotID)).String()
	find := func(tx Tx) (*Chat, error) { return s.dialogChat(tx, &p) }
	return s.startIn(ctx, p, find, func(*Chat) string { return adminScope(by, "start dialog") })
}

// dialogChat finds the chat that a dialog starts or goes on in. One that is named goes on in its own,
// for Reload may have given it to a bot other than the one it was started with.
func (s *Service) dialogChat(tx Tx, p *StartParams) (*Chat, error) {
	if p.SessionID == "" {
		return s.botChat(tx, p)
	}
	session, err := tx.LockSession(p.SessionID)
	if CodeOf(err) == CodeNotFound {
		return nil, errNoDialog()
	}
	if err != nil {
		return nil, err
	}
	c, err := tx.FindChat(session.ChatID)
	if err != nil {
		return nil, err
	}
	if c.Kind != ChatDialogs {
		return nil, errNoDialog()
	}
	if s.writable(session) != nil { // another one is to be started
		_, err = botOfDialog(tx, p.BotID)
	}
	return c, err
}

func botOfDialog(tx Tx, id string) (*BotRecord, error) {
	bot, err := tx.FindBot(id)
	if CodeOf(err) == CodeNotFound {
		return nil, Invalid("botId", "no such bot")
	}
	return bot, err
}

func errNoDialog() error { return Errorf(CodeNotFound, "no such dialog") }

// botChat finds the chat of a bot's dialogs, or makes it.
func (s *Service) botChat(tx Tx, p *StartParams) (*Chat, error) {
	bot, err := botOfDialog(tx, p.BotID)
	if err != nil {
		return nil, err
	}
	c, err := tx.FindChat(p.ChatID)
	if err == nil && c.Kind != ChatDialogs { // of a time when administrators could choose such an id
		return nil, Errorf(CodeState, "a chat that is none of dialogs has the id that the bot's dialogs need, %s", c.ID)
	}
	if CodeOf(err) != CodeNotFound {
		return c, err
	}
	c = &Chat{
		ID: p.ChatID, Name: bot.Name, BotID: bot.ID, Identity: IdentityOpen, Language: "ru",
		Kind: ChatDialogs, CreatedAt: s.Now(),
	}
	return c, tx.CreateChat(c)
}

// FindDialog finds a session that is a dialog, and its chat.
func (s *Service) FindDialog(ctx context.Context, id string) (*Session, *Chat, error) {
	session, err := s.Store.FindSession(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.cachedChat(ctx, session.ChatID)
	if err != nil {
		return nil, nil, err
	}
	if c.Kind != ChatDialogs {
		return nil, nil, errNoDialog()
	}
	return session, c, nil
}

// ReloadParams says which bot a session is given to.
type ReloadParams struct {
	SessionID   string
	BotID       string // "": the bot of the session
	Idempotency Idempotency
}

// Reload gives an open session to a bot, which begins anew: what was remembered of the session is
// forgotten, and the bot speaks first (TWIN, section 8, reload). The event it is to react to is
// returned with the session. A turn that runs is dropped.
func (s *Service) Reload(ctx context.Context, p ReloadParams) (*SendResult, error) {
	var result *SendResult
	err := s.write(ctx, p.SessionID, "reload", p.Idempotency, func(tx Tx, session *Session) (*Event, error) {
		if p.BotID != "" {
			session.BotID = p.BotID
		}
		bot, err := tx.FindBot(session.BotID)
		if CodeOf(err) == CodeNotFound {
			return nil, Invalid("botId", "no such bot")
		}
		if err != nil {
			return nil, err
		}
		if err := tx.SaveSessionState(session.Key, json.RawMessage("{}")); err != nil {
			return nil, err
		}
		ch := s.change(session)
		ch.act()
		reloaded := ch.reload(Owner{Kind: OwnerBot, ID: bot.ID, Name: bot.Name})
		return &reloaded, ch.commit(tx)
	}, func(session *Session, e *Event) { result = &SendResult{session, e} })
	if err != nil {
		return nil, fmt.Errorf("reload: %w", err)
	}
	return result, nil
}

// FinishDialog ends a session for its client, and returns it. One that has ended stays as it is (TWIN,
// section 8, finish).
func (s *Service) FinishDialog(ctx context.Context, id string) (*Session, error) {
	var finished *Session
	err := s.Store.Update(ctx, func(tx Tx) error {
		session, err := s.lockSession(tx, id)
		if err != nil {
			return err
		}
		finished = session
		return s.closeLocked(tx, session, ClosedByClient, "")
	})
	if err != nil {
		return nil, fmt.Errorf("finish dialog: %w", err)
	}
	return finished, nil
}

// Variables returns what a session's bot can know without having asked: the platform's own, and the
// context's: those that the session was started with, and over them those that the bot has set.
func (s *Service) Variables(ctx context.Context, session *Session) (system, context map[string]any, err error) {
	known, err := s.Store.FindBriefing(ctx, session.Key, session.ClientKey, session.BotID)
	if err != nil {
		return nil, nil, fmt.Errorf("variables: %w", err)
	}
	return systemVariables(session, known.Details, known.Client), contextVariables(known.Details, known.Client, &known.State), nil
}

func systemVariables(s *Session, d *SessionDetails, c *Client) map[string]any {
	system := map[string]any{
		"dialogId": s.ID, "chatId": s.ChatID, "botId": s.BotID, "clientId": c.ID, "startedAt": s.StartedAt, "channelType": d.Channel,
	}
	for name, value := range map[string]string{
		"clientExternalId": c.ExternalID, "clientName": c.Name, "clientPhone": c.Phone, "clientEmail": c.Email,
		"messengerType": d.MessengerType, "messengerUserId": d.MessengerUserID, "referer": d.Referer,
	} {
		if value != "" {
			system[name] = value
		}
	}
	if c.Timezone != nil {
		system["clientTimezoneOffset"] = *c.Timezone
	}
	return system
}

func contextVariables(d *SessionDetails, c *Client, state *BotState) map[string]any {
	all := map[string]any{}
	for name, value := range c.Metadata {
		all[name] = value
	}
	maps.Copy(all, d.Variables)
	var remembered struct { // the bot's own form, of which this is all that is for others
		Session   map[string]any `json:"session"`   // of a scenario
		Variables map[string]any `json:"variables"` // of a remote bot
	}
	_ = json.Unmarshal(state.Session, &remembered) // a state that is none of these has no variables
	maps.Copy(all, remembered.Session)
	maps.Copy(all, remembered.Variables)
	return all
}
