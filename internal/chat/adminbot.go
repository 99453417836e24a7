package chat

import (
	"context"
	"fmt"
)

// The use cases of administrators about bots. Who may call them is judged before.

// Limits of a remote bot's settings.
const (
	MaxBotTimeout = 60 // seconds
	MaxBotRetries = 10
	MaxBotHistory = 100 // messages
)

// CreateBot stores a remote bot, or a scenario bot, which answers when its first version is deployed.
// Its id may be chosen; one that is taken is CodeConflict.
func (s *Service) CreateBot(ctx context.Context, by *APIKey, b *BotRecord, idem Idempotency) (*BotRecord, error) {
	if b.Kind != BotRemote && b.Kind != BotScenario {
		return nil, Invalid("kind", "expected remote or scenario")
	}
	if b.ID == NoBot {
		return nil, Invalid("id", "this id stands for no bot")
	}
	if err := checkBot(b); err != nil {
		return nil, err
	}
	var made *BotRecord
	err := s.Store.Update(ctx, func(tx Tx) error {
		return s.once(tx, adminScope(by, "create bot"), idem, func(r *IdempotencyRecord) error {
			fresh := *b
			fresh.CreatedAt = s.Now()
			if fresh.ID == "" {
				fresh.ID = s.NewID()
			}
			made, r.EventID = &fresh, fresh.ID
			err := tx.CreateBot(&fresh)
			if CodeOf(err) == CodeConflict {
				return &Error{Code: CodeConflict, Field: "id", Message: "another bot has this id", Err: err}
			}
			return err
		}, func(r *IdempotencyRecord) (err error) {
			made, err = tx.FindBot(r.EventID)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("create bot: %w", err)
	}
	return made, nil
}

// UpdateBot changes a bot, as UpdateChat does a chat. One that comes with the program is CodeState.
func (s *Service) UpdateBot(ctx context.Context, id string, change func(*BotRecord) error) (*BotRecord, error) {
	var changed *BotRecord
	err := s.Store.Update(ctx, func(tx Tx) error {
		b, err := lockOwnBot(tx, id)
		if err != nil {
			return err
		}
		if err := change(b); err != nil {
			return err
		}
		changed = b
		if err := checkBot(b); err != nil {
			return err
		}
		return tx.PutBot(b)
	})
	if err != nil {
		return nil, fmt.Errorf("update bot: %w", err)
	}
	return changed, nil
}

// DeleteBot deletes a bot and its versions. One that chats name, or that comes with the program, is
// CodeState. Sessions that it answers in go on; their clients are told that the bot has failed.
func (s *Service) DeleteBot(ctx context.Context, id string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		if _, err := lockOwnBot(tx, id); err != nil {
			return err
		}
		n, err := tx.CountChatsOfBot(id)
		if err != nil {
			return err
		}
		if n > 0 {
			return Errorf(CodeState, "%d chats name this bot", n)
		}
		if err := deleteVersions(tx, id); err != nil {
			return err
		}
		return tx.DeleteBot(id)
	})
	if err != nil {
		return fmt.Errorf("delete bot: %w", err)
	}
	return nil
}

// lockOwnBot is for a bot that is the administrators' to change.
func lockOwnBot(tx Tx, id string) (*BotRecord, error) {
	b, err := tx.LockBot(id)
	if err == nil && b.BuiltIn() {
		return nil, Errorf(CodeState, "this bot comes with the program and cannot be changed")
	}
	return b, err
}

// FindBot finds a bot.
func (s *Service) FindBot(ctx context.Context, id string) (*BotRecord, error) {
	return s.Store.FindBot(ctx, id)
}

// ListBots returns the bots in the order in which they were made.
func (s *Service) ListBots(ctx context.Context) ([]BotRecord, error) { return s.Store.ListBots(ctx) }

func checkBot(b *BotRecord) error {
	if err := checkName("name", b.Name); err != nil {
		return err
	}
	if err := checkText("failureMessage", b.Settings.FailureMessage, MaxText); err != nil {
		return err
	}
	if b.Kind == BotScenario {
		return checkScenario(&b.Settings)
	}
	return checkRemote(&b.Settings)
}

// checkScenario: what only remote bots have is not set.
func checkScenario(s *BotSettings) error {
	for _, f := range []struct {
		name string
		set  bool
	}{{"url", s.URL != ""}, {"timeout", s.Timeout != 0}, {"retries", s.Retries != 0}, {"history", s.History != 0}} {
		if f.set {
			return Invalid(f.name, "only a remote bot has it")
		}
	}
	return nil
}

func checkRemote(s *BotSettings) error {
	if s.URL == "" {
		return Invalid("url", "expected the URL that turns are posted to")
	}
	if err := checkURL("url", s.URL); err != nil {
		return err
	}
	if err := checkNumber("timeout", s.Timeout, 1, MaxBotTimeout, "seconds"); err != nil {
		return err
	}
	if s.Retries > MaxBotRetries {
		return Invalid("retries", "expected calls after the first from 0 to %d", MaxBotRetries)
	}
	if s.History > MaxBotHistory {
		return Invalid("history", "expected messages from 0 to %d", MaxBotHistory)
	}
	return nil
}
